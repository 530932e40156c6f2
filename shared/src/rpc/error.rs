//! JSON-RPC errors: why a request has no result.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

/// Characters of a caller's text that an error repeats.
const QUOTED: usize = 80;

/// A JSON-RPC error object, without the id.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) kind: ErrorKind,
    pub(crate) message: Cow<'static, str>,
    pub(crate) data: Option<Box<RawValue>>,
}

/// What went wrong; several kinds share a code but not an HTTP status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ErrorKind {
    /// The body is not JSON.
    Parse,
    /// The body is JSON, but not a JSON-RPC 2.0 message that is allowed here.
    InvalidRequest,
    /// The method does not exist in this revision, or belongs to a capability that is not there.
    MethodNotFound,
    /// The method's parameters are wrong.
    InvalidParams,
    /// A `_meta` member that revision 2026-07-28 requires is missing or malformed.
    InvalidEnvelope,
    /// There is nothing under the URI; until 2025-11-25, which gave it a code of its own.
    ResourceNotFound,
    /// The caller, or all of them, ask for more than there is for them.
    TooManyRequests,
    /// The fault is ours.
    Internal,
    /// An MCP header is missing, malformed, repeated or differs from the body.
    HeaderMismatch,
    /// What is asked for needs something of the client that it has not declared.
    MissingCapability,
    /// The revision asked for is not served.
    UnsupportedProtocolVersion,
    /// An error of a mounted server, with a code of its own choice.
    Application(i32),
}

impl ErrorKind {
    /// The number on the wire (MCP 2026-07-28, "Error Codes").
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams | Self::InvalidEnvelope => -32602,
            Self::ResourceNotFound => -32002,
            Self::Internal => -32603,
            // MCP has none, and leaves what JSON-RPC does not reserve to applications.
            Self::TooManyRequests => 429,
            Self::HeaderMismatch => -32020,
            Self::MissingCapability => -32021,
            Self::UnsupportedProtocolVersion => -32022,
            Self::Application(code) => code,
        }
    }
}

impl Error {
    // Cold, so that what leads here lies apart from what every request passes through.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            data: None,
        }
    }

    /// Adds `data`; left out if it cannot be serialised.
    pub(crate) fn with_data(mut self, data: &impl Serialize) -> Self {
        self.data = serde_json::value::to_raw_value(data).ok();
        self
    }
}

/// A caller's text as an error may repeat it: escaped, and no longer than is useful.
pub(crate) fn quoted(text: &str) -> String {
    let cut = text
        .char_indices()
        .nth(QUOTED)
        .map_or(text.len(), |(at, _)| at);
    let (shown, rest) = text.split_at(cut);
    let ellipsis = if rest.is_empty() { "" } else { "…" };
    format!("`{}{ellipsis}`", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), r"`a\nb`");
        assert_eq!(quoted(&"é".repeat(1000)).chars().count(), QUOTED + 3);
    }
}
