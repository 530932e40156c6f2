mod eras;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use oci_rest::{Endpoints, StreamingTransport, TransportError, TransportErrorKind};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::answer::Body;
use super::bridge::Bridge;
use super::target::Target;
use super::upstream::Upstream;

type Answer = Result<Response<Body>, TransportError>;

#[tokio::test]
async fn what_a_handshake_settles_is_in_the_headers_from_then_on() {
    let mut client = Client::of(MCP, |request| {
        let mut answer = json(&answer_to(&request));
        let session = "s1".parse().unwrap();
        answer.headers_mut().insert("mcp-session-id", session);
        answer
    });

    let hello = client.ask(INITIALIZE).await;
    client
        .send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        .await;
    let list = client
        .ask(r#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#)
        .await;

    assert_eq!((&hello["id"], &list["id"]), (&json!(0), &json!("a")));
    let seen = client.seen();
    assert_eq!(header(&seen[0], "mcp-protocol-version"), "");
    assert_eq!(
        header(&seen[0], "accept"),
        "application/json, text/event-stream"
    );
    for headers in &seen[1..] {
        assert_eq!(header(headers, "mcp-protocol-version"), "2025-11-25");
        assert_eq!(header(headers, "mcp-session-id"), "s1");
        assert_eq!(header(headers, "mcp-method"), "");
    }
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_request_of_2026_07_28_repeats_itself_in_headers() {
    let mut client = Client::of(MCP, |request| json(&answer_to(&request)));

    let call = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "größe", "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
    });
    client.ask(&call.to_string()).await;

    let seen = client.seen();
    assert_eq!(header(&seen[0], "mcp-method"), "server/discover");
    assert_eq!(header(&seen[1], "mcp-protocol-version"), "2026-07-28");
    assert_eq!(header(&seen[1], "mcp-method"), "tools/call");
    assert_eq!(header(&seen[1], "mcp-name"), "=?base64?Z3LDtsOfZQ==?=");
}

#[tokio::test]
async fn a_function_finds_the_revision_in_the_body_because_it_sees_no_header() {
    let mut client = Client::of(FUNCTION, |request| json(&answer_to(&request)));

    client.ask(INITIALIZE).await;
    let list = client
        .ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        .await;

    let meta = &list["result"]["received"]["params"]["_meta"];
    assert_eq!(
        meta["io.modelcontextprotocol/protocolVersion"],
        "2025-11-25"
    );
}

