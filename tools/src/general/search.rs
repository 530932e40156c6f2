//! `oci_search_operations`: which operation does that.

use std::sync::Arc;

use oci_mcp::{Annotations, CallResult, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::finish;
use crate::Shared;
use crate::answer::put;
use crate::curated::GENERAL;

/// Finds operations by what they do.
pub(crate) struct SearchOperations(pub(crate) Arc<Shared>);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// What is to be done to what: `list buckets`, `stop a vm`.
    query: String,
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 50))]
    limit: usize,
}

fn ten() -> usize {
    10
}

impl Tool for SearchOperations {
    type Args = Question;
    type Output = CallResult;
    const NAME: &'static str = "oci_search_operations";
    const DESCRIPTION: &'static str = "Finds operations of Oracle Cloud Infrastructure (OCI) by what \
        they do: of some 8,400 those that may be called here, the best match first.";
    const TITLE: Option<&'static str> = Some("Search OCI operations");
    const TOOLSET: Option<&'static str> = Some(GENERAL);
    const ANNOTATIONS: Annotations = Annotations {
        open_world_hint: Some(false),
        ..Annotations::READ_ONLY
    };

    async fn call(&self, _: &Context, question: Question) -> Result<CallResult, ToolError> {
        finish(Ok(self.0.found(&question)))
    }
}

impl Shared {
    fn found(&self, question: &Question) -> Value {
        let mut hidden = 0;
        let (mut listed, mut refused) = (Vec::new(), Vec::new());
        // What may not be called is passed over, but not without end.
        for entry in self.catalogue.search(&question.query).take(MAX_LOOKED_AT) {
            if listed.len() == question.limit {
                break;
            }
            if let Err(refusal) = self.policy.check(&entry) {
                hidden += 1;
                // The one that is meant is best of all; others say little.
                let is_best = listed.is_empty() && refused.len() < MAX_REFUSED;
                if is_best || refused.is_empty() {
                    let why = format!("it {refusal}");
                    refused.push(json!({ "operation": entry.to_string(), "refused": why }));
                }
                continue;
            }
            let mut row =
                json!({ "operation": entry.to_string(), "method": entry.method().as_str() });
            if !entry.is_read_only() {
                put(&mut row, "changes", true);
            }
            listed.push(row);
        }
        let mut result = json!({ "count": listed.len(), "operations": listed });
        if hidden > 0 {
            let hint = format!(
                "{hidden} more match that this server does not allow, the best in `not_allowed`; \
                 `oci_describe_operation` says what would allow one"
            );
            put(&mut result, "hint", hint);
            put(&mut result, "not_allowed", refused);
        } else if listed.is_empty() {
            put(
                &mut result,
                "hint",
                "nothing matches; name the service and the thing, as `compute instance`",
            );
        }
        result
    }
}

const MAX_LOOKED_AT: usize = 200;
const MAX_REFUSED: usize = 3;
