//! What happens to a tool call: arguments, results, failures, panics, deadlines, limits.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails as a test does"
)]

use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use http::Request;
use oci_mcp::{App, Context, Delivery, DynamicTool, NoArgs, Tool, ToolError};
use oci_mcp_tests::{Block, Server, app, legacy, loose, modern, post};
use serde_json::{Value, json};

async fn call(name: &str, arguments: Value) -> Value {
    let params = json!({ "name": name, "arguments": arguments });
    Server::new(app())
        .send(modern("tools/call", &params))
        .await
        .json()
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("no text: {answer}"))
}

fn delivered<B>(mut request: Request<B>, change: impl FnOnce(&mut Delivery)) -> Request<B> {
    let mut delivery = Delivery::http("test");
    change(&mut delivery);
    request.extensions_mut().insert(delivery);
    request
}

#[tokio::test]
async fn a_result_has_text_and_the_value() {
    let answer = call("add", json!({ "a": 2, "b": 40 })).await;

    assert_eq!(text(&answer), r#"{"sum":42}"#);
    assert_eq!(answer["result"]["structuredContent"], json!({ "sum": 42 }));
    assert_eq!(answer["result"]["isError"], Value::Null);
}

#[tokio::test]
async fn every_violation_of_the_schema_is_reported_at_once_as_a_tool_error() {
    let answer = call("add", json!({ "a": "2" })).await;

    assert_eq!(answer["result"]["isError"], true);
    assert!(
        text(&answer).contains("at /a: \"2\" is not of type \"integer\""),
        "{answer}"
    );
    assert!(
        text(&answer).contains("at the root: \"b\" is a required property"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_tool_without_arguments_may_be_called_without_any_but_not_with_some() {
    let server = Server::new(app());
    for (params, message) in [
        (json!({ "name": "fail" }), "there is no compartment `x`"),
        (
            json!({ "name": "fail", "arguments": null }),
            "there is no compartment `x`",
        ),
        (
            json!({ "name": "fail", "arguments": { "x": 1 } }),
            "('x' was unexpected)",
        ),
    ] {
        let call = loose(modern("tools/call", &params));
        let answer = server.send(call).await.json();

        assert_eq!(answer["result"]["isError"], true);
        assert!(text(&answer).contains(message), "{answer}");
    }
}

#[tokio::test]
async fn a_dynamic_tool_gets_its_arguments_as_they_were_written() {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",
        "arguments":{ "big": 123456789012345678901234567890, "n": 1.0 }}}"#;

    let answer = Server::new(app()).post(body).await.json();

    assert_eq!(
        text(&answer),
        r#"{ "big": 123456789012345678901234567890, "n": 1.0 }"#
    );
}

#[tokio::test]
async fn a_failure_is_told_and_an_internal_one_kept_back() {
    let failed = call("fail", json!({})).await;
    let leaked = call("leak", json!({})).await;

    assert_eq!(failed["result"]["isError"], true);
    assert_eq!(
        text(&failed),
        "there is no compartment `x`; list them first"
    );
    assert_eq!(leaked["result"]["isError"], true);
    assert_eq!(text(&leaked), "the tool failed");
}

#[tokio::test]
async fn an_unknown_tool_is_invalid_params() {
    for request in [
        modern("tools/call", &json!({ "name": "Add" })),
        legacy("2025-06-18", "tools/call", &json!({ "name": "Add" })),
    ] {
        let reply = Server::new(app()).send(request).await;

        assert_eq!(reply.error(), (200, -32602));
        assert!(reply.message().contains("`Add`"));
    }
}

#[tokio::test]
async fn malformed_parameters_are_invalid_params() {
    let server = Server::new(app());
    for params in [
        json!({}),
        json!({ "name": 5 }),
        json!({ "name": "add", "arguments": [] }),
        json!({ "name": "add", "arguments": "a" }),
    ] {
        let reply = server
            .send(legacy("2025-11-25", "tools/call", &params))
            .await;

        assert_eq!(reply.error(), (200, -32602), "{params}");
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_the_requests_id_and_the_next_call_works() {
    let server = Server::new(app());
    let body = |name| {
        json!({ "jsonrpc": "2.0", "id": "p-7", "method": "tools/call",
            "params": { "name": name, "arguments": { "a": 1, "b": 1 } } })
    };
    let panic = json!({ "jsonrpc": "2.0", "id": "p-7", "method": "tools/call", "params": { "name": "panic" } });

    let reply = server.post(panic.to_string()).await;
    let next = server.post(body("add").to_string()).await.json();

    assert_eq!(reply.error(), (200, -32603));
    assert_eq!(reply.json()["id"], "p-7");
    assert_eq!(next["result"]["content"][0]["text"], r#"{"sum":2}"#);
}

#[tokio::test]
async fn a_panicking_blocking_tool_is_an_internal_error_too() {
    struct Bang;
    impl Tool for Bang {
        type Args = NoArgs;
        type Output = String;
        const NAME: &'static str = "bang";
        const DESCRIPTION: &'static str = "Panics on a thread of its own.";
        const BLOCKING: bool = true;

        async fn call(&self, _: &Context, _: NoArgs) -> Result<String, ToolError> {
            panic!("bang")
        }
    }

    let server = Server::new(App::new("test", "1").tool(Bang));
    let reply = server
        .send(modern("tools/call", &json!({ "name": "bang" })))
        .await;

    assert_eq!(reply.error(), (200, -32603));
}

#[tokio::test(start_paused = true)]
async fn a_slow_tool_is_stopped_a_second_before_the_deadline() {
    let start = tokio::time::Instant::now();
    let params = json!({ "name": "sleep", "arguments": { "seconds": 3600 } });
    let request = delivered(modern("tools/call", &params), |delivery| {
        delivery.deadline = Some((start + Duration::from_secs(30)).into_std());
    });

    let reply = Server::new(app()).send(request).await;

    assert_eq!(start.elapsed().as_secs(), 29);
    assert_eq!(reply.json()["result"]["isError"], true);
    assert!(
        text(&reply.json()).contains("stopped after 29.0 s"),
        "{}",
        reply.json()
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_ends_in_time_is_not_stopped() {
    let params = json!({ "name": "sleep", "arguments": { "seconds": 28 } });
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let request = delivered(modern("tools/call", &params), |delivery| {
        delivery.deadline = Some(deadline.into_std());
    });

    let reply = Server::new(app()).send(request).await;

    assert_eq!(text(&reply.json()), "slept");
}

#[tokio::test]
async fn a_tool_that_blocks_its_thread_is_answered_in_time_and_told_that_nobody_waits() {
    let ((release, until), (ended, was_cancelled)) = (mpsc::channel(), mpsc::channel());
    let server = Server::new(App::new("test", "1").tool(Block {
        until: Mutex::new(until),
        ended,
    }));
    let deadline = Instant::now() + Duration::from_millis(200);
    let request = delivered(
        modern("tools/call", &json!({ "name": "block" })),
        |delivery| {
            delivery.deadline = Some(deadline);
        },
    );

    let reply = server.send(request).await;
    let answered = Instant::now();
    release.send(()).unwrap();

    assert!(answered < deadline, "{:?} late", answered - deadline);
    assert_eq!(reply.json()["result"]["isError"], true);
    assert!(was_cancelled.recv().unwrap());
}

#[tokio::test]
async fn a_result_over_the_hosts_limit_becomes_an_error_that_says_so() {
    let server = Server::new(app());
    let params = json!({ "name": "large", "arguments": { "bytes": 100_000 } });
    for (limit, is_error) in [(100_500, None), (100_000, Some(true))] {
        let request = delivered(modern("tools/call", &params), |delivery| {
            delivery.max_response_bytes = Some(limit);
        });

        let reply = server.send(request).await;

        assert_eq!(reply.json()["result"]["isError"].as_bool(), is_error);
        assert!(reply.body.len() <= limit);
    }
}

#[tokio::test]
async fn a_batch_stays_within_the_hosts_limit_and_answers_every_request() {
    let body = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "large", "arguments": { "bytes": 1_200 } } },
        { "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "large", "arguments": { "bytes": 1_200 } } },
        { "jsonrpc": "2.0", "id": 3, "method": "ping" },
    ]);
    let request = delivered(post(body.to_string()), |delivery| {
        delivery.max_response_bytes = Some(2_000);
    });

    let answers = Server::new(app()).send(request).await.json();

    assert!(answers[0]["result"].is_object());
    assert_eq!(answers[1]["error"]["code"], -32603);
    assert_eq!(answers[2]["result"], json!({}));
}

#[tokio::test]
async fn a_batch_is_not_a_byte_longer_than_the_host_passes_on() {
    let large = |id| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "large", "arguments": { "bytes": 900 } } });
    let body = json!([large(1), large(2)]).to_string();
    let server = Server::new(app());
    let whole = server.send(post(body.clone())).await.body.len();
    for limit in whole - 5..whole + 5 {
        let request = delivered(post(body.clone()), |delivery| {
            delivery.max_response_bytes = Some(limit);
        });

        let reply = server.send(request).await;

        assert!(reply.body.len() <= limit, "{limit}");
        let both = reply.json()[1]["result"].is_object();
        assert!(both || limit < whole + 2, "{limit}");
    }
}

#[tokio::test]
async fn a_tool_knows_who_calls_from_where_and_in_which_trace() {
    let schema = json!({ "type": "object" });
    let whoami = DynamicTool::new("whoami", "Tells.", schema, |cx: Context, _| async move {
        let trace = cx.trace().map(|trace| trace.traceparent.clone());
        let caller = cx.caller().map(|caller| caller.as_str().to_owned());
        let id = cx.request_id().map(str::to_owned);
        Ok::<_, ToolError>(format!("{} {caller:?} {id:?} {trace:?}", cx.host()))
    });
    let server = Server::new(App::new("test", "1").dynamic_tool(whoami.unwrap()));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut params = json!({ "name": "whoami" });
    params["_meta"] = json!({ "traceparent": parent });
    let mut request = delivered(legacy("2025-11-25", "tools/call", &params), |delivery| {
        delivery.caller = Some(oci_mcp::Principal::new("ocid1.apigateway.oc1..x"));
        delivery.request_id = Some("01ABC".into());
    });
    request.headers_mut().insert(
        "traceparent",
        "00-11111111111111111111111111111111-2222222222222222-01"
            .parse()
            .unwrap(),
    );

    let answer = server.send(request).await.json();

    let expected =
        format!(r#"test Some("ocid1.apigateway.oc1..x") Some("01ABC") Some("{parent}")"#);
    assert_eq!(text(&answer), expected);
}

#[tokio::test]
async fn a_tool_that_no_client_can_use_is_not_listed_and_a_call_says_why() {
    struct Wrong;
    impl Tool for Wrong {
        type Args = u32;
        type Output = String;
        const NAME: &'static str = "wrong";
        const DESCRIPTION: &'static str = "Takes a number where an object belongs.";

        async fn call(&self, _: &Context, _: u32) -> Result<String, ToolError> {
            Ok(String::new())
        }
    }
    let server = Server::new(app().tool(Wrong));

    let list = server.send(modern("tools/list", &json!({}))).await.json();
    let call = server
        .send(modern("tools/call", &json!({ "name": "wrong" })))
        .await;

    assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 7);
    assert_eq!(call.error(), (200, -32603));
    assert!(
        call.message().contains("tool `wrong` cannot be used"),
        "{}",
        call.message()
    );
}

#[tokio::test]
async fn a_tool_that_panics_when_it_is_stopped_is_an_internal_error_too() {
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("dropped")
        }
    }
    let schema = json!({ "type": "object" });
    let tool = DynamicTool::new("clumsy", "Panics in Drop.", schema, |_, _| async {
        let _clumsy = PanicsOnDrop;
        std::future::pending::<Result<String, ToolError>>().await
    });
    let server = Server::new(App::new("test", "1").dynamic_tool(tool.unwrap()));
    let request = delivered(
        modern("tools/call", &json!({ "name": "clumsy" })),
        |delivery| {
            delivery.deadline = Some(Instant::now() + Duration::from_millis(50));
        },
    );

    let reply = server.send(request).await;

    assert_eq!(reply.error(), (200, -32603));
    assert_eq!(reply.json()["id"], 1);
}

