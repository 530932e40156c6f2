//! What a call says while it is worked on: progress and log messages (2026-07-28, "Progress" and
//! "Logging"; MCP's server-to-client notifications that belong to a request).

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::rpc::append_json;

/// How severe a log message is: the severities of RFC 5424 that MCP takes over, mildest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Of use while something is being debugged.
    Debug,
    /// What is going on.
    Info,
    /// Normal, and worth a look.
    Notice,
    /// Something may be wrong.
    Warning,
    /// Something is wrong.
    Error,
    /// A part of the system is broken.
    Critical,
    /// Something must be done at once.
    Alert,
    /// The system cannot be used.
    Emergency,
}

impl FromStr for LogLevel {
    type Err = ();

    /// Reads MCP's spelling, such as `warning`.
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "debug" => Self::Debug,
            "info" => Self::Info,
            "notice" => Self::Notice,
            "warning" => Self::Warning,
            "error" => Self::Error,
            "critical" => Self::Critical,
            "alert" => Self::Alert,
            "emergency" => Self::Emergency,
            _ => return Err(()),
        })
    }
}

/// What the client wants to hear of one request.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Progress, under this token: a JSON string or integer as it was written.
    pub(crate) progress: Option<Box<RawValue>>,
    /// Whether progress may have a `message`, which 2024-11-05 does not know.
    pub(crate) progress_messages: bool,
    /// Log messages of this level and above.
    pub(crate) logs: Option<LogLevel>,
}

/// Bytes of notifications that wait to be read. What a tool says beyond them is dropped and counted.
const MAX_QUEUED_BYTES: usize = 256 * 1024;

/// Unread reports of progress in a row. Beyond them the last gives way to the next.
const MAX_UNREAD_REPORTS: usize = 8;

/// Notifications on their way out, each a whole JSON-RPC message. Nothing goes in unless it is wanted.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    wanted: OnceLock<Wanted>,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Notification>,
    bytes: usize,
    dropped: usize,
    progress: f64,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Notification {
    Log(Bytes),
    Progress(Bytes),
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            progress: f64::NEG_INFINITY,
            waker: None,
        }
    }
}

impl Outbox {
    /// Lets in what is wanted. What is said before is not kept.
    pub(crate) fn open(&self, wanted: Wanted) {
        // A request is read once, so there is nothing to overwrite.
        let _first = self.wanted.set(wanted);
    }

    /// Whether progress is worth working out.
    pub(crate) fn wants_progress(&self) -> bool {
        self.wanted()
            .is_some_and(|wanted| wanted.progress.is_some())
    }

    /// Whether a message of `level` would be sent.
    pub(crate) fn wants_log(&self, level: LogLevel) -> bool {
        let least = self.wanted().and_then(|wanted| wanted.logs);
        least.is_some_and(|least| level >= least)
    }

