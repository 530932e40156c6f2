//! What goes to a function, and what comes back.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::failure::Failure;
use crate::id;

/// One invocation.
#[derive(Clone, Debug)]
pub struct Call {
    /// Sent as `Fn-Call-Id`.
    pub id: String,
    /// Sent as they are, beside those that the agent itself sets on every call.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// A call with a new identifier.
    pub fn new(headers: HeaderMap, body: Bytes) -> Self {
        Self {
            id: id::call_id(),
            headers,
            body,
        }
    }
}

/// What the agent hands back for a call.
#[derive(Clone, Debug)]
pub struct Reply {
    /// 200 whenever the function answered; what it says in `Fn-Http-Status` is for the gateway.
    pub status: StatusCode,
    /// As the function sent them, less those that belong to its connection.
    pub headers: HeaderMap,
    /// The function's body, or `{"code":…,"message":…}` for a failure.
    pub body: Bytes,
    /// Set if this is not the function's answer.
    pub failure: Option<Failure>,
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        let (code, message) = (failure.code(), failure.message());
        let json = HeaderValue::from_static("application/json");
        Self {
            status: failure.status(),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: format!(r#"{{"code":"{code}","message":"{message}"}}"#).into(),
            failure: Some(failure),
        }
    }
}
