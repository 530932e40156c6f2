//! One answer on every host: the same requests through a function, a model deployment, a container
//! and stdio, each the real binary as its own process.

#![cfg(test)]

use std::process::Stdio;

use bytes::Bytes;
use http::{Method, Request, Uri};
use oci_mcp::{Body, Config};
use oci_mcp_tests::{
    Container, Deployed, Emulated, LEGACY, LIST, MODERN, Server, add, headerless, hello, legacy,
    list, meta, modern, patient, post, quiet, rpc, served, with,
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tower::ServiceExt;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// What stdio answers to `lines`, until it has answered them all.
async fn stdio(lines: &[Bytes]) -> Vec<Value> {
    let mut command = Command::new(BINARY);
    command.arg("stdio").env_clear();
    ask(command, lines).await
}

async fn ask(mut command: Command, lines: &[Bytes]) -> Vec<Value> {
    let mut process = command
        .env("OCI_MCP_LOG", "error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    for line in lines {
        input.write_all(line).await.unwrap();
        input.write_all(b"\n").await.unwrap();
    }
    drop(input);
    let output = process.wait_with_output().await.unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Requests of every revision and kind, good and bad.
fn requests() -> Vec<Request<Bytes>> {
    let call = json!({ "name": "add", "arguments": { "a": 2, "b": 40 } });
    let batch = format!(r#"[{LIST},{{"jsonrpc":"2.0","id":"b","method":"nope"}},7]"#);
    let mut requests = vec![
        list(),
        add(),
        modern("server/discover", &json!({})),
        modern("tools/call", &json!({ "name": "nope" })),
        modern("tools/call", &json!({ "name": "fail" })),
        modern("tools/call", &json!({ "name": "panic" })),
        modern(
            "tools/call",
            &json!({ "name": "add", "arguments": { "a": "x" } }),
        ),
        modern("prompts/list", &json!({})),
        with(list(), "mcp-method", "tools/call"),
        with(post(LIST), "mcp-protocol-version", "2099-01-01"),
        with(post(LIST), "content-type", "text/plain"),
        with(post(LIST), "accept", "text/html"),
        with(post(LIST), "origin", "https://evil.example.com"),
        post(batch),
        post("nope"),
        post(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
        post(vec![b' '; 4_500_000]),
        Request::get("/mcp").body(Bytes::new()).unwrap(),
        Request::get("/health").body(Bytes::new()).unwrap(),
        Request::get("/elsewhere").body(Bytes::new()).unwrap(),
    ];
    for revision in LEGACY {
        requests.push(post(rpc("initialize", &hello(revision))));
        requests.push(legacy(revision, "ping", &json!({})));
        requests.push(legacy(revision, "tools/list", &json!({})));
        requests.push(legacy(revision, "tools/call", &call));
    }
    requests
}

fn copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::new(request.body().clone());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    copy
}

#[tokio::test]
async fn a_function_and_a_container_answer_as_the_app_does() {
    let in_process = Server::new(served());
    let function = Emulated::new(quiet(BINARY), patient());
    let container = Container::start(BINARY, &[]).await;
    for request in requests() {
        let expected = in_process.send(copy(&request)).await;
        let expected = (
            expected.status.as_u16(),
            String::from_utf8(expected.body.into()).unwrap(),
        );

        let served = container.send(&request).await;
        let invoked = function.send(copy(&request)).await;

        let shown = String::from_utf8_lossy(&request.body()[..request.body().len().min(200)]);
        let invoked = (
            invoked.status.as_u16(),
            String::from_utf8(invoked.body.into()).unwrap(),
        );
        assert_eq!(invoked, expected, "function: {shown}");
        assert_eq!(served, expected, "container: {shown}");
    }
}

#[tokio::test]
async fn a_model_deployment_answers_as_the_app_does_and_streams_the_same() {
    let in_process = Server::new(served());
    let deployment = Deployed::start(BINARY, &[]).await;
    let below = |request: &Request<Bytes>, path: &'static str| {
        let mut request = copy(request);
        *request.uri_mut() = Uri::from_static(path);
        request
    };
    for request in requests().iter().filter(|request| request.uri() == "/mcp") {
        let expected = in_process.send(copy(request)).await;

        let answer = deployment.send(below(request, "/predict/mcp")).await;

        let shown = String::from_utf8_lossy(&request.body()[..request.body().len().min(200)]);
        assert_eq!(answer.status, expected.status, "{shown}");
        assert_eq!(answer.body, expected.body, "{shown}");
        if request.method() == Method::POST {
            let stream = below(request, "/predictWithResponseStream/mcp/stream");
            let streamed = deployment.send(stream).await;
            assert_eq!(streamed.status, expected.status, "{shown}");
            assert_eq!(streamed.body, event(&expected.body), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_list_that_all_hosts_answer_with_is_long_enough_for_two_pieces() {
    let service = served().into_service(Config::default()).unwrap();

    let response = service.oneshot(list()).await.unwrap();

    let body = response.body();
    assert!(
        matches!(body, Body::Whole(_, page) if !page.is_empty()),
        "{body:?}"
    );
}

/// A message as an event; nothing stays nothing.
fn event(message: &[u8]) -> Vec<u8> {
    match message {
        [] => Vec::new(),
        message => [b"event: message\ndata: ", message, b"\n\n"].concat(),
    }
}

#[tokio::test]
async fn stdio_and_predict_answer_as_the_app_does_without_headers() {
    let server = Server::new(served());
    let deployment = Deployed::start(BINARY, &[]).await;
    for message in messages() {
        let asked = headerless(post(message.clone()));
        let expected = server.send(asked).await.json();
        let mut predict = Request::new(Bytes::from(message.clone()));
        *predict.method_mut() = Method::POST;
        *predict.uri_mut() = Uri::from_static("/predict");

        let lines = stdio(&[message.clone().into()]).await;
        let predicted = deployment.send(predict).await.json();

        assert_eq!(lines, std::slice::from_ref(&expected), "{message}");
        assert_eq!(predicted, expected, "{message}");
    }
}

/// Messages that need no header.
fn messages() -> Vec<String> {
    let claims = |method: &str| rpc(method, &json!({ "_meta": meta(MODERN) }));
    let call = json!({ "name": "add", "arguments": { "a": 2, "b": 40 } });
    vec![
        LIST.to_owned(),
        claims("tools/list"),
        claims("server/discover"),
        claims("ping"),
        rpc("tools/call", &call),
        rpc("tools/call", &json!({ "name": "panic" })),
        rpc("initialize", &hello("2025-06-18")),
        format!("[{LIST},7]"),
        "nope".to_owned(),
    ]
}

#[tokio::test]
async fn a_plain_call_of_predict_is_answered_with_the_plain_result() {
    let deployment = Deployed::start(BINARY, &[]).await;
    let call = r#"{"tool":"add","arguments":{"a":2,"b":40}}"#;

    let request = Request::post("/predict").body(call.into()).unwrap();
    let result = deployment.send(request).await.json();

    assert_eq!(result["structuredContent"], json!({ "sum": 42 }));
    assert_eq!(result.get("jsonrpc"), None, "{result}");
}

#[tokio::test]
async fn a_remapped_predict_is_mcp() {
    for path in ["/", "/mcp/", "/any/path"] {
        let remap = [("MODEL_DEPLOY_PREDICT_ENDPOINT", path)];
        let deployment = Deployed::start(BINARY, &remap).await;

        let mut request = add();
        *request.uri_mut() = Uri::from_static("/predict");
        let sum = deployment.send(request).await.json();

        assert_eq!(sum["result"]["structuredContent"]["sum"], 42, "{path}");
    }
}

#[tokio::test]
async fn the_handshake_that_guides_show_works_as_it_is_typed() {
    let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"manual","version":"0.0.0"}}}"#;
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{}}"#;
    for name in ["MCP_TRANSPORT", "OCI_MCP_TRANSPORT"] {
        let mut command = Command::new(BINARY);
        command.env_clear().env(name, "stdio");

        let answers = ask(command, &[hello.into(), ready.into(), LIST.into()]).await;

        assert_eq!(answers.len(), 2, "{answers:?}");
        assert_eq!(answers[0]["id"], 0);
        assert_eq!(answers[0]["result"]["protocolVersion"], "2024-11-05");
        assert_eq!(answers[1]["result"]["tools"][0]["name"], "add");
    }
}

#[tokio::test]
async fn a_container_ends_when_it_is_told_to() {
    let mut container = Container::start(BINARY, &[]).await;

    container.terminate();

    assert!(container.ended().await.success());
}

#[tokio::test]
async fn a_container_keeps_to_the_largest_answer_it_was_given() {
    let container = Container::start(BINARY, &[("OCI_MCP_MAX_RESPONSE_BYTES", "2000")]).await;
    let call = |bytes| {
        modern(
            "tools/call",
            &json!({ "name": "large", "arguments": { "bytes": bytes } }),
        )
    };

    let (_, fits) = container.send(&call(1_000)).await;
    let (_, too_large) = container.send(&call(3_000)).await;

    assert!(!fits.contains("isError"), "{fits}");
    assert!(
        too_large.contains("isError") && too_large.contains("OCI_MCP_MAX_RESPONSE_BYTES"),
        "{too_large}"
    );
}
