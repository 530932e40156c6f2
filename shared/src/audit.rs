//! What was asked and done, on record: a line for each request, chained to the one before.

mod arguments;
mod entry;
mod layer;
mod trail;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use std::{fmt, io};

use data_encoding::HEXLOWER;
use http::StatusCode;
use jiff::Timestamp;

pub(crate) use self::entry::{Announcement, Entry, Noted};
use self::entry::{Event, Members};
pub(crate) use self::layer::{AuditLayer, Audited, Refused};
use self::trail::Trail;

/// Where the lines of an audit go. Each sink has a chain of its own.
pub trait AuditSink: Send + Sync + 'static {
    /// Takes `line`, a JSON object and a line feed, as one piece.
    ///
    /// It is called for one line at a time, while a request waits, so that it must not wait for
    /// anything itself.
    ///
    /// # Errors
    ///
    /// Why the line was not taken. It is then lost, and the next line says so.
    fn write(&self, line: &str) -> io::Result<()>;

    /// Waits until the lines that were taken are where they are to stay.
    ///
    /// The future fails if they are not there.
    fn flush(&self) -> Flush<'_>;

    /// Whether an answer waits for [`flush`](Self::flush): for a sink that sends lines later, on a host
    /// that stands still between requests.
    fn holds_answers(&self) -> bool {
        false
    }
}

/// The outcome of [`AuditSink::flush`].
pub type Flush<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// A record of all requests.
///
/// Each request leaves a line: when its answer is there or, if that is a stream, when it ends; if the client
/// hangs up before, when nothing works on it any more. Requests for health leave none. A batch is one
/// request, whose line names all its messages: with a line for each, a small body could push all other
/// lines out of a sink with limits. `docs/audit.md` has the members of a line.
///
/// A line begins with its number, `seq`, and the `hash` of the line before, and ends with its own
/// hash: the SHA-256 of all its text before `,"hash"`. So a line that is changed, removed or moved does not fit
/// its neighbours. What was cut off at the end shows only where [`close`](Audit::close) wrote a last line, and
/// who can write all lines anew can forge all of them: a copy elsewhere is what shows that.
///
/// ```
/// use std::io;
/// use std::sync::{Arc, mpsc};
/// use std::time::SystemTime;
///
/// use oci_mcp::{App, Audit, AuditSink, Flush};
///
/// struct Channel(mpsc::Sender<String>);
///
/// impl AuditSink for Channel {
///     fn write(&self, line: &str) -> io::Result<()> {
///         self.0.send(line.to_owned()).map_err(io::Error::other)
///     }
///
///     fn flush(&self) -> Flush<'_> {
///         Box::pin(async { Ok(()) })
///     }
/// }
///
/// let (lines, _) = mpsc::channel();
/// let instance = [7; 16]; // random bytes, in earnest
/// let audit = Audit::new(instance, SystemTime::now).to(Channel(lines));
///
/// let app = App::new("recorded", "1.0.0").audit(Arc::new(audit));
/// ```
pub struct Audit {
    instance: String,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    trails: Vec<Trail>,
    scheme: Option<&'static str>,
    tells_arguments: bool,
    fails_closed: bool,
    requests: AtomicU64,
}

impl Audit {
    /// A record without sinks. `instance` is random and tells this process from all others; `clock` tells
    /// the wall-clock time.
    pub fn new(instance: [u8; 16], clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            instance: HEXLOWER.encode(&instance),
            clock: Box::new(clock),
            trails: Vec::new(),
            scheme: None,
            tells_arguments: false,
            fails_closed: false,
            requests: AtomicU64::new(0),
        }
    }

    /// Adds a sink.
    #[must_use]
    pub fn to(mut self, sink: impl AuditSink) -> Self {
        self.trails.push(Trail::new(Box::new(sink)));
        self
    }

    /// Has lines name the way in which callers are known, such as `jwt`.
    #[must_use]
    pub fn scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// Has lines tell the arguments of calls, and not only their digest. Values whose names say that they
    /// are secret are masked; a secret under any other name is not.
    #[must_use]
    pub fn with_arguments(mut self) -> Self {
        self.tells_arguments = true;
        self
    }

    /// Refuses a call of a tool that is not read-only unless every sink has taken and flushed a line that
    /// announces it.
    #[must_use]
    pub fn fail_closed(mut self) -> Self {
        self.fails_closed = true;
        self
    }

    /// Puts on record what a host refused before it became a request: a body that did not arrive,
    /// a head that cannot be read.
    pub fn refused(&self, host: &'static str, status: StatusCode, reason: &'static str) {
        let mut members = self.members(Event::Request);
        members.put("host", host);
        members.put("decision", "refused");
        members.put("reason", reason);
        members.put("status", status.as_u16());
        self.write(&members);
    }

    /// Writes the last line of each chain that has any, and flushes. What comes later is lost.
    pub async fn close(&self) {
        let members = self.members(Event::Close);
        for trail in &self.trails {
            trail.close(&self.instance, members.as_str());
            if let Err(error) = trail.flush().await {
                tracing::error!(%error, "the last lines of the audit may be lost");
            }
        }
    }

    fn members(&self, event: Event) -> Members {
        Members::new(self.now(), event)
    }

    fn now(&self) -> Timestamp {
        Timestamp::try_from((self.clock)()).unwrap_or_default()
    }

    /// The number of a request, by which its lines are found.
    fn number(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether every sink took the line.
    fn write(&self, members: &Members) -> bool {
        let mut all = true;
        for trail in &self.trails {
            all &= trail.write(&self.instance, members.as_str());
        }
        all
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("instance", &self.instance)
            .field("trails", &self.trails.len())
            .field("fails_closed", &self.fails_closed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
