//! What becomes known of one request, until it is written.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::{Audit, arguments};
use crate::delivery::Delivery;
use crate::rpc::{Error, ErrorKind};

/// One request. Dropped before it is finished, it is written as one whose client hung up.
pub(crate) struct Entry {
    audit: Arc<Audit>,
    number: u64,
    time: Timestamp,
    start: Instant,
    deadline: Option<Instant>,
    host: &'static str,
    request_id: Option<Arc<str>>,
    facts: Mutex<Facts>,
}

#[derive(Default)]
struct Facts {
    caller: Option<Box<str>>,
    messages: Vec<Message>,
    is_batch: bool,
    /// Messages of a batch that name no method.
    others: usize,
    status: Option<StatusCode>,
    refused: Option<&'static str>,
    is_written: bool,
}

#[derive(Default)]
struct Message {
    method: Option<&'static str>,
    tool: Option<Cow<'static, str>>,
    digest: Option<String>,
    arguments: Option<Value>,
    trace_id: Option<Box<str>>,
    oci_request_ids: Vec<Box<str>>,
    /// Whether what was asked for has begun.
    has_begun: bool,
    is_tool_error: bool,
    error: Option<ErrorKind>,
    refused: Option<&'static str>,
}

/// One message of a request on record.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    entry: Arc<Entry>,
    index: usize,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    Request,
    /// A call is about to be made.
    Intent,
    /// The last line.
    Close,
}

/// How long a request waits for its lines to be where they are to stay.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is left of a deadline for the answer's way back.
const MARGIN: Duration = Duration::from_millis(250);

/// How many requests to OCI one message names, and how long a name may be: OCI's have 98 characters.
const MAX_OCI_REQUESTS: usize = 100;
const MAX_OCI_REQUEST_ID: usize = 128;

impl Entry {
    /// An entry for a request that is here now.
    pub(super) fn begin(audit: &Arc<Audit>, delivery: &Delivery) -> Arc<Self> {
        let caller = delivery.caller.as_ref();
        Arc::new(Self {
            number: audit.number(),
            time: audit.now(),
            start: Instant::now(),
            deadline: delivery.deadline,
            host: delivery.host,
            request_id: delivery.request_id.clone(),
            facts: Mutex::new(Facts {
                caller: caller.map(|caller| caller.as_str().into()),
                ..Facts::default()
            }),
            audit: Arc::clone(audit),
        })
    }

    /// Names who calls.
    #[cfg(feature = "access")]
    pub(crate) fn caller(&self, caller: &str) {
        self.facts().caller = Some(caller.into());
    }

    /// Notes the status of the answer, and why it is a refusal if it is one.
    pub(super) fn answered(&self, status: StatusCode, refused: Option<&'static str>) {
        let mut facts = self.facts();
        facts.status = Some(status);
        facts.refused = refused;
    }

    /// Writes the line, if it has not been written.
    pub(super) fn finish(&self, ended: Option<&'static str>) {
        let mut facts = self.facts();
        if std::mem::replace(&mut facts.is_written, true) {
            return;
        }
        let mut members = Members::new(self.time, Event::Request);
        self.put_who(&mut members, &facts);
        facts.put(&mut members);
        let micros = u32::try_from(self.start.elapsed().as_micros()).unwrap_or(u32::MAX);
        members.put("duration_ms", f64::from(micros) / 1000.0);
        if let Some(ended) = ended {
            members.put("ended", ended);
        }
        drop(facts);
        self.audit.write(&members);
    }