#[tokio::test]
async fn events_reach_the_client_as_they_come() {
    let (say, said) = mpsc::unbounded_channel::<&str>();
    let said = Mutex::new(Some(said));
    let mut client = Client::of(MCP, move |_| stream(said.lock().unwrap().take().unwrap()));

    client
        .send(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#)
        .await;
    say.send("data: {\"jsonrpc\":\"2.0\",\ndata: \"method\":\"notifications/progress\"}\n\n")
        .unwrap();
    let progress = client.next().await;
    say.send("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n")
        .unwrap();
    let answer = client.next().await;

    assert_eq!(progress["method"], "notifications/progress");
    assert_eq!(answer["id"], 1);
}

#[tokio::test]
async fn a_stream_that_ends_too_soon_is_an_error_of_the_request() {
    let mut client = Client::of(MCP, |_| {
        let (say, said) = mpsc::unbounded_channel();
        say.send("data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n\n")
            .unwrap();
        stream(said)
    });

    client
        .send(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#)
        .await;
    client.next().await;
    let error = client.next().await;

    assert_eq!(error["id"], 1);
    assert!(
        message(&error).contains("ended before the answer"),
        "{error}"
    );
}

#[tokio::test]
async fn requests_run_side_by_side_and_one_that_is_cancelled_is_dropped() {
    let (gone, mut is_gone) = mpsc::unbounded_channel();
    let mut client = Client::with(MCP, move |request| {
        let guard = Guard(gone.clone());
        Box::pin(async move {
            let text = String::from_utf8_lossy(request.body()).into_owned();
            if text.contains("slow") {
                std::future::pending::<()>().await;
            }
            drop(guard);
            Ok(json(&answer_to(&request)))
        })
    });

    client
        .send(r#"{"jsonrpc":"2.0","id":"s","method":"slow"}"#)
        .await;
    let quick = client
        .ask(r#"{"jsonrpc":"2.0","id":2,"method":"quick"}"#)
        .await;
    is_gone.recv().await;
    client
        .send(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"s"}}"#)
        .await;
    is_gone.recv().await;
    let rest = client.end().await;

    assert_eq!(quick["id"], 2);
    assert_eq!(rest, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_silent_is_given_up_when_its_platform_would() {
    for (url, seconds) in [(FUNCTION, 305), (PREDICT, 65), (MCP, 305)] {
        let mut client = Client::with(url, |_| Box::pin(std::future::pending()));
        let start = tokio::time::Instant::now();

        let error = client
            .ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#)
            .await;

        assert_eq!(start.elapsed(), Duration::from_secs(seconds), "{url}");
        assert!(message(&error).contains("said nothing for"), "{error}");
    }
}

#[tokio::test]
async fn no_connection_is_an_error_with_the_remedy_and_the_next_request_is_tried_anew() {
    let failures = Arc::new(Mutex::new(1));
    let mut client = Client::with(MCP, move |request| {
        let failures = Arc::clone(&failures);
        Box::pin(async move {
            let mut left = failures.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                let problem = "no connection to `127.0.0.1:1`: nothing listens there";
                return Err(TransportError::new(TransportErrorKind::Connect, problem));
            }
            Ok(json(&answer_to(&request)))
        })
    });

    let error = client
        .ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        .await;
    let list = client
        .ask(r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#)
        .await;

    assert_eq!(
        (&error["id"], &error["error"]["code"]),
        (&json!(1), &json!(-32603))
    );
    assert!(message(&error).contains("start the server"), "{error}");
    assert_eq!(list["result"]["received"]["id"], 2);
}

#[tokio::test]
async fn what_a_service_in_front_says_becomes_an_error_that_says_what_to_do() {
    for (url, status, body, expected) in [
        (
            FUNCTION,
            404,
            r#"{"code":"NotAuthorizedOrNotFound","message":"no"}"#,
            "to use functions-family in",
        ),
        (PREDICT, 403, "", "to use data-science-model-deployments in"),
        (
            MCP,
            401,
            r#"{"code":401,"message":"Unauthorized"}"#,
            "--sign signs nevertheless",
        ),
        (MCP, 404, "<html>", "look at the path of the URL"),
        (MCP, 307, "", "redirects are not followed"),
        (
            MCP,
            502,
            r#"{"code":"FunctionInvokeContainerInitFail"}"#,
            "ContainerInitFail",
        ),
        (MCP, 200, r#"{"prediction":1}"#, "that is not MCP"),
        (MCP, 202, "", "that is not MCP"),
    ] {
        let mut client = Client::of(url, move |_| {
            let mut answer = whole(body);
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            answer
                .headers_mut()
                .insert("opc-request-id", "R1".parse().unwrap());
            answer
        });

        let error = client
            .ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
            .await;

        assert_eq!(error["id"], 1);
        assert_eq!(
            error["error"]["data"],
            json!({ "status": status, "opcRequestId": "R1" })
        );
        assert!(message(&error).contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_error_that_names_no_request_is_given_the_id_that_waits_for_it() {
    for id in ["null", "\"server-error\""] {
        let error =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32022,"message":"old"}}}}"#);
        let mut client = Client::of(MCP, move |_| {
            let mut answer = whole(error.clone());
            *answer.status_mut() = StatusCode::BAD_REQUEST;
            answer
        });

        let error = client
            .ask(r#"{"jsonrpc":"2.0","id":"x","method":"tools/list"}"#)
            .await;

        assert_eq!(
            (&error["id"], &error["error"]["code"]),
            (&json!("x"), &json!(-32022))
        );
    }
}

#[tokio::test]
async fn what_is_too_long_or_not_json_never_leaves() {
    let mut client = Client::of(FUNCTION, |_| panic!("it was sent"));

    let garbage = client.ask("{").await;
    let long = "x".repeat(6 << 20);
    let call =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": long } });
    let too_large = client.ask(&call.to_string()).await;

    assert_eq!(
        (&garbage["id"], &garbage["error"]["code"]),
        (&Value::Null, &json!(-32700))
    );
    assert_eq!(too_large["id"], 1);
    assert!(
        message(&too_large).contains("a function takes 6291456 at most"),
        "{too_large}"
    );
}

#[tokio::test]
async fn each_request_of_a_batch_gets_an_answer() {
    let mut client = Client::of(MCP, |_| {
        let mut answer = whole("");
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        answer
    });

    client
        .send(r#"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]"#)
        .await;
    let ids = [
        client.next().await["id"].clone(),
        client.next().await["id"].clone(),
    ];

    assert_eq!(ids, [json!(1), json!(2)]);
}

#[tokio::test]
async fn the_end_of_the_input_waits_for_what_was_asked() {
    let mut client = Client::of(MCP, |request| json(&answer_to(&request)));

    client
        .send(r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#)
        .await;
    let rest = client.end().await;

    assert_eq!(rest.len(), 1);
}

/// A client with a bridge to a server that a function stands for.
struct Client {
    input: Option<WriteHalf<DuplexStream>>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
    seen: Arc<Mutex<Vec<HeaderMap>>>,
    bridge: JoinHandle<std::io::Result<()>>,
}

type Answering = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Client {
    fn of(
        url: &str,
        answer: impl Fn(Request<Bytes>) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let answer = Arc::new(answer);
        Self::with(url, move |request| {
            let answer = Arc::clone(&answer);
            Box::pin(async move { Ok(answer(request)) })
        })
    }

    fn with(
        url: &str,
        answer: impl Fn(Request<Bytes>) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::<Mutex<Vec<HeaderMap>>>::default();
        let note = Arc::clone(&seen);
        let answer = Arc::new(answer);
        let transport =
            StreamingTransport::new(tower::service_fn(move |request: Request<Bytes>| {
                note.lock().unwrap().push(request.headers().clone());
                answer(request)
            }));
        let target = Target::choose(url, false, &Endpoints::default()).unwrap();
        let bridge = Bridge::new(Upstream::new(target, transport, None));
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(theirs);
        let (output, input) = tokio::io::split(ours);
        Self {
            input: Some(input),
            output: BufReader::new(output).lines(),
            seen,
            bridge: tokio::spawn(bridge.serve(read, write)),
        }
    }

    async fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(line.as_bytes()).await.unwrap();
        input.write_all(b"\n").await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let line = self.output.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, line: &str) -> Value {
        self.send(line).await;
        self.next().await
    }

    /// Ends the input, and returns what is still said.
    async fn end(mut self) -> Vec<Value> {
        self.input.take().unwrap().shutdown().await.unwrap();
        self.bridge.await.unwrap().unwrap();
        let mut rest = Vec::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        rest
    }

    fn seen(&self) -> Vec<HeaderMap> {
        self.seen.lock().unwrap().clone()
    }
}

/// Tells that it is no more.
struct Guard(mpsc::UnboundedSender<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _sent = self.0.send(());
    }
}

/// An answer with what was received; to `initialize` one that settles a revision. A notification has none.
fn answer_to(request: &Request<Bytes>) -> Value {
    let received: Value = serde_json::from_slice(request.body()).unwrap();
    let result = json!({ "protocolVersion": "2025-11-25", "received": received });
    match &received["id"] {
        Value::Null => Value::Null,
        id => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
    }
}

fn json(answer: &Value) -> Response<Body> {
    let is_none = answer.is_null();
    let text = if is_none {
        String::new()
    } else {
        answer.to_string()
    };
    let mut response = whole(text);
    if is_none {
        *response.status_mut() = StatusCode::ACCEPTED;
    }
    response
}

fn whole(body: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    Response::new(body.boxed_unsync())
}

fn stream(mut said: mpsc::UnboundedReceiver<&'static str>) -> Response<Body> {
    let frames = futures_util::stream::poll_fn(move |cx| {
        let piece = said.poll_recv(cx);
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    let event_stream = "text/event-stream; charset=utf-8".parse().unwrap();
    response.headers_mut().insert("content-type", event_stream);
    response
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn message(error: &Value) -> &str {
    error["error"]["message"].as_str().unwrap_or_default()
}

const MCP: &str = "http://127.0.0.1:1/mcp";
const FUNCTION: &str = "http://127.0.0.1:1/20181201/functions/f/actions/invoke";
const PREDICT: &str = "http://127.0.0.1:1/d/predict/mcp";
const INITIALIZE: &str =
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
