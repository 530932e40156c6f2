//! Who signs: what a `keyId` stands for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::authority::{Authority, session_key};
use super::key::PublicKey;
use super::refusal::Refusal;
use super::value::field;

/// A session token and the private key that belongs to it.
#[derive(Clone)]
pub struct Session {
    /// The token, a JSON web token without the `ST$` that a `keyId` has before it.
    pub token: String,
    /// The key in PKCS#8, as PEM.
    pub private_key: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

/// An API key of a user's.
#[derive(Clone)]
pub struct ApiKey {
    /// The OCID of the tenancy.
    pub tenancy: String,
    /// The OCID of the user.
    pub user: String,
    /// The fingerprint, 16 bytes in hex with colons.
    pub fingerprint: String,
    /// The key in PKCS#8, as PEM.
    pub private_key: String,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("user", &self.user)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// The public keys by the `keyId` that names them, but for session tokens, which hold theirs.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<HashMap<String, PublicKey>>);

impl Keys {
    pub(crate) fn add(&self, key_id: String, key: PublicKey) {
        self.keys().insert(key_id, key);
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, PublicKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller that `key_id` names.
    ///
    /// # Errors
    ///
    /// Refuses a key that is not known and a token that is not good at `now`.
    pub(crate) fn caller(
        &self,
        key_id: &str,
        authority: &Authority,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        if let Some(token) = key_id.strip_prefix("ST$") {
            let claims = authority
                .read(token, now)
                .map_err(Refusal::not_authenticated)?;
            let key = session_key(&claims)
                .ok_or_else(|| Refusal::not_authenticated("the token names no session key"))?;
            return Ok(Caller {
                key,
                subject: field(&claims, "sub").clone(),
            });
        }
        let key = self.keys().get(key_id).cloned();
        let key =
            key.ok_or_else(|| Refusal::not_authenticated("no key is registered under this keyId"))?;
        // {tenancy}/{user}/{fingerprint} or resource/v{version}/[{tenancy}/]{resource}
        let parts: Vec<_> = key_id.split('/').collect();
        let subject = match parts.as_slice() {
            ["resource", .., resource] => resource,
            [_, user, _] => user,
            _ => key_id,
        };
        Ok(Caller {
            key,
            subject: Value::from(subject),
        })
    }
}

/// Who sent a request.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) key: PublicKey,
    /// The OCID of the user or resource.
    pub(crate) subject: Value,
}
