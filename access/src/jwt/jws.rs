//! The form of a token: three parts, and what its header may say. RFC 7515.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::Algorithm;
use crate::json;
use crate::refusal::{Reason, Refusal, quoted};

/// A token as it came, of which nothing but the form was looked at.
pub(super) struct Jws<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    /// The header says that it is an access token (RFC 9068).
    pub(super) is_access_token: bool,
    /// What the signature is of.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<_> = token.splitn(4, '.').collect();
        let [header, payload, signature] = parts[..] else {
            // Encrypted ones have five.
            return Err(malformed("it does not have three parts"));
        };
        let signed = header.len() + 1 + payload.len();
        let signed = token.as_bytes().get(..signed).unwrap_or_default();
        let header = decode(header, "header")?;
        let header =
            json::object(&header).map_err(|problem| malformed(format!("header: {problem}")))?;
        if let Some(name) = FORBIDDEN.iter().find(|name| header.contains_key(**name)) {
            let detail = format!("the header has `{name}`");
            return Err(Refusal::new(Reason::HeaderRefused, detail));
        }
        Ok(Self {
            algorithm: algorithm(&header)?,
            key_id: text(&header, "kid")?.map(str::to_owned),
            is_access_token: is_access_token(&header)?,
            signed,
            signature: decode(signature, "signature")?,
            payload,
        })
    }

    /// The claims, as bytes. Nobody asks for them before the signature is verified.
    pub(super) fn payload(&self) -> Result<Vec<u8>, Refusal> {
        decode(self.payload, "claims")
    }
}

/// Keys that come with the token are whoever's who made it; extensions that must be understood are
/// not; and what is compressed or encrypted is no signed token.
const FORBIDDEN: [&str; 9] = [
    "jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip", "epk",
];

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, Refusal> {
    let Some(name) = text(header, "alg")? else {
        return Err(malformed("the header has no `alg`"));
    };
    name.parse().map_err(|_unknown| {
        let detail = format!("`alg` is {}", quoted(name));
        Refusal::new(Reason::AlgorithmRefused, detail)
    })
}

/// Whether `typ` says so. Any type but this and plain `JWT` is for something else (RFC 8725, section
/// 3.11).
fn is_access_token(header: &Map<String, Value>) -> Result<bool, Refusal> {
    let Some(kind) = text(header, "typ")? else {
        return Ok(false);
    };
    let lower = kind.to_ascii_lowercase();
    match lower.strip_prefix("application/").unwrap_or(&lower) {
        "at+jwt" => Ok(true),
        "jwt" => Ok(false),
        _ => {
            let detail = format!("`typ` is {}", quoted(kind));
            Err(Refusal::new(Reason::WrongType, detail))
        }
    }
}

fn text<'a>(header: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!("`{name}` is not a string"))),
    }
}

/// Strictly: no padding, no other alphabet, no bits left over, so that a token has one spelling.
fn decode(part: &str, name: &str) -> Result<Vec<u8>, Refusal> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_cause| malformed(format!("the {name} is not base64url")))
}

fn malformed(detail: impl Into<String>) -> Refusal {
    Refusal::new(Reason::Malformed, detail.into())
}
