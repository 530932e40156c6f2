//! What a request is signed with.

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;
use std::{fmt, str};

use zeroize::Zeroizing;

use crate::key::PrivateKey;
use crate::region::Region;
use crate::token::SecurityToken;

/// What a request is signed with, and whom it speaks for.
///
/// All of it swaps together: a token is worth nothing with another key than its own. It never
/// changes; a newer one takes its place.
#[derive(Clone)]
pub struct Credential {
    key_id: Zeroizing<String>,
    key: Arc<PrivateKey>,
    expires: Option<SystemTime>,
    delegation_token: Option<Zeroizing<String>>,
    tenancy: Option<String>,
    compartment: Option<String>,
    region: Option<Region>,
}

impl Credential {
    /// A key that the authority knows as `key_id`: `{tenancy}/{user}/{fingerprint}`,
    /// `{tenancy}/fed-x509-sha256/{fingerprint}`, `resource/v2.1/{resource}`.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if `key_id` cannot stand in an `Authorization` header.
    pub fn new(key_id: &str, key: Arc<PrivateKey>) -> Result<Self, CredentialError> {
        Ok(Self {
            key_id: plain("key id", key_id)?,
            key,
            expires: None,
            delegation_token: None,
            tenancy: None,
            compartment: None,
            region: None,
        })
    }

    /// An API key, which a user of `tenancy` uploaded.
    ///
    /// The fingerprint is that of `key`. Compare it with the configured one first: OCI answers a
    /// wrong one with a bare 401.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if one of the two cannot stand in an `Authorization` header.
    pub fn api_key(
        tenancy: &str,
        user: &str,
        key: Arc<PrivateKey>,
    ) -> Result<Self, CredentialError> {
        let key_id = format!("{tenancy}/{user}/{}", key.fingerprint());
        let mut credential = Self::new(&key_id, key)?;
        credential.tenancy = Some(tenancy.to_owned());
        Ok(credential)
    }

    /// A token (`ST${token}`) with the key of its session. Tenancy, compartment and expiry are the token's.
    #[must_use]
    pub fn token(token: &SecurityToken, key: Arc<PrivateKey>) -> Self {
        Self {
            key_id: Zeroizing::new(["ST$", token.as_str()].concat()),
            key,
            expires: token.expires(),
            delegation_token: None,
            tenancy: token.tenancy().map(str::to_owned),
            compartment: token.compartment().map(str::to_owned),
            region: None,
        }
    }

    /// The same, on behalf of the user whose token is sent as `opc-obo-token`.
    ///
    /// # Errors
    ///
    /// [`CredentialError`] if `token` cannot stand in a header.
    pub fn with_delegation_token(mut self, token: &str) -> Result<Self, CredentialError> {
        self.delegation_token = Some(plain("delegation token", token.trim())?);
        Ok(self)
    }

    /// The same, valid until `expires`.
    #[must_use]
    pub fn with_expiry(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }

    /// The same, with the region in which it is at home.
    #[must_use]
    pub fn with_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// The same, of the tenancy with this OCID.
    #[must_use]
    pub fn with_tenancy(mut self, tenancy: impl Into<String>) -> Self {
        self.tenancy = Some(tenancy.into());
        self
    }

    /// What names the key to the authority. It is a secret if it starts with `ST$`.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> &Arc<PrivateKey> {
        &self.key
    }

    /// When it stops being accepted, by wall clock; `None` for a key that lasts until it is taken
    /// away.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// The value of `opc-obo-token`. It is a secret.
    #[must_use]
    pub fn delegation_token(&self) -> Option<&str> {
        self.delegation_token.as_deref().map(String::as_str)
    }

    /// The OCID of the tenancy it belongs to, where that is known.
    #[must_use]
    pub fn tenancy(&self) -> Option<&str> {
        self.tenancy.as_deref()
    }

    /// The OCID of the compartment that the resource is in which it was made for; `None` if it was made for no resource, or
    /// does not tell.
    #[must_use]
    pub fn compartment(&self) -> Option<&str> {
        self.compartment.as_deref()
    }

    /// The region in which it is at home, where that is known.
    #[must_use]
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key_id = match self.key_id.as_str() {
            token if token.starts_with("ST$") => "ST$…",
            plain => plain,
        };
        f.debug_struct("Credential")
            .field("key_id", &key_id)
            .field("key", &self.key)
            .field("expires", &self.expires)
            .field(
                "delegation_token",
                &self.delegation_token.as_ref().map(|_| "…"),
            )
            .field("tenancy", &self.tenancy)
            .field("compartment", &self.compartment)
            .field("region", &self.region)
            .finish()
    }
}

/// A part of a credential has characters that no header may have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CredentialError {
    part: &'static str,
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} is empty or has characters other than visible ASCII; look for quotes and line \
             breaks where it is configured",
            self.part
        )
    }
}

impl Error for CredentialError {}

/// `value`, if it can stand between quotes in a header.
fn plain(part: &'static str, value: &str) -> Result<Zeroizing<String>, CredentialError> {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if !value.is_empty() && value.bytes().all(fits) {
        Ok(Zeroizing::new(value.to_owned()))
    } else {
        Err(CredentialError { part })
    }
}
