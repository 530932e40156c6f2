//! `tools/call`: find, check, run until the deadline, and survive what the tool does.

use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::input::{Purpose, cannot_ask};
use super::{Call, Dispatcher};
use crate::audit::Announcement;
use crate::context::Context;
use crate::input::is_input_required;
use crate::limits::Limits;
use crate::rpc::{Error, ErrorKind, Text, quoted};
use crate::schema::Violations;
use crate::tool::{CallResult, Entry, Running};

/// What is left for the answer's way back when a tool is stopped.
const MARGIN: Duration = Duration::from_secs(1);

impl Dispatcher {
    pub(super) async fn call_tool(&self, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let Some(Text(name)) = call.request.params.name() else {
            return Err(invalid("`name` is required and must be a string"));
        };
        let arguments = call.request.params.arguments()?;
        let Some(entry) = self.toolbox().find(&name) else {
            return Err(invalid(format!(
                "there is no tool {}; see tools/list",
                quoted(&name)
            )));
        };
        #[cfg(feature = "access")]
        let permitted = match call.permit() {
            Some(permit) => permit.admit(entry, arguments)?,
            None => arguments.into(),
        };
        #[cfg(feature = "access")]
        let arguments = &*permitted;
        let purpose = Purpose {
            target: &name,
            arguments,
        };
        self.limits.count_tool(call.cx, entry.describe().name)?;
        if self.server.is_none() {
            self.open_input(call, purpose)?;
        }
        let result = match entry.arguments().check(arguments) {
            Ok(Ok(())) => {
                let Some(running) = entry.begin(self.limits.concurrency()) else {
                    return Err(Limits::busy(call.cx));
                };
                if let Some(announcement) = announcement(call.cx, entry) {
                    announcement.await?;
                }
                if let Some(server) = &self.server {
                    // Boxed, so that calls which are not forwarded have no room for it.
                    let forwarded = self.forward_call(server, call, entry, purpose);
                    let answer = Box::pin(forwarded).await;
                    drop(running);
                    return answer;
                }
                match run(entry, call.cx, arguments, running).await {
                    Some(result) => fitting(entry, result),
                    None if call.cx.input().is_some() => return self.ask(call, purpose),
                    None => CallResult::error(cannot_ask(call, &name).message),
                }
            }
            Ok(Err(Violations(text))) => {
                CallResult::error(format!("invalid arguments for `{name}`:{text}"))
            }
            Err(defect) => return Err(defective(&name, &defect.0)),
        };
        Ok(self.deliver(call, &result))
    }

    /// `result` as the client gets it, if it is no longer than the host passes on.
    fn deliver(&self, call: &Call<'_>, result: &CallResult) -> Vec<u8> {
        if let Some(noted) = call.cx.noted().filter(|_| result.is_error()) {
            noted.tool_error();
        }
        let tail = self.lists.result_tail(call.revision);
        let encoded = result.encode(call.revision, tail);
        match call.cx.delivery().max_response_bytes {
            // The model can ask for less; a host that cuts the answer off could not tell it so.
            Some(limit) if encoded.len() > limit => {
                too_large(encoded.len(), limit).encode(call.revision, tail)
            }
            _ => encoded,
        }
    }
}

/// Puts on record that `tool` is called now: what has to be waited for, if anything.
fn announcement<'a>(cx: &'a Context, tool: &Entry) -> Option<Announcement<'a>> {
    let noted = cx.noted()?;
    noted.begin();
    noted.announce(tool.describe().annotations.read_only_hint == Some(true))
}

/// A tool that no client can use, which is its author's fault.
pub(super) fn defective(tool: &str, defect: &str) -> Error {
    tracing::error!(tool, defect, "a tool cannot be used");
    Error::new(
        ErrorKind::Internal,
        format!("tool `{tool}` cannot be used: {defect}"),
    )
}

