//! The three tools that reach every operation of OCI.

mod call;
mod describe;
mod search;

pub(crate) use self::call::{Args, CallOperation, is_deletion};
pub(crate) use self::describe::DescribeOperation;
pub(crate) use self::search::SearchOperations;

use oci_mcp::{CallResult, Output, ToolError};
use serde_json::Value;

use crate::error::Failure;

/// The text of what came of it, so that it is not sent twice: as text and as a value.
fn finish(outcome: Result<Value, Failure>) -> Result<CallResult, ToolError> {
    match outcome {
        Ok(value) => value.to_string().into_result(),
        Err(failure) => failure.into_result(),
    }
}
