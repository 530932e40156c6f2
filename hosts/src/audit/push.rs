//! Lines sent to a log of OCI Logging (`PutLogs` of the Logging Ingestion API, version 20200831).

use std::collections::VecDeque;
use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use oci_mcp::{AuditSink, Flush};
use oci_rest::{Body, Call, Request, Template, random};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use crate::oci::{Oci, Unavailable};

/// A queue of lines that OCI has not taken yet. A line stays in it until OCI has, so that one may arrive twice,
/// with the same `instance` and `seq`, and none is lost while there is room.
#[derive(Clone)]
pub(super) struct Push(Arc<Inner>);

struct Inner {
    log: LogId,
    queue: Mutex<Queue>,
    /// Held by whoever sends, so that lines arrive in order.
    oci: tokio::sync::Mutex<Oci>,
    stands_still: bool,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Whether a task sends.
    is_sending: bool,
}

/// A line as OCI gets it.
#[derive(Clone)]
struct Entry {
    id: String,
    time: Value,
    line: String,
}

/// The OCID of a log.
pub(super) struct LogId(String);

impl FromStr for LogId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let is_log = text.starts_with("ocid1.log.") && text.split('.').count() == 5;
        if is_log && !text.ends_with('.') {
            Ok(Self(text.to_owned()))
        } else {
            Err("the OCID of a log is `ocid1.log.<realm>.<region>.<unique>`")
        }
    }
}

impl Push {
    pub(super) fn over_network(log: LogId, stands_still: bool) -> Self {
        Self::new(log, stands_still, Oci::over_network())
    }

    /// A queue for `log`, to which `oci` is the way. On a host that `stands_still` between requests
    /// answers wait for it; on others a task sends.
    pub(super) fn new(log: LogId, stands_still: bool, oci: Oci) -> Self {
        Self(Arc::new(Inner {
            log,
            queue: Mutex::default(),
            oci: tokio::sync::Mutex::new(oci),
            stands_still,
        }))
    }
}

impl AuditSink for Push {
    fn write(&self, line: &str) -> io::Result<()> {
        let line = line.trim_end().to_owned();
        if line.len() > MAX_LINE {
            return Err(io::Error::other("OCI Logging takes no line of this length"));
        }
        let mut queue = self.0.queue();
        if queue.bytes + line.len() > MAX_QUEUED {
            return Err(io::Error::other(
                "too many lines wait for OCI Logging to take them",
            ));
        }
        queue.bytes += line.len();
        let told: Value = serde_json::from_str(&line)?;
        queue.entries.push_back(Entry {
            id: uuid(),
            time: told.get("time").cloned().unwrap_or_default(),
            line,
        });
        if !self.0.stands_still && !queue.is_sending {
            // Without a runtime the server is about to end, and whoever ends it flushes.
            if let Ok(runtime) = Handle::try_current() {
                queue.is_sending = true;
                runtime.spawn(Arc::clone(&self.0).send());
            }
        }
        Ok(())
    }

    fn flush(&self) -> Flush<'_> {
        Box::pin(async { self.0.send_all().await.map_err(io::Error::other) })
    }

    fn holds_answers(&self) -> bool {
        self.0.stands_still
    }
}

impl Inner {
    /// Sends until nothing waits any more.
    async fn send(self: Arc<Self>) {
        loop {
            if let Err(error) = self.send_all().await {
                tracing::warn!(error, "lines of the audit wait to be sent");
                sleep(PAUSE).await;
            }
            let mut queue = self.queue();
            if queue.entries.is_empty() {
                queue.is_sending = false;
                return;
            }
        }
    }

    /// Sends what waits, once.
    ///
    /// # Errors
    ///
    /// Why OCI did not take it.
    async fn send_all(&self) -> Result<(), String> {
        let oci = self.oci.lock().await;
        loop {
            let batch = self.queue().batch();
            if batch.is_empty() {
                return Ok(());
            }
            let sent = self.put_logs(&oci, &batch).await;
            sent.map_err(|error| error.to_string())?;
            self.queue().forget(batch.len());
        }
    }

    async fn put_logs(&self, oci: &Oci, batch: &[Entry]) -> Result<(), Unavailable> {
        let entries: Vec<_> = batch
            .iter()
            .map(|Entry { id, time, line }| json!({ "id": id, "time": time, "data": line }))
            .collect();
        let details = json!({
            "specversion": "1.0",
            "logEntryBatches": [{
                "source": "oci-mcp",
                "type": "oci-mcp.audit",
                "defaultlogentrytime": batch.first().map(|entry| &entry.time),
                "entries": entries,
            }],
        });
        let request = Request::new(
            Method::POST,
            "loggingingestion.put_logs",
            "/20200831/logs/{logId}/actions/push",
        )
        .path_parameter("logId", &*self.log.0)
        .body(Body::Json(Bytes::from(details.to_string())));
        let call = Call::until(Instant::now() + PATIENCE);
        oci.send(&INGESTION, &self.log.0, &request, &call).await?;
        Ok(())
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The first lines, as many as go into one request.
    fn batch(&self) -> Vec<Entry> {
        let mut bytes = 0;
        let fitting = self.entries.iter().take_while(|entry| {
            let is_first = bytes == 0;
            bytes += entry.line.len();
            is_first || bytes <= MAX_BATCH
        });
        fitting.cloned().collect()
    }

    /// Takes out the first `count` lines.
    fn forget(&mut self, count: usize) {
        for entry in self.entries.drain(..count.min(self.entries.len())) {
            self.bytes -= entry.line.len();
        }
    }
}

/// A name of its own for each line: a random UUID (RFC 9562, section 5.4).
fn uuid() -> String {
    let (high, low) = (random(), random());
    let (version, variant) = ((high & !0xf000) | 0x4000, (low >> 2) | (1 << 63));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        version >> 32,
        (version >> 16) & 0xffff,
        version & 0xffff,
        variant >> 48,
        variant & 0xffff_ffff_ffff,
    )
}

const INGESTION: Template<'_> =
    Template::new("https://ingestion.logging.{region}.oci.{secondLevelDomain}");

/// For one request.
const PATIENCE: Duration = Duration::from_secs(5);

/// Before what was not taken is sent again.
const PAUSE: Duration = Duration::from_secs(5);

/// OCI takes entries of less than 1 MB.
const MAX_LINE: usize = 1_000_000;

/// Of one request, unless a single line is longer.
const MAX_BATCH: usize = 512 * 1024;

/// What waits while OCI does not answer; more is lost.
const MAX_QUEUED: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests;
