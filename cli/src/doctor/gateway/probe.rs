//! Requests as MCP clients send them, and what comes back.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use oci_rest::StreamingTransport;
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tower::ServiceExt;

use crate::doctor::finding::{chain, quoted};

/// Sends requests to one URL.
pub(super) struct Probe {
    url: Uri,
    transport: StreamingTransport,
}

/// An answer, or why there is none.
pub(super) type Heard = Result<Answer, String>;

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Bytes,
    pub(super) took: Duration,
}

/// A message with the headers that go with it.
pub(super) struct Message {
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: Value,
}

impl Probe {
    pub(super) fn new(url: Uri, transport: StreamingTransport) -> Self {
        Self { url, transport }
    }

    /// The URL for people, without its query.
    pub(super) fn shown(&self) -> String {
        let origin = self.origin();
        format!("{origin}{}", self.url.path())
    }

    /// Scheme and authority.
    pub(super) fn origin(&self) -> String {
        let scheme = self.url.scheme_str().unwrap_or_default();
        let authority = self.url.authority().map(http::uri::Authority::as_str);
        format!("{scheme}://{}", authority.unwrap_or_default())
    }

    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The answer to `message`, sent from a page of `origin` if there is one.
    pub(super) async fn post(
        &self,
        message: Message,
        token: Option<&str>,
        origin: Option<&str>,
    ) -> Heard {
        let mut request = self.request(Method::POST, token)?;
        *request.body_mut() = message.body.to_string().into();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in message.headers {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin).map_err(|error| error.to_string())?;
            headers.insert(ORIGIN, origin);
        }
        self.answer(request).await
    }

    /// The answer to a request without a body.
    pub(super) async fn send(
        &self,
        method: Method,
        token: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Heard {
        let mut request = self.request(method, token)?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
            request
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        self.answer(request).await
    }

    /// The answer to a request for another `url`, which no token goes to.
    pub(super) async fn fetch(&self, url: &str) -> Heard {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = url
            .parse()
            .map_err(|error| format!("{}: {error}", quoted(url)))?;
        self.answer(request).await
    }

    fn request(&self, method: Method, token: Option<&str>) -> Result<Request<Bytes>, String> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        let accept = "application/json, text/event-stream";
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            // The value is a secret.
            let mut value =
                value.map_err(|_hidden| "the token cannot stand in a header".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn answer(&self, request: Request<Bytes>) -> Heard {
        let start = Instant::now();
        let listens = request.method() == Method::GET;
        let answer = self.transport.clone().oneshot(request).await;
        let (head, body) = answer.map_err(|error| chain(&error))?.into_parts();
        let mut answer = Answer {
            status: head.status,
            headers: head.headers,
            body: Bytes::new(),
            took: start.elapsed(),
        };
        // A stream to listen at has no end.
        if !listens || !answer.is_stream() {
            let body = timeout(PATIENCE, Limited::new(body, MAX_BYTES).collect()).await;
            let body = body.map_err(|_late| format!("no whole answer within {PATIENCE:?}"))?;
            answer.body = body.map_err(|error| chain(&*error))?.to_bytes();
            answer.took = start.elapsed();
        }
        Ok(answer)
    }
}

impl Answer {
    /// The value of a header, or nothing.
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    pub(super) fn is_stream(&self) -> bool {
        self.header(&CONTENT_TYPE).starts_with("text/event-stream")
    }

    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// What is in it: JSON, or the last event of a stream.
    pub(super) fn json(&self) -> Value {
        let text = self.text();
        let last = text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .next_back();
        serde_json::from_str(last.unwrap_or(&text)).unwrap_or_default()
    }

    /// How many tools it lists, if it does.
    pub(super) fn tools(&self) -> Option<usize> {
        let json = self.json();
        json.pointer("/result/tools")
            .and_then(Value::as_array)
            .map(Vec::len)
    }

    /// Code and message, if it is an error of JSON-RPC.
    pub(super) fn error(&self) -> Option<(i64, String)> {
        let json = self.json();
        let code = json.pointer("/error/code")?.as_i64()?;
        let message = json.pointer("/error/message").and_then(Value::as_str);
        Some((code, quoted(message.unwrap_or_default())))
    }
}

/// For the rest of an answer that has begun.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lists of tools are the largest.
const MAX_BYTES: usize = 4 << 20;
