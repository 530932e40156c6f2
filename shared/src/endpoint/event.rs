//! An answer as an event stream (2025-11-25, "Streamable HTTP"; HTML Standard, 9.2.6).

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};

use crate::body::Body;

/// `answer` as a stream of one event. An answer without a body has nothing to tell and stays so.
pub(super) fn stream(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let body = match body {
        Body::Whole(json) if !json.is_empty() => {
            let events = HeaderValue::from_static("text/event-stream");
            head.headers.insert(CONTENT_TYPE, events);
            let event = message(&json);
            // Of unknown length, by which proxies tell a stream.
            Body::events(stream::iter([event]))
        }
        body => body,
    };
    Response::from_parts(head, body)
}

/// One JSON-RPC message as an event.
fn message(json: &[u8]) -> Bytes {
    const BEFORE: &[u8] = b"event: message\ndata: ";
    const AFTER: &[u8] = b"\n\n";
    let mut event = Vec::with_capacity(BEFORE.len() + json.len() + AFTER.len());
    event.extend_from_slice(BEFORE);
    // A line break would end the data; in JSON it stands only where any white space does.
    event.extend(json.iter().map(|&byte| match byte {
        b'\n' | b'\r' => b' ',
        byte => byte,
    }));
    event.extend_from_slice(AFTER);
    event.into()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_becomes_one_event_and_keeps_its_status() {
        let mut answer = Response::new(Body::from("{\r\n\"a\":1\n}"));
        *answer.status_mut() = StatusCode::BAD_REQUEST;

        let (head, body) = stream(answer).into_parts();

        assert_eq!(head.status, StatusCode::BAD_REQUEST);
        assert_eq!(head.headers[CONTENT_TYPE], "text/event-stream");
        assert!(matches!(body, Body::Events(_)));
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(body, "event: message\ndata: {  \"a\":1 }\n\n");
    }

    #[test]
    fn nothing_stays_nothing() {
        let (head, body) = stream(Response::new(Body::empty())).into_parts();

        assert!(head.headers.is_empty());
        assert!(matches!(body, Body::Whole(bytes) if bytes.is_empty()));
    }
}
