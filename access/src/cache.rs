//! Identities of tokens that were verified a moment ago.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use ring::digest::{SHA256, digest};

use crate::identity::Identity;

/// SHA-256 of a token: what it is known by, so that no token stays in memory.
pub(crate) type TokenHash = [u8; 32];

/// The hash of `token`.
pub(crate) fn hash(token: &str) -> TokenHash {
    let mut hash = [0; 32];
    let digest = digest(&SHA256, token.as_bytes());
    for (to, from) in hash.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    hash
}

/// Verified tokens by their hash. Only what was verified gets in, so that strangers cannot fill it.
#[derive(Default)]
pub(crate) struct TokenCache {
    entries: Mutex<HashMap<TokenHash, Entry>>,
}

/// Whose a token is.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) identity: Arc<Identity>,
    /// When it is forgotten.
    pub(crate) until: SystemTime,
    /// Of the keys that verified it.
    pub(crate) generation: u64,
}

impl TokenCache {
    /// What is known of a token.
    pub(crate) fn find(&self, hash: &TokenHash, now: SystemTime) -> Option<Entry> {
        let mut entries = self.lock();
        let entry = entries.get(hash)?;
        if entry.until <= now {
            entries.remove(hash);
            return None;
        }
        Some(entry.clone())
    }

    /// Keeps what was found out at `now`.
    pub(crate) fn insert(&self, hash: TokenHash, entry: Entry, now: SystemTime) {
        let mut entries = self.lock();
        if entries.len() >= MAX_TOKENS {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() >= MAX_TOKENS
            && let Some(any) = entries.keys().next().copied()
        {
            // Whichever comes first: one more verification is all that it costs.
            entries.remove(&any);
        }
        entries.insert(hash, entry);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("tokens", &self.lock().len())
            .finish()
    }
}

/// Each is some hundred bytes.
const MAX_TOKENS: usize = 1000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Map;

    use super::*;
    use crate::scopes::Scopes;

    fn entry(until: SystemTime) -> Entry {
        let identity = Identity {
            subject: "user".to_owned(),
            issuer: None,
            client: None,
            scopes: Scopes::default(),
            claims: Map::new(),
            expires: None,
        };
        Entry {
            identity: Arc::new(identity),
            until,
            generation: 0,
        }
    }

    #[test]
    fn a_token_is_known_by_nothing_but_its_hash_and_until_it_expires() {
        let cache = TokenCache::default();
        let now = SystemTime::UNIX_EPOCH;
        let later = now + Duration::from_secs(10);

        cache.insert(hash("a"), entry(later), now);

        assert!(cache.find(&hash("a"), now).is_some());
        assert!(cache.find(&hash("b"), now).is_none());
        assert!(cache.find(&hash("a"), later).is_none());
    }

    #[test]
    fn however_many_tokens_there_are_a_bounded_number_is_kept() {
        let cache = TokenCache::default();
        let now = SystemTime::UNIX_EPOCH;

        for number in 0..3 * MAX_TOKENS {
            let until = now + Duration::from_secs(1);
            cache.insert(hash(&number.to_string()), entry(until), now);
        }

        assert_eq!(cache.lock().len(), MAX_TOKENS);
        assert!(
            cache
                .find(&hash(&(3 * MAX_TOKENS - 1).to_string()), now)
                .is_some()
        );
    }

    #[test]
    fn tokens_that_expired_make_room_first() {
        let cache = TokenCache::default();
        let now = SystemTime::UNIX_EPOCH;
        let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(9));
        for number in 1..MAX_TOKENS {
            cache.insert(hash(&number.to_string()), entry(soon), now);
        }
        cache.insert(hash("long"), entry(late), now);

        cache.insert(hash("new"), entry(late), soon);

        assert_eq!(cache.lock().len(), 2);
        assert!(cache.find(&hash("long"), soon).is_some());
    }
}
