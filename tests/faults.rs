//! Faults: a function that is frozen, late, broken or killed, and what its callers see of it.

#![cfg(test)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use http::Request;
use oci_emulator::{Agent, Limits, State};
use oci_mcp_tests::{
    Emulated, LIST, LONG, MODERN, Process, Reply, meta, patient, quiet, rpc, until,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

#[tokio::test]
async fn a_frozen_function_is_thawed_and_answers() {
    let function = emulated(Limits {
        freeze_after: Duration::from_millis(1),
        ..patient()
    });
    let process = function.ping().await;
    for n in 0..50 {
        process.stopped().await;

        let reply = add(&function, n, 1).await;

        assert_eq!(sum(&reply), (n, n + 1));
        assert_eq!(function.process(), process);
    }
}

#[tokio::test]
async fn a_function_whose_connection_was_dropped_while_it_was_frozen_answers() {
    let limits = Limits::default();
    let function = emulated(limits.clone());
    let process = function.ping().await;
    for n in 0..50 {
        // The agent's clock is this test's; the function has none.
        tokio::time::pause();
        // Lets the agent set its timers.
        tokio::task::yield_now().await;
        // Twice, because a timer is late by up to a millisecond.
        tokio::time::advance(limits.freeze_after * 2).await;
        process.stopped().await;
        tokio::time::advance(limits.connection_idle).await;
        tokio::time::resume();

        let reply = add(&function, n, 1).await;

        assert_eq!(sum(&reply), (n, n + 1));
        assert_eq!(function.process(), process);
    }
}

#[tokio::test]
async fn no_answer_is_lost_when_calls_and_freezes_coincide() {
    let function = emulated(Limits {
        freeze_after: Duration::ZERO,
        connection_idle: Duration::from_millis(1),
        ..patient()
    });
    let process = function.ping().await;
    for n in 0..300 {
        let reply = add(&function, n, 1).await;

        assert_eq!(sum(&reply), (n, n + 1));
    }
    assert_eq!(function.process(), process);
}

#[tokio::test]
async fn a_tool_that_takes_too_long_is_stopped_before_the_platform_would() {
    let limit = Duration::from_secs(3);
    let function = emulated(Limits {
        timeout: limit,
        ..patient()
    });
    let process = function.ping().await;
    let start = Instant::now();

    let reply = function.call("sleep", &json!({ "seconds": 60 })).await;

    println!("answered after {:?} of {limit:?}", start.elapsed());
    assert!(start.elapsed() < limit);
    assert!(failure(&reply).contains("`sleep` was stopped after"));
    assert_eq!(function.ping().await, process);
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_request_alone() {
    let function = emulated(patient());
    let process = function.ping().await;
    for id in [json!(7), json!("seven")] {
        let params = json!({ "name": "panic" });
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });

        let reply = function.post(body.to_string()).await;

        assert_eq!(reply.error(), (200, -32603));
        assert_eq!(reply.json()["id"], id);
        assert_eq!(function.ping().await, process);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_costs_at_most_the_call_it_served() {
    let function = emulated(Limits {
        freeze_after: Duration::from_millis(1),
        max_instances: 4,
        ..patient()
    });
    let answered = watch::Sender::new(0);
    let killing = kill_busy(function.agent.clone(), answered.subscribe());
    let killing = tokio::spawn(killing);

    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| tokio::spawn(call_on(function.clone(), client, answered.clone())))
        .collect();
    let mut failed = 0;
    for client in clients {
        failed += client.await.unwrap();
    }
    let (killed, folders) = killing.await.unwrap();

    let calls = CLIENTS * CALLS;
    println!(
        "{calls} calls, {} instances killed, {failed} calls failed",
        killed.len()
    );
    assert!(failed <= killed.len());
    assert!(failed > 0, "no instance was killed while it served a call");
    // What is killed may take its time to end.
    until(|| killed.is_disjoint(&processes(&function.agent))).await;
    assert_eq!(call_on(function.clone(), CLIENTS, answered).await, 0);
    nothing_is_left_of(&function, folders).await;
}

#[tokio::test]
async fn a_slow_call_does_not_delay_a_quick_one() {
    let function = emulated(patient());
    let slow = tokio::spawn({
        let function = function.clone();
        async move { function.call("sleep", &json!({ "seconds": 50 })).await }
    });
    until(|| states(&function.agent) == [State::Busy]).await;

    let quick = add(&function, 2, 40).await;

    assert_eq!(sum(&quick), (2, 42));
    assert!(!slow.is_finished());
    let states = states(&function.agent);
    assert!(states.contains(&State::Busy) && states.contains(&State::Idle));
    nothing_is_left_of(&function, folders(&function.agent)).await;
    assert_eq!(slow.await.unwrap().status, 503);
}

#[tokio::test]
async fn a_detached_call_runs_though_nobody_waits_for_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    mknodat(CWD, &log, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let lines = pipe::OpenOptions::new().open_receiver(&log).unwrap();
    let mut lines = BufReader::new(lines).lines();
    let mut logging = quiet("/bin/sh");
    let program = env!("CARGO_BIN_EXE_function");
    logging.args = ["-c", r#"exec "$0" 2> "$1""#, program]
        .map(OsString::from)
        .into();
    logging.args.push(log.into());
    logging.env = vec![("OCI_MCP_LOG".into(), "debug".into())];
    let function = Emulated::new(logging, patient());
    let body = rpc(
        "tools/call",
        &json!({ "name": "echo", "arguments": { "n": 1 } }),
    );

    let reply = function
        .send(invoke(&body, &[("fn-invoke-type", "detached")]))
        .await;

    assert_eq!((reply.status.as_u16(), &*reply.body), (202, &b""[..]));
    let id = reply.headers["fn-call-id"].to_str().unwrap();
    let mut line = String::new();
    while !line.contains(id) {
        let next = timeout(LONG, lines.next_line()).await;
        line = next.unwrap().unwrap().unwrap();
    }
    for expected in ["tools/call", "echo", "status=200"] {
        assert!(line.contains(expected), "{expected} is not in {line}");
    }
}

#[tokio::test]
async fn a_plain_invoke_is_answered_with_raw_json_rpc() {
    let function = emulated(patient());
    let modern = json!({ "_meta": meta(MODERN), "name": "add", "arguments": { "a": 2, "b": 40 } });
    let handshake = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": { "name": "fn", "version": "1" },
    });
    for (body, pointer, expected) in [
        (
            rpc("initialize", &handshake),
            "/result/protocolVersion",
            json!("2025-06-18"),
        ),
        (LIST.to_owned(), "/result/tools/0/name", json!("add")),
        (
            rpc(
                "tools/call",
                &json!({ "name": "add", "arguments": { "a": 2, "b": 40 } }),
            ),
            "/result/content/0/text",
            json!(r#"{"sum":42}"#),
        ),
        (
            rpc("tools/call", &modern),
            "/result/structuredContent/sum",
            json!(42),
        ),
        (
            rpc("tools/call", &modern),
            "/result/resultType",
            json!("complete"),
        ),
        (rpc("nope", &json!({})), "/error/code", json!(-32601)),
    ] {
        let reply = function.send(invoke(&body, &[])).await;

        assert_eq!(reply.status, 200, "{body}");
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.json().pointer(pointer), Some(&expected), "{body}");
    }
    let notification = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let silent = function.send(invoke(notification, &[])).await;
    assert_eq!((silent.status.as_u16(), &*silent.body), (200, &b""[..]));
}