    /// Waits for the sinks for which an answer has to wait.
    pub(super) async fn settle(&self) {
        for trail in &self.audit.trails {
            if !trail.holds_answers() {
                continue;
            }
            match timeout(self.patience(), trail.flush()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "lines of the audit wait to be sent"),
                Err(_elapsed) => tracing::warn!("lines of the audit wait to be sent"),
            }
        }
    }

    /// How long this request may wait for a sink.
    fn patience(&self) -> Duration {
        self.deadline.map_or(PATIENCE, |deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            PATIENCE.min(left.saturating_sub(MARGIN))
        })
    }

    /// Writes that a call is about to be made, and waits until that is where it is to stay.
    async fn announce(&self, index: usize) -> bool {
        let mut members = self.audit.members(Event::Intent);
        {
            let facts = self.facts();
            self.put_who(&mut members, &facts);
            if let Some(message) = facts.messages.get(index) {
                message.put_what(&mut members);
            }
        }
        if !self.audit.write(&members) {
            return false;
        }
        for trail in &self.audit.trails {
            match timeout(self.patience(), trail.flush()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "the audit cannot be written");
                    return false;
                }
                Err(_elapsed) => {
                    tracing::error!("the audit was not written in time");
                    return false;
                }
            }
        }
        true
    }

    fn put_who(&self, members: &mut Members, facts: &Facts) {
        members.put("host", self.host);
        members.put("request", self.number);
        members.put_some("request_id", self.request_id.as_deref());
        members.put_some("caller", facts.caller.as_deref());
        members.put_some("scheme", self.audit.scheme);
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let is_panic = std::thread::panicking();
        self.finish(Some(if is_panic { "panicked" } else { "hung_up" }));
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl Noted {
    /// One more message of the request.
    pub(crate) fn new(entry: &Arc<Entry>) -> Self {
        let mut facts = entry.facts();
        facts.messages.push(Message::default());
        let index = facts.messages.len() - 1;
        drop(facts);
        Self {
            entry: Arc::clone(entry),
            index,
        }
    }

    pub(crate) fn method(&self, method: &'static str) {
        self.note(|message| message.method = Some(method));
    }

    /// Notes what is called; `arguments` is the text of a JSON object.
    pub(crate) fn call(&self, tool: Option<&Cow<'static, str>>, arguments: Option<&str>) {
        let digest = arguments.map(arguments::digest);
        let tells = self.entry.audit.tells_arguments;
        let told = arguments.filter(|_| tells).map(arguments::masked);
        self.note(|message| {
            message.tool = tool.cloned();
            message.digest = digest;
            message.arguments = told;
        });
    }

    pub(crate) fn trace(&self, trace_id: &str) {
        self.note(|message| message.trace_id = Some(trace_id.into()));
    }

    /// Notes that what was asked for begins.
    pub(crate) fn begin(&self) {
        self.note(|message| message.has_begun = true);
    }

    pub(crate) fn tool_error(&self) {
        self.note(|message| message.is_tool_error = true);
    }

    pub(crate) fn oci_request(&self, id: &str) {
        let is_id = (1..=MAX_OCI_REQUEST_ID).contains(&id.len());
        if is_id && id.bytes().all(|b| b.is_ascii_graphic()) {
            self.note(|message| {
                if message.oci_request_ids.len() < MAX_OCI_REQUESTS {
                    message.oci_request_ids.push(id.into());
                }
            });
        }
    }

    /// Notes the error that answers the message, if one does.
    pub(crate) fn end(&self, error: Option<ErrorKind>) {
        self.note(|message| message.error = error);
    }

    /// Notes that the request is a batch.
    pub(crate) fn batch(&self) {
        self.entry.facts().is_batch = true;
    }

    /// Notes the error that answers a message which cannot be read.
    pub(crate) fn refuse(&self, error: Option<ErrorKind>) {
        let mut facts = self.entry.facts();
        if facts.is_batch {
            facts.others += 1;
        } else if let Some(message) = facts.messages.get_mut(self.index) {
            message.error = error;
        }
    }

    /// What a call that `is_read_only` or not has to wait for, if anything, before it is made.
    ///
    /// The future fails if the call may not be made.
    pub(crate) fn announce(&self, is_read_only: bool) -> Option<Announcement<'_>> {
        if is_read_only || !self.entry.audit.fails_closed {
            return None;
        }
        Some(Box::pin(async move {
            if self.entry.announce(self.index).await {
                return Ok(());
            }
            self.note(|message| message.refused = Some("audit_unavailable"));
            Err(Error::new(
                ErrorKind::Internal,
                "the call was not made: this server makes no call that may change something unless it \
                 is on record before, and its audit log cannot be written now. Try again later; the log \
                 of the server tells its operator why",
            ))
        }))
    }

    fn note(&self, note: impl FnOnce(&mut Message)) {
        if let Some(message) = self.entry.facts().messages.get_mut(self.index) {
            note(message);
        }
    }
}

