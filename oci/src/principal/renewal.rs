//! One credential, which whoever finds it due renews for all who wait.

use std::fmt;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::stamp::Stamp;
use super::{Clock, Principal, PrincipalError};
use crate::credential::Credential;
use crate::token::SecurityToken;

/// Where a credential comes from: files, or services.
pub(super) trait Source: Debug + Send + Sync {
    /// See [`Principal::name`].
    fn name(&self) -> &str;

    /// The files that it reads, as they are now. Those of services need none.
    fn stamp(&self) -> Stamp {
        Stamp::default()
    }

    /// Gets the credential anew. Nothing but the answer may change: the future may be dropped at any
    /// time.
    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>>;
}

/// What a [`Source`] gives.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) credential: Credential,
    /// When to renew it; `None` if only a change of its files, or a refusal, is a reason.
    pub(super) due: Option<SystemTime>,
    /// The [`Source::stamp`] from before its files were read, so that no later change is missed.
    pub(super) stamp: Stamp,
}

/// When to renew `token`: 5 minutes before it expires, or at half its life if that is 10 minutes or
/// less.
pub(super) fn due(token: &SecurityToken, now: SystemTime) -> Option<SystemTime> {
    let expires = token.expires()?;
    let life = expires
        .duration_since(token.issued().unwrap_or(now))
        .unwrap_or_default();
    expires.checked_sub(EARLY.min(life / 2))
}

/// A principal whose credential is renewed.
///
/// Expiry is told by the wall clock, because a function may be frozen for hours and monotonic clocks
/// stand still meanwhile.
pub(super) struct Renewing {
    inner: Arc<Inner>,
}

struct Inner {
    source: Box<dyn Source>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    /// Weak, so that a renewal ends with the last who waits for it, and the next who needs one
    /// starts afresh instead of reading from a connection that died in a freeze.
    renewal: Option<WeakShared<Renewal>>,
}

type Renewal = BoxFuture<'static, Result<Arc<Credential>, PrincipalError>>;

/// A credential, and until when it need not be renewed.
struct Held {
    credential: Arc<Credential>,
    due: Option<SystemTime>,
    /// Nothing is tried before, because the last renewal failed.
    rest: Option<SystemTime>,
    stamp: Stamp,
    refused: AtomicBool,
}

impl Renewing {
    /// The principal whose credential comes from `source`. Nothing is fetched yet.
    pub(super) fn new(source: Box<dyn Source>, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                clock,
                state: Mutex::default(),
            }),
        }
    }
}

impl Principal for Renewing {
    fn name(&self) -> &str {
        self.inner.source.name()
    }

    fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>> {
        Box::pin(async {
            let held = self.inner.lock().held.clone();
            match held {
                Some(held) if !self.inner.is_due(&held) => Ok(Arc::clone(&held.credential)),
                held => match self.inner.renew(held.as_ref()) {
                    Renewed::Already(credential) => Ok(credential),
                    Renewed::By(renewal) => renewal.await,
                },
            }
        })
    }

    fn invalidate(&self, refused: &Arc<Credential>) {
        if let Some(held) = &self.inner.lock().held
            && Arc::ptr_eq(&held.credential, refused)
        {
            held.refused.store(true, Ordering::Relaxed);
        }
    }
}

impl Debug for Renewing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.inner.lock().held.clone();
        f.debug_struct("Renewing")
            .field("source", &self.inner.source)
            .field("credential", &held.as_ref().map(|held| &held.credential))
            .finish_non_exhaustive()
    }
}

