//! Hostile input: through the gateway, and on the function's own socket. Whatever comes, the same
//! process answers the next request.

#![cfg(test)]

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{HeaderName, Request};
use oci_mcp_tests::{
    Assault, Emulated, Process, Raw, Server, answers, app, fn_call, hostile_bodies, large_body,
    patient, post, quiet, until, with,
};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_ne, prop_oneof, proptest};
use proptest::sample::{Index, select};
use proptest::test_runner::Config;
use serde_json::{Value, json};
use tokio::io::DuplexStream;

#[tokio::test]
async fn every_nasty_body_has_one_answer_and_harms_nobody() {
    let function = emulated();
    let process = function.ping().await;
    for (body, expected) in hostile_bodies() {
        let reply = function.post(body.clone()).await;

        let shown = show(&body);
        assert_eq!(reply.error(), expected, "{shown}: {}", show(&reply.body));
        assert!(reply.body.len() < 2_000_000, "{shown}");
        assert_eq!(function.ping().await, process, "{shown}");
    }
}

#[tokio::test]
async fn a_batch_of_nasty_messages_has_an_answer_for_each() {
    let function = emulated();
    let process = function.ping().await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (body, answers) in [
        (format!("[{}]", vec![ping; 100].join(",")), 100),
        (format!("[{ping},1,null,[],[{ping}],\"x\",{{}}]"), 7),
        (format!("[{}]", vec!["[]"; 100].join(",")), 100),
    ] {
        let reply = function.post(body).await;

        assert_eq!(reply.json().as_array().map(Vec::len), Some(answers));
        assert_eq!(function.ping().await, process);
    }
}

#[tokio::test]
async fn a_body_too_large_for_the_platform_is_the_gateways_to_refuse() {
    let function = emulated();

    let reply = function.post(vec![b' '; 7_000_000]).await;

    assert_eq!(reply.status, 413);
    assert_eq!(reply.json()["code"], 413);
    assert_eq!(function.agent.instances(), []);
}

#[tokio::test]
async fn a_body_too_large_for_the_server_is_refused_with_the_name_of_the_limit() {
    let function = emulated();
    let process = function.ping().await;

    let reply = function.post(large_body()).await;

    assert_eq!(reply.error(), (413, -32600));
    assert!(reply.message().contains("OCI_MCP_MAX_BODY_BYTES"));
    assert_eq!(function.ping().await, process);
}

#[tokio::test]
async fn floods_of_headers_are_served_or_refused_and_end_nobody() {
    let function = emulated();
    let process = function.ping().await;
    for (count, length, status) in [
        (60, 10, 200),
        (1, 100_000, 200),
        (500, 10, 502),
        (2_000, 10, 502),
        (60, 80_000, 502),
        (1, 5_000_000, 502),
    ] {
        let request = flood(count, length);

        let reply = function.send(request).await;

        assert_eq!(reply.status, status, "{count} headers of {length} bytes");
        assert_eq!(function.ping().await, process);
    }
}

#[tokio::test]
async fn hostile_header_values_are_answered() {
    let function = emulated();
    let process = function.ping().await;
    let long = "9".repeat(5_000);
    for (name, value) in [
        ("mcp-protocol-version", "9999-99-99"),
        ("mcp-protocol-version", &long),
        ("mcp-method", "=?base64?////?="),
        ("mcp-name", "=?base64?AAAA?="),
        ("traceparent", "00-zz-zz-zz"),
        ("fn-http-status", "999"),
        ("fn-deadline", "1970-01-01T00:00:00Z"),
        ("fn-intent", "cloudevent"),
        ("content-length", "99999999999"),
        ("transfer-encoding", "gzip, chunked"),
        ("connection", "content-type, host, x"),
        ("expect", "100-continue"),
        ("upgrade", "h2c"),
        ("accept", ";;;,,,q=q"),
        ("content-type", "application/json; charset=\u{e9}"),
    ] {
        let reply = function.send(with(post(PING), name, value)).await;

        let status = reply.status.as_u16();
        assert!(
            [200, 400, 406, 415].contains(&status),
            "{name}: {value}: {status}"
        );
        assert_eq!(function.ping().await, process, "{name}: {value}");
    }
}

