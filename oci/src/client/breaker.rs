//! Circuit breakers: a service that fails again and again is left alone for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::uri::Authority;
use tokio::time::Instant;

/// Failures in a row after which a service is left alone. As in the official Python SDK.
const FAILURES: u32 = 10;

/// How long. As in the official SDKs.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// The breakers of all services, by host. Only those that fail have an entry.
#[derive(Debug, Default)]
pub(super) struct Breakers {
    failing: Mutex<HashMap<Authority, Breaker>>,
}

#[derive(Debug)]
struct Breaker {
    failures: u32,
    /// When one request may try whether the service is back.
    probe_at: Instant,
    probing: bool,
}

impl Breakers {
    /// Lets a request through, or tells how long the service is left alone.
    pub(super) fn enter<'a>(&'a self, host: &'a Authority) -> Result<Entry<'a>, Duration> {
        let mut failing = self.lock();
        let mut probe = false;
        if let Some(breaker) = failing.get_mut(host)
            && breaker.failures >= FAILURES
        {
            let wait = breaker.probe_at.saturating_duration_since(Instant::now());
            if breaker.probing || !wait.is_zero() {
                return Err(wait);
            }
            breaker.probing = true;
            probe = true;
        }
        Ok(Entry {
            breakers: self,
            host,
            probe,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Authority, Breaker>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that was let through. Dropped without a word, it counts neither way: another one then
/// tries whether the service is back.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    breakers: &'a Breakers,
    host: &'a Authority,
    probe: bool,
}

impl Entry<'_> {
    /// Tells whether the service was able to answer.
    pub(super) fn settle(mut self, able: bool) {
        self.probe = false;
        let mut failing = self.breakers.lock();
        if able {
            failing.remove(self.host);
            return;
        }
        let breaker = failing.entry(self.host.clone()).or_insert(Breaker {
            failures: 0,
            probe_at: Instant::now(),
            probing: false,
        });
        breaker.failures = breaker.failures.saturating_add(1);
        breaker.probing = false;
        breaker.probe_at = Instant::now() + OPEN_FOR;
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.probe
            && let Some(breaker) = self.breakers.lock().get_mut(self.host)
        {
            breaker.probing = false;
        }
    }
}
