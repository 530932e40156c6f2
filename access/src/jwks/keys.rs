//! The issuer's keys at hand, and when to fetch them anew.
//!
//! Whoever finds it due fetches, while others go on with the keys at hand: there is no task in the
//! background, which would stand still while a function is frozen.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StateMutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::KeySet;
use super::source::Source;
use crate::outbound::{Clock, SecureUrl, Transport};
use crate::refusal::{Reason, Refusal};

/// The issuer's keys: fetched when the first token comes, and then
///
/// - every 10 minutes, by one caller, who waits for it no longer than 3 seconds;
/// - when a token is not by any of them, at most once in 30 seconds.
///
/// If the issuer cannot be reached, the keys at hand do for 24 hours.
pub struct Keys {
    source: Source,
    hint: &'static str,
    clock: Clock,
    state: StateMutex<State>,
    /// Held by whoever fetches. It is let go when their request is dropped, and the next one starts
    /// afresh.
    turn: Mutex<()>,
}

/// Keys, and which in the order of their changes: what was found out with others may not hold.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) keys: Arc<KeySet>,
    pub(crate) generation: u64,
    text: Bytes,
    fetched: SystemTime,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// When it was last begun, whatever came of it.
    tried: Option<SystemTime>,
    /// When and why it last failed.
    failed: Option<(SystemTime, String)>,
}

impl Keys {
    /// The JSON web key set at `url`.
    #[must_use]
    pub fn from_url(url: SecureUrl, transport: Transport, clock: Clock) -> Self {
        Self::new(Source::Url(url, transport), clock)
    }

    /// The key set that the metadata of `issuer` names: RFC 8414, or OIDC Discovery. The
    /// metadata must say that it is of this very issuer.
    #[must_use]
    pub fn from_issuer(issuer: SecureUrl, transport: Transport, clock: Clock) -> Self {
        Self::new(Source::Issuer(issuer, transport), clock)
    }

