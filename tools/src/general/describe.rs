//! `oci_describe_operation`: what an operation is given.

use std::sync::Arc;

use oci_mcp::{Annotations, CallResult, Context, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::is_deletion;
use super::finish;
use crate::Shared;
use crate::answer::{fit, put};
use crate::curated::GENERAL;
use crate::error::Failure;

/// Shows the JSON Schema of an operation's parameters.
pub(crate) struct DescribeOperation(pub(crate) Arc<Shared>);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subject {
    /// Such as `core.list_instances`.
    operation: String,
    /// A definition of its schema that says `left out`, to see that.
    model: Option<String>,
}

impl Tool for DescribeOperation {
    type Args = Subject;
    type Output = CallResult;
    const NAME: &'static str = "oci_describe_operation";
    const DESCRIPTION: &'static str = "Tells what `oci_call_operation` wants for an operation: its \
        method and path, the JSON Schema of its parameters, whether it changes anything and may be called here.";
    const TITLE: Option<&'static str> = Some("Describe an OCI operation");
    const TOOLSET: Option<&'static str> = Some(GENERAL);
    const ANNOTATIONS: Annotations = Annotations {
        open_world_hint: Some(false),
        ..Annotations::READ_ONLY
    };

    async fn call(&self, _: &Context, subject: Subject) -> Result<CallResult, ToolError> {
        finish(self.0.described(&subject))
    }
}

impl Shared {
    fn described(&self, subject: &Subject) -> Result<Value, Failure> {
        let operation = self.operation(&subject.operation)?;
        let room = (self.max_bytes / 2).min(MAX_SCHEMA);
        if let Some(model) = &subject.model {
            let schema = operation.model_schema(model, room);
            return schema.ok_or_else(|| {
                let name: String = model.escape_debug().take(100).collect();
                Failure::validation(format!(
                    "`{name}` is no model of {}",
                    operation.entry().package()
                ))
                .suggest("without `model`, the schema names those there are under `$defs`")
            });
        }
        let entry = operation.entry();
        let mut result = json!({
            "operation": entry.to_string(),
            "method": entry.method().as_str(),
            "path": operation.path(),
            "changes": !entry.is_read_only(),
            "parameters": operation.schema(room),
        });
        if let Err(refusal) = self.policy.check(&entry) {
            put(
                &mut result,
                "refused",
                format!("it {refusal}; {}", refusal.remedy()),
            );
        } else if is_deletion(&entry) {
            put(
                &mut result,
                "hint",
                "it deletes: `confirm` must be the name of what is deleted, or its identifier if it has none",
            );
        }
        // What the definitions that are left out are called can be too much, too.
        if let Some(parameters) = result.get_mut("parameters")
            && fit(parameters, self.max_bytes.saturating_sub(ENVELOPE))
        {
            put(&mut result, "truncated", true);
        }
        Ok(result)
    }
}

/// For what is beside the schema.
const ENVELOPE: usize = 760;
/// Of a schema, in bytes; most are far smaller.
const MAX_SCHEMA: usize = 6_000;
