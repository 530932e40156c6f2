use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{Request, Response};
use http_body_util::BodyExt;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use super::*;
use crate::{
    Annotations, App, AppService, Body, Config, Context, Delivery, DynamicTool, Principal, Reply,
    Tool, ToolError,
};

/// A sink that keeps its lines.
#[derive(Clone, Default)]
struct Kept(Arc<State>);

#[derive(Default)]
struct State {
    lines: Mutex<Vec<String>>,
    /// Whether it takes none.
    is_full: AtomicBool,
    /// Whether it never is done.
    is_stuck: AtomicBool,
    /// Whether answers wait for it.
    holds: AtomicBool,
}

impl AuditSink for Kept {
    fn write(&self, line: &str) -> io::Result<()> {
        if self.0.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.lines.lock().unwrap().push(line.to_owned());
        Ok(())
    }

    fn flush(&self) -> Flush<'_> {
        let is_stuck = self.0.is_stuck.load(Ordering::Relaxed);
        Box::pin(async move {
            if is_stuck {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn holds_answers(&self) -> bool {
        self.0.holds.load(Ordering::Relaxed)
    }
}

impl Kept {
    /// The lines, each of which must follow from the one before.
    fn lines(&self) -> Vec<Value> {
        let lines = self.0.lines.lock().unwrap();
        let mut prev = "0".repeat(64);
        let mut all = Vec::new();
        for (seq, line) in lines.iter().enumerate() {
            let (text, end) = line.split_at(line.find(r#","hash":"#).unwrap());
            let hash = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
            assert_eq!(end, format!(",\"hash\":\"{hash}\"}}\n"));
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!((&line["seq"], &line["prev"]), (&json!(seq), &json!(prev)));
            assert_eq!(line["instance"], "07".repeat(16));
            prev = hash;
            all.push(line);
        }
        all
    }

    /// The only line.
    fn line(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.pop().unwrap()
    }

    fn set(&self, flag: impl Fn(&State) -> &AtomicBool, value: bool) {
        flag(&self.0).store(value, Ordering::Relaxed);
    }
}

fn audit(sink: &Kept) -> Audit {
    // 2026-11-21, 12:00 UTC.
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400);
    Audit::new([7; 16], move || noon).to(sink.clone())
}

struct Panic;

impl Tool for Panic {
    type Args = Map<String, Value>;
    type Output = String;
    const NAME: &'static str = "panic";
    const DESCRIPTION: &'static str = "Panics.";
    const ANNOTATIONS: Annotations = Annotations::READ_ONLY;

    async fn call(&self, cx: &Context, _: Self::Args) -> Result<String, ToolError> {
        cx.oci_request("A1/B2");
        cx.oci_request("a\nb");
        panic!("this tool panics")
    }
}

/// A tool that changes something: it tells `ran`, and then waits.
struct Change {
    ran: mpsc::Sender<()>,
    seconds: u64,
}

impl Tool for Change {
    type Args = Map<String, Value>;
    type Output = String;
    const NAME: &'static str = "change";
    const DESCRIPTION: &'static str = "Changes something.";

    async fn call(&self, cx: &Context, _: Self::Args) -> Result<String, ToolError> {
        self.ran.send(()).map_err(ToolError::internal)?;
        cx.progress(1, None, None);
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        cx.oci_request("C3");
        Err(ToolError::new("it cannot be changed"))
    }
}

fn service(audit: Audit, ran: mpsc::Sender<()>, seconds: u64) -> AppService {
    let app = App::new("test", "1")
        .tool(Panic)
        .tool(Change { ran, seconds })
        .audit(Arc::new(audit));
    app.into_service(Config::default()).unwrap()
}

fn app(audit: Audit) -> AppService {
    service(audit, mpsc::channel().0, 0)
}

fn rpc(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

fn post(body: &Value) -> Request<Bytes> {
    let request = Request::post("/mcp").header("content-type", "application/json");
    request.body(body.to_string().into()).unwrap()
}

fn call(tool: &str) -> Request<Bytes> {
    let params = json!({ "name": tool, "arguments": { "b": 1.0, "a": "x" } });
    post(&rpc("tools/call", &params))
}

async fn send(app: &AppService, request: Request<Bytes>) -> Response<Body> {
    app.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_call_leaves_a_line_that_says_who_asked_for_what_and_what_became_of_it() {
    let kept = Kept::default();
    let (ran, _receiver) = mpsc::channel();
    let app = service(audit(&kept).scheme("jwt"), ran, 0);
    let mut delivery = Delivery::http("functions");
    delivery.caller = Some(Principal::new("alice"));
    delivery.request_id = Some("01J".into());
    let mut request = call("change");
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let header = traceparent.parse().unwrap();
    request.headers_mut().insert("traceparent", header);
    request.extensions_mut().insert(delivery);

    send(&app, request).await;

    let line = kept.line();
    assert!(line["duration_ms"].is_f64(), "{line}");
    for (member, expected) in [
        ("time", json!("2026-11-21T12:00:00.000Z")),
        ("event", json!("request")),
        ("host", json!("functions")),
        ("request", json!(0)),
        ("request_id", json!("01J")),
        ("trace_id", json!("0af7651916cd43dd8448eb211c80319c")),
        ("caller", json!("alice")),
        ("scheme", json!("jwt")),
        ("method", json!("tools/call")),
        ("tool", json!("change")),
        ("arguments_sha256", json!(DIGEST)),
        ("decision", json!("allowed")),
        ("status", json!(200)),
        ("tool_error", json!(true)),
        ("oci_request_ids", json!(["C3"])),
    ] {
        assert_eq!(line[member], expected, "{member}");
    }
    for absent in ["arguments", "code", "ended", "lost", "reason"] {
        assert_eq!(line.get(absent), None, "{line}");
    }
}

/// `printf '{"a":"x","b":1}' | sha256sum`
const DIGEST: &str = "cdab067e9f3beb32d1252cfd63e492592fecbf591b0d08cadb24bb17f3864246";

#[tokio::test]
async fn what_is_refused_is_on_record_with_the_reason() {
    let get = Request::get("/mcp").body(Bytes::new()).unwrap();
    let elsewhere = Request::get("/elsewhere").body(Bytes::new()).unwrap();
    let mut page = call("panic");
    let origin = "https://evil.example".parse().unwrap();
    page.headers_mut().insert("origin", origin);
    let mut large = Request::post("/mcp").body(Bytes::new()).unwrap();
    let mut delivery = Delivery::http("test");
    delivery.undelivered_bytes = Some(1 << 40);
    large.extensions_mut().insert(delivery);
    let mut broken = call("panic");
    *broken.body_mut() = Bytes::from_static(b"{");
    for (request, status, code, reason) in [
        (get, 405, None, "method_not_allowed"),
        (elsewhere, 404, None, "not_found"),
        (page, 403, None, "forbidden_origin"),
        (large, 413, None, "too_large"),
        (broken, 400, Some(-32700), "not_json"),
        (post(&json!([])), 400, Some(-32600), "invalid_request"),
        (
            post(&rpc("nope", &json!({}))),
            200,
            Some(-32601),
            "unknown_method",
        ),
        (call("nope"), 200, Some(-32602), "invalid_params"),
    ] {
        let kept = Kept::default();

        send(&app(audit(&kept)), request).await;

        let line = kept.line();
        assert_eq!(line["decision"], "refused", "{line}");
        assert_eq!(line["reason"], reason);
        assert_eq!(line["status"], status);
        assert_eq!(line.get("code").cloned(), code.map(|code| json!(code)));
    }
}

#[tokio::test]
async fn a_panic_is_on_record_with_what_was_known_before() {
    let kept = Kept::default();

    send(&app(audit(&kept)), call("panic")).await;

    let line = kept.line();
    assert_eq!(line["tool"], "panic");
    assert_eq!(
        (&line["code"], &line["status"]),
        (&json!(-32603), &json!(200))
    );
    assert_eq!(line["oci_request_ids"], json!(["A1/B2"]));
}

#[tokio::test]
async fn a_probe_leaves_no_line_and_a_notification_does() {
    let kept = Kept::default();
    let app = app(audit(&kept));
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });

    send(&app, Request::get("/a/health").body(Bytes::new()).unwrap()).await;
    send(&app, post(&ready)).await;

    let line = kept.line();
    assert_eq!(
        (&line["status"], &line["decision"]),
        (&json!(202), &json!("allowed"))
    );
}

#[tokio::test]
async fn a_batch_is_one_line_that_names_its_messages() {
    let kept = Kept::default();
    let params = json!({ "name": "panic" });
    let batch = json!([
        rpc("ping", &json!({})),
        rpc("tools/call", &params),
        7,
        rpc("nope", &json!({}))
    ]);

    send(&app(audit(&kept)), post(&batch)).await;

    let line = kept.line();
    let messages = line["messages"].as_array().unwrap();
    assert_eq!(
        messages[0],
        json!({ "method": "ping", "decision": "allowed" })
    );
    assert_eq!(messages[1]["tool"], "panic");
    assert_eq!(messages[1]["code"], -32603);
    assert_eq!(messages[2]["reason"], "unknown_method");
    assert_eq!(line["others"], 1);
    assert_eq!(line.get("tool"), None);
}

#[tokio::test]
async fn a_stream_is_on_record_when_it_ends_and_when_it_is_dropped() {
    let stream = || {
        let mut delivery = Delivery::http("test");
        delivery.reply = Reply::EventStream;
        let mut request = call("panic");
        request.extensions_mut().insert(delivery);
        request
    };
    let (read, dropped) = (Kept::default(), Kept::default());

    let body = send(&app(audit(&read)), stream()).await.into_body();
    let before = read.lines().len();
    body.collect().await.unwrap();
    drop(send(&app(audit(&dropped)), stream()).await);

    assert_eq!(before, 0);
    assert_eq!(read.line().get("ended"), None);
    let line = dropped.line();
    assert_eq!(
        (&line["ended"], &line["status"]),
        (&json!("hung_up"), &json!(200))
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_client_hangs_up_is_on_record_when_nothing_works_on_it_any_more() {
    for outlives_client in [false, true] {
        let kept = Kept::default();
        let (ran, _receiver) = mpsc::channel();
        let app = service(audit(&kept), ran, 10);
        let mut delivery = Delivery::http("test");
        delivery.outlives_client = outlives_client;
        let mut request = call("change");
        request.extensions_mut().insert(delivery);

        let answer = timeout(Duration::from_secs(1), send(&app, request)).await;
        let at_once = kept.lines().len();
        tokio::time::sleep(Duration::from_secs(20)).await;

        assert!(answer.is_err());
        assert_eq!(at_once, usize::from(!outlives_client));
        let line = kept.line();
        assert_eq!(
            (&line["ended"], &line["tool"]),
            (&json!("hung_up"), &json!("change"))
        );
        assert_eq!(line["decision"], "allowed");
        assert_eq!(line.get("status"), None);
        assert_eq!(line["tool_error"] == true, outlives_client, "{line}");
    }
}

#[tokio::test]
async fn arguments_are_told_masked_and_only_if_asked_for() {
    let kept = Kept::default();
    let (ran, _receiver) = mpsc::channel();
    let app = service(audit(&kept).with_arguments(), ran, 0);
    let arguments = json!({ "password": "hunter2", "name": "db" });
    let params = json!({ "name": "change", "arguments": arguments });

    send(&app, post(&rpc("tools/call", &params))).await;

    assert_eq!(
        kept.line()["arguments"],
        json!({ "password": "(masked)", "name": "db" })
    );
}

#[tokio::test]
async fn a_line_that_is_lost_is_told_by_the_next() {
    let kept = Kept::default();
    let app = app(audit(&kept));

    for is_full in [false, true, true, false, false] {
        kept.set(|state| &state.is_full, is_full);
        send(&app, call("panic")).await;
    }

    let lines = kept.lines();
    let lost: Vec<_> = lines.iter().map(|line| line.get("lost")).collect();
    assert_eq!(lost, [None, Some(&json!(2)), None]);
}

#[tokio::test(start_paused = true)]
async fn what_may_change_something_is_not_called_unless_that_is_on_record_before() {
    let kept = Kept::default();
    let (ran, receiver) = mpsc::channel();
    let app = service(audit(&kept).fail_closed(), ran, 0);

    send(&app, call("change")).await;
    kept.set(|state| &state.is_full, true);
    let refused = send(&app, call("change")).await;
    let reading = send(&app, call("panic")).await;
    kept.set(|state| &state.is_full, false);
    kept.set(|state| &state.is_stuck, true);
    send(&app, call("change")).await;

    assert_eq!(receiver.try_iter().count(), 1);
    let refused = refused.into_body().collect().await.unwrap().to_bytes();
    let refused: Value = serde_json::from_slice(&refused).unwrap();
    assert_eq!(refused["error"]["code"], -32603);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("audit log cannot be written"), "{message}");
    assert_eq!(reading.status(), 200);
    let lines = kept.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["event"].as_str().unwrap(),
                line["request"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("intent", 0), ("request", 0), ("intent", 3), ("request", 3)]
    );
    assert_eq!(lines[0]["arguments_sha256"], DIGEST);
    // An intent, its request and one that only read.
    assert_eq!(lines[2]["lost"], 3);
    assert_eq!(lines[3]["reason"], "audit_unavailable");
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_a_sink_that_sends_later_but_not_beyond_its_deadline() {
    let kept = Kept::default();
    kept.set(|state| &state.holds, true);
    kept.set(|state| &state.is_stuck, true);
    let app = app(audit(&kept));
    let mut delivery = Delivery::http("functions");
    delivery.deadline = Some(Instant::now() + Duration::from_secs(2));
    let mut urgent = call("panic");
    urgent.extensions_mut().insert(delivery);
    let start = tokio::time::Instant::now();

    let answer = send(&app, call("panic")).await;
    let patient = start.elapsed();
    send(&app, urgent).await;

    assert_eq!(answer.status(), 200);
    assert_eq!(patient, Duration::from_secs(5));
    assert!(start.elapsed() < patient + Duration::from_secs(2));
    assert_eq!(kept.lines().len(), 2);
}

#[tokio::test]
async fn a_chain_that_is_closed_ends_with_a_line_that_says_so() {
    let (kept, unused) = (Kept::default(), Kept::default());
    let closed = audit(&kept);
    closed.refused("container", StatusCode::REQUEST_TIMEOUT, "slow");

    closed.close().await;
    closed.refused("container", StatusCode::REQUEST_TIMEOUT, "late");
    audit(&unused).close().await;

    let lines = kept.lines();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str()).collect();
    assert_eq!(events, [Some("request"), Some("close")]);
    assert_eq!(lines[0]["reason"], "slow");
    assert_eq!(unused.lines(), Vec::<Value>::new());
}

#[tokio::test]
async fn each_sink_has_a_chain_of_its_own() {
    let (one, other) = (Kept::default(), Kept::default());
    let app = app(audit(&one).to(other.clone()));

    one.set(|state| &state.is_full, true);
    send(&app, call("panic")).await;
    one.set(|state| &state.is_full, false);
    send(&app, call("panic")).await;

    assert_eq!(one.line()["lost"], 1);
    assert_eq!(other.lines().len(), 2);
}

#[tokio::test]
async fn without_a_record_a_tool_may_still_name_its_requests() {
    let tool = DynamicTool::new(
        "name",
        "Names.",
        json!({ "type": "object" }),
        |cx, _| async move {
            cx.oci_request("A1");
            Ok::<_, ToolError>("named")
        },
    );
    let app = App::new("test", "1").dynamic_tool(tool.unwrap());
    let app = app.into_service(Config::default()).unwrap();

    let answer = send(&app, call("name")).await;

    assert_eq!(answer.status(), 200);
}
