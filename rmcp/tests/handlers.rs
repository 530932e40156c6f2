//! Handlers of every temper, mounted.

#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oci_mcp::{Context, Delivery, DynamicTool, ToolError};
use oci_mcp_tests::{Server, legacy, modern, request, revisions};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode,
    InitializeResult, ListToolsResult, PaginatedRequestParams, ServerCapabilities, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler};
use serde_json::{Map, Value, json};

/// Whether a call is still under way.
#[derive(Clone, Debug, Default)]
struct Running(Arc<AtomicBool>);

struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug, Default)]
struct Moody {
    running: Running,
}

impl ServerHandler for Moody {
    fn get_info(&self) -> InitializeResult {
        InitializeResult::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tool = |name: &'static str| Tool::new(name, "Does something.", Map::new_object());
        let mut result = ListToolsResult::default();
        match page.and_then(|page| page.cursor).as_deref() {
            None => {
                result.tools = ["panic", "wait", "ask", "refuse"].map(tool).to_vec();
                result.next_cursor = Some("2".to_owned());
            }
            Some(_) => result.tools = ["caller", "own_code", "number"].map(tool).to_vec(),
        }
        Ok(result)
    }

    #[expect(
        deprecated,
        reason = "older servers ask their clients for roots, and that is what is tried"
    )]
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text =
            |text: String| Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into());
        match &*request.name {
            "panic" => panic!("by design"),
            "wait" => {
                self.running.0.store(true, Ordering::SeqCst);
                let _guard = Guard(Arc::clone(&self.running.0));
                std::future::pending().await
            }
            "ask" => match context.peer.list_roots().await {
                Ok(_) => text("asked".to_owned()),
                Err(error) => text(error.to_string()),
            },
            "caller" => {
                let cx = context.extensions.get::<Context>().unwrap();
                text(cx.host().to_owned())
            }
            "own_code" => Err(ErrorData::new(
                ErrorCode(7),
                "seven",
                Some(json!({ "a": 1 })),
            )),
            "number" => Ok(CallToolResult::structured(json!(7)).into()),
            _ => Err(ErrorData::invalid_request("not today", None)),
        }
    }
}

trait NewObject {
    fn new_object() -> Self;
}

impl NewObject for Map<String, Value> {
    fn new_object() -> Self {
        Self::from_iter([("type".to_owned(), json!("object"))])
    }
}

fn server() -> Server {
    Server::new(oci_mcp_rmcp::app(Moody::default))
}

fn call(name: &str) -> Value {
    json!({ "name": name, "arguments": {} })
}

#[tokio::test]
async fn every_page_of_tools_is_in_the_list() {
    let server = server();
    for revision in revisions() {
        let reply = server
            .send(request(revision, "tools/list", &json!({})))
            .await;

        let tools = reply.json()["result"]["tools"].take();
        let names: Vec<_> = tools
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        let expected = [
            "ask", "caller", "number", "own_code", "panic", "refuse", "wait",
        ];
        assert_eq!(names, expected, "{revision}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_next_call_works() {
    let server = server();

    let panicked = server.send(modern("tools/call", &call("panic"))).await;
    let next = server.send(modern("tools/call", &call("caller"))).await;

    assert_eq!(panicked.error(), (200, -32603));
    assert!(
        panicked.message().contains("`panic`"),
        "{}",
        panicked.message()
    );
    assert_eq!(next.json()["result"]["content"][0]["text"], "http");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_stopped_before_the_deadline() {
    let running = Running::default();
    let moody = Moody {
        running: running.clone(),
    };
    let server = Server::new(oci_mcp_rmcp::app(move || moody.clone()));
    let mut request = modern("tools/call", &call("wait"));
    let mut delivery = Delivery::http("test");
    delivery.deadline = Some(tokio::time::Instant::now().into_std() + Duration::from_secs(5));
    request.extensions_mut().insert(delivery);

    let reply = server.send(request).await;

    let text = reply.json()["result"]["content"][0]["text"].take();
    assert!(
        text.as_str().unwrap().contains("was stopped after 4.0 s"),
        "{text}"
    );
    assert!(!running.0.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_ends_the_call() {
    let running = Running::default();
    let moody = Moody {
        running: running.clone(),
    };
    let server = Server::new(oci_mcp_rmcp::app(move || moody.clone()));
    let request = server.send(modern("tools/call", &call("wait")));

    let dropped = tokio::time::timeout(Duration::from_secs(1), request).await;

    assert!(dropped.is_err());
    assert!(!running.0.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_handler_that_asks_its_client_is_told_that_it_cannot() {
    let server = server();
    for revision in revisions() {
        let reply = server
            .send(request(revision, "tools/call", &call("ask")))
            .await;

        let text = reply.json()["result"]["content"][0]["text"].take();
        let text = text.as_str().unwrap();
        assert!(
            text.contains("roots/list") || text.contains("InputRequired"),
            "{revision}: {text}"
        );
    }
}

#[tokio::test]
async fn an_error_keeps_its_code_and_its_data() {
    let server = server();
    for revision in revisions() {
        let own = server
            .send(request(revision, "tools/call", &call("own_code")))
            .await;
        let refused = server
            .send(request(revision, "tools/call", &call("refuse")))
            .await;

        assert_eq!(own.error(), (200, 7), "{revision}");
        assert_eq!(own.json()["error"]["data"], json!({ "a": 1 }));
        assert_eq!(refused.error(), (200, -32600), "{revision}");
    }
}

#[tokio::test]
async fn a_value_that_is_no_object_reaches_those_who_know_such() {
    let server = server();
    for revision in revisions() {
        let reply = server
            .send(request(revision, "tools/call", &call("number")))
            .await;

        let result = reply.json()["result"].take();
        let value = result.get("structuredContent");
        assert_eq!(value.is_some(), revision == "2026-07-28", "{revision}");
        assert_eq!(result["content"][0]["text"], "7", "{revision}");
    }
}

#[tokio::test]
async fn a_server_without_resources_and_prompts_has_no_methods_for_them() {
    let server = server();
    for method in ["resources/list", "prompts/get", "completion/complete"] {
        let reply = server.send(legacy("2025-11-25", method, &json!({}))).await;

        assert_eq!(reply.error(), (200, -32601), "{method}");
    }
}

#[test]
fn tools_of_our_own_beside_it_are_refused() {
    let own = DynamicTool::new("own", "Own.", json!({ "type": "object" }), |_, _| async {
        Ok::<_, ToolError>("")
    });

    let app = oci_mcp_rmcp::app(Moody::default).dynamic_tool(own.unwrap());

    let refused = app.into_service(oci_mcp::Config::default()).unwrap_err();
    assert!(refused.to_string().contains("a mounted server brings"));
}