#[tokio::test]
async fn slow_clients_are_served_and_those_who_leave_are_forgotten() {
    let function = emulated();
    let process = function.ping().await;
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{PING}",
        PING.len()
    );

    let mut slow = client(&function);
    slow.trickle(request.as_bytes()).await;
    let answer = slow.answer().await;

    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(PONG),
        "{answer}"
    );
    for sent in (0..request.len()).step_by(7) {
        let mut leaver = client(&function);
        leaver.send(&request.as_bytes()[..sent]).await;
        drop(leaver);
    }
    assert_eq!(function.ping().await, process);
}

#[tokio::test]
async fn no_bytes_on_its_socket_end_a_function_or_have_it_answer_against_the_contract() {
    let function = emulated();
    let process = function.ping().await;
    let socket = process.socket().unwrap();
    for assault in Assault::all() {
        let shown = show(&assault.bytes);
        let connection = assault.begin(&socket).await;
        // While the connection is open, and whatever it still waits for.
        assert_eq!(function.ping().await, process, "{shown}");

        let statuses = assault.end(connection).await;

        assert_eq!(statuses, assault.statuses, "{shown}");
        assert_eq!(function.ping().await, process, "{shown}");
    }
}

#[tokio::test]
async fn a_request_that_comes_byte_by_byte_or_in_part_delays_nobody_on_the_socket() {
    let function = emulated();
    let process = function.ping().await;
    let socket = process.socket().unwrap();
    let request = fn_call(PING);

    let mut slow = Raw::connect(&socket).await;
    slow.trickle(request.as_bytes()).await;
    let mut parts = Vec::new();
    for sent in (0..request.len()).step_by(7) {
        let mut part = Raw::connect(&socket).await;
        part.send(&request.as_bytes()[..sent]).await;
        parts.push(part);
    }

    assert_eq!(function.ping().await, process);
    assert!(slow.answer().await.ends_with(PONG));
    drop(parts);
    assert_eq!(function.ping().await, process);
}

#[tokio::test]
async fn hostile_requests_leave_no_memory_behind() {
    let mut thrifty = quiet(env!("CARGO_BIN_EXE_function"));
    // Has glibc give back what is freed. By itself it adapts to the sizes that it meets and keeps
    // some megabytes, now more and now less, which would hide a leak.
    let thresholds = ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"];
    let thresholds = thresholds.map(|name| (name.into(), "65536".into()));
    thrifty.env.extend(thresholds);
    let function = Emulated::new(thrifty, patient());
    let process = function.ping().await;
    let connected = process.sockets();
    attack(&function, process, 600).await;
    settle(&function, connected).await;
    let before = process.resident();

    attack(&function, process, 3_000).await;

    settle(&function, connected).await;
    let after = process.resident();
    println!("{before} KiB after the warm-up, {after} KiB after 3000 more hostile requests");
    assert!(after < before + 1024, "{before} KiB became {after} KiB");
    assert_eq!(function.ping().await, process);
}

proptest! {
    // What failed is told in full; a file of it would lie about where nobody looks.
    #![proptest_config(Config { failure_persistence: None, cases: 500, ..Config::default() })]

    #[test]
    fn any_body_has_one_json_answer_or_none_if_it_asks_for_none(body in body()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reply = runtime.block_on(Server::new(app()).exchange(post(body.clone())));

        prop_assert!([200, 202, 400].contains(&reply.status.as_u16()));
        let answers = answers(&reply);
        let most = match serde_json::from_slice(&body) {
            Ok(Value::Array(batch)) => batch.len().max(1),
            _ => 1,
        };
        prop_assert!(answers.len() <= most, "{:?}", answers);
        prop_assert!(!answers.is_empty() || asks_for_nothing(&body));
        for answer in answers {
            prop_assert_ne!(answer.code(), -32603, "{:?}", answer);
        }
    }
}

/// Whether `body` is a notification, or a batch of nothing but those and answers.
fn asks_for_nothing(body: &[u8]) -> bool {
    let is_notification =
        |message: &Value| message["method"].is_string() && message.get("id").is_none();
    let is_answer =
        |message: &Value| message.get("method").is_none() && message.get("id").is_some();
    match serde_json::from_slice(body) {
        Ok(Value::Array(batch)) => {
            let mut messages = batch.iter();
            messages.all(|message| is_notification(message) || is_answer(message))
        }
        Ok(message) => is_notification(&message),
        Err(_) => false,
    }
}

