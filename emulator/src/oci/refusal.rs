//! Errors as OCI answers them: a status, a code and a message.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::reply;

/// Why a request gets an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
        }
    }

    /// OCI itself does not say what was wrong; the simulator does, for its users are developers.
    pub(crate) fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "NotAuthenticated", message)
    }

    pub(crate) fn not_found() -> Self {
        let message = "Authorization failed or requested resource not found.";
        Self::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound", message)
    }

    /// Object Storage tells what is not there: `BucketNotFound`, `ObjectNotFound`.
    pub(crate) fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidParameter", message)
    }

    pub(crate) fn lacks(name: &str) -> Self {
        let message = format!("{name} is required");
        Self::new(StatusCode::BAD_REQUEST, "MissingParameter", message)
    }

    pub(crate) fn cannot_parse(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "CannotParseRequest", message)
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(crate) fn etag(code: &'static str) -> Self {
        let message = "The resource is not in the version that the request names.";
        Self::new(StatusCode::PRECONDITION_FAILED, code, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotAllowed", message)
    }

    /// What the simulator does not play; not a 404, which would look like a resource that is not there.
    pub(crate) fn not_played(method: &str, path: &str) -> Self {
        let message = format!("the simulated OCI does not play `{method} {path}`");
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            message,
        )
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let body = json!({ "code": self.code, "message": self.message });
        reply::json(self.status, &body)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::cannot_parse(format!(
            "The body is not the JSON that is expected: {error}"
        ))
    }
}

/// The value named `name`, which the request's body must have.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    match &body[name] {
        Value::String(text) => Ok(text),
        Value::Null => Err(Refusal::lacks(name)),
        _ => Err(Refusal::invalid(format!("{name} must be a string"))),
    }
}
