//! What is on record, on every host: the real binary as its own process, and a judge who knows none of its code.

#![cfg(test)]

use std::fs;
use std::process::Stdio;

use bytes::Bytes;
use http::{Request, Uri};
use oci_mcp_tests::{
    Container, Deployed, Emulated, Record, Simulated, add, head, legacy, list, modern, patient,
    post, quiet, until, with,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

fn call(tool: &str, arguments: &Value) -> Request<Bytes> {
    modern(
        "tools/call",
        &json!({ "name": tool, "arguments": arguments }),
    )
}

/// Requests, and what the record should say of them: tool, reason, status, code.
fn requests() -> Vec<(Request<Bytes>, [Value; 4])> {
    let none = Value::Null;
    let evil = with(list(), "origin", "https://evil.example.com");
    let elsewhere = Request::get("/elsewhere").body(Bytes::new()).unwrap();
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    vec![
        (
            add(),
            [json!("add"), none.clone(), json!(200), none.clone()],
        ),
        (
            list(),
            [none.clone(), none.clone(), json!(200), none.clone()],
        ),
        (
            call("panic", &json!({})),
            [json!("panic"), none.clone(), json!(200), json!(-32603)],
        ),
        (
            call("nope", &json!({})),
            [
                none.clone(),
                json!("invalid_params"),
                json!(200),
                json!(-32602),
            ],
        ),
        (
            evil,
            [
                none.clone(),
                json!("forbidden_origin"),
                json!(403),
                none.clone(),
            ],
        ),
        (
            elsewhere,
            [none.clone(), json!("not_found"), json!(404), none.clone()],
        ),
        (
            post(vec![b' '; 4_500_000]),
            [none.clone(), json!("too_large"), json!(413), none.clone()],
        ),
        (
            post("nope"),
            [none.clone(), json!("not_json"), json!(400), json!(-32700)],
        ),
        (post(ready), [none.clone(), none.clone(), json!(202), none]),
    ]
}

fn told(line: &Value) -> [Value; 4] {
    ["tool", "reason", "status", "code"].map(|member| line[member].clone())
}

#[tokio::test]
async fn a_function_and_a_container_put_every_request_on_record() {
    let (invoked, served) = (Record::new(), Record::new());
    let mut program = quiet(BINARY);
    let (name, path) = invoked.setting();
    program.env.push((name.into(), path.into()));
    let function = Emulated::new(program, patient());
    let container = Container::start(BINARY, &[served.setting()]).await;
    let mut expected = Vec::new();
    for (request, line) in requests() {
        let (head, body) = request.into_parts();
        let copy = Request::from_parts(head.clone(), body.clone());
        container.send(&Request::from_parts(head, body)).await;
        function.send(copy).await;
        expected.push(line);
    }

    for (record, host) in [(&invoked, "functions"), (&served, "container")] {
        let lines = record.lines();
        let all: Vec<_> = lines.iter().map(told).collect();
        assert_eq!(all, expected, "{host}");
        assert!(lines.iter().all(|line| line["host"] == host));
        assert_eq!(lines[0]["request_id"].is_string(), host == "functions");
        let digest = record.judge("audit", 1, &json!({ "a": 2, "b": 40 }));
        if let Some(digest) = digest {
            assert_eq!(lines[0]["arguments_sha256"], digest);
        }
    }
}

#[tokio::test]
async fn a_model_deployment_and_stdio_do_too() {
    let (deployed, typed) = (Record::new(), Record::new());
    let deployment = Deployed::start(BINARY, &[deployed.setting()]).await;
    let before = deployed.lines().len();
    let plain = r#"{"tool":"add","arguments":{"a":2,"b":40}}"#;
    let predict = Request::post("/predict").body(plain.into()).unwrap();
    let mut streamed = add();
    *streamed.uri_mut() = Uri::from_static("/predictWithResponseStream/mcp/stream");
    let long = "x".repeat(5_000_000);
    let lines = format!("{}\n{long}\n", String::from_utf8_lossy(add().body()));

    deployment.send(predict).await;
    deployment.send(streamed).await;
    stdio(&[typed.setting()], &lines).await;

    until(|| deployed.lines().len() == before + 2).await;
    for line in &deployed.lines()[before..] {
        assert_eq!(
            (&line["host"], &line["tool"]),
            (&json!("datascience"), &json!("add"))
        );
    }
    let lines = typed.lines();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (&line["event"], &line["tool"], &line["reason"]))
        .collect();
    assert!(seen.contains(&(&json!("request"), &json!("add"), &Value::Null)));
    assert!(seen.contains(&(&json!("request"), &Value::Null, &json!("too_large"))));
    assert_eq!(lines.last().unwrap()["event"], "close");
}