fn emulated() -> Emulated {
    Emulated::new(quiet(env!("CARGO_BIN_EXE_function")), patient())
}

/// A client's connection to the gateway.
fn client(function: &Emulated) -> Raw<DuplexStream> {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let gateway = function.gateway.clone();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    tokio::spawn(async move { gateway.serve_connection(server, peer).await });
    Raw::new(client)
}

/// Sends so many hostile requests, of every kind in turn.
async fn attack(function: &Emulated, process: Process, requests: usize) {
    let (bodies, assaults) = (hostile_bodies(), Assault::all());
    let socket = process.socket().unwrap();
    for n in 0..requests {
        let round = n / 3;
        if n % 300 == 299 {
            let reply = function.exchange(post(large_body())).await;
            assert_eq!(reply.status, 413);
        } else if n % 3 == 0 {
            let assault = &assaults[round % assaults.len()];
            let connection = assault.begin(&socket).await;
            let statuses = assault.end(connection).await;
            assert_eq!(statuses, assault.statuses, "{}", show(&assault.bytes));
        } else {
            let (body, (status, _)) = &bodies[(round * 2 + n % 3) % bodies.len()];
            let reply = function.exchange(post(body.clone())).await;
            assert_eq!(reply.status, *status);
        }
    }
}

/// Waits until the function has forgotten every connection but one new one of the agent's: hyper
/// keeps a buffer of up to 2 MiB for each.
async fn settle(function: &Emulated, connected: usize) {
    // A call that fails ends the connection that it came on.
    assert_eq!(function.send(flood(2_000, 1)).await.status, 502);
    let process = function.ping().await;
    until(|| process.sockets() == connected).await;
}

/// A request with so many headers of a length.
fn flood(count: usize, length: usize) -> Request<Bytes> {
    let mut request = post(PING);
    for n in 0..count {
        let name = HeaderName::try_from(format!("x-{n}")).unwrap();
        let value = "v".repeat(length).parse().unwrap();
        request.headers_mut().insert(name, value);
    }
    request
}

/// Bytes of every kind, from noise to something that is nearly a message.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let one = prop_oneof![value(), message(), tool_call()];
    let json = prop_oneof![4 => one, 1 => vec(message(), 0..5).prop_map(Value::from)];
    let text = json.prop_map(|json| json.to_string().into_bytes());
    let damaged = (text.clone(), any::<Index>(), any::<u8>());
    let damaged = damaged.prop_map(|(mut text, place, byte)| {
        let place = place.index(text.len());
        text[place] = byte;
        text
    });
    prop_oneof![1 => vec(any::<u8>(), 0..200), 3 => text, 1 => damaged]
}

fn message() -> impl Strategy<Value = Value> + Clone {
    (value(), select(METHODS), value()).prop_map(
        |(id, method, params)| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
    )
}

fn tool_call() -> impl Strategy<Value = Value> + Clone {
    (select(TOOLS), value()).prop_map(|(name, arguments)| {
        let params = json!({ "name": name, "arguments": arguments });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params })
    })
}

fn value() -> impl Strategy<Value = Value> + Clone {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 6, |inner| {
        let key = prop_oneof![any::<String>(), select(WORDS).prop_map(String::from)];
        let members = vec((key, inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The beginning of what may be long or not text.
fn show(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(200).collect()
}

const PING: &str = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
const PONG: &str = r#"{"jsonrpc":"2.0","id":"p","result":{}}"#;

const METHODS: &[&str] = &[
    "initialize",
    "ping",
    "server/discover",
    "tools/list",
    "notifications/x",
    "",
];
const TOOLS: &[&str] = &["add", "echo", "fail", "leak", "nope", ""];
const WORDS: &[&str] = &[
    "jsonrpc",
    "2.0",
    "id",
    "method",
    "params",
    "name",
    "arguments",
    "_meta",
    "cursor",
    "protocolVersion",
    "2025-06-18",
    "2026-07-28",
    "io.modelcontextprotocol/protocolVersion",
    "a",
    "b",
];