    /// Reports progress, which only ever grows: what does not is left out, as the specification asks.
    pub(crate) fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        let Some(wanted) = self.wanted() else { return };
        let Some(token) = &wanted.progress else {
            return;
        };
        let mut queue = self.queue();
        if !progress.is_finite() || progress <= queue.progress {
            return;
        }
        queue.progress = progress;
        let params = Reported {
            progress_token: token,
            progress,
            total: total.filter(|total| total.is_finite()),
            message: message.filter(|_| wanted.progress_messages),
        };
        if queue.unread_reports() == MAX_UNREAD_REPORTS
            && let Some(Notification::Progress(unread)) = queue.waiting.pop_back()
        {
            queue.bytes -= unread.len();
        }
        queue.add(Notification::Progress(encode(
            "notifications/progress",
            &params,
        )));
    }

    /// Sends a log message. `data` is anything that JSON can hold; what cannot be written is left out.
    pub(crate) fn log(&self, level: LogLevel, data: &impl Serialize) {
        if !self.wants_log(level) {
            return;
        }
        let Ok(data) = serde_json::value::to_raw_value(data) else {
            tracing::warn!("a log message for the client is no JSON");
            return;
        };
        let params = Logged { level, data: &data };
        let message = encode("notifications/message", &params);
        self.queue().add(Notification::Log(message));
    }

    /// The next notification, as soon as there is one.
    pub(crate) fn poll_next(&self, cx: &Context<'_>) -> Poll<Bytes> {
        if self.wanted.get().is_none() {
            return Poll::Pending;
        }
        let mut queue = self.queue();
        if let Some(message) = queue.pop() {
            return Poll::Ready(message);
        }
        queue.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next notification that waits. After the last, the one that tells how many were dropped.
    pub(crate) fn next(&self) -> Option<Bytes> {
        let wanted = self.wanted()?;
        let mut queue = self.queue();
        if let Some(message) = queue.pop() {
            return Some(message);
        }
        let dropped = std::mem::take(&mut queue.dropped);
        (dropped > 0 && wanted.logs.is_some()).then(|| {
            let text = format!(
                "{dropped} messages were dropped: more than {MAX_QUEUED_BYTES} bytes waited"
            );
            let params = Logged {
                level: LogLevel::Warning,
                data: &text,
            };
            encode("notifications/message", &params)
        })
    }

    fn wanted(&self) -> Option<&Wanted> {
        self.wanted.get()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing is left half done by a panic.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, notification: Notification) {
        let (Notification::Log(message) | Notification::Progress(message)) = &notification;
        if self.bytes + message.len() > MAX_QUEUED_BYTES {
            self.dropped += 1;
            return;
        }
        self.bytes += message.len();
        self.waiting.push_back(notification);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Reports of progress with nothing else after them.
    fn unread_reports(&self) -> usize {
        let latest = self.waiting.iter().rev();
        latest
            .take_while(|notification| matches!(notification, Notification::Progress(_)))
            .count()
    }

    fn pop(&mut self) -> Option<Bytes> {
        let (Notification::Log(message) | Notification::Progress(message)) =
            self.waiting.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reported<'a> {
    progress_token: &'a RawValue,
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct Logged<'a, T> {
    level: LogLevel,
    data: &'a T,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    jsonrpc: &'static str,
    method: &'static str,
    params: &'a T,
}

fn encode(method: &'static str, params: &impl Serialize) -> Bytes {
    let mut out = Vec::new();
    let envelope = Envelope {
        jsonrpc: "2.0",
        method,
        params,
    };
    append_json(&mut out, &envelope);
    out.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn outbox(progress: Option<&str>, logs: Option<LogLevel>) -> Outbox {
        let outbox = Outbox::default();
        outbox.open(Wanted {
            progress: progress.map(|token| RawValue::from_string(token.to_owned()).unwrap()),
            progress_messages: true,
            logs,
        });
        outbox
    }

    fn all(outbox: &Outbox) -> Vec<Value> {
        std::iter::from_fn(|| outbox.next())
            .map(|message| serde_json::from_slice(&message).unwrap())
            .collect()
    }

    #[test]
    fn nothing_is_kept_that_nobody_asked_for() {
        let outbox = outbox(None, Some(LogLevel::Warning));

        outbox.progress(1.0, None, None);
        outbox.log(LogLevel::Notice, &"quiet");

        assert!(all(&outbox).is_empty());
        assert!(all(&Outbox::default()).is_empty());
    }

    #[test]
    fn progress_names_its_token_as_it_was_written() {
        let outbox = outbox(Some("\"t\\u0031\""), None);

        outbox.progress(1.0, Some(4.0), Some("one"));

        let message = outbox.next().unwrap();
        assert!(message.windows(8).any(|part| part == br#"t\u0031""#));
        let params = &serde_json::from_slice::<Value>(&message).unwrap()["params"];
        assert_eq!(params["total"], json!(4.0));
        assert_eq!(params["message"], "one");
    }

    #[test]
    fn progress_only_grows() {
        let outbox = outbox(Some("7"), Some(LogLevel::Info));

        outbox.progress(2.0, None, None);
        outbox.progress(1.0, None, None);
        outbox.log(LogLevel::Info, &json!({ "full": false }));
        outbox.progress(2.0, None, None);
        outbox.progress(f64::NAN, None, None);
        outbox.progress(3.0, None, None);

        let progress: Vec<_> = all(&outbox)
            .into_iter()
            .map(|message| message["params"].get("progress").cloned())
            .collect();
        assert_eq!(progress, [Some(json!(2.0)), None, Some(json!(3.0))]);
    }

    #[test]
    fn of_much_unread_progress_the_last_report_and_the_first_ones_are_kept() {
        let outbox = outbox(Some("7"), None);

        for done in 1..=1_000 {
            outbox.progress(done.into(), None, None);
        }

        let reports: Vec<_> = all(&outbox)
            .iter()
            .map(|message| message["params"]["progress"].as_f64().unwrap())
            .collect();
        assert_eq!(reports, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1_000.0]);
    }

    #[test]
    fn what_nobody_reads_is_bounded_and_counted() {
        let outbox = outbox(None, Some(LogLevel::Debug));
        let long = "x".repeat(MAX_QUEUED_BYTES / 2);

        for _ in 0..4 {
            outbox.log(LogLevel::Info, &long);
        }

        let messages = all(&outbox);
        assert_eq!(
            messages.len(),
            2,
            "one message, and what became of the others"
        );
        let last = messages[1]["params"]["data"].as_str().unwrap();
        assert!(last.starts_with("3 messages were dropped"), "{last}");
    }
}