#[tokio::test]
async fn an_answer_too_large_for_the_host_is_an_error_that_says_so() {
    let limited = |limit: &str| {
        let mut function = quiet(env!("CARGO_BIN_EXE_function"));
        function
            .env
            .push(("OCI_MCP_MAX_RESPONSE_BYTES".into(), limit.into()));
        Emulated::new(function, patient())
    };
    for (function, passed, refused) in [
        (emulated(patient()), 4_900_000, 5_500_000),
        (limited("10000"), 9_000, 11_000),
    ] {
        let whole = function.call("large", &json!({ "bytes": passed })).await;
        let reply = function.call("large", &json!({ "bytes": refused })).await;

        assert!(whole.body.len() > passed && text(&whole).len() == passed);
        assert!(reply.body.len() < 1000);
        let message = failure(&reply);
        assert!(message.contains("OCI_MCP_MAX_RESPONSE_BYTES"), "{message}");
        assert!(message.contains("more than the"), "{message}");
    }
}

#[tokio::test]
async fn nothing_runs_between_calls() {
    let function = emulated(patient());
    let process = function.ping().await;
    until(|| process.state() == Some('S')).await;
    let before = process.switches();

    // Real time has to pass here, because what must not happen is what a timer would do.
    let mut ticks = interval(Duration::from_millis(10));
    let disturbed = timeout(Duration::from_millis(300), async {
        while process.switches() == before {
            ticks.tick().await;
        }
        process.switches()
    });

    let disturbed = disturbed.await;
    assert!(disturbed.is_err(), "{before:?}, then {disturbed:?}");
    assert_eq!(function.ping().await, process);
    assert_ne!(process.switches(), before);
}

