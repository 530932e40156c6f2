//! What becomes of a call whose client hangs up.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it finds less than it looks for"
)]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use oci_mcp::{App, AppService, Config, Context, Delivery, NoArgs, Tool, ToolError};
use oci_mcp_tests::{MODERN, post, request, rpc, with};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::ServiceExt;

/// Waits for a permit, and tells how far it came.
#[derive(Clone)]
struct Wait {
    gate: Arc<Semaphore>,
    started: Arc<Semaphore>,
    done: Arc<Semaphore>,
    dropped: Arc<Semaphore>,
}

struct AddPermit<'a>(&'a Semaphore);

impl Drop for AddPermit<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Tool for Wait {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "wait";
    const DESCRIPTION: &'static str = "Waits.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        let _dropped = AddPermit(&self.dropped);
        cx.progress(1, None, None);
        self.started.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        self.done.add_permits(1);
        Ok("done")
    }
}

impl Wait {
    fn new() -> Self {
        let [gate, started, done, dropped] = [(); 4].map(|()| Arc::new(Semaphore::new(0)));
        Self {
            gate,
            started,
            done,
            dropped,
        }
    }

    fn service(&self) -> AppService {
        let app = App::new("waiter", "1.0.0").tool(self.clone());
        app.into_service(Config::default()).unwrap()
    }

    /// Opens the gate, and gives what runs time to end.
    async fn open(&self) {
        self.gate.add_permits(1);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    fn is_done(&self) -> bool {
        self.done.available_permits() > 0
    }

    fn is_dropped(&self) -> bool {
        self.dropped.available_permits() > 0
    }
}

/// `request` as a host delivers it on which work may go on without a client.
fn delivered(mut request: Request<Bytes>, change: impl FnOnce(&mut Delivery)) -> Request<Bytes> {
    let mut delivery = Delivery::http("test");
    delivery.outlives_client = true;
    change(&mut delivery);
    request.extensions_mut().insert(delivery);
    request
}

fn call(revision: &str) -> Request<Bytes> {
    request(revision, "tools/call", &json!({ "name": "wait" }))
}

/// Sends `request` and hangs up as soon as the tool has started.
async fn hang_up(tool: &Wait, request: Request<Bytes>) {
    let mut answer = Box::pin(tool.service().oneshot(request));
    tokio::select! {
        biased;
        _ = &mut answer => unreachable!("the gate is closed"),
        started = tool.started.acquire() => started.unwrap().forget(),
    }
}

#[tokio::test]
async fn before_2026_a_tool_goes_on_without_its_client() {
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let tool = Wait::new();

        hang_up(&tool, delivered(call(revision), |_| {})).await;

        assert!(!tool.is_dropped(), "{revision}");
        tool.open().await;
        assert!(tool.is_done(), "{revision}");
    }
}

#[tokio::test]
async fn a_batch_goes_on_too() {
    let tool = Wait::new();
    let one = rpc("tools/call", &json!({ "name": "wait" }));

    hang_up(&tool, delivered(post(format!("[{one}]")), |_| {})).await;

    tool.open().await;
    assert!(tool.is_done());
}

#[tokio::test]
async fn in_2026_the_tool_is_stopped() {
    let tool = Wait::new();

    hang_up(&tool, delivered(call(MODERN), |_| {})).await;

    assert!(tool.is_dropped() && !tool.is_done());
}

#[tokio::test]
async fn on_a_host_that_stands_still_between_requests_the_tool_is_stopped() {
    let tool = Wait::new();

    hang_up(&tool, call("2025-11-25")).await;

    assert!(tool.is_dropped() && !tool.is_done());
}

#[tokio::test]
async fn a_stream_that_nobody_reads_any_more_is_a_client_that_hung_up() {
    for (revision, goes_on) in [("2025-11-25", true), (MODERN, false)] {
        let tool = Wait::new();
        let mut params = json!({ "name": "wait" });
        params["_meta"] = json!({ "progressToken": 1 });
        let mut request = request(revision, "tools/call", &params);
        if revision == MODERN {
            let mut body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
            let meta = body.pointer_mut("/params/_meta").unwrap();
            let meta = meta.as_object_mut().unwrap();
            meta.insert("progressToken".to_owned(), json!(1));
            *request.body_mut() = body.to_string().into();
        }
        let request = with(request, "accept", "application/json, text/event-stream");
        let request = delivered(request, |delivery| delivery.is_live = true);

        let response = tool.service().oneshot(request).await.unwrap();
        let mut body = response.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);

        assert_eq!(tool.is_dropped(), !goes_on, "{revision}");
        tool.open().await;
        assert_eq!(tool.is_done(), goes_on, "{revision}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_holds_for_what_goes_on() {
    let tool = Wait::new();
    let deadline = (Instant::now() + Duration::from_secs(31)).into_std();
    let request = delivered(call("2025-11-25"), |delivery| {
        delivery.deadline = Some(deadline);
    });

    hang_up(&tool, request).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert!(!tool.is_dropped());
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert!(tool.is_dropped() && !tool.is_done());
}

#[tokio::test(start_paused = true)]
async fn what_has_no_deadline_goes_on_for_ten_minutes() {
    let tool = Wait::new();

    hang_up(&tool, delivered(call("2025-11-25"), |_| {})).await;
    tokio::time::sleep(Duration::from_secs(599)).await;
    assert!(!tool.is_dropped());
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert!(tool.is_dropped() && !tool.is_done());
}

#[tokio::test]
async fn only_some_go_on_at_a_time() {
    let tool = Wait::new();
    let service = tool.service();

    for _ in 0..70 {
        let call = delivered(call("2025-11-25"), |_| {});
        let mut answer = Box::pin(service.clone().oneshot(call));
        assert!(futures_util::poll!(&mut answer).is_pending());
    }

    assert_eq!(tool.started.available_permits(), 70);
    assert_eq!(tool.dropped.available_permits(), 6);
}
