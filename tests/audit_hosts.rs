//! What never becomes a request, and calls that nobody would know of: on record, or refused, on every host.

#![cfg(test)]

use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{
    Container, Deployed, Emulated, Raw, Record, Reply, add, free_port, modern, patient, quiet,
    send_to, until,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

fn function(settings: &[(&str, &str)]) -> Emulated {
    let mut function = quiet(BINARY);
    let settings = settings.iter();
    let settings = settings.map(|&(name, value)| (name.into(), value.into()));
    function.env.extend(settings);
    Emulated::new(function, patient())
}

/// Which statuses and reasons are on record, of what came before there was a request.
fn refused(record: &Record) -> Vec<(Value, Value)> {
    let lines = record.lines().into_iter();
    let refused = lines.filter(|line| line["reason"].is_string());
    refused
        .map(|line| (line["status"].clone(), line["reason"].clone()))
        .collect()
}

/// Sends what is no head of a request on one connection, and on the other a head whose body ends too early;
/// then says what is on record of them.
async fn misframed<IO>(
    [mut one, mut other]: [Raw<IO>; 2],
    path: &str,
    record: &Record,
) -> Vec<(Value, Value)>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    one.send(b"no request\r\n\r\n").await;
    one.answer().await;
    until(|| refused(record).len() == 1).await;
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{");
    other.send(head.as_bytes()).await;
    other.leave().await;
    until(|| refused(record).len() == 2).await;
    refused(record)
}

#[tokio::test]
async fn what_is_framed_badly_is_on_record_on_a_function() {
    let record = Record::new();
    let function = function(&[record.setting()]);
    let socket = function.ping().await.socket().unwrap();
    let connections = [Raw::connect(&socket).await, Raw::connect(&socket).await];

    let refused = misframed(connections, "/call", &record).await;

    let reasons = ["unreadable_head", "broken_body"];
    assert_eq!(refused, reasons.map(|reason| (json!(502), json!(reason))));
}

#[tokio::test]
async fn what_is_framed_badly_is_on_record_on_a_container_and_a_model_deployment() {
    let port = free_port().await.to_string();
    let deployment = [("OCI_MCP_HOST", "datascience"), ("OCI_MCP_PORT", &port)];
    for settings in [&[][..], &deployment] {
        let record = Record::new();
        let settings = [settings, &[record.setting()]].concat();
        let server = Container::start(BINARY, &settings).await;
        let connections = [server.connect().await, server.connect().await];

        let refused = misframed(connections, "/mcp", &record).await;

        let reasons = ["unreadable_head", "broken_body"];
        assert_eq!(refused, reasons.map(|reason| (json!(400), json!(reason))));
    }
}

/// A call of a tool that may change something.
fn echo() -> Request<Bytes> {
    modern("tools/call", &json!({ "name": "echo", "arguments": {} }))
}

/// That a call of `echo` was refused, and why; that `add` was not; and that the record says so.
fn check(echoed: &str, added: &str, record: &Record) {
    assert!(
        echoed.contains("its audit log cannot be written"),
        "{echoed}"
    );
    assert!(added.contains("42"), "{added}");
    let lines = record.lines();
    let of_echo: Vec<_> = lines
        .iter()
        .filter(|line| line["tool"] == "echo")
        .map(|line| (&line["event"], &line["reason"]))
        .collect();
    let announced = (&json!("intent"), &Value::Null);
    let refused = (&json!("request"), &json!("audit_unavailable"));
    assert_eq!(of_echo, [announced, refused]);
}

fn body(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

/// Of two places one takes no line: there is nobody who could sign.
const FAIL_CLOSED: [(&str, &str); 2] = [
    ("OCI_MCP_AUDIT_FAIL_CLOSED", "true"),
    ("OCI_MCP_AUDIT_LOG_ID", "ocid1.log.oc1.phx.a"),
];

fn fail_closed(record: &Record) -> Vec<(&str, &str)> {
    [&FAIL_CLOSED[..], &[record.setting()]].concat()
}

#[tokio::test]
async fn what_may_change_something_is_refused_without_a_record_on_a_function() {
    let record = Record::new();
    let function = function(&fail_closed(&record));

    let echoed = function.send(echo()).await;
    let added = function.send(add()).await;

    check(&body(&echoed), &body(&added), &record);
}

#[tokio::test]
async fn what_may_change_something_is_refused_without_a_record_on_a_container() {
    let record = Record::new();
    let container = Container::start(BINARY, &fail_closed(&record)).await;

    let echoed = send_to(container.address(), echo()).await;
    let added = send_to(container.address(), add()).await;

    check(&body(&echoed), &body(&added), &record);
}

#[tokio::test]
async fn what_may_change_something_is_refused_without_a_record_on_a_model_deployment() {
    let record = Record::new();
    let deployment = Deployed::start(BINARY, &fail_closed(&record)).await;
    let predict = |call: &'static str| Request::post("/predict").body(call.into()).unwrap();

    let echoed = deployment.send(predict(r#"{"tool":"echo"}"#)).await;
    let added = predict(r#"{"tool":"add","arguments":{"a":2,"b":40}}"#);
    let added = deployment.send(added).await;

    check(&body(&echoed), &body(&added), &record);
}

#[tokio::test]
async fn what_may_change_something_is_refused_without_a_record_on_stdio() {
    let record = Record::new();
    let mut process = Command::new(BINARY)
        .arg("stdio")
        .env_clear()
        .envs(fail_closed(&record))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    for call in [echo(), add()] {
        input.write_all(call.body()).await.unwrap();
        input.write_all(b"\n").await.unwrap();
    }
    drop(input);

    let output = process.wait_with_output().await.unwrap();

    let output = String::from_utf8(output.stdout).unwrap();
    check(&output, &output, &record);
}
