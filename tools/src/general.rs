//! The three tools that reach every operation of OCI.

mod call;
mod describe;
mod search;

pub(crate) use self::call::{Args, may_delete};

use std::sync::Arc;

use oci_mcp::{App, CallResult, Output, ToolError};
use serde_json::Value;

use self::describe::DescribeOperation;
use self::search::SearchOperations;
use crate::Shared;
use crate::error::Failure;

/// Adds the three.
pub(crate) fn add_to(app: App, shared: &Arc<Shared>) -> App {
    let app = app
        .tool(SearchOperations(Arc::clone(shared)))
        .tool(DescribeOperation(Arc::clone(shared)));
    call::add_to(app, shared)
}

/// The text of what came of it, so that it is not sent twice: as text and as a value.
fn finish(outcome: Result<Value, Failure>) -> Result<CallResult, ToolError> {
    match outcome {
        Ok(value) => value.to_string().into_result(),
        Err(failure) => failure.into_result(),
    }
}
