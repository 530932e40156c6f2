//! An HTTP response as the Fn response that carries it.

use bytes::{Buf, Bytes};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::body::Whole;
use crate::invocation::Intent;
use crate::request::is_hop_by_hop;

/// What goes to the agent: a whole body, because the platform does not stream.
pub(crate) type Reply = Response<Full<Whole>>;

/// Why the caller gets an error from here instead of an answer from the service.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    #[cold]
    pub(crate) fn bad_request(message: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message,
        }
    }

    #[cold]
    pub(crate) fn into_reply(self, intent: Intent) -> Reply {
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        let body = error_body(&self.message).chain(Bytes::new());
        encode(intent, self.status, &mut headers, body, HeaderMap::new())
    }
}

/// Wraps the service's response, in `room`: a map without headers. Leaves `headers` empty.
pub(crate) fn encode(
    intent: Intent,
    status: StatusCode,
    headers: &mut HeaderMap,
    body: Whole,
    room: HeaderMap,
) -> Reply {
    if status.is_informational() {
        return failure(
            intent,
            "the service answered with a status that is not final",
        );
    }
    // The transport status says that the function ran. Any other than this and 502 makes the agent
    // destroy the container.
    let mut reply = Response::new(Full::new(body));
    *reply.headers_mut() = room;
    if intent == Intent::HttpRequest {
        let value = match status {
            // Nearly always this one, which costs no allocation.
            StatusCode::OK => HeaderValue::from_static("200"),
            status => HeaderValue::from(status.as_u16()),
        };
        reply.headers_mut().insert(FN_HTTP_STATUS.clone(), value);
    }
    match append(intent, headers, reply.headers_mut()) {
        Ok(()) => sign(reply),
        Err(why) => failure(intent, why),
    }
}

/// Says that the function failed: the agent keeps the container, discards this body, and gives its
/// caller a 502.
#[cold]
pub(crate) fn failure(intent: Intent, message: &str) -> Reply {
    let mut reply = Response::new(Full::new(error_body(message).chain(Bytes::new())));
    *reply.status_mut() = StatusCode::BAD_GATEWAY;
    reply.headers_mut().insert(CONTENT_TYPE, JSON);
    if intent == Intent::HttpRequest {
        let status = HeaderValue::from_static("502");
        reply.headers_mut().insert(FN_HTTP_STATUS.clone(), status);
    }
    sign(reply)
}

fn sign(mut reply: Reply) -> Reply {
    let version = HeaderValue::from_static(FDK_VERSION);
    reply.headers_mut().insert(FN_FDK_VERSION.clone(), version);
    reply
}

fn append(
    intent: Intent,
    headers: &mut HeaderMap,
    into: &mut HeaderMap,
) -> Result<(), &'static str> {
    let mut name = None;
    for (next, value) in headers.drain() {
        // A further value of the same header comes without its name.
        if let Some(next) = next {
            name = spell(intent, next)?;
        }
        match &name {
            // There can be one type only.
            Some(name) if *name == CONTENT_TYPE && into.contains_key(CONTENT_TYPE) => {}
            Some(name) => {
                into.try_append(name, value)
                    .map_err(|_cause| "the response has too many headers")?;
            }
            None => {}
        }
    }
    Ok(())
}

/// How a header of the service is called on the way to the agent, if it goes there.
fn spell(intent: Intent, name: HeaderName) -> Result<Option<HeaderName>, &'static str> {
    match intent {
        _ if is_dropped(&name) => Ok(None),
        _ if name == CONTENT_TYPE => Ok(Some(name)),
        Intent::HttpRequest => {
            let prefixed = [PREFIX.as_bytes(), name.as_str().as_bytes()].concat();
            let prefixed = HeaderName::from_lowercase(&prefixed);
            prefixed
                .map(Some)
                .map_err(|_cause| "a header's name is too long")
        }
        // Only the body and its type can be relied on to arrive; the rest is for agents that copy
        // it.
        Intent::Invoke => Ok((!name.as_str().starts_with("fn-")).then_some(name)),
    }
}

// The length is the transport's to say: the service's may be that of a body which was cut, or not
// sent because the method was HEAD.
fn is_dropped(name: &HeaderName) -> bool {
    is_hop_by_hop(name) || *name == CONTENT_LENGTH
}

