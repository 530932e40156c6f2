//! A token and the key it was made for, which rotate together but not at the same moment.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;

use super::PrincipalError;
use super::renewal::{Fetched, due};
use super::stamp::Stamp;
use super::value::Value;
use crate::credential::Credential;
use crate::key::PrivateKey;
use crate::token::SecurityToken;

/// A token and the key it was made for.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) token: Value,
    pub(super) key: Value,
    pub(super) passphrase: Option<Value>,
    /// What to do about an expired token, as the end of a message.
    pub(super) remedy: String,
}

impl Pair {
    /// The files that it is in.
    pub(super) fn stamp(&self) -> Stamp {
        let values = [Some(&self.token), Some(&self.key), self.passphrase.as_ref()];
        Stamp::of(values.into_iter().flatten().filter_map(Value::path))
    }

    /// Reads both, again and again for a quarter of a second if what is there does not fit: whoever
    /// rotates the files may be between two of them.
    pub(super) async fn load(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let mut pauses = PAUSES.iter();
        loop {
            let stamp = self.stamp();
            let error = match self.read(now) {
                Ok((token, key)) => {
                    return Ok(Fetched {
                        credential: Credential::token(&token, Arc::new(key)),
                        due: due(&token, now).filter(|_| self.is_in_files()),
                        stamp,
                    });
                }
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if self.is_in_files() => tokio::time::sleep(*pause).await,
                _ => return Err(error),
            }
        }
    }

    fn read(&self, now: SystemTime) -> Result<(SecurityToken, PrivateKey), PrincipalError> {
        let key = self.key.key(self.passphrase.as_ref())?;
        let token = self.token.token()?;
        if token.belongs_to(&key) == Some(false) {
            return Err(self.token.problem(format!(
                "is not the token of the key in {}: they must come from the same place, and be \
                 replaced together",
                self.key.place()
            )));
        }
        check_expiry(&token, now, &self.token, &self.remedy)?;
        Ok((token, key))
    }

    fn is_in_files(&self) -> bool {
        self.token.path().is_some() || self.key.path().is_some()
    }
}

/// Refuses a `token` that has expired, as it was read from `place`.
pub(super) fn check_expiry(
    token: &SecurityToken,
    now: SystemTime,
    place: &Value,
    remedy: &str,
) -> Result<(), PrincipalError> {
    match token.expires() {
        Some(expires) if expires <= now => Err(place.problem(format!(
            "expired at {}, and it is {} by the clock of this machine; {remedy}",
            fmt_http_date(expires),
            fmt_http_date(now)
        ))),
        _ => Ok(()),
    }
}

/// Rotations have been seen to take milliseconds.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(200),
];
