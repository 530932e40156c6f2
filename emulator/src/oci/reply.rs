//! Answers.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    typed(status, "application/json", body.to_string())
}

pub(crate) fn ok(body: &Value) -> Response<Bytes> {
    json(StatusCode::OK, body)
}

pub(crate) fn typed(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = empty(status);
    *response.body_mut() = body.into();
    let media_type = HeaderValue::from_static(media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// Adds a header; one whose value cannot stand in a header is left out.
pub(crate) fn with(
    mut response: Response<Bytes>,
    name: &'static str,
    value: impl AsRef<str>,
) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    response
}