    /// The JSON web key set in a file, which is read anew as often as a URL would be.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>, clock: Clock) -> Self {
        Self::new(Source::File(path.into()), clock)
    }

    fn new(source: Source, clock: Clock) -> Self {
        Self {
            source,
            hint: "",
            clock,
            state: StateMutex::default(),
            turn: Mutex::new(()),
        }
    }

    /// Adds to every failure what is often the reason.
    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    /// The keys, fetched if there are none, and if it is time.
    pub(crate) async fn current(&self) -> Result<Held, Refusal> {
        let now = (self.clock)();
        let (usable, may_fetch) = {
            let state = self.lock();
            (state.usable(now), state.may_fetch(now))
        };
        let Some(held) = usable else {
            return self.first().await;
        };
        if !is_within(FRESH, held.fetched, now)
            && may_fetch
            && let Ok(_turn) = self.turn.try_lock()
        {
            if tokio::time::timeout(PATIENCE, self.fetch()).await.is_err() {
                tracing::warn!("the issuer's keys did not come in time; those at hand still serve");
            }
            return Ok(self.lock().held.clone().unwrap_or(held));
        }
        Ok(held)
    }

    /// Which keys are at hand; `None` if it is time to fetch them, or there are none yet.
    pub(crate) fn fresh_generation(&self) -> Option<u64> {
        let now = (self.clock)();
        let state = self.lock();
        let fresh = |held: &&Held| is_within(FRESH, held.fetched, now);
        state
            .held
            .as_ref()
            .filter(fresh)
            .map(|held| held.generation)
    }

    /// The keys after a change since `generation`, fetched if that was not tried just now.
    pub(crate) async fn newer_than(&self, generation: u64) -> Option<Held> {
        let is_newer = |held: &Held| held.generation != generation;
        let _turn = self.turn.lock().await;
        let is_reason = {
            let state = self.lock();
            !state.held.as_ref().is_some_and(is_newer) && state.may_fetch((self.clock)())
        };
        if is_reason {
            self.fetch().await;
        }
        self.lock().held.clone().filter(is_newer)
    }

    /// The keys, which nobody has yet, or which are too old.
    async fn first(&self) -> Result<Held, Refusal> {
        let _turn = self.turn.lock().await;
        let now = (self.clock)();
        let is_reason = {
            let state = self.lock();
            // Those who waited for the one who failed need not fail one after the other.
            let failed = state.failed.as_ref();
            state.usable(now).is_none() && !failed.is_some_and(|(at, _)| is_within(REST, *at, now))
        };
        if is_reason {
            self.fetch().await;
        }
        let state = self.lock();
        state.usable((self.clock)()).ok_or_else(|| {
            let problem = state
                .failed
                .as_ref()
                .map_or("too old", |(_, problem)| problem);
            let detail = format!("the issuer's keys cannot be had: {problem}");
            Refusal::new(Reason::Unavailable, detail)
        })
    }

    /// Fetches. The caller has the turn.
    async fn fetch(&self) {
        let begun = (self.clock)();
        self.lock().tried = Some(begun);
        let fetched = self.source.load().await;
        let parsed = fetched.and_then(|text| KeySet::parse(&text).map(|keys| (text, keys)));

        let mut state = self.lock();
        match parsed {
            Ok((text, keys)) => {
                let skipped = keys.skipped();
                tracing::debug!(skipped, "fetched the issuer's keys");
                state.replace(text, keys, begun);
            }
            Err(problem) => {
                let problem = problem + self.hint;
                tracing::warn!(problem, "the issuer's keys cannot be had");
                state.failed = Some(((self.clock)(), problem));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn usable(&self, now: SystemTime) -> Option<Held> {
        let held = self.held.as_ref()?;
        // The clock may have been put back since.
        let age = now.duration_since(held.fetched).unwrap_or_default();
        (age < STALE).then(|| held.clone())
    }

    /// Whether the issuer has had its pause.
    fn may_fetch(&self, now: SystemTime) -> bool {
        !self.tried.is_some_and(|tried| is_within(PAUSE, tried, now))
    }

    /// Keeps what was fetched; a set that has not changed stays of its generation.
    fn replace(&mut self, text: Bytes, keys: KeySet, fetched: SystemTime) {
        self.failed = None;
        match &mut self.held {
            Some(held) if held.text == text => held.fetched = fetched,
            held => {
                let generation = held.as_ref().map_or(0, |held| held.generation + 1);
                *held = Some(Held {
                    keys: Arc::new(keys),
                    generation,
                    text,
                    fetched,
                });
            }
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Keys")
            .field("held", &state.held.as_ref().map(|held| &held.keys))
            .finish_non_exhaustive()
    }
}

/// Whether `now` is less than `limit` after `then`, and not before it: clocks are put back, too.
fn is_within(limit: Duration, then: SystemTime, now: SystemTime) -> bool {
    now.duration_since(then).is_ok_and(|age| age < limit)
}

/// How long keys are used without asking for newer ones: how long a withdrawn key still serves.
const FRESH: Duration = Duration::from_secs(10 * 60);

/// How long they are used while the issuer cannot be reached. Whoever holds a withdrawn key and can
/// keep us from the issuer gains no more than that.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Between attempts, whatever the reason for the next one: strangers can make up key ids.
const PAUSE: Duration = Duration::from_secs(30);

/// Between attempts while there are no keys and nobody can be let in.
const REST: Duration = Duration::from_secs(5);

/// How long a caller waits for newer keys who could do without.
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_have_not_changed_stay_of_their_generation_and_are_fresh_again() {
        let set = |x: &str| {
            let x = x.repeat(43);
            let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
            let keys = KeySet::parse(set.as_bytes()).unwrap();
            (Bytes::from(set), keys)
        };
        let mut state = State::default();
        let mut seen = Vec::new();

        for (second, x) in [(1, "A"), (2, "A"), (3, "E"), (4, "E"), (5, "A")] {
            let (text, keys) = set(x);
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            state.replace(text, keys, now);
            let held = state.held.as_ref().unwrap();
            assert_eq!(held.fetched, now);
            seen.push(held.generation);
        }

        assert_eq!(seen, [0, 0, 1, 1, 2]);
    }
}