fn error_body(message: &str) -> Bytes {
    let mut json = String::from(r#"{"error":""#);
    for c in message.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            // What is left of control characters in a header value: shown, not kept.
            c if c.is_control() => json.push(' '),
            c => json.push(c),
        }
    }
    json.push_str("\"}");
    Bytes::from(json)
}

/// The name and version in `Fn-Fdk-Version`.
pub(crate) const FDK_VERSION: &str = concat!("oci-mcp-functions/", env!("CARGO_PKG_VERSION"));

/// What the client's own headers are called on the way through the agent, either way.
pub(crate) const PREFIX: &str = "fn-http-h-";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
static FN_FDK_VERSION: HeaderName = HeaderName::from_static("fn-fdk-version");
static FN_HTTP_STATUS: HeaderName = HeaderName::from_static("fn-http-status");

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'a> = &'a [(&'static str, &'static str)];

    fn encoded(intent: Intent, status: u16, fields: Fields<'_>) -> Reply {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).unwrap();
        let body = Bytes::from_static(b"body").chain(Bytes::new());
        encode(intent, status, &mut headers, body, HeaderMap::new())
    }

    fn lines(reply: &Reply) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        reply.headers().iter().map(line).collect()
    }

    #[test]
    fn the_status_and_the_headers_of_an_http_answer_travel_prefixed() {
        let reply = encoded(
            Intent::HttpRequest,
            404,
            &[
                ("content-type", "application/json"),
                ("x-many", "1"),
                ("x-many", "2"),
                ("www-authenticate", "Bearer"),
            ],
        );

        assert_eq!(reply.status(), 200);
        assert_eq!(
            lines(&reply),
            [
                "fn-http-status: 404",
                "content-type: application/json",
                "fn-http-h-x-many: 1",
                "fn-http-h-x-many: 2",
                "fn-http-h-www-authenticate: Bearer",
                &format!("fn-fdk-version: {FDK_VERSION}"),
            ]
        );
    }

    #[test]
    fn there_is_one_content_type() {
        let types = &[("content-type", "text/a"), ("content-type", "text/b")];

        let reply = encoded(Intent::HttpRequest, 200, types);

        let sent: Vec<_> = reply.headers().get_all(CONTENT_TYPE).iter().collect();
        assert_eq!(sent, ["text/a"]);
    }

    #[test]
    fn hop_by_hop_headers_and_the_length_stay_here() {
        let fields = &[
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("content-length", "9000"),
            ("x-kept", "1"),
        ];

        let http = encoded(Intent::HttpRequest, 200, fields);
        let plain = encoded(Intent::Invoke, 200, fields);

        assert_eq!(http.headers().len(), 3, "{http:?}");
        assert_eq!(http.headers()["fn-http-h-x-kept"], "1");
        assert_eq!(plain.headers().len(), 2, "{plain:?}");
        assert_eq!(plain.headers()["x-kept"], "1");
    }

    #[test]
    fn the_answer_to_a_plain_invoke_is_its_body_and_type() {
        let fields = &[
            ("content-type", "application/json"),
            ("fn-http-status", "404"),
            ("x-two", "1"),
        ];

        let reply = encoded(Intent::Invoke, 500, fields);

        assert_eq!(reply.status(), 200);
        assert_eq!(
            lines(&reply),
            [
                "content-type: application/json",
                "x-two: 1",
                &format!("fn-fdk-version: {FDK_VERSION}"),
            ]
        );
    }

    #[test]
    fn an_answer_is_written_where_the_request_was() {
        let room = HeaderMap::with_capacity(50);
        let capacity = room.capacity();

        let reply = encode(
            Intent::HttpRequest,
            StatusCode::OK,
            &mut HeaderMap::from_iter([(CONTENT_TYPE, JSON)]),
            Bytes::new().chain(Bytes::new()),
            room,
        );

        assert_eq!(reply.headers().capacity(), capacity);
        assert_eq!(reply.headers().len(), 3);
    }

    #[test]
    fn a_status_that_is_not_final_is_a_failure() {
        let reply = encoded(Intent::HttpRequest, 101, &[]);

        assert_eq!(reply.status(), 502);
        assert_eq!(reply.headers()["fn-http-status"], "502");
    }

    #[test]
    fn an_error_body_is_json_whatever_the_message_holds() {
        assert_eq!(
            error_body("a \"b\" \\ \u{7f}\t€"),
            r#"{"error":"a \"b\" \\   €"}"#
        );
    }
}
