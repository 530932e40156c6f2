//! Whether and when to try again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;

use super::error::{Answer, Failure};
use crate::transport::TransportErrorKind;

/// Attempts in all. The official SDKs make 8 in up to 10 minutes; here an agent waits for the answer,
/// and what has failed three times within seconds is not a hiccup.
pub(super) const ATTEMPTS: u32 = 3;

/// The longest wait before the second attempt; it doubles with each one. As in the official SDKs.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait before any attempt. As in the official SDKs.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How many tokens a client has to begin with, and at most: 10 retries at once.
const CAPACITY: u32 = 100;

/// What a retry costs. A request that succeeds at once earns 1, so that while a service is ailing the
/// retries add a tenth to its load at most.
const COST: u32 = 10;

/// Whether another attempt may help and does no harm.
///
/// `repeatable` says whether OCI may get the request twice. If not, only what was surely not sent is
/// sent again.
pub(super) fn is_worthwhile(failure: &Failure, repeatable: bool) -> bool {
    use TransportErrorKind as Kind;

    match failure {
        Failure::Transport(error) => match error.kind() {
            Kind::Connect | Kind::ConnectTimeout => true,
            Kind::Closed | Kind::Timeout => repeatable,
            Kind::Refused | Kind::Tls | Kind::TooLarge | Kind::Malformed => false,
        },
        Failure::Answer(answer) => repeatable && (is_ailing(answer.status) || is_passing(answer)),
    }
}

/// Whether the status says that the service cannot answer now, rather than that it will not.
pub(super) fn is_ailing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// Whether it is a conflict with something that is under way and will be over.
fn is_passing(answer: &Answer) -> bool {
    let code = answer.code.as_deref();
    answer.status == StatusCode::CONFLICT
        && code.is_some_and(|code| code == "IncorrectState" || code == "LockConflict")
}

/// How long to wait after attempt number `attempt`: anything up to a limit that doubles, so that
/// clients that failed together do not come back together.
pub(super) fn wait(attempt: u32, random: u64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let nanos = doubled.min(LONGEST_WAIT).as_nanos();
    let nanos = (u128::from(random) * nanos) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// What a client may spend on retries, all its requests together.
///
/// Time does not refill it, because a function that is frozen has no time; success does.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: Mutex<u32>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            tokens: Mutex::new(CAPACITY),
        }
    }

    /// Pays for a retry, if there is enough.
    pub(super) fn withdraw(&self) -> bool {
        let mut tokens = self.lock();
        let left = tokens.checked_sub(COST);
        *tokens = left.unwrap_or(*tokens);
        left.is_some()
    }

    /// Tells of a success. If it took a retry, that one is given back.
    pub(super) fn deposit(&self, retried: bool) {
        let earned = if retried { COST } else { 1 };
        let mut tokens = self.lock();
        *tokens = tokens.saturating_add(earned).min(CAPACITY);
    }

    fn lock(&self) -> MutexGuard<'_, u32> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Budget, wait};

    #[test]
    fn waits_are_random_below_a_limit_that_doubles() {
        let longest = [1, 2, 3, 4, 5, 6, 40].map(|attempt| wait(attempt, u64::MAX).as_secs_f64());
        let shortest = [1, 2, 40].map(|attempt| wait(attempt, 0));

        let expected = [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0];
        for (longest, expected) in longest.iter().zip(expected) {
            assert!((longest - expected).abs() < 0.001, "{longest}");
        }
        assert_eq!(shortest, [Duration::ZERO; 3]);
    }

    #[test]
    fn a_budget_allows_ten_retries_and_one_more_for_ten_successes() {
        let budget = Budget::new();

        let retries = (0..100).filter(|_| budget.withdraw()).count();
        (0..9).for_each(|_| budget.deposit(false));
        let after_nine = budget.withdraw();
        budget.deposit(false);
        let after_ten = budget.withdraw();

        assert_eq!((retries, after_nine, after_ten), (10, false, true));
    }
}