#[test]
fn a_wrong_environment_ends_the_function_with_everything_that_is_wrong_with_it() {
    let listener = ("FN_LISTENER", "unix:/nowhere/lsnr.sock");
    let format = ("FN_FORMAT", "http-stream");
    for (environment, named) in [
        (
            &[("FN_FORMAT", "json"), listener][..],
            &["FN_FORMAT", "`json`"][..],
        ),
        (&[format], &["FN_LISTENER"]),
        (&[format, ("OCI_MCP_HOST", "functions")], &["FN_LISTENER"]),
        (
            &[format, ("FN_LISTENER", "/tmp/lsnr.sock")],
            &["FN_LISTENER", "unix:"],
        ),
        (
            &[
                ("FN_FORMAT", "json"),
                ("FN_LISTENER", "tcp:1"),
                ("OCI_MCP_LOG", "oci_mcp=loud"),
                ("OCI_MCP_PATH", "mcp"),
                ("OCI_MCP_MAX_BODY_BYTES", "4MB"),
                ("OCI_MCP_MAX_RESPONSE_BYTES", "0"),
                ("OCI_MCP_REPLY", "stream"),
                ("OCI_MCP_ALLOWED_ORIGINS", "*"),
                ("OCI_MCP_ALLOWED_HOSTS", "http://x"),
            ],
            &[
                "FN_FORMAT",
                "FN_LISTENER",
                "OCI_MCP_LOG",
                "OCI_MCP_PATH",
                "OCI_MCP_MAX_BODY_BYTES",
                "OCI_MCP_MAX_RESPONSE_BYTES",
                "OCI_MCP_REPLY",
                "OCI_MCP_ALLOWED_ORIGINS",
                "OCI_MCP_ALLOWED_HOSTS",
            ],
        ),
    ] {
        let output = run(environment);

        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{environment:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        for name in named {
            assert!(message.contains(name), "no {name} in {message}");
        }
    }
}

#[test]
fn a_socket_that_cannot_be_made_ends_the_function_with_its_path() {
    let listener = ("FN_LISTENER", "unix:/nowhere/lsnr.sock");

    let output = run(&[("FN_FORMAT", "http-stream"), listener]);

    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("/nowhere/"), "{message}");
}

fn emulated(limits: Limits) -> Emulated {
    Emulated::new(quiet(env!("CARGO_BIN_EXE_function")), limits)
}

/// Runs the function, which should not stay.
fn run(environment: &[(&str, &str)]) -> Output {
    let mut function = Command::new(env!("CARGO_BIN_EXE_function"));
    function.env_clear().envs(environment.iter().copied());
    function.output().unwrap()
}

/// A plain invoke, as `fn invoke` sends it.
fn invoke(body: &str, headers: &[(&str, &str)]) -> Request<bytes::Bytes> {
    let mut request = Request::post("/20181201/functions/ocid1.fnfunc.oc1..x/actions/invoke")
        .header("content-type", "text/plain");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_owned().into()).unwrap()
}