enum Renewed {
    /// Someone else renewed it in between.
    Already(Arc<Credential>),
    By(Shared<Renewal>),
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self, held: &Held) -> bool {
        let now = (self.clock)();
        if held.refused.load(Ordering::Relaxed) || !held.is_valid(now) {
            return true;
        }
        if held
            .rest
            .is_some_and(|until| is_within(MAX_REST, now, until))
        {
            return false;
        }
        held.due.is_some_and(|due| due <= now) || self.source.stamp() != held.stamp
    }

    /// Joins the renewal of `seen` that is under way, or starts it.
    fn renew(self: &Arc<Self>, seen: Option<&Arc<Held>>) -> Renewed {
        let mut state = self.lock();
        if let Some(held) = &state.held
            && !seen.is_some_and(|seen| Arc::ptr_eq(seen, held))
        {
            return Renewed::Already(Arc::clone(&held.credential));
        }
        if let Some(renewal) = state.renewal.as_ref().and_then(WeakShared::upgrade) {
            return Renewed::By(renewal);
        }
        let renewal = Arc::clone(self).renewal().boxed().shared();
        state.renewal = renewal.downgrade();
        Renewed::By(renewal)
    }

    async fn renewal(self: Arc<Self>) -> Result<Arc<Credential>, PrincipalError> {
        let fetched = self.fetch().await;

        let now = (self.clock)();
        let mut state = self.lock();
        state.renewal = None;
        let old = state.held.take();
        let (held, result) = match fetched {
            Ok(fetched) => {
                let held = Held::fetched(fetched, old.as_deref(), now);
                tracing::debug!(principal = self.source.name(), "credential renewed");
                let credential = Arc::clone(&held.credential);
                (Some(Arc::new(held)), Ok(credential))
            }
            Err(error) => match old.filter(|old| old.is_good(now)) {
                Some(old) => {
                    tracing::warn!(
                        principal = self.source.name(),
                        error = %error,
                        "credential not renewed; the one at hand is still good"
                    );
                    let held = old.resting(now);
                    let credential = Arc::clone(&held.credential);
                    (Some(Arc::new(held)), Ok(credential))
                }
                None => (None, Err(error)),
            },
        };
        state.held = held;
        result
    }

    /// Fetches, but not for long while there is a credential to go on with.
    async fn fetch(&self) -> Result<Fetched, PrincipalError> {
        let now = (self.clock)();
        let held = self.lock().held.clone();
        let fetch = self.source.fetch(now);
        if held.is_some_and(|held| held.is_good(now)) {
            tokio::time::timeout(PATIENCE, fetch)
                .await
                .unwrap_or_else(|_| Err(PrincipalError::new("there was no answer in time")))
        } else {
            fetch.await
        }
    }
}

impl Held {
    /// What was fetched. The same credential again stays the same `Arc`, which tells whoever had it
    /// refused that there is no other.
    fn fetched(fetched: Fetched, old: Option<&Self>, now: SystemTime) -> Self {
        let credential = match old {
            Some(old) if is_same(&old.credential, &fetched.credential) => {
                Arc::clone(&old.credential)
            }
            _ => Arc::new(fetched.credential),
        };
        Self {
            credential,
            // Files may be old, and clocks wrong: no reason to read or ask at every request.
            due: fetched.due.map(|due| due.max(now + PAUSE)),
            rest: None,
            stamp: fetched.stamp,
            refused: AtomicBool::new(false),
        }
    }

    /// The same, left alone for an eighth of what remains to it.
    fn resting(&self, now: SystemTime) -> Self {
        let remains = self
            .credential
            .expires()
            .and_then(|expires| expires.duration_since(now).ok())
            .unwrap_or(MAX_REST);
        let until = now + (remains / 8).clamp(MIN_REST, MAX_REST);
        Self {
            credential: Arc::clone(&self.credential),
            due: Some(until),
            rest: Some(until),
            stamp: self.stamp.clone(),
            refused: AtomicBool::new(false),
        }
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        self.credential
            .expires()
            .is_none_or(|expires| now < expires)
    }

    fn is_good(&self, now: SystemTime) -> bool {
        self.is_valid(now) && !self.refused.load(Ordering::Relaxed)
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    one.key_id() == other.key_id() && one.delegation_token() == other.delegation_token()
}

/// Whether `until` is ahead, and not farther than it was ever set: clocks are put back, too.
fn is_within(limit: Duration, now: SystemTime, until: SystemTime) -> bool {
    until
        .duration_since(now)
        .is_ok_and(|ahead| !ahead.is_zero() && ahead <= limit)
}

/// As early as the Go SDK; the clocks of two machines may be that far apart.
const EARLY: Duration = Duration::from_secs(300);

/// Between renewals that time alone is the reason for.
const PAUSE: Duration = Duration::from_secs(10);

/// How long callers wait for a renewal that they could do without.
const PATIENCE: Duration = Duration::from_secs(5);

const MIN_REST: Duration = Duration::from_secs(1);
const MAX_REST: Duration = Duration::from_secs(60);
