//! What a tool may know of the call it serves.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

#[cfg(feature = "access")]
use oci_mcp_access::Identity;
use serde::Serialize;

use crate::audit::Noted;
use crate::delivery::{Delivery, Principal};
use crate::input::Input;
use crate::notify::{LogLevel, Outbox};

/// One tool call: who asked, from where, and until when an answer is worth having.
///
/// A clone is the same call. An async tool is cancelled by dropping its future; a tool that blocks
/// asks [`Context::is_cancelled`] now and then.
///
/// ```
/// use oci_mcp::{Context, Delivery};
///
/// let cx = Context::new(Delivery::http("test"));
///
/// assert_eq!(cx.host(), "test");
/// assert!(!cx.is_cancelled());
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    call: Arc<Call>,
}

#[derive(Debug)]
struct Call {
    delivery: Delivery,
    trace: OnceLock<Box<TraceContext>>,
    outbox: Outbox,
    /// There if the client can be asked for anything at all.
    input: OnceLock<Box<Input>>,
    outlives_client: AtomicBool,
    started: AtomicBool,
    cancelled: AtomicBool,
    /// In seconds; 0 if there is no need to wait.
    retry_after: AtomicU32,
    noted: Option<Noted>,
}

/// W3C trace context of the caller (MCP 2026-07-28, SEP-414).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TraceContext {
    /// `00-<trace id>-<parent id>-<flags>`, checked.
    pub traceparent: String,
    /// Vendors' part, opaque.
    pub tracestate: Option<String>,
    /// What the caller tells all who take part (W3C Baggage), opaque. Anybody can have written it.
    pub baggage: Option<String>,
}

/// The most that is passed on of what is opaque, in bytes (W3C Baggage, section 3.3.2).
const MAX_OPAQUE: usize = 8192;

impl Context {
    /// A call that was delivered as `delivery` says.
    #[must_use]
    pub fn new(delivery: Delivery) -> Self {
        Self {
            call: Arc::new(Call {
                noted: delivery.audit.as_ref().map(Noted::new),
                delivery,
                trace: OnceLock::new(),
                outbox: Outbox::default(),
                input: OnceLock::new(),
                outlives_client: AtomicBool::new(false),
                started: AtomicBool::new(false),
                cancelled: AtomicBool::new(false),
                retry_after: AtomicU32::new(0),
            }),
        }
    }

    /// The host that serves the call, such as `functions`.
    #[must_use]
    pub fn host(&self) -> &'static str {
        self.call.delivery.host
    }

    /// When the host gives up. The call itself is stopped a second earlier, or half way to a
    /// deadline that is less than two seconds away.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.call.delivery.deadline
    }

    /// Who calls, if the host or an authentication layer has established it.
    #[must_use]
    pub fn caller(&self) -> Option<&Principal> {
        self.call.delivery.caller.as_ref()
    }

    /// What a verified token says of the caller: scopes, issuer, claims. `None` unless the app asks
    /// who calls.
    #[cfg(feature = "access")]
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.call.delivery.identity.as_deref()
    }

    /// The host's name for the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.call.delivery.request_id.as_deref()
    }

    /// The caller's trace, to be passed on to what the tool calls.
    #[must_use]
    pub fn trace(&self) -> Option<&TraceContext> {
        self.call.trace.get().map(|trace| &**trace)
    }

    /// Tells the client how far the work is, if it asked for that (2025-11-25, "Progress").
    ///
    /// `progress` must grow with every report, and what does not is left out; `total`, in the same
    /// unit, is what it ends at, if that is known. Reports may be frequent: of those that nobody has
    /// read yet the first seven and the last are sent. On a host that answers in one piece they
    /// arrive with the answer.
    ///
    /// ```
    /// # use oci_mcp::{Context, Delivery};
    /// # let (cx, regions) = (Context::new(Delivery::http("test")), ["eu-frankfurt-1"]);
    /// for (done, region) in (1_u32..).zip(&regions) {
    ///     cx.progress(done, Some(1.0), Some(region));
    /// }
    /// ```
    pub fn progress(&self, progress: impl Into<f64>, total: Option<f64>, message: Option<&str>) {
        self.call.outbox.progress(progress.into(), total, message);
    }

    /// Whether [`Context::progress`] would tell anybody: for work that would be done for it alone.
    #[must_use]
    pub fn wants_progress(&self) -> bool {
        self.call.outbox.wants_progress()
    }

    /// Sends the client a log message, if it asked for such (2025-11-25, "Logging").
    ///
    /// A client of 2026-07-28 asks in the request; to earlier ones `info` and above are sent. `data`
    /// is a text or anything that serialises; it must not hold secrets. What waits to be read is
    /// limited to 256 KiB; the client is told how many messages were dropped beyond that.
    pub fn log(&self, level: LogLevel, data: impl Serialize) {
        self.call.outbox.log(level, &data);
    }

    /// Puts on record that the call made a request of OCI with this `opc-request-id`, by which OCI's own
    /// audit knows it. Up to 100 a call; what is no such name is left out.
    pub fn oci_request(&self, id: &str) {
        if let Some(noted) = self.noted() {
            noted.oci_request(id);
        }
    }

    /// The notifications of this call on their way out.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.call.outbox
    }

    /// What is asked of the client, if it can be asked.
    pub(crate) fn input(&self) -> Option<&Input> {
        self.call.input.get().map(|input| &**input)
    }

    /// Lets the call ask its client.
    pub(crate) fn set_input(&self, input: Input) {
        // A request is read once, so there is nothing to overwrite.
        let _first = self.call.input.set(Box::new(input));
    }

    /// What is put on record of the call, if anything is.
    pub(crate) fn noted(&self) -> Option<&Noted> {
        self.call.noted.as_ref()
    }

    /// Makes the call part of the caller's trace.
    pub(crate) fn set_trace(&self, trace: TraceContext) {
        if let Some(noted) = self.noted() {
            noted.trace(trace.trace_id());
        }
        // A request is read once, so there is nothing to overwrite.
        let _first = self.call.trace.set(Box::new(trace));
    }

    /// How the call was delivered.
    pub(crate) fn delivery(&self) -> &Delivery {
        &self.call.delivery
    }

    /// Whether nobody waits for the answer any more.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.call.cancelled.load(Ordering::Relaxed)
    }

    /// Notes that the caller is to wait for `seconds` before trying again.
    pub(crate) fn set_retry_after(&self, seconds: u32) {
        self.call.retry_after.store(seconds, Ordering::Relaxed);
    }

    /// For how many seconds the caller is to wait.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        let seconds = self.call.retry_after.load(Ordering::Relaxed);
        (seconds > 0).then_some(seconds)
    }

    /// Notes that the tool runs now.
    pub(crate) fn start(&self) {
        self.call.started.store(true, Ordering::Relaxed);
    }

    /// Whether the tool was ever reached.
    pub(crate) fn has_started(&self) -> bool {
        self.call.started.load(Ordering::Relaxed)
    }

    /// Notes that the work is not to end with the connection of its client.
    pub(crate) fn outlive_client(&self) {
        self.call.outlives_client.store(true, Ordering::Relaxed);
    }

    /// Whether the work is not to end with the connection of its client.
    pub(crate) fn outlives_client(&self) -> bool {
        self.call.outlives_client.load(Ordering::Relaxed)
    }

    /// A guard that cancels the call when it is dropped.
    pub(crate) fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