/// Adds two numbers in a request whose id is the first of them.
async fn add(function: &Emulated, a: usize, b: usize) -> Reply {
    let params = json!({ "name": "add", "arguments": { "a": a, "b": b } });
    let body = json!({ "jsonrpc": "2.0", "id": a, "method": "tools/call", "params": params });
    function.post(body.to_string()).await
}

/// The id and the sum of an answer of `add`.
fn sum(reply: &Reply) -> (usize, usize) {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let result: Value = serde_json::from_str(&text(reply)).unwrap();
    (number(&reply.json()["id"]), number(&result["sum"]))
}

fn text(reply: &Reply) -> String {
    let answer = reply.json();
    assert_eq!(reply.status, 200, "{answer}");
    answer["result"]["content"][0]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What a tool said instead of a result.
fn failure(reply: &Reply) -> String {
    assert_eq!(reply.json()["result"]["isError"], true);
    text(reply)
}

/// Calls `add` again and again, and tells how many calls had no answer because of a kill.
async fn call_on(function: Emulated, client: usize, answered: watch::Sender<usize>) -> usize {
    let mut failed = 0;
    for n in 0..CALLS {
        let (a, b) = (client * CALLS + n, n * 1_000_003);
        let reply = add(&function, a, b).await;
        if reply.status == 502 {
            // Killed while it served the call, or before it had its socket.
            let message = reply.json()["message"].as_str().unwrap().to_owned();
            let causes = [
                "error receiving function response",
                "Container failed to initialize",
            ];
            assert!(
                causes.iter().any(|cause| message.starts_with(cause)),
                "{message}"
            );
            failed += 1;
        } else {
            assert_eq!(sum(&reply), (a, a + b));
        }
        answered.send_modify(|answered| *answered += 1);
    }
    failed
}

/// Kills an instance that serves a call, each time that some more calls were `answered`. Tells
/// which it killed, and in which folders they had been.
async fn kill_busy(
    agent: Agent,
    mut answered: watch::Receiver<usize>,
) -> (BTreeSet<Process>, BTreeSet<PathBuf>) {
    let (mut killed, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for round in 1..=KILLS {
        let due = round * CLIENTS * CALLS / (KILLS + 1);
        answered
            .wait_for(|answered| *answered >= due)
            .await
            .unwrap();
        seen.append(&mut folders(&agent));
        let mut busy = agent.instances();
        busy.retain(|instance| instance.state == State::Busy);
        let victim = busy.get(round % busy.len().max(1));
        let victim = victim.map(|instance| Process::new(instance.pid));
        killed.extend(victim.filter(|victim| victim.kill()));
    }
    (killed, seen)
}

fn processes(agent: &Agent) -> BTreeSet<Process> {
    let instances = agent.instances().into_iter();
    instances
        .map(|instance| Process::new(instance.pid))
        .collect()
}

fn states(agent: &Agent) -> Vec<State> {
    let instances = agent.instances().into_iter();
    instances.map(|instance| instance.state).collect()
}

fn folders(agent: &Agent) -> BTreeSet<PathBuf> {
    let sockets = processes(agent).into_iter().filter_map(Process::socket);
    sockets
        .filter_map(|socket| socket.parent().map(PathBuf::from))
        .collect()
}

/// Shuts the agent down and looks for what it should have cleared away: functions, their watchdogs
/// and the folders of both.
async fn nothing_is_left_of(function: &Emulated, mut seen: BTreeSet<PathBuf>) {
    seen.append(&mut folders(&function.agent));
    assert!(!seen.is_empty());

    function.agent.shutdown().await;

    assert_eq!(function.agent.instances(), []);
    let left: Vec<_> = seen.iter().filter(|folder| folder.exists()).collect();
    assert!(left.is_empty(), "{left:?}");
    for process in Process::all() {
        let named = seen.iter().find(|folder| process.mentions(folder));
        assert_eq!(named, None, "{process:?} lives on");
    }
}

const CLIENTS: usize = 8;
const CALLS: usize = 100;
const KILLS: usize = 40;
