//! The caller's trace: what a tool is told of it, and what the log says.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails where it finds less than it looks for"
)]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, Context, NoArgs, Tool, ToolError};
use oci_mcp_tests::{LEGACY, MODERN, Server, request, with};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const HOP: &str = "00-11111111111111111111111111111111-2222222222222222-01";

/// Tells what it knows of the trace, and logs.
struct Trace<const BLOCKING: bool>;

impl<const BLOCKING: bool> Tool for Trace<BLOCKING> {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = if BLOCKING { "blocking" } else { "trace" };
    const DESCRIPTION: &'static str = "Tells the trace.";
    const BLOCKING: bool = BLOCKING;

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        tracing::info!("at work");
        let trace = cx.trace().map(|trace| {
            let [state, baggage] = [&trace.tracestate, &trace.baggage].map(Option::as_deref);
            let parent = &trace.traceparent;
            format!(
                "{parent} {} {}",
                state.unwrap_or("-"),
                baggage.unwrap_or("-")
            )
        });
        Ok(trace.unwrap_or_else(|| "none".to_owned()))
    }
}

fn server() -> Server {
    let app = App::new("tracer", "1.0.0");
    Server::new(app.tool(Trace::<false>).tool(Trace::<true>))
}

/// A call with `meta` beside what the revision requires.
fn call(revision: &str, tool: &str, meta: &Value) -> Request<Bytes> {
    let mut request = request(revision, "tools/call", &json!({ "name": tool }));
    let mut body: Value = serde_json::from_slice(request.body()).unwrap();
    let params = body["params"].as_object_mut().unwrap();
    let members = params.entry("_meta").or_insert(json!({}));
    let members = members.as_object_mut().unwrap();
    members.extend(meta.as_object().unwrap().clone());
    *request.body_mut() = body.to_string().into();
    request
}

async fn told(request: Request<Bytes>) -> String {
    let reply = server().send(request).await.json();
    let text = reply.pointer("/result/content/0/text").unwrap();
    text.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_tool_knows_the_trace_of_its_caller_in_every_revision() {
    let meta = json!({ "traceparent": PARENT, "tracestate": "a=1", "baggage": "user=7" });
    for revision in LEGACY.into_iter().chain([MODERN]) {
        let told = told(call(revision, "trace", &meta)).await;

        assert_eq!(told, format!("{PARENT} a=1 user=7"), "{revision}");
    }
}

#[tokio::test]
async fn what_the_message_says_comes_before_what_the_hop_says() {
    let hop = |request| {
        let request = with(request, "traceparent", HOP);
        with(with(request, "tracestate", "hop=1"), "baggage", "hop=2")
    };
    for (meta, expected) in [
        (json!({ "traceparent": PARENT }), format!("{PARENT} - -")),
        (json!({}), format!("{HOP} hop=1 hop=2")),
        (
            json!({ "traceparent": "nonsense" }),
            format!("{HOP} hop=1 hop=2"),
        ),
        (
            json!({ "traceparent": 7, "baggage": [] }),
            format!("{HOP} hop=1 hop=2"),
        ),
        (
            json!({ "traceparent": PARENT, "tracestate": "a\nb", "baggage": "ü" }),
            format!("{PARENT} - -"),
        ),
    ] {
        let told = told(hop(call(MODERN, "trace", &meta))).await;

        assert_eq!(told, expected, "{meta}");
    }
    assert_eq!(told(call(MODERN, "trace", &json!({}))).await, "none");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn what_is_logged_during_a_call_can_be_found_by_its_trace() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone())
        .finish();
    // For the threads of blocking tools, too; no other test of this program looks at the log.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();

    runtime.block_on(async {
        for tool in ["trace", "blocking"] {
            told(call(MODERN, tool, &json!({ "traceparent": PARENT }))).await;
            told(call(MODERN, tool, &json!({}))).await;
        }
    });

    let bytes = log.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    let id = "trace_id=\"0af7651916cd43dd8448eb211c80319c\"";
    for what in ["at work", "request "] {
        let lines: Vec<_> = text.lines().filter(|line| line.contains(what)).collect();
        let with_id = lines.iter().filter(|line| line.contains(id)).count();
        assert!(with_id >= 2 && with_id < lines.len(), "{what}: {text}");
    }
}