#[tokio::test]
async fn a_tool_is_not_started_once_the_deadline_has_passed() {
    let params = json!({ "name": "add", "arguments": { "a": 2, "b": 40 } });
    let request = delivered(modern("tools/call", &params), |delivery| {
        delivery.deadline = Instant::now().checked_sub(Duration::from_secs(5));
    });

    let reply = Server::new(app()).send(request).await;

    assert_eq!(reply.json()["result"]["isError"], true);
    assert!(
        text(&reply.json()).contains("was not started"),
        "{}",
        reply.json()
    );
}

#[test]
fn a_blocking_tool_that_was_given_up_before_it_had_a_thread_never_runs() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let ((release, until), (ended, ends)) = (mpsc::channel(), mpsc::channel());
    let block = Block {
        until: Mutex::new(until),
        ended,
    };
    let server = Server::new(App::new("test", "1").tool(block));
    let call = || {
        delivered(
            modern("tools/call", &json!({ "name": "block" })),
            |delivery| {
                delivery.deadline = Some(Instant::now() + Duration::from_secs(1));
            },
        )
    };

    let (first, second) = runtime.block_on(async {
        futures_util::future::join(server.send(call()), server.send(call())).await
    });
    release.send(()).unwrap();
    release.send(()).unwrap();
    // Waits for the thread, and with it for whatever still wants to run there.
    drop(runtime);

    assert!(
        text(&first.json()).contains("was stopped after"),
        "{}",
        first.json()
    );
    assert!(
        text(&second.json()).contains("was not started"),
        "{}",
        second.json()
    );
    assert_eq!(ends.try_iter().count(), 1);
}

