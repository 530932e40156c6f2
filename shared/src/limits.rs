//! How often and how often at a time may be called: what one instance sees of it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::config::Config;
use crate::context::Context;
use crate::rpc::{Error, ErrorKind};

/// The limits of a server, each of which may be absent.
pub(crate) struct Limits {
    callers: Option<Meter>,
    tools: Option<Meter>,
    /// Of one tool, at a time.
    concurrency: Option<NonZeroU32>,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            callers: config.calls_per_minute.map(Meter::new),
            tools: config.tool_calls_per_minute.map(Meter::new),
            concurrency: config.tool_concurrency,
        }
    }

    /// Counts something that `cx`'s caller has done. Callers who are not known are one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooManyRequests`] if it was too much.
    pub(crate) fn count_caller(&self, cx: &Context) -> Result<(), Error> {
        let Some(callers) = &self.callers else {
            return Ok(());
        };
        let caller = cx.caller().map_or("", |caller| caller.as_str());
        let counted = callers.count(caller, Instant::now());
        counted.map_err(|wait| {
            refuse(
                cx,
                wait,
                "you call more often than the operator allows (OCI_MCP_CALLS_PER_MINUTE)",
            )
        })
    }

    /// Counts a call of `tool`, whoever makes it.
    ///
    /// # Errors
    ///
    /// As [`count_caller`](Self::count_caller).
    pub(crate) fn count_tool(&self, cx: &Context, tool: &str) -> Result<(), Error> {
        let Some(tools) = &self.tools else {
            return Ok(());
        };
        let counted = tools.count(tool, Instant::now());
        counted.map_err(|wait| {
            refuse(cx, wait, "the tool is called more often than the operator allows (OCI_MCP_TOOL_CALLS_PER_MINUTE)")
        })
    }

    /// How many calls of one tool may run at a time.
    pub(crate) fn concurrency(&self) -> Option<u32> {
        self.concurrency.map(NonZeroU32::get)
    }

    /// Why one more call of a tool has to wait.
    pub(crate) fn busy(cx: &Context) -> Error {
        refuse(
            cx,
            Duration::from_secs(1),
            "as many calls of the tool run as the operator allows (OCI_MCP_TOOL_CONCURRENCY)",
        )
    }
}

fn refuse(cx: &Context, wait: Duration, why: &str) -> Error {
    let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let seconds = u32::try_from(rounded_up).unwrap_or(u32::MAX).max(1);
    cx.set_retry_after(seconds);
    let message = format!("{why}; try again in {seconds} s");
    Error::new(ErrorKind::TooManyRequests, message).with_data(&json!({ "retryAfter": seconds }))
}

/// Counts by key, as the generic cell rate algorithm does: a key may be counted `limit` times in a
/// minute, in one go or evenly, and is one instant in memory.
struct Meter {
    /// Between two counts, if they come evenly.
    interval: Duration,
    /// By key, when the last count would have come if all had come evenly.
    due: Mutex<HashMap<Box<str>, Instant>>,
}

impl Meter {
    fn new(per_minute: NonZeroU32) -> Self {
        Self {
            interval: MINUTE / per_minute.get(),
            due: Mutex::default(),
        }
    }

    /// Counts `key` at `now`.
    ///
    /// # Errors
    ///
    /// How long to wait, if it was counted too often.
    fn count(&self, key: &str, now: Instant) -> Result<(), Duration> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if due.len() >= MAX_KEYS {
            due.retain(|_, due| *due > now);
        }
        // However many there are, memory is bounded: those for whom there is no room are one.
        let is_known = due.contains_key(key);
        let key = if is_known || due.len() < MAX_KEYS {
            key
        } else {
            ""
        };
        let next = due.get(key).map_or(now, |due| now.max(*due)) + self.interval;
        let too_early = next.saturating_duration_since(now + MINUTE);
        if !too_early.is_zero() {
            return Err(too_early);
        }
        match due.get_mut(key) {
            Some(due) => *due = next,
            None => {
                due.insert(key.into(), next);
            }
        }
        Ok(())
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// Some hundred kilobytes, and more callers than one instance has in a minute.
const MAX_KEYS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(per_minute: u32) -> Meter {
        Meter::new(NonZeroU32::new(per_minute).unwrap())
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_one_at_a_time() {
        let (meter, start) = (meter(3), Instant::now());
        let count = |seconds| meter.count("a", start + Duration::from_secs(seconds));

        let at_once: Vec<_> = (0..4).map(|_| count(0)).collect();

        assert!(at_once[..3].iter().all(Result::is_ok));
        assert_eq!(at_once[3], Err(Duration::from_secs(20)));
        assert_eq!(count(19), Err(Duration::from_secs(1)));
        assert_eq!(count(20), Ok(()));
        assert_eq!(count(21), Err(Duration::from_secs(19)));
        assert_eq!(meter.count("b", start), Ok(()));
    }

    #[test]
    fn however_many_keys_there_are_a_bounded_number_is_kept() {
        let (meter, start) = (meter(1), Instant::now());
        for number in 0..MAX_KEYS {
            meter.count(&number.to_string(), start).unwrap();
        }

        let one_more = meter.count("one", start);
        let another = meter.count("another", start);
        let known = meter.count("0", start);
        let later = meter.count("another", start + MINUTE * 2);

        assert_eq!(one_more, Ok(()));
        assert_eq!((another, known), (Err(MINUTE), Err(MINUTE)));
        assert_eq!(later, Ok(()));
        assert!(meter.due.lock().unwrap().len() <= 2);
    }
}
