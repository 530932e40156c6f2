//! Errors on demand.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::received::Received;
use super::reply;

/// An error that the simulated OCI answers in the place of what it would have answered.
///
/// It meets requests with a good signature only: the others are a 401 in any case.
#[derive(Clone, Debug)]
pub struct Fault {
    status: StatusCode,
    body: Bytes,
    method: Option<Method>,
    path: String,
    retry_after: Option<Duration>,
    times: u32,
}

impl Fault {
    /// One error with this status and code, such as 429 and `TooManyRequests`.
    #[must_use]
    pub fn new(status: StatusCode, code: &str) -> Self {
        let message = "This error was asked for.";
        Self {
            status,
            body: json!({ "code": code, "message": message })
                .to_string()
                .into(),
            method: None,
            path: String::new(),
            retry_after: None,
            times: 1,
        }
    }

    /// Has `body` in the place of OCI's JSON, as load balancers answer.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Meets only requests with this method, and a path that begins with `path`.
    #[must_use]
    pub fn on(mut self, method: Method, path: impl Into<String>) -> Self {
        self.method = Some(method);
        self.path = path.into();
        self
    }

    /// Says in `Retry-After` how long to wait, in whole seconds.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Meets this many requests; 1 without it.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    pub(crate) fn meets(&self, request: &Received<'_>) -> bool {
        self.times > 0
            && self
                .method
                .as_ref()
                .is_none_or(|method| method == request.method)
            && request.uri.path().starts_with(&self.path)
    }

    /// Uses it once.
    pub(crate) fn strike(&mut self) -> Response<Bytes> {
        self.times -= 1;
        let response = reply::typed(self.status, "application/json", self.body.clone());
        match self.retry_after {
            Some(wait) => reply::with(response, "retry-after", wait.as_secs().to_string()),
            None => response,
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.times == 0
    }
}