pub(crate) struct CancelOnDrop(Context);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.call.cancelled.store(true, Ordering::Relaxed);
    }
}

impl TraceContext {
    /// A trace context, if `traceparent` has the form of W3C Trace Context, section 3.2; what has
    /// not is ignored, as that document asks.
    #[must_use]
    pub fn parse(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let lengths = [2, 32, 16, 2];
        let well_formed = lengths.into_iter().all(|length| {
            parts.next().is_some_and(|part| {
                part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            })
        });
        // Version `ff` is forbidden, all-zero ids mean none, and only later versions may go on.
        let known = !traceparent.starts_with("ff")
            && (parts.next().is_none() || !traceparent.starts_with("00"));
        let zero = |from: usize, to: usize| {
            traceparent
                .get(from..to)
                .is_none_or(|id| id.bytes().all(|b| b == b'0'))
        };
        (well_formed && known && !zero(3, 35) && !zero(36, 52)).then(|| Self {
            traceparent: traceparent.to_owned(),
            tracestate: tracestate.and_then(opaque),
            baggage: None,
        })
    }

    /// Adds baggage, unless it could not be a header.
    #[must_use]
    pub fn with_baggage(mut self, baggage: &str) -> Self {
        self.baggage = opaque(baggage);
        self
    }

    /// The id of the whole trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.traceparent.get(3..35).unwrap_or_default()
    }

    /// The id of the caller's part of the trace: 16 hexadecimal digits.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        self.traceparent.get(36..52).unwrap_or_default()
    }
}

/// `text`, if it can be passed on as a header.
fn opaque(text: &str) -> Option<String> {
    let is_visible = text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t'));
    (is_visible && !text.is_empty() && text.len() <= MAX_OPAQUE).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_traceparent_is_ignored() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        for (text, is_valid) in [
            (format!("00-{id}-b7ad6b7169203331-01"), true),
            (format!("01-{id}-b7ad6b7169203331-01-more"), true),
            (format!("00-{id}-b7ad6b7169203331-01-more"), false),
            (format!("ff-{id}-b7ad6b7169203331-01"), false),
            (format!("00-{id}-0000000000000000-01"), false),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
            (
                format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
                false,
            ),
            (format!("00-{id}-b7ad6b7169203331"), false),
            (String::new(), false),
            ("é".repeat(55), false),
        ] {
            assert_eq!(
                TraceContext::parse(&text, None).is_some(),
                is_valid,
                "{text}"
            );
        }
    }

    #[test]
    fn what_could_not_be_a_header_is_not_passed_on() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let long = "x".repeat(MAX_OPAQUE + 1);
        for (text, is_valid) in [
            ("a=1,b=2;c", true),
            ("", false),
            ("a\nb", false),
            (&*long, false),
        ] {
            let trace = TraceContext::parse(parent, Some(text)).unwrap();
            let trace = trace.with_baggage(text);

            assert_eq!(trace.tracestate.is_some(), is_valid, "{text}");
            assert_eq!(trace.baggage, trace.tracestate);
        }
    }

    #[test]
    fn a_dropped_guard_cancels_every_clone() {
        let cx = Context::new(Delivery::http("test"));
        let clone = cx.clone();

        drop(cx.cancel_on_drop());

        assert!(clone.is_cancelled());
    }
}