/// What a call waits for before it is made.
pub(crate) type Announcement<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

impl Facts {
    /// Adds what was asked for and what became of it.
    fn put(&self, members: &mut Members) {
        if self.is_batch {
            // The first stands for the batch itself.
            let batch = self.messages.iter().skip(1).map(|message| {
                let mut members = Members::default();
                message.put(&mut members, self.status, None);
                members
            });
            members.put_all("messages", batch);
            members.put("others", self.others);
        } else {
            // There is none if the request was refused before it was read.
            let none = Message::default();
            let message = self.messages.first().unwrap_or(&none);
            message.put(members, self.status, self.refused);
        }
        members.put_some("status", self.status.map(|status| status.as_u16()));
    }
}

impl Message {
    fn put_what(&self, members: &mut Members) {
        members.put_some("trace_id", self.trace_id.as_deref());
        members.put_some("method", self.method);
        members.put_some("tool", self.tool.as_deref());
        members.put_some("arguments_sha256", self.digest.as_deref());
        members.put_some("arguments", self.arguments.as_ref());
    }

    /// Adds what was asked for and what became of it; `refused` is why it was not read at all.
    fn put(
        &self,
        members: &mut Members,
        status: Option<StatusCode>,
        refused: Option<&'static str>,
    ) {
        self.put_what(members);
        let reason = refused.or(self.refused).or(self.error.and_then(reason));
        if let Some(reason) = reason {
            members.put("decision", "refused");
            members.put("reason", reason);
        } else if self.has_begun || status.is_some() {
            members.put("decision", "allowed");
        }
        members.put_some("code", self.error.map(ErrorKind::code));
        if self.is_tool_error {
            members.put("tool_error", true);
        }
        if !self.oci_request_ids.is_empty() {
            members.put("oci_request_ids", &self.oci_request_ids);
        }
    }
}

/// Why a message with such an error was not acted on, if it was not.
fn reason(error: ErrorKind) -> Option<&'static str> {
    match error {
        ErrorKind::Parse => Some("not_json"),
        ErrorKind::InvalidRequest => Some("invalid_request"),
        ErrorKind::MethodNotFound => Some("unknown_method"),
        ErrorKind::InvalidParams => Some("invalid_params"),
        ErrorKind::InvalidEnvelope => Some("invalid_envelope"),
        ErrorKind::TooManyRequests => Some("too_many_requests"),
        ErrorKind::HeaderMismatch => Some("header_mismatch"),
        ErrorKind::MissingCapability => Some("missing_capability"),
        ErrorKind::UnsupportedProtocolVersion => Some("unsupported_revision"),
        ErrorKind::ResourceNotFound | ErrorKind::Internal | ErrorKind::Application(_) => None,
    }
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Intent => "intent",
            Self::Close => "close",
        }
    }
}

/// Members of a JSON object, as text without its braces.
#[derive(Default)]
pub(super) struct Members(String);

impl Members {
    pub(super) fn new(time: Timestamp, event: Event) -> Self {
        let mut members = Self::default();
        members.put("time", format_args!("{time:.3}"));
        members.put("event", event.as_str());
        members
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn put(&mut self, name: &str, value: impl Serialize) {
        // Nothing here fails to serialise; if it did, it would be absent rather than half there.
        if let Ok(value) = serde_json::to_string(&value) {
            self.put_json(name, &value);
        }
    }

    fn put_some(&mut self, name: &str, value: Option<impl Serialize>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Adds an array of objects.
    fn put_all(&mut self, name: &str, objects: impl Iterator<Item = Self>) {
        let objects: Vec<_> = objects.map(|Self(text)| format!("{{{text}}}")).collect();
        self.put_json(name, &format!("[{}]", objects.join(",")));
    }

    fn put_json(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        for part in ["\"", name, "\":", value] {
            self.0.push_str(part);
        }
    }
}
