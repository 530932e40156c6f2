//! The issuer's public keys: a JSON web key set (RFC 7517).

mod key;
mod keys;
mod source;

pub use self::keys::Keys;

pub(crate) use self::keys::Held;

use std::fmt;

use serde_json::Value;

use self::key::Key;
use crate::json;
use crate::jwt::Algorithm;
use crate::refusal::quoted;

/// The keys of a set that can be used.
pub(crate) struct KeySet {
    keys: Vec<Key>,
    /// Why others cannot, for whoever wonders.
    skipped: Vec<String>,
}

/// What the keys say to a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Verified,
    WrongSignature,
    NoKey,
}

impl KeySet {
    /// Reads a set. Keys that are weak, private, for something else or of an unknown kind are left
    /// out, as RFC 7517, section 5 has it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut set = json::object(bytes)?;
        let Some(Value::Array(found)) = set.remove("keys") else {
            return Err("there is no list `keys`".to_owned());
        };
        if found.len() > MAX_KEYS {
            return Err(format!("there are over {MAX_KEYS} keys"));
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for jwk in &found {
            match Key::parse(jwk) {
                Ok(key) => keys.push(key),
                Err(problem) => {
                    let id = jwk.get("kid").and_then(Value::as_str).unwrap_or_default();
                    skipped.push(format!("key {} {problem}", quoted(id)));
                }
            }
        }
        let set = Self { keys, skipped };
        if set.keys.is_empty() {
            return Err(format!("there is no key that can be used{}", set.skipped()));
        }
        Ok(set)
    }

    /// Whether one of the keys made `signature` of `signed` with `algorithm`.
    ///
    /// Only keys called `key_id` are tried if there is one, and none that is for another algorithm.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Verdict {
        let mut verdict = Verdict::NoKey;
        for key in &self.keys {
            if key_id.is_some() && key.id.as_deref() != key_id {
                continue;
            }
            match key.verify(algorithm, signed, signature) {
                Some(true) => return Verdict::Verified,
                Some(false) => verdict = Verdict::WrongSignature,
                None => {}
            }
        }
        verdict
    }

    /// The first keys that were left out, as the end of a sentence.
    pub(crate) fn skipped(&self) -> String {
        let first = self.skipped.iter().take(SHOWN);
        first.fold(String::new(), |text, skipped| text + "; " + skipped)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.keys.iter().map(|key| &key.id);
        f.debug_list().entries(ids).finish()
    }
}

/// Each may have to be tried.
const MAX_KEYS: usize = 50;

/// Keys that an error names.
const SHOWN: usize = 3;
