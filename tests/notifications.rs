//! What a tool says while it works, and in which form it reaches the client.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails where it finds less than it looks for"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use oci_mcp::{
    App, AppService, Body, Config, Context, Delivery, LogLevel, NoArgs, Tool, ToolError,
};
use oci_mcp_tests::{MODERN, Reply, Server, legacy, loose, modern, post, with, without};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::ServiceExt;

/// What MCP clients accept.
const BOTH: &str = "application/json, text/event-stream";

/// Says what it does, and can be kept from ending.
#[derive(Clone, Default)]
struct Count {
    gate: Option<Arc<Notify>>,
    dropped: Arc<AtomicBool>,
}

struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Tool for Count {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "count";
    const DESCRIPTION: &'static str = "Counts to three.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        let _dropped = Dropped(Arc::clone(&self.dropped));
        cx.progress(1, Some(3.0), Some("one"));
        cx.log(LogLevel::Debug, "a detail");
        cx.log(LogLevel::Info, json!({ "counted": 1 }));
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        cx.progress(3, Some(3.0), None);
        Ok("three")
    }
}

fn app(tool: Count) -> App {
    App::new("counter", "1.0.0").tool(tool)
}

/// A call of `count` whose client reads event streams.
fn call(revision: &str, meta: Value) -> Request<Bytes> {
    let mut params = json!({ "name": "count", "arguments": {} });
    let request = if revision == MODERN {
        let mut request = modern("tools/call", &params);
        let mut body: Value = serde_json::from_slice(request.body()).unwrap();
        let members = body["params"]["_meta"].as_object_mut().unwrap();
        members.extend(meta.as_object().unwrap().clone());
        *request.body_mut() = body.to_string().into();
        request
    } else {
        params["_meta"] = meta;
        legacy(revision, "tools/call", &params)
    };
    with(request, "accept", BOTH)
}

/// What a client asks for that wants to hear everything.
fn everything() -> Value {
    json!({ "progressToken": "p", "io.modelcontextprotocol/logLevel": "debug" })
}

fn messages(body: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(body).unwrap();
    let events = text.split_terminator("\n\n").map(|event| {
        let data = event.strip_prefix("event: message\ndata: ").unwrap();
        serde_json::from_str(data).unwrap()
    });
    events.collect()
}

/// The kind of each message: a method, or what it answers.
fn kinds(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| match message["method"].as_str() {
            Some("notifications/progress") => "progress",
            Some("notifications/message") => message["params"]["level"].as_str().unwrap(),
            _ => "answer",
        })
        .collect()
}

fn is_stream(reply: &Reply) -> bool {
    reply.headers["content-type"] == "text/event-stream"
}

#[tokio::test]
async fn what_the_client_asked_for_comes_in_order_and_the_answer_last() {
    let reply = Server::new(app(Count::default()))
        .send(call(MODERN, everything()))
        .await;

    let messages = messages(&reply.body);
    assert_eq!(reply.status, 200);
    assert!(is_stream(&reply));
    assert_eq!(reply.headers["x-accel-buffering"], "no");
    assert_eq!(
        kinds(&messages),
        ["progress", "debug", "info", "progress", "answer"]
    );
    assert_eq!(
        messages[0]["params"],
        json!({ "progressToken": "p", "progress": 1.0, "total": 3.0, "message": "one" })
    );
    assert_eq!(messages[2]["params"]["data"], json!({ "counted": 1 }));
    assert_eq!(messages[4]["result"]["content"][0]["text"], "three");
}

#[tokio::test]
async fn a_host_that_answers_in_one_piece_gets_the_events_in_one_piece() {
    let service = app(Count::default())
        .into_service(Config::default())
        .unwrap();

    let response = service.oneshot(call(MODERN, everything())).await.unwrap();

    assert!(matches!(response.body(), Body::Whole(..)), "{response:?}");
}

#[tokio::test]
async fn without_a_wish_the_answer_is_plain_json() {
    for (revision, meta) in [
        (MODERN, json!({})),
        (
            MODERN,
            json!({ "io.modelcontextprotocol/logLevel": "error" }),
        ),
    ] {
        let reply = Server::new(app(Count::default()))
            .send(call(revision, meta))
            .await;

        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.json()["result"]["content"][0]["text"], "three");
    }
}

