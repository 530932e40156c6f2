//! The answers that the host gives by itself.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::config::Config;

/// Why the service was not asked, or did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body did not come in time.
    Slow,
    /// There was no room for the body in time.
    Full,
    /// The body could not be read.
    Broken,
    /// The service panicked.
    Panicked,
}

impl Refusal {
    pub(crate) fn into_response(self, config: &Config) -> Response<Full<Bytes>> {
        let (status, message) = match self {
            Self::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                format!(
                    "the body of the request did not arrive within {} s",
                    config.body_timeout.as_secs_f64()
                ),
            ),
            Self::Full => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "the requests being served fill the {} bytes there are for all bodies together",
                    config.max_buffered_bytes
                ),
            ),
            Self::Broken => (
                StatusCode::BAD_REQUEST,
                "the body of the request ended early or is malformed".to_owned(),
            ),
            Self::Panicked => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the service failed".to_owned(),
            ),
        };
        // No message has a character that JSON escapes.
        let body = Bytes::from(format!(r#"{{"error":"{message}"}}"#));
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        if let Some(reason) = self.reason() {
            config.observer.tell(status, reason);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self == Self::Full {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self != Self::Panicked {
            // What is left of the body is not worth reading.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The reason as one word, if the service has seen nothing of the request.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Slow => Some("slow_body"),
            Self::Full => Some("no_room"),
            Self::Broken => Some("broken_body"),
            Self::Panicked => None,
        }
    }
}
