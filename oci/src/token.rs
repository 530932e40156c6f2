//! Tokens that stand for a session: what they say of themselves. RFC 7519.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::key::PrivateKey;

/// A JSON web token (RFC 7519) that OCI gave out: resource principal session token, security token.
///
/// Its claims are read and not verified: OCI verifies them, here they only tell when to renew it.
#[derive(Clone)]
pub struct SecurityToken {
    text: Zeroizing<String>,
    expires: Option<SystemTime>,
    issued: Option<SystemTime>,
    tenancy: Option<String>,
    compartment: Option<String>,
    resource_type: Option<String>,
    key: Option<Jwk>,
}

impl SecurityToken {
    /// Reads a token. White space around it and the prefix `ST$` are left out.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if it is not a JSON web token.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let text = text.strip_prefix("ST$").unwrap_or(text);
        let [_, payload, _] = text.split('.').collect::<Vec<_>>()[..] else {
            return Err(TokenError);
        };
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        {
            return Err(TokenError);
        }
        let payload = Zeroizing::new(decode(payload).ok_or(TokenError)?);
        let claims: Claims<'_> = serde_json::from_slice(&payload).map_err(|_cause| TokenError)?;
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            expires: claims.exp.and_then(at),
            issued: claims.iat.and_then(at),
            key: claims.jwk.and_then(Jwk::parse),
            tenancy: claims.res_tenant.or(claims.tenant),
            compartment: claims.res_compartment.or(claims.opc_compartment),
            resource_type: claims.res_type,
        })
    }

    /// The token itself, without `ST$`. It is a secret.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// When it stops being accepted: claim `exp`.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// When it was made: claim `iat`.
    #[must_use]
    pub fn issued(&self) -> Option<SystemTime> {
        self.issued
    }

    /// The OCID of the tenancy: claim `res_tenant` of a resource, `tenant` of a user.
    #[must_use]
    pub fn tenancy(&self) -> Option<&str> {
        self.tenancy.as_deref()
    }

    /// The OCID of the compartment that the resource is in: claim `res_compartment`, of an instance `opc-compartment`.
    #[must_use]
    pub fn compartment(&self) -> Option<&str> {
        self.compartment.as_deref()
    }

    /// What kind of resource it is, by the name that IAM's rules have for it, as `fnfunc`: claim `res_type`.
    #[must_use]
    pub fn resource_type(&self) -> Option<&str> {
        self.resource_type.as_deref()
    }

    /// Whether the token was made for `key`: claim `jwk`. `None` if the token does not say.
    #[must_use]
    pub fn belongs_to(&self, key: &PrivateKey) -> Option<bool> {
        let (n, e) = key.public_components();
        self.key.as_ref().map(|jwk| jwk.n == n && jwk.e == e)
    }
}

impl fmt::Debug for SecurityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityToken")
            .field("expires", &self.expires)
            .field("tenancy", &self.tenancy)
            .field("compartment", &self.compartment)
            .finish_non_exhaustive()
    }
}

/// What was to be a token is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenError;

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a JSON web token, which has three parts with dots between them")
    }
}

impl Error for TokenError {}

#[derive(Deserialize)]
struct Claims<'a> {
    exp: Option<f64>,
    iat: Option<f64>,
    res_tenant: Option<String>,
    tenant: Option<String>,
    res_compartment: Option<String>,
    #[serde(rename = "opc-compartment")]
    opc_compartment: Option<String>,
    res_type: Option<String>,
    #[serde(borrow)]
    jwk: Option<&'a RawValue>,
}

/// An RSA public key, big-endian without leading zeros.
#[derive(Clone)]
struct Jwk {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl Jwk {
    /// Reads the claim, which is an object or a string that holds one.
    fn parse(claim: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Fields {
            n: String,
            e: String,
        }
        let text: Option<String> = serde_json::from_str(claim.get()).ok();
        let fields: Fields = serde_json::from_str(text.as_deref().unwrap_or(claim.get())).ok()?;
        Some(Self {
            n: unsigned(&fields.n)?,
            e: unsigned(&fields.e)?,
        })
    }
}

fn unsigned(base64: &str) -> Option<Vec<u8>> {
    let bytes = decode(base64)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.get(zeros..)?.to_vec())
}

fn decode(base64: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD
        .decode(base64.trim_end_matches('=').as_bytes())
        .ok()
}

/// The time that is `seconds` after the epoch; RFC 7519 allows fractions.
fn at(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}
