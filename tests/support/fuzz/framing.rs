//! The function's socket: whatever the agent sends, it reads well-formed answers of the two statuses
//! that keep the container, and then the end.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use httparse::{EMPTY_HEADER, Response, Status};
use oci_mcp_functions::{Config, Intent, Invocation, serve_connection};
use serde::de::IgnoredAny;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use super::Fuzzed;

impl Fuzzed {
    /// Takes `data` for all that arrives on one connection.
    pub fn framing(&self, data: &[u8]) {
        let service = self.server.0.clone().map_request(invoked);
        let answered = self.runtime.block_on(async {
            let (agent, function) = tokio::io::duplex(16 * 1024);
            let (mut read, mut write) = tokio::io::split(agent);
            let mut answered = Vec::new();
            let serve = serve_connection(config(), function, service);
            let send = async {
                // The function may have heard enough before all is said.
                let _left = write.write_all(data).await;
                let _left = write.shutdown().await;
            };
            let ((), (), read) = tokio::join!(serve, send, read.read_to_end(&mut answered));
            read.unwrap();
            answered
        });
        judge(data, &answered);
    }
}

fn config() -> Arc<Config> {
    let listener = |name: &str| (name == "FN_LISTENER").then(|| "unix:/unused".to_owned());
    Arc::new(
        Config::from_vars(listener)
            .unwrap()
            .with_clock(|| UNIX_EPOCH),
    )
}

/// A plain invocation as a request for MCP, so that its body is looked at, too.
fn invoked(mut request: Request<Bytes>) -> Request<Bytes> {
    let invocation = request.extensions().get::<Invocation>();
    if invocation.is_some_and(|invocation| invocation.intent == Intent::Invoke) {
        *request.uri_mut() = Uri::from_static("/mcp");
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert("content-type", json);
    }
    request
}

fn judge(sent: &[u8], answered: &[u8]) {
    let asked = sent.windows(7).filter(|part| part == b"HTTP/1.").count();
    // What answers HEAD tells the length of a body that it has not.
    let has_head = sent.windows(5).any(|part| part == b"HEAD ");
    let (mut rest, mut answers) = (answered, 0);
    while !rest.is_empty() {
        let mut headers = [EMPTY_HEADER; 64];
        let mut head = Response::new(&mut headers);
        let Ok(Status::Complete(length)) = head.parse(rest) else {
            panic!("{}", String::from_utf8_lossy(rest));
        };
        rest = &rest[length..];
        if head.code == Some(100) {
            continue;
        }
        assert!([Some(200), Some(502)].contains(&head.code), "{head:?}");
        answers += 1;
        let header = |name| {
            let found = head.headers.iter().find(|header| header.name == name);
            found.map(|header| str::from_utf8(header.value).unwrap())
        };
        assert!(header("fn-fdk-version").is_some(), "{head:?}");
        if has_head {
            return;
        }
        let (body, after) = rest.split_at(header("content-length").unwrap().parse().unwrap());
        if header("content-type") == Some("application/json") {
            serde_json::from_slice::<IgnoredAny>(body).unwrap();
        }
        rest = after;
    }
    // One more for what is no request at all.
    assert!(
        answers <= asked + 1,
        "{answers} answers to {asked} requests"
    );
}