#[tokio::test]
async fn dropping_the_request_cancels_the_tool() {
    let (started, dropped) = (mpsc::channel(), mpsc::channel::<()>());
    let (tell, hold) = (started.0, dropped.0);
    let schema = json!({ "type": "object" });
    let tool = DynamicTool::new("wait", "Waits.", schema, move |cx: Context, _| {
        let (tell, hold) = (tell.clone(), hold.clone());
        async move {
            tell.send(cx).unwrap();
            let _held_until_dropped = hold;
            std::future::pending::<Result<String, ToolError>>().await
        }
    });
    let server = Server::new(App::new("test", "1").dynamic_tool(tool.unwrap()));
    let mut request = Box::pin(server.send(modern("tools/call", &json!({ "name": "wait" }))));

    assert!(futures_util::poll!(&mut request).is_pending());
    let cx = started.1.recv().unwrap();
    assert!(!cx.is_cancelled());
    drop(request);

    assert!(cx.is_cancelled());
    drop(server);
    assert!(dropped.1.recv().is_err());
}

#[test]
fn two_tools_with_one_name_are_refused_before_anything_is_served() {
    let twin = || {
        DynamicTool::new(
            "twin",
            "One of two.",
            json!({ "type": "object" }),
            |_, _| async { Ok("") },
        )
    };
    let app = App::new("test", "1")
        .dynamic_tool(twin().unwrap())
        .dynamic_tool(twin().unwrap());

    let error = app.into_service(oci_mcp::Config::default()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "more than one tool is called `twin`; a name is unique in a server"
    );
}
