//! Request signatures, version 1: draft-cavage-http-signatures-08 as OCI profiles it. No I/O.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use httpdate::HttpDate;
use ring::digest;

use crate::credential::Credential;
use crate::key::{Inconsistent, PrivateKey};

/// The request line and the host, exactly as they will be sent.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path and the query, percent-encoded.
    pub path_and_query: &'a PathAndQuery,
    /// The value of `Host`, with the port if it is not the scheme's own. `None` leaves it unsigned,
    /// as the federation endpoint of instance principals (`/v1/x509`) wants it.
    pub host: Option<&'a str>,
}

/// What the signature says about the body.
///
/// Only POST, PUT and PATCH have a body that is signed.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// There is no body. It is signed as empty JSON of length 0, without which OCI answers 401.
    None,
    /// JSON.
    Bytes(&'a [u8]),
    /// A body of another media type.
    Typed(&'a str, &'a [u8]),
    /// The body is not signed. OCI allows it for streams alone: 19 operations, of which PUT object
    /// is the best known.
    Unsigned,
}

/// Shows lengths alone, because bodies of federation hold tokens.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bytes(body) => write!(f, "Bytes({} bytes)", body.len()),
            Self::Typed(media_type, body) => {
                write!(f, "Typed({media_type:?}, {} bytes)", body.len())
            }
            Self::Unsigned => f.write_str("Unsigned"),
        }
    }
}

/// The headers that sign a request.
///
/// They are `Date`, `Authorization`, `Host` and, where they apply, `Content-Length`, `Content-Type`,
/// `X-Content-Sha256` and `Opc-Obo-Token`. The request must be sent with these very values:
/// `headers.extend(sign(..)?)` replaces what was there. `now` is the wall clock; OCI refuses what is
/// more than 5 minutes off.
///
/// It computes for half a millisecond to a whole one with a key of 2048 bits, too short to be worth another
/// thread.
///
/// Source: "Request Signatures" in the documentation of OCI; byte for byte what the official Python
/// SDK sends.
///
/// # Errors
///
/// [`SignError`] if the host or the media type cannot stand in a header, or the key cannot sign.
pub fn sign(
    credential: &Credential,
    now: SystemTime,
    target: &Target<'_>,
    payload: Payload<'_>,
) -> Result<HeaderMap, SignError> {
    let mut message = Message::new();
    message.header("date", DATE, &HttpDate::from(now).to_string())?;
    message.target(target);
    if let Some(host) = target.host {
        message.header("host", HOST, host)?;
    }
    if let Some(token) = credential.delegation_token() {
        message.header("opc-obo-token", OPC_OBO_TOKEN, token)?;
    }
    if [Method::POST, Method::PUT, Method::PATCH].contains(target.method) {
        message.payload(payload)?;
    }
    message.finish(credential)
}

/// Why a request was not signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SignError {
    /// The value of this header has characters that no header may have.
    Header(&'static str),
    /// The key does not sign: its numbers do not belong together.
    Key,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => {
                write!(f, "the value for `{name}` has characters that no header may have")
            }
            Self::Key => f.write_str(
                "the private key cannot sign, because it is damaged; `openssl rsa -check` tells more",
            ),
        }
    }
}

impl Error for SignError {}

/// The text that is signed, and the headers that are in it, in one order.
struct Message {
    text: String,
    names: String,
    headers: HeaderMap,
}

impl Message {
    fn new() -> Self {
        Self {
            text: String::with_capacity(512),
            names: String::with_capacity(96),
            headers: HeaderMap::with_capacity(8),
        }
    }

    fn header(
        &mut self,
        name: &'static str,
        header: HeaderName,
        value: &str,
    ) -> Result<(), SignError> {
        let mut sent = HeaderValue::from_str(value).map_err(|_cause| SignError::Header(name))?;
        sent.set_sensitive(header == OPC_OBO_TOKEN);
        self.headers.insert(header, sent);
        self.line(name, &[value]);
        Ok(())
    }

    fn target(&mut self, target: &Target<'_>) {
        let method = target.method.as_str().to_ascii_lowercase();
        self.line(
            "(request-target)",
            &[&method, " ", target.path_and_query.as_str()],
        );
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<(), SignError> {
        let (media_type, body): (&str, &[u8]) = match payload {
            Payload::Unsigned => return Ok(()),
            Payload::None => (JSON, &[]),
            Payload::Bytes(body) => (JSON, body),
            Payload::Typed(media_type, body) => (media_type, body),
        };
        let hash = BASE64.encode(digest::digest(&digest::SHA256, body).as_ref());
        self.header("content-length", CONTENT_LENGTH, &body.len().to_string())?;
        self.header("content-type", CONTENT_TYPE, media_type)?;
        self.header("x-content-sha256", X_CONTENT_SHA256, &hash)
    }

    fn line(&mut self, name: &str, value: &[&str]) {
        if !self.text.is_empty() {
            self.text.push('\n');
            self.names.push(' ');
        }
        self.names.push_str(name);
        self.text.push_str(name);
        self.text.push_str(": ");
        self.text.extend(value.iter().copied());
    }

    fn finish(mut self, credential: &Credential) -> Result<HeaderMap, SignError> {
        let key = credential.key();
        let mut signature = [0; PrivateKey::MAX_SIGNATURE_BYTES];
        let signature = key
            .sign(self.text.as_bytes(), &mut signature)
            .map_err(|Inconsistent| SignError::Key)?;

        let mut value = String::with_capacity(1024 + credential.key_id().len());
        value.push_str("Signature algorithm=\"rsa-sha256\",headers=\"");
        value.push_str(&self.names);
        value.push_str("\",keyId=\"");
        value.push_str(credential.key_id());
        value.push_str("\",signature=\"");
        BASE64.encode_append(signature, &mut value);
        value.push_str("\",version=\"1\"");
        let mut value =
            HeaderValue::try_from(value).map_err(|_cause| SignError::Header("authorization"))?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self.headers)
    }
}

const JSON: &str = "application/json";
const OPC_OBO_TOKEN: HeaderName = HeaderName::from_static("opc-obo-token");
const X_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-content-sha256");
