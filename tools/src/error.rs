//! What a caller reads when a call gave no result.

use std::fmt;

use oci_mcp::{CallResult, InputRequired, ToolError};
use oci_rest::{OciError, OciErrorKind, TransportErrorKind};
use serde::Serialize;

use crate::iam::{Advice, Told};

/// Why a call gave no result: what went wrong, what kind of thing that is, and what to do about it.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    error: String,
    category: Category,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
    #[serde(skip_serializing_if = "Details::is_empty")]
    details: Details,
    /// It is none: the client is asked first.
    #[serde(skip)]
    asks: Option<InputRequired>,
}

/// What went wrong, in words.
pub(crate) struct Message(String);

impl<T: fmt::Display> From<T> for Message {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

/// What kind of failure it is, for programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    /// There is no identity, or OCI does not accept it.
    Authentication,
    /// The identity, or this server, may not do that.
    Authorization,
    /// There is no such thing, or the identity may not see it.
    NotFound,
    /// It is in another state, or has changed.
    Conflict,
    /// OCI wants fewer requests.
    RateLimit,
    /// The arguments are wrong.
    Validation,
    /// The service has a problem.
    Service,
    /// The service cannot be reached.
    Network,
    /// There was no answer in time.
    Timeout,
}

/// What OCI said, for its support.
#[derive(Debug, Default, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opc_request_id: Option<String>,
}

impl Details {
    fn is_empty(&self) -> bool {
        self.status.is_none() && self.code.is_none() && self.opc_request_id.is_none()
    }
}

impl Failure {
    /// `error` is cut after 2,000 characters: what is wrong may be what a caller sent, of any length.
    pub(crate) fn new(category: Category, error: impl Into<Message>) -> Self {
        Self {
            error: cut(error.into().0),
            category,
            suggestion: None,
            details: Details::default(),
            asks: None,
        }
    }

    pub(crate) fn validation(error: impl Into<Message>) -> Self {
        Self::new(Category::Validation, error)
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The same; if the arguments are the reason, and nothing is suggested yet, with `suggestion`.
    pub(crate) fn or_suggest(self, suggestion: &str) -> Self {
        if self.category == Category::Validation && self.suggestion.is_none() {
            return self.suggest(suggestion);
        }
        self
    }

    /// The same; if OCI refused it, with what `advice` says.
    pub(crate) async fn advised(mut self, advice: &Advice<'_>) -> Self {
        let told = Told {
            error: &self.error,
            status: self.details.status,
            code: self.details.code.as_deref(),
        };
        if let Some(text) = advice.on(told).await {
            self.suggestion = Some(text);
        }
        self
    }

    /// Whether it is that of what has no such part (RFC 9110, 15.5.17).
    pub(crate) fn is_beyond(&self) -> bool {
        self.details.status == Some(416)
    }

    /// The result that tells it.
    ///
    /// # Errors
    ///
    /// What has the client asked, if it is no failure but that.
    pub(crate) fn into_result(self) -> Result<CallResult, ToolError> {
        if let Some(asks) = self.asks {
            return Err(asks.into());
        }
        let text = serde_json::to_string(&self).unwrap_or(self.error);
        Ok(CallResult::error(text))
    }
}

impl From<OciError> for Failure {
    fn from(error: OciError) -> Self {
        let message = format!("{}: {}", error.operation(), error.message());
        let status = error.status().map(|status| status.as_u16());
        // Of nothing, as of an empty object, there is no part either.
        let beyond = (status == Some(416)).then_some("it is shorter, or empty: look up its size");
        Self {
            error: cut(message),
            category: category(error.kind()),
            suggestion: beyond.or(error.hint()).map(str::to_owned),
            details: Details {
                status,
                code: error.code().map(str::to_owned),
                opc_request_id: error.opc_request_id().map(str::to_owned),
            },
            asks: None,
        }
    }
}

impl From<InputRequired> for Failure {
    fn from(asks: InputRequired) -> Self {
        Self {
            asks: Some(asks),
            ..Self::validation("the client must answer first")
        }
    }
}

fn category(kind: OciErrorKind) -> Category {
    match kind {
        OciErrorKind::Request => Category::Validation,
        OciErrorKind::Principal => Category::Authentication,
        OciErrorKind::Transport(
            TransportErrorKind::Timeout | TransportErrorKind::ConnectTimeout,
        )
        | OciErrorKind::Deadline => Category::Timeout,
        OciErrorKind::Transport(_) => Category::Network,
        OciErrorKind::Status(status) => match status.as_u16() {
            401 => Category::Authentication,
            403 => Category::Authorization,
            404 => Category::NotFound,
            408 => Category::Timeout,
            409 | 412 => Category::Conflict,
            429 => Category::RateLimit,
            400..=499 => Category::Validation,
            _ => Category::Service,
        },
        // Also what may come with a later version of the client.
        _ => Category::Service,
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

const MAX_CHARS: usize = 2_000;
