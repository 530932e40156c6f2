//! Tools that are known only at run time.

use std::fmt;
use std::pin::Pin;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Annotations, CallResult, Output, ToolError, is_valid_name};
use crate::context::Context;

/// A tool described by a JSON Schema, with a handler over raw JSON: for tools that come from a
/// catalogue, an `OpenAPI` document or a file.
///
/// ```
/// use oci_mcp::{App, DynamicTool, ToolError};
/// use serde_json::json;
///
/// let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
/// let echo = DynamicTool::new("echo", "Repeats its arguments.", schema, |_cx, arguments| async move {
///     Ok::<_, ToolError>(arguments.get().to_owned())
/// })?;
///
/// let app = App::new("example", "1.0.0").dynamic_tool(echo);
/// # Ok::<_, oci_mcp::InvalidTool>(())
/// ```
pub struct DynamicTool {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Deferred,
    pub(super) output_schema: Option<Value>,
    pub(super) title: Option<String>,
    pub(super) toolset: Option<String>,
    pub(super) annotations: Annotations,
    pub(super) is_blocking: bool,
    pub(super) is_listed: bool,
    pub(super) handler: Handler,
}

type Deferred = Box<dyn Fn() -> Value + Send + Sync>;
type Handler = Box<dyn Fn(Context, Box<RawValue>) -> HandlerFuture + Send + Sync>;
type HandlerFuture = Pin<Box<dyn Future<Output = Result<CallResult, ToolError>> + Send>>;

impl DynamicTool {
    /// A tool that `handler` runs. The arguments it gets are a JSON object that fits `schema`
    /// (JSON Schema 2020-12 unless `$schema` says otherwise; remote references are not followed).
    ///
    /// # Errors
    ///
    /// [`InvalidTool`] if `name` is not 1 to 64 of `A-Z a-z 0-9 _ - .`, `description` is empty, or
    /// the root of `schema` is not of `"type": "object"`.
    pub fn new<F, Fut, O>(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: Value,
        handler: F,
    ) -> Result<Self, InvalidTool>
    where
        F: Fn(Context, Box<RawValue>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, ToolError>> + Send + 'static,
        O: Output,
    {
        let name = name.into();
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(InvalidTool {
                name,
                reason: "the root of the input schema must have \"type\": \"object\"",
            });
        }
        Self::deferred(name, description, move || schema.clone(), handler)
    }

    /// The same, with a schema that is made when a list or a call first needs it: for a server of many
    /// tools, most of which are never called.
    ///
    /// # Errors
    ///
    /// [`InvalidTool`] as [`DynamicTool::new`]; a root of `schema` that is not of `"type": "object"`
    /// leaves the tool out of lists, and a call of it says why.
    pub fn deferred<F, Fut, O>(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: impl Fn() -> Value + Send + Sync + 'static,
        handler: F,
    ) -> Result<Self, InvalidTool>
    where
        F: Fn(Context, Box<RawValue>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, ToolError>> + Send + 'static,
        O: Output,
    {
        let (name, description) = (name.into(), description.into());
        let refuse = |reason| {
            Err(InvalidTool {
                name: name.clone(),
                reason,
            })
        };
        if !is_valid_name(&name) {
            return refuse("a name is 1 to 64 of `A-Z a-z 0-9 _ - .`");
        }
        if description.is_empty() {
            return refuse("a description is required: the model chooses by it");
        }
        let handler: Handler = Box::new(move |cx, arguments| {
            let call = handler(cx, arguments);
            Box::pin(async move { call.await?.into_result() })
        });
        Ok(Self {
            name,
            description,
            schema: Box::new(schema),
            output_schema: None,
            title: None,
            toolset: None,
            annotations: Annotations::NONE,
            is_blocking: false,
            is_listed: true,
            handler,
        })
    }

    /// Adds a name for people.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Puts it in a toolset; see [`Tool::TOOLSET`](super::Tool::TOOLSET).
    #[must_use]
    pub fn in_toolset(mut self, toolset: impl Into<String>) -> Self {
        self.toolset = Some(toolset.into());
        self
    }

    /// Adds hints about the tool's effects.
    #[must_use]
    pub fn with_annotations(mut self, annotations: Annotations) -> Self {
        self.annotations = annotations;
        self
    }

    /// Lists the schema of the results; see [`Tool::OUTPUT_SCHEMA`](super::Tool::OUTPUT_SCHEMA). The
    /// handler's results must then have a structured value that fits it.
    #[must_use]
    pub fn with_output_schema(mut self, schema: Value) -> Self {
        self.output_schema = Some(schema);
        self
    }

    /// Leaves the tool out of every list. It can be called by whoever knows its name: an alias, or a
    /// tool that only says why it is not to be had.
    #[must_use]
    pub fn unlisted(mut self) -> Self {
        self.is_listed = false;
        self
    }

    /// Declares that a call blocks its thread; see [`Tool::BLOCKING`](super::Tool::BLOCKING).
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.is_blocking = true;
        self
    }
}

impl fmt::Debug for DynamicTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicTool")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A tool that no client would accept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidTool {
    name: String,
    reason: &'static str,
}

impl fmt::Display for InvalidTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tool `{}`: {}", self.name.escape_debug(), self.reason)
    }
}

impl std::error::Error for InvalidTool {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_client_would_accept_is_refused_with_the_reason() {
        let object = json!({ "type": "object" });
        for (name, description, schema, reason) in [
            ("a b", "x", &object, "a name is"),
            ("a", "", &object, "a description is required"),
            ("a", "x", &json!({}), "\"type\": \"object\""),
            ("a", "x", &json!(true), "\"type\": \"object\""),
        ] {
            let error = DynamicTool::new(name, description, schema.clone(), |_, _| async {
                Ok::<_, ToolError>("")
            });

            assert!(error.unwrap_err().to_string().contains(reason), "{reason}");
        }
    }
}