#[tokio::test]
async fn a_client_that_reads_only_json_gets_json() {
    for accept in [Some("application/json"), Some("*/*"), None] {
        let request = without(call(MODERN, everything()), "accept");
        let request = match accept {
            Some(accept) => with(request, "accept", accept),
            None => request,
        };

        let reply = Server::new(app(Count::default())).send(request).await;

        assert_eq!(reply.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn before_2026_logs_from_info_on_are_sent_unasked() {
    for (revision, has_message) in [("2024-11-05", false), ("2025-11-25", true)] {
        let request = call(revision, json!({ "progressToken": 7 }));
        let request = with(request, "mcp-protocol-version", revision);

        let reply = Server::new(app(Count::default())).send(request).await;

        let messages = messages(&reply.body);
        assert_eq!(kinds(&messages), ["progress", "info", "progress", "answer"]);
        assert_eq!(messages[0]["params"]["progressToken"], 7);
        assert_eq!(
            messages[0]["params"].get("message").is_some(),
            has_message,
            "{revision}"
        );
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_no_wish() {
    for token in [json!(null), json!(1.5), json!({}), json!(["p"])] {
        let reply = Server::new(app(Count::default()))
            .send(loose(call(MODERN, json!({ "progressToken": token }))))
            .await;

        assert!(!is_stream(&reply), "{token}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_without_notifications() {
    let one = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "count", "_meta": { "progressToken": 1 } } });
    let request = with(post(json!([one]).to_string()), "accept", BOTH);

    let reply = Server::new(app(Count::default())).send(request).await;

    assert!(!is_stream(&reply));
    assert_eq!(reply.json()[0]["result"]["content"][0]["text"], "three");
}

#[tokio::test]
async fn the_operator_decides_on_the_form_as_far_as_the_client_takes_it() {
    for (setting, meta, accept, expected) in [
        ("json", everything(), BOTH, false),
        ("sse", json!({}), BOTH, true),
        ("sse", json!({}), "application/json", false),
        ("auto", json!({}), "text/event-stream", true),
    ] {
        let config = Config::from_vars(|name| (name == "OCI_MCP_REPLY").then(|| setting.into()));
        let server = Server::with(app(Count::default()), config.unwrap());
        let request = with(call(MODERN, meta), "accept", accept);

        let reply = server.send(request).await;

        assert_eq!(is_stream(&reply), expected, "{setting}, {accept}");
    }
}

#[test]
fn another_form_is_refused() {
    let config = Config::from_vars(|name| (name == "OCI_MCP_REPLY").then(|| "stream".into()));

    let error = config.unwrap_err().to_string();
    assert!(error.contains("`OCI_MCP_REPLY` is `stream`"), "{error}");
    assert!(error.contains("`auto`, `json` or `sse`"), "{error}");
}

async fn live(service: AppService, mut request: Request<Bytes>) -> Response<Body> {
    let mut delivery = Delivery::http("test");
    delivery.is_live = true;
    request.extensions_mut().insert(delivery);
    service.oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_live_host_sends_what_is_said_before_the_tool_has_ended() {
    let gate = Arc::new(Notify::new());
    let tool = Count {
        gate: Some(Arc::clone(&gate)),
        ..Count::default()
    };
    let service = app(tool).into_service(Config::default()).unwrap();

    let response = live(service, call(MODERN, everything())).await;
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    gate.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();

    assert_eq!(kinds(&messages(&first)), ["progress"]);
    assert_eq!(
        kinds(&messages(&rest)),
        ["debug", "info", "progress", "answer"]
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_the_tool() {
    let tool = Count {
        gate: Some(Arc::new(Notify::new())),
        ..Count::default()
    };
    let dropped = Arc::clone(&tool.dropped);
    let service = app(tool).into_service(Config::default()).unwrap();
    let mut body = live(service, call(MODERN, everything())).await.into_body();
    let _first = body.frame().await.unwrap().unwrap();
    assert!(!dropped.load(Ordering::SeqCst));

    drop(body);

    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn the_log_level_of_a_connection_is_taken_and_not_kept() {
    let server = Server::new(app(Count::default()));
    let set = |level| legacy("2025-11-25", "logging/setLevel", &json!({ "level": level }));

    let taken = server.send(set(json!("error"))).await;
    let refused = server.send(set(json!("loud"))).await;
    let gone = modern("logging/setLevel", &json!({ "level": "error" }));

    assert_eq!(taken.json()["result"], json!({}));
    assert_eq!(refused.error(), (200, -32602));
    assert_eq!(server.send(gone).await.error(), (404, -32601));
}