/// Runs the tool until it ends or until the answer has to leave. There is no result yet if it asks the
/// client for something. Panics if the tool does.
async fn run(
    entry: &Arc<Entry>,
    cx: &Context,
    arguments: &str,
    running: Running,
) -> Option<CallResult> {
    let tool = entry.describe().name;
    let outcome = match in_time(cx, entry.call(cx, arguments, running)).await {
        Ok(outcome) => outcome,
        Err(why) => return Some(stopped(cx, tool, &why)),
    };
    let error = match outcome {
        Ok(result) => return Some(result),
        Err(error) => error,
    };
    if let Some(source) = error.source() {
        if is_input_required(source) {
            return None;
        }
        tracing::error!(tool, request_id = cx.request_id(), error = source, "failed");
    }
    Some(CallResult::error(error.to_string()))
}

/// `result`, if it is as the tool's output schema has it; otherwise what is wrong with it.
fn fitting(entry: &Entry, result: CallResult) -> CallResult {
    let problem = if result.is_error() {
        None
    } else {
        misfit(entry, result.structured())
    };
    problem.unwrap_or(result)
}

/// What is wrong with a result whose value for programs is `structured`, if the tool's output schema has
/// it otherwise.
pub(super) fn misfit(entry: &Entry, structured: Option<&str>) -> Option<CallResult> {
    let results = entry.results()?;
    let problem = match structured.map(|value| results.check(value)) {
        Some(Ok(Ok(()))) => return None,
        Some(Ok(Err(Violations(text)))) => text,
        Some(Err(defect)) => format!(" {}", defect.0),
        None => " it has no structured value".to_owned(),
    };
    let tool = entry.describe().name;
    tracing::error!(tool, problem, "a result does not fit its output schema");
    Some(CallResult::error(format!(
        "the result of `{tool}` does not fit its output schema:{problem}"
    )))
}

/// Does `work` until it ends or until the answer has to leave.
///
/// # Errors
///
/// What became of it, as the end of a sentence, if it did not end in time.
pub(super) async fn in_time<T>(
    cx: &Context,
    work: impl Future<Output = T>,
) -> Result<T, Cow<'static, str>> {
    let _cancel = cx.cancel_on_drop();
    let Some(deadline) = cx.deadline() else {
        return Ok(work.await);
    };
    let now = tokio::time::Instant::now();
    let stop = stop_at(deadline, now.into_std()).into();
    if stop <= now {
        return Err("was not started: the deadline of the host has passed".into());
    }
    let outcome = timeout_at(stop, work).await;
    outcome.map_err(|_elapsed| ran(cx, now.elapsed()).into())
}

/// What became of a call that did not end in time.
fn ran(cx: &Context, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if cx.has_started() {
        format!(
            "was stopped after {seconds:.1} s, before the deadline of the host; what it had begun \
             may be done or not. Ask for less, or raise the host's timeout"
        )
    } else {
        format!("was not started: earlier calls still ran after {seconds:.1} s. Try again later")
    }
}

pub(super) fn stopped(cx: &Context, tool: &str, why: &str) -> CallResult {
    tracing::warn!(tool, request_id = cx.request_id(), why, "stopped");
    CallResult::error(format!("`{tool}` {why}."))
}

/// A second before the deadline, or half way to it if it is near.
fn stop_at(deadline: Instant, now: Instant) -> Instant {
    let left = deadline.saturating_duration_since(now);
    now + left.saturating_sub(MARGIN.min(left / 2))
}

pub(super) fn too_large(size: usize, limit: usize) -> CallResult {
    CallResult::error(format!(
        "the result has {size} bytes, more than the {limit} this host passes on; ask for less, or \
         raise OCI_MCP_MAX_RESPONSE_BYTES up to the platform's limit"
    ))
}

pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidParams, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_stops_a_second_before_the_deadline_or_half_way_to_a_near_one() {
        let now = Instant::now();
        for (left, run) in [(30_000, 29_000), (2_000, 1_000), (1_000, 500), (0, 0)] {
            let stop = stop_at(now + Duration::from_millis(left), now);

            assert_eq!(stop - now, Duration::from_millis(run), "{left}");
        }
    }
}
