//! One answer on every host: the same requests through a function, a container and stdio, each the
//! real binary as its own process.

#![cfg(test)]

use std::fmt::Write;
use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{
    Emulated, LEGACY, LIST, MODERN, Raw, Server, add, app, legacy, list, meta, modern, patient,
    post, quiet, rpc, with,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// A container that listens on a port of its choice.
struct Container {
    process: Child,
    address: String,
}

impl Container {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let mut process = Command::new(BINARY)
            .env_clear()
            .env("OCI_MCP_PORT", "0")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        loop {
            let line = log.next_line().await.unwrap().expect("it does not listen");
            if let Some((_, address)) = line.split_once("address=") {
                return Self {
                    process,
                    address: address.to_owned(),
                };
            }
        }
    }

    /// The status and the body of the answer to `request`.
    async fn send(&self, request: &Request<Bytes>) -> (u16, String) {
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
            request.method(),
            request.uri(),
            request.body().len()
        );
        for (name, value) in request.headers() {
            write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        text += "\r\n";
        let mut connection = Raw::new(TcpStream::connect(&self.address).await.unwrap());
        connection.send(text.as_bytes()).await;
        connection.send(request.body()).await;
        let answer = connection.answer().await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }
}

/// What stdio answers to `lines`, until it has answered them all.
async fn stdio(lines: &[Bytes]) -> Vec<Value> {
    let mut process = Command::new(BINARY)
        .arg("stdio")
        .env_clear()
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
        let hello = json!({ "protocolVersion": revision, "capabilities": {} });
        requests.push(post(rpc("initialize", &hello)));
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
    let in_process = Server::new(app());
    let function = Emulated::new(quiet(BINARY), patient());
    let container = Container::start().await;
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
async fn stdio_answers_as_the_app_does() {
    let server = Server::new(app());
    let claims = |method: &str| rpc(method, &json!({ "_meta": meta(MODERN) }));
    // Without headers to disagree with, and in an order that concurrency cannot change.
    for message in [
        LIST.to_owned(),
        claims("tools/list"),
        claims("server/discover"),
        claims("ping"),
        rpc(
            "tools/call",
            &json!({ "name": "add", "arguments": { "a": 2, "b": 40 } }),
        ),
        rpc("tools/call", &json!({ "name": "panic" })),
        rpc(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {} }),
        ),
        format!("[{LIST},7]"),
        "nope".to_owned(),
    ] {
        let expected = server
            .send(oci_mcp_tests::headerless(post(message.clone())))
            .await;

        let answers = stdio(&[message.clone().into()]).await;

        assert_eq!(answers, [expected.json()], "{message}");
    }
}

#[tokio::test]
async fn a_container_ends_when_it_is_told_to() {
    let mut container = Container::start().await;
    let pid = rustix::process::Pid::from_raw(container.process.id().unwrap().cast_signed());

    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();

    assert!(container.process.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_container_keeps_to_the_largest_answer_it_was_given() {
    let container = Container::with(&[("OCI_MCP_MAX_RESPONSE_BYTES", "2000")]).await;
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
