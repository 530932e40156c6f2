//! How often, and how often at a time, a server may be called.

#![cfg(test)]

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oci_mcp::{Config, Delivery, Principal};
use oci_mcp_tests::{Reply, Server, app, legacy, list, modern};
use serde_json::json;

const REVISION: &str = "2025-11-25";

fn server(name: &str, limit: &str) -> Server {
    let config = Config::from_vars(|asked| (asked == name).then(|| limit.to_owned()));
    Server::with(app(), config.unwrap())
}

fn call(tool: &str) -> Request<Bytes> {
    let arguments = json!({ "a": 1, "b": 2, "seconds": 10 });
    let arguments = match tool {
        "fail" => json!({}),
        _ => arguments,
    };
    modern(
        "tools/call",
        &json!({ "name": tool, "arguments": arguments }),
    )
}

fn from(caller: &str, mut request: Request<Bytes>) -> Request<Bytes> {
    let mut delivery = Delivery::http("test");
    delivery.caller = Some(Principal::new(caller));
    request.extensions_mut().insert(delivery);
    request
}

#[track_caller]
fn assert_refused(reply: &Reply, setting: &str, seconds: u32) {
    let error = &reply.json()["error"];
    assert_eq!(reply.status, 429, "{error}");
    assert_eq!(reply.headers["retry-after"], seconds.to_string());
    assert_eq!(error["data"]["retryAfter"], seconds);
    assert!(
        error["message"].as_str().unwrap().contains(setting),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_calls_too_often_waits_and_others_do_not() {
    let setting = "OCI_MCP_CALLS_PER_MINUTE";
    let server = server(setting, "2");

    let first = server.send(from("alice", call("add"))).await;
    let second = server.send(from("alice", call("fail"))).await;
    let third = server.send(from("alice", call("add"))).await;
    let other = server.send(from("bob", call("add"))).await;
    let listed = server.send(from("alice", list())).await;
    tokio::time::advance(Duration::from_secs(30)).await;
    let later = server.send(from("alice", call("add"))).await;
    let again = server.send(from("alice", call("add"))).await;

    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_refused(&third, setting, 30);
    assert_eq!(other.status, 200);
    assert_eq!(listed.status, 200, "lists cost nothing");
    assert_eq!(later.status, 200);
    assert_refused(&again, setting, 30);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_is_called_too_often_refuses_everybody_and_others_do_not() {
    let setting = "OCI_MCP_TOOL_CALLS_PER_MINUTE";
    let server = server(setting, "1");

    let first = server.send(from("alice", call("add"))).await;
    let second = server.send(from("bob", call("add"))).await;
    let other = server.send(from("bob", call("fail"))).await;

    assert_eq!(first.status, 200);
    assert_refused(&second, setting, 60);
    assert_eq!(other.status, 200);
}

#[tokio::test(start_paused = true)]
async fn as_many_calls_of_a_tool_run_at_a_time_as_the_operator_allows() {
    let setting = "OCI_MCP_TOOL_CONCURRENCY";
    let server = server(setting, "2");

    let (one, two, three, other) = tokio::join!(
        server.send(call("sleep")),
        server.send(call("sleep")),
        server.send(call("sleep")),
        server.send(call("add")),
    );
    let after = server.send(call("sleep")).await;

    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_refused(&three, setting, 1);
    assert_eq!(other.status, 200);
    assert_eq!(after.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_makes_room_for_the_next() {
    let server = server("OCI_MCP_TOOL_CONCURRENCY", "1");

    let dropped = tokio::time::timeout(Duration::from_secs(1), server.send(call("sleep"))).await;
    let next = server.send(call("sleep")).await;

    assert!(dropped.is_err());
    assert_eq!(next.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_batch_are_counted_one_by_one() {
    let server = server("OCI_MCP_CALLS_PER_MINUTE", "2");
    let mut request = legacy("2025-03-26", "tools/call", &json!({}));
    let call = |id| {
        let params = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
    };
    *request.body_mut() = json!([call(1), call(2), call(3)]).to_string().into();

    let reply = server.send(request).await;

    let answers = reply.json();
    let told = answers.as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|answer| (answer["id"].clone(), answer["error"]["code"].clone()))
        .collect();
    let none = json!(null);
    let expected = [
        (json!(1), none.clone()),
        (json!(2), none),
        (json!(3), json!(429)),
    ];
    assert_eq!(reply.status, 200);
    assert_eq!(told, expected);
    // The others have their answers, so that only this one says how long to wait.
    assert_eq!(answers[2]["error"]["data"]["retryAfter"], 30);
    assert!(!reply.headers.contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_batch_run_at_a_time_and_are_limited_as_such() {
    let server = server("OCI_MCP_TOOL_CONCURRENCY", "1");
    let mut request = legacy("2025-03-26", "tools/call", &json!({}));
    let call = |id| {
        let params = json!({ "name": "sleep", "arguments": { "seconds": 1 } });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
    };
    *request.body_mut() = json!([call("a"), call("b")]).to_string().into();

    let answers = server.send(request).await.json();

    assert_eq!(answers[0]["id"], "a");
    assert!(answers[0]["result"].is_object(), "{answers}");
    assert_eq!(answers[1]["id"], "b");
    assert_eq!(answers[1]["error"]["code"], 429);
}

#[tokio::test]
async fn without_a_limit_there_is_none() {
    let server = Server::new(app());
    let params = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });

    for _ in 0..200 {
        let reply = server.send(legacy(REVISION, "tools/call", &params)).await;

        assert_eq!(reply.status, 200);
    }
}
