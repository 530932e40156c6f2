//! `tools/call`: find, check, run until the deadline, and survive what the tool does.

use std::any::Any;
use std::error::Error as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::time::timeout_at;

use super::{Call, Dispatcher};
use crate::context::Context;
use crate::rpc::{Error, ErrorKind, Text, quoted};
use crate::schema::Violations;
use crate::tool::{CallResult, Entry, ToolError};

/// What is left for the answer's way back when a tool is stopped.
const MARGIN: Duration = Duration::from_secs(1);

impl Dispatcher {
    pub(super) async fn call_tool(&self, call: Call<'_>) -> Result<Bytes, Error> {
        let Some(Text(name)) = call.params.name() else {
            return Err(invalid("`name` is required and must be a string"));
        };
        let arguments = call.params.arguments()?;
        let Some(entry) = self.tools.find(&name) else {
            return Err(invalid(format!(
                "there is no tool {}; see tools/list",
                quoted(&name)
            )));
        };
        let result = match entry.arguments().check(arguments) {
            Ok(Ok(())) => {
                let cx = Context::new(call.delivery.clone(), call.trace);
                run(entry, &cx, arguments).await?
            }
            Ok(Err(Violations(text))) => {
                CallResult::error(format!("invalid arguments for `{name}`:{text}"))
            }
            Err(defect) => return Err(defective(&name, &defect.0)),
        };
        let tail = self.lists.result_tail(call.revision);
        let encoded = result.encode(call.revision, tail);
        match call.delivery.max_response_bytes {
            // The model can ask for less; a host that cuts the answer off could not tell it so.
            Some(limit) if encoded.len() > limit => {
                Ok(too_large(encoded.len(), limit).encode(call.revision, tail))
            }
            _ => Ok(encoded),
        }
    }
}

/// A tool that no client can use, which is its author's fault.
pub(super) fn defective(tool: &str, defect: &str) -> Error {
    tracing::error!(tool, defect, "a tool cannot be used");
    Error::new(
        ErrorKind::Internal,
        format!("tool `{tool}` cannot be used: {defect}"),
    )
}

async fn run(entry: &Arc<Entry>, cx: &Context, arguments: &str) -> Result<CallResult, Error> {
    let tool = entry.describe().name;
    let _cancel = cx.cancel_on_drop();
    // A panic is caught here rather than around the HTTP service because only here is the
    // request's identifier known, which a JSON-RPC error must echo.
    let call = AssertUnwindSafe(entry.call(cx, arguments)).catch_unwind();
    let outcome = match cx.deadline() {
        None => call.await,
        Some(deadline) => {
            let now = tokio::time::Instant::now();
            let stop = stop_at(deadline, now.into_std()).into();
            let Ok(outcome) = timeout_at(stop, call).await else {
                let ran = now.elapsed().as_secs_f64();
                tracing::warn!(tool, ran, "stopped at the deadline");
                return Ok(CallResult::error(format!(
                    "`{tool}` was stopped after {ran:.1} s, before the deadline of the host; what \
                     it had begun may be done or not. Ask for less, or raise the host's timeout."
                )));
            };
            outcome
        }
    };
    match outcome {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Ok(failed(tool, &error)),
        Err(panic) => {
            tracing::error!(tool, panic = panic_message(&*panic), "panicked");
            Err(Error::new(
                ErrorKind::Internal,
                format!("tool `{tool}` failed unexpectedly"),
            ))
        }
    }
}

/// A second before the deadline, or half way to it if it is near.
fn stop_at(deadline: Instant, now: Instant) -> Instant {
    let left = deadline.saturating_duration_since(now);
    now + left.saturating_sub(MARGIN.min(left / 2))
}

fn failed(tool: &str, error: &ToolError) -> CallResult {
    if let Some(source) = error.source() {
        tracing::error!(tool, error = source, "failed");
    }
    CallResult::error(error.to_string())
}

fn too_large(size: usize, limit: usize) -> CallResult {
    CallResult::error(format!(
        "the result has {size} bytes, more than the {limit} this host passes on; ask for less, or \
         raise OCI_MCP_MAX_RESPONSE_BYTES up to the platform's limit"
    ))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidParams, message)
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
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