/// What a server on stdio writes to stderr, after it has answered `lines`.
async fn stdio(settings: &[(&str, &str)], lines: &str) -> String {
    let mut process = Command::new(BINARY)
        .arg("stdio")
        .env_clear()
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(lines.as_bytes()).await.unwrap();
    drop(input);
    let output = process.wait_with_output().await.unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn lines_on_stderr_begin_so_that_they_can_be_picked_out() {
    let settings = [("OCI_MCP_AUDIT", "stderr"), ("OCI_MCP_LOG", "debug")];
    let add = String::from_utf8(add().body().to_vec()).unwrap();

    let log = stdio(&settings, &format!("{add}\n{add}\n")).await;

    let lines = log.lines().filter(|line| line.starts_with(r#"{"seq":"#));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = lines.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["request", "request", "close"]);
    assert_eq!(lines[0]["scheme"], "none");
}

#[tokio::test]
async fn callers_are_named_and_so_is_why_others_are_refused() {
    // `printf %s "$TOKEN" | sha256sum`
    const TOKENS: &str = r#"{"tokens": [{"name": "ci", "scopes": ["read:tools"],
        "sha256": "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9"}]}"#;
    let bearer = "Bearer 0123456789abcdef0123456789abcdef";
    let record = Record::new();
    let tokens = record.path.with_file_name("tokens.json");
    fs::write(&tokens, TOKENS).unwrap();
    let settings = [
        record.setting(),
        ("OCI_MCP_ACCESS", "static"),
        ("OCI_MCP_ACCESS_TOKENS_FILE", tokens.to_str().unwrap()),
        ("OCI_MCP_CALLS_PER_MINUTE", "1"),
    ];
    let container = Container::start(BINARY, &settings).await;
    let known = |request| with(request, "authorization", bearer);

    for request in [
        list(),
        known(call("fail", &json!({}))),
        known(add()),
        with(
            add(),
            "authorization",
            "Bearer wrong-wrong-wrong-wrong-wrong-wro",
        ),
    ] {
        container.send(&request).await;
    }

    let lines = record.lines();
    let told = lines.iter().map(|line| {
        let members = ["status", "reason", "caller", "scheme"];
        members.map(|member| line[member].clone())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            [json!(401), json!("no_token"), Value::Null, json!("static")],
            [
                json!(403),
                json!("insufficient_scope"),
                json!("ci"),
                json!("static")
            ],
            [
                json!(429),
                json!("too_many_requests"),
                json!("ci"),
                json!("static")
            ],
            [
                json!(401),
                json!("unknown_token"),
                Value::Null,
                json!("static")
            ],
        ]
    );
    let text = fs::read_to_string(&record.path).unwrap();
    assert!(!text.contains("0123456789abcdef0123456789abcdef"));
}

#[tokio::test]
async fn a_client_that_hangs_up_and_a_head_that_cannot_be_read_are_on_record() {
    let record = Record::new();
    let pipe = record.path.with_file_name("gate");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let settings = [record.setting(), ("GATE", pipe.to_str().unwrap())];
    let container = Container::start(BINARY, &settings).await;
    let wait = call("gate", &json!({}));
    let mut connection = container.connect().await;
    connection.send(head(&wait, "close").as_bytes()).await;
    connection.send(wait.body()).await;
    // There is nobody to send to until the tool waits for it.
    let mut gate = None;
    until(|| {
        gate = pipe::OpenOptions::new().open_sender(&pipe).ok();
        gate.is_some()
    })
    .await;

    drop(connection);
    until(|| record.lines().len() == 1).await;
    let mut connection = container.connect().await;
    connection
        .send(b"POST /mcp HTTP/1.1\r\nno header\r\n\r\n")
        .await;
    until(|| record.lines().len() == 2).await;

    let lines = record.lines();
    assert_eq!(lines[0]["ended"], "hung_up", "{}", lines[0]);
    assert_eq!(
        (&lines[0]["tool"], &lines[0]["decision"]),
        (&json!("gate"), &json!("allowed"))
    );
    assert_eq!(lines[1]["reason"], "unreadable_head");
}

