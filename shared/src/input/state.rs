//! `requestState`: what one round leaves for the next, sealed, because it travels through the client
//! (2026-07-28, "Multi Round-Trip Requests", "Server Requirements").

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use zeroize::Zeroizing;

/// How long a person may take to answer.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The most that is kept from round to round, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The keys that seal what passes through clients from one round of a call to the next, the same on
/// every instance. The first seals, all of them open.
///
/// ```
/// use std::time::SystemTime;
///
/// use oci_mcp::{App, StateKeys};
///
/// // `openssl rand -base64 32` makes one.
/// let keys = StateKeys::parse(
///     "2026-11:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
///     SystemTime::now,
/// )?;
///
/// let app = App::new("example", "1.0.0").state_keys(keys);
/// # Ok::<_, oci_mcp::InvalidStateKeys>(())
/// ```
pub struct StateKeys {
    keys: OnceLock<Vec<StateKey>>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    random: SystemRandom,
}

struct StateKey {
    id: String,
    key: LessSafeKey,
}

/// What earlier rounds have left.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Kept {
    /// The answers that were used, by key.
    pub(super) answers: BTreeMap<String, Box<RawValue>>,
    /// What the author's code keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<Box<RawValue>>,
}

impl Kept {
    /// What a mounted server keeps; `None` if it cannot be written.
    pub(crate) fn of_state(state: &impl Serialize) -> Option<Self> {
        let state = to_raw_value(state).ok()?;
        Some(Self {
            state: Some(state),
            ..Self::default()
        })
    }

    pub(crate) fn state(&self) -> Option<&RawValue> {
        self.state.as_deref()
    }
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    /// Seconds since 1970.
    expires: u64,
    kept: Kept,
}

/// Why nothing was sealed.
#[derive(Debug)]
pub(crate) enum SealError {
    /// It has this many bytes, which are too many.
    TooLarge(usize),
    /// The machine has no randomness, or what is kept is no JSON.
    Failed,
}

/// Why a sealed state is not opened.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Closed {
    /// It was sealed too long ago.
    Expired,
    /// It was not sealed with one of these keys for this purpose, or it was changed.
    Foreign,
}

impl StateKeys {
    /// Reads keys, newest first: each `ID:KEY`, separated by commas or white space. An id is 1 to 16
    /// of `A-Z a-z 0-9 _ -`, of one's own choice, and a key 32 random bytes in base64. `clock` tells
    /// the wall-clock time.
    ///
    /// A new key is first added behind the one in use, on every instance, and only then moved before
    /// it: so each instance can always open what another has sealed. What is sealed lives for 30 minutes.
    ///
    /// # Errors
    ///
    /// [`InvalidStateKeys`] if one is not of that form, two have the same id, or there is none.
    pub fn parse(
        text: &str,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Result<Self, InvalidStateKeys> {
        let keys = Self::pending(clock);
        keys.fill(text)?;
        Ok(keys)
    }

    /// Keys that are not known yet: until [`fill`](Self::fill) nothing can be asked.
    pub fn pending(clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            keys: OnceLock::new(),
            clock: Box::new(clock),
            random: SystemRandom::new(),
        }
    }

    /// Reads keys as [`parse`](Self::parse) does, unless there are some already.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn fill(&self, text: &str) -> Result<(), InvalidStateKeys> {
        let parts = text.split(|c: char| c == ',' || c.is_whitespace());
        let mut keys: Vec<StateKey> = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            let number = keys.len() + 1;
            let key = StateKey::parse(part).ok_or(InvalidStateKeys::Form { number })?;
            if keys.iter().any(|earlier| earlier.id == key.id) {
                return Err(InvalidStateKeys::Twice { number });
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(InvalidStateKeys::None);
        }
        self.keys.get_or_init(|| keys);
        Ok(())
    }

    fn keys(&self) -> &[StateKey] {
        self.keys.get().map_or(&[], Vec::as_slice)
    }

    /// Seals `kept`, for the same `purpose` alone.
    pub(crate) fn seal(&self, purpose: &[u8], kept: Kept) -> Result<String, SealError> {
        let expires = (self.now() + LIFETIME).as_secs();
        let mut text =
            serde_json::to_vec(&Sealed { expires, kept }).map_err(|_cause| SealError::Failed)?;
        if text.len() > MAX_BYTES {
            return Err(SealError::TooLarge(text.len()));
        }
        let Some(StateKey { id, key }) = self.keys().first() else {
            return Err(SealError::Failed);
        };
        let mut nonce = [0; NONCE_LEN];
        let sealed = self.random.fill(&mut nonce).and_then(|()| {
            let unique = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(unique, Aad::from(purpose), &mut text)
        });
        sealed.map_err(|_cause| SealError::Failed)?;
        let bytes = [&nonce[..], &text].concat();
        Ok(format!("{id}.{}", BASE64URL_NOPAD.encode(&bytes)))
    }

    /// Opens what [`StateKeys::seal`] gave for the same `purpose`.
    pub(crate) fn open(&self, purpose: &[u8], sealed: &str) -> Result<Kept, Closed> {
        let Sealed { expires, kept } = self.unseal(purpose, sealed).ok_or(Closed::Foreign)?;
        if self.now().as_secs() < expires {
            Ok(kept)
        } else {
            Err(Closed::Expired)
        }
    }

    fn unseal(&self, purpose: &[u8], sealed: &str) -> Option<Sealed> {
        let (id, text) = sealed.split_once('.')?;
        let StateKey { key, .. } = self.keys().iter().find(|key| key.id == id)?;
        let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, text) = bytes.split_first_chunk_mut()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = key.open_in_place(nonce, Aad::from(purpose), text).ok()?;
        serde_json::from_slice(text).ok()
    }

    fn now(&self) -> Duration {
        (self.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
}

impl StateKey {
    fn parse(text: &str) -> Option<Self> {
        let (id, key) = text.split_once(':')?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !(1..=16).contains(&id.len()) || !id.bytes().all(is_plain) {
            return None;
        }
        let bytes = Zeroizing::new(BASE64.decode(key.as_bytes()).ok()?);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?;
        Some(Self {
            id: id.to_owned(),
            key: LessSafeKey::new(key),
        })
    }
}

impl fmt::Debug for StateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys().iter().map(|key| &key.id).collect();
        f.debug_struct("StateKeys")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

/// Why a text is no list of keys. It does not repeat the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InvalidStateKeys {
    /// One is not `ID:KEY`.
    Form {
        /// Which, from 1.
        number: usize,
    },
    /// One has the id of an earlier one.
    Twice {
        /// Which, from 1.
        number: usize,
    },
    /// There is none.
    None,
}

impl fmt::Display for InvalidStateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { number } => write!(
                f,
                "key {number} is not `ID:KEY`: an id is 1 to 16 of `A-Z a-z 0-9 _ -`, a key 32 bytes in \
                 base64 as `openssl rand -base64 32` prints them"
            ),
            Self::Twice { number } => write!(f, "key {number} has the id of an earlier one"),
            Self::None => f.write_str("there is no key in it"),
        }
    }
}

impl std::error::Error for InvalidStateKeys {}
