//! What a tool gives back.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::ToolError;
use crate::content::{Content, append_text};
use crate::mcp::Revision;
use crate::schema;

/// What a tool may return: text, [`Json`], or a [`CallResult`] made by hand.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    note = "wrap a value in `oci_mcp::Json`; its type needs `Serialize` and `JsonSchema`"
)]
pub trait Output: Send + 'static {
    /// Makes the JSON Schema of the structured value, if the type tells it.
    const SCHEMA: Option<fn() -> Value> = None;

    /// The result as the protocol has it.
    ///
    /// # Errors
    ///
    /// If the value cannot be serialised.
    fn into_result(self) -> Result<CallResult, ToolError>;
}

/// A structured value.
///
/// Clients that know structured content (2025-06-18 and later) get the value, all others its JSON
/// as text.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A tool's result: content for the model, and a value for programs.
#[derive(Clone, Debug)]
pub struct CallResult {
    content: Vec<Content>,
    structured: Option<String>,
    is_error: bool,
}

impl CallResult {
    /// A result with `content` for the model.
    #[must_use]
    pub fn new(content: Vec<Content>) -> Self {
        Self {
            content,
            structured: None,
            is_error: false,
        }
    }

    /// A result that says what went wrong, for the model to act on.
    #[must_use]
    pub fn error(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            is_error: true,
            ..Self::new(vec![Content::text(message)])
        }
    }

    /// Adds a value for programs.
    ///
    /// # Errors
    ///
    /// If `value` cannot be serialised.
    pub fn with_structured(mut self, value: &impl Serialize) -> Result<Self, ToolError> {
        self.structured = Some(serde_json::to_string(value).map_err(ToolError::internal)?);
        Ok(self)
    }

    /// The result object as `revision` has it, with `tail` (members that every result of the
    /// revision ends with, each after a comma).
    pub(crate) fn encode(&self, revision: Revision, tail: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size_hint() + tail.len());
        out.extend_from_slice(br#"{"content":["#);
        for (i, content) in self.content.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            content.append(&mut out, revision);
        }
        // Not every client knows structured content; its JSON as text is for all (2025-06-18, "Tools").
        if let (true, Some(value)) = (self.content.is_empty(), &self.structured) {
            append_text(&mut out, value);
        }
        out.push(b']');
        if let Some(value) = self.structured_for(revision) {
            out.extend_from_slice(br#","structuredContent":"#);
            out.extend_from_slice(value.as_bytes());
        }
        if self.is_error {
            out.extend_from_slice(br#","isError":true"#);
        }
        out.extend_from_slice(tail.as_bytes());
        out.push(b'}');
        out
    }

    /// Whether it says what went wrong.
    pub(crate) fn is_error(&self) -> bool {
        self.is_error
    }

    /// The JSON of the value for programs.
    pub(crate) fn structured(&self) -> Option<&str> {
        self.structured.as_deref()
    }

    /// Whether `revision` has structured content that is `value`: it exists since 2025-06-18, and until
    /// 2026-07-28 it had to be an object.
    pub(crate) fn has_structured(revision: Revision, value: &str) -> bool {
        revision.is_modern() || (revision >= Revision::V2025_06_18 && value.starts_with('{'))
    }

    fn structured_for(&self, revision: Revision) -> Option<&str> {
        let value = self.structured.as_deref()?;
        Self::has_structured(revision, value).then_some(value)
    }

    fn size_hint(&self) -> usize {
        let content: usize = self.content.iter().map(Content::size_hint).sum();
        let structured = self
            .structured
            .as_ref()
            .map_or(0, |value| value.len() * 2 + 48);
        64 + content + structured
    }
}

impl Output for CallResult {
    fn into_result(self) -> Result<CallResult, ToolError> {
        Ok(self)
    }
}

impl Output for String {
    fn into_result(self) -> Result<CallResult, ToolError> {
        Ok(CallResult::new(vec![Content::text(self)]))
    }
}

impl Output for &'static str {
    fn into_result(self) -> Result<CallResult, ToolError> {
        Ok(CallResult::new(vec![Content::text(self)]))
    }
}

impl<T: JsonSchema + Serialize + Send + 'static> Output for Json<T> {
    const SCHEMA: Option<fn() -> Value> = Some(schema::of_result::<T>);

    fn into_result(self) -> Result<CallResult, ToolError> {
        CallResult::new(Vec::new()).with_structured(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(result: &CallResult, revision: Revision) -> Value {
        serde_json::from_slice(&result.encode(revision, "")).unwrap()
    }

    #[test]
    fn structured_content_goes_only_to_revisions_that_know_its_shape() {
        let object = Json(json!({ "a": "é\"" })).into_result().unwrap();
        let number = Json(7).into_result().unwrap();

        for (revision, has_object, has_number) in [
            (Revision::V2024_11_05, false, false),
            (Revision::V2025_03_26, false, false),
            (Revision::V2025_06_18, true, false),
            (Revision::V2025_11_25, true, false),
            (Revision::V2026_07_28, true, true),
        ] {
            let [object, number] = [&object, &number].map(|result| encoded(result, revision));

            assert_eq!(
                object["structuredContent"].is_object(),
                has_object,
                "{revision}"
            );
            assert_eq!(
                number["structuredContent"].is_number(),
                has_number,
                "{revision}"
            );
            assert_eq!(
                object["content"][0],
                json!({ "type": "text", "text": "{\"a\":\"é\\\"\"}" })
            );
            assert_eq!(number["content"][0]["text"], "7");
        }
    }

    #[test]
    fn an_error_says_so_and_a_success_does_not_mention_it() {
        let error = encoded(&CallResult::error("no"), Revision::V2025_11_25);
        let success = encoded(&"yes".into_result().unwrap(), Revision::V2025_11_25);

        assert_eq!(
            error,
            json!({ "content": [{ "type": "text", "text": "no" }], "isError": true })
        );
        assert_eq!(
            success,
            json!({ "content": [{ "type": "text", "text": "yes" }] })
        );
    }
}