#[tokio::test]
async fn a_stream_and_a_batch_leave_a_line_each() {
    let record = Record::new();
    let settings = [
        record.setting(),
        ("OCI_MCP_AUDIT_ARGUMENTS", "true"),
        ("OCI_MCP_REPLY", "sse"),
    ];
    let container = Container::start(BINARY, &settings).await;
    let mut batch = legacy("2025-03-26", "tools/call", &json!({}));
    let call = |arguments: Value| {
        let params = json!({ "name": "echo", "arguments": arguments });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
    };
    let secret = call(json!({ "n": 1, "password": "hunter2" }));
    *batch.body_mut() = json!([secret, call(json!({ "n": 2 }))]).to_string().into();

    let (_, events) = container
        .send(&modern("tools/call", &json!({ "name": "count" })))
        .await;
    container.send(&batch).await;

    assert!(events.contains("data: "), "{events}");
    let lines = record.lines();
    assert_eq!((lines.len(), &lines[0]["tool"]), (2, &json!("count")));
    assert_eq!(
        lines[1]["messages"][0]["arguments"],
        json!({ "n": 1, "password": "(masked)" })
    );
    assert_eq!(lines[1]["messages"][1]["arguments"], json!({ "n": 2 }));
}

#[tokio::test]
async fn two_containers_may_share_a_file_and_each_says_when_it_ends() {
    let record = Record::new();
    let settings = [record.setting()];
    let mut one = Container::start(BINARY, &settings).await;
    let other = Container::start(BINARY, &settings).await;

    let calls = (0..40).map(async |index| {
        let container = if index % 2 == 0 { &one } else { &other };
        container.send(&add()).await
    });
    futures_util::future::join_all(calls).await;
    one.terminate();
    assert!(one.ended().await.success());

    let lines = record.lines();
    assert_eq!(lines.len(), 41);
    assert_eq!(lines[40]["event"], "close");
    drop(record.judge("audit_shared", 2, &json!({})));
}

/// The tools in the lines that the log `web` has.
fn pushed(simulated: &Simulated) -> Vec<Value> {
    let log = simulated.oci.find("logs", "web").unwrap();
    let lines = simulated.oci.pushed(&log).into_iter();
    lines
        .map(|line| serde_json::from_str::<Value>(&line).unwrap()["tool"].take())
        .collect()
}

#[tokio::test]
async fn an_answer_of_a_function_leaves_when_oci_logging_has_its_line() {
    let simulated = Simulated::start().await;
    let log = simulated.oci.find("logs", "web").unwrap();
    let settings = simulated.settings(&[("OCI_MCP_AUDIT_LOG_ID", &log)]);
    let mut program = quiet(BINARY);
    let settings = settings.into_iter();
    program
        .env
        .extend(settings.map(|(name, value)| (name.into(), value.into())));
    let function = Emulated::new(program, patient());

    let answer = function.send(add()).await;
    let at_once = pushed(&simulated);

    assert_eq!(answer.status, 200);
    assert_eq!(at_once, ["add"]);
}

#[tokio::test]
async fn a_container_sends_its_lines_meanwhile_and_the_last_when_it_ends() {
    let simulated = Simulated::start().await;
    let log = simulated.oci.find("logs", "web").unwrap();
    let settings = simulated.settings(&[("OCI_MCP_AUDIT_LOG_ID", &log)]);
    let mut container = Container::start(BINARY, &settings).await;

    container.send(&add()).await;
    until(|| pushed(&simulated).len() == 1).await;
    container.terminate();
    container.ended().await;

    assert_eq!(pushed(&simulated), [json!("add"), Value::Null]);
}

#[tokio::test]
async fn what_may_change_something_is_not_called_when_its_record_has_no_place() {
    let record = Record::new();
    let settings = [
        record.setting(),
        ("OCI_MCP_AUDIT_FAIL_CLOSED", "true"),
        // Here is nobody who could sign.
        ("OCI_MCP_AUDIT_LOG_ID", "ocid1.log.oc1.phx.a"),
    ];
    let container = Container::start(BINARY, &settings).await;

    let (_, refused) = container.send(&call("echo", &json!({}))).await;
    let (_, reading) = container.send(&add()).await;

    assert!(
        refused.contains("its audit log cannot be written"),
        "{refused}"
    );
    assert!(reading.contains("42"), "{reading}");
    let lines = record.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["event"].clone(), line["reason"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!("intent"), Value::Null),
            (json!("request"), json!("audit_unavailable")),
            (json!("request"), Value::Null),
        ]
    );
    assert_eq!(record.last()["tool"], "add");
}

#[tokio::test]
async fn a_record_that_cannot_be_kept_stops_the_server() {
    let mut command = Command::new(BINARY);
    command.env_clear().env("OCI_MCP_AUDIT", "/no/such/file");

    let output = command.kill_on_drop(true).output().await.unwrap();

    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("`OCI_MCP_AUDIT` is `/no/such/file`"),
        "{error}"
    );
}
