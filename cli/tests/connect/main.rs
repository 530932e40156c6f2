//! `oci-mcp connect`, before a function behind an invoke endpoint that verifies signatures.

#![cfg(test)]
#![cfg(feature = "client")]

mod eras;
mod inspector;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use oci_emulator::{ResourcePrincipal, SimulatedOci, Tenancy};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use support::{Connect, INVOKE, LIFETIME, PATIENCE, Server, write_profiles};

#[test]
fn each_identity_signs_what_oci_takes() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let function = server.oci.find("functions", "mcp").unwrap();
    let principal =
        ResourcePrincipal::new(server.oci.clone(), home.path(), &function, LIFETIME).unwrap();
    write_profiles(&server.oci, home.path());
    let profile = |name: &str| vec![("OCI_CONFIG_PROFILE", name.to_owned())];

    for (identity, variables) in [
        ("API key", profile("KEY")),
        ("session", profile("SESSION")),
        ("resource principal", principal.environment()),
    ] {
        let mut connect = Connect::start(&server, home.path(), &variables);

        let hello = connect.ask(INITIALIZE);
        let call = connect.ask(PING);
        let log = connect.end();

        assert_eq!(
            hello["result"]["protocolVersion"], "2025-11-25",
            "{identity}: {hello}"
        );
        let report = &call["result"]["structuredContent"];
        assert_eq!(report["host"], "functions", "{identity}: {call}");
        assert!(log.contains(identity), "{log}");
    }
    assert_eq!(server.refused(), 0);
}

#[test]
fn an_identity_that_was_replaced_while_it_runs_is_read_anew() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let function = server.oci.find("functions", "mcp").unwrap();
    let principal =
        ResourcePrincipal::new(server.oci.clone(), home.path(), &function, LIFETIME).unwrap();
    let mut connect = Connect::start(&server, home.path(), &principal.environment());
    let first = fs::read_to_string(home.path().join("rpst")).unwrap();

    let before = connect.ask(LIST);
    server.oci.revoke(&first);
    principal.rotate().unwrap();
    let after = connect.ask(LIST);

    assert!(before["result"]["tools"].is_array(), "{before}");
    assert!(after["result"]["tools"].is_array(), "{after}");
}

#[test]
fn an_identity_that_oci_does_not_know_is_an_error_with_what_to_do() {
    let server = Server::start();
    let home = TempDir::new().unwrap();
    let stranger = SimulatedOci::new(Tenancy::built_in().unwrap(), Timestamp::now).unwrap();
    write_profiles(&stranger, home.path());
    let mut connect = Connect::start(&server, home.path(), &[]);

    let error = connect.ask(LIST);

    assert_eq!(error["id"], 7);
    assert_eq!(error["error"]["data"]["status"], 401);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("OCI does not accept the signature"),
        "{message}"
    );
}

#[test]
fn a_server_that_is_killed_and_comes_back_costs_errors_and_nothing_else() {
    let mut server = Server::start();
    let mut connect = Connect::to(&format!("http://{}/mcp", server.address));

    let before = connect.ask(LIST);
    server.stop();
    let meanwhile = connect.ask(LIST);
    server.come_back();
    let after = connect.ask(LIST);

    assert!(before["result"]["tools"].is_array(), "{before}");
    let message = meanwhile["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("nothing listens there; start the server"),
        "{message}"
    );
    assert!(after["result"]["tools"].is_array(), "{after}");
}

#[test]
fn a_server_that_dies_under_a_request_is_an_error_that_warns() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut connect = Connect::to(&format!("http://{}/mcp", listener.local_addr().unwrap()));

    connect.send(LIST);
    let (mut stream, _) = listener.accept().unwrap();
    let _read = stream.read(&mut [0; 1000]).unwrap();
    drop(stream);
    let error = connect.next();

    assert_eq!(error["id"], 7);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("may have been carried out"), "{message}");
}

#[test]
fn nothing_stays_behind_when_whoever_started_it_is_killed() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let script = r#""$0" connect "$1" <&3 & echo $!; exec 3<&-; wait"#;
    let mut parent = Command::new("sh")
        .args([
            "-c",
            &format!("exec 3<&0; {script}"),
            env!("CARGO_BIN_EXE_oci-mcp"),
            &url,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let child = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    let mut input = parent.stdin.take().unwrap();
    writeln!(input, "{LIST}").unwrap();
    let held = listener.accept().unwrap();

    kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
    parent.wait().unwrap();
    drop(input);

    let start = Instant::now();
    while test_kill_process(child).is_ok() && !is_zombie(child) {
        assert!(start.elapsed() < PATIENCE, "it is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(held);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_is_served() {
    let server = Server::start();
    let mut connect = Connect::to(&format!("http://{}/mcp", server.address));

    connect.send(&"x".repeat((20 << 20) + 1));
    let refused = connect.next();
    let list = connect.ask(LIST);

    assert_eq!(
        (&refused["id"], &refused["error"]["code"]),
        (&Value::Null, &json!(-32600))
    );
    assert!(list["result"]["tools"].is_array(), "{list}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_read() {
    for (arguments, problem) in [
        (vec!["http://mcp.example/mcp"], "it must be `https`"),
        (
            vec!["http://127.0.0.1/mcp", "--log", "loud"],
            "`OCI_MCP_LOG`, is `loud`",
        ),
        (vec![INVOKE], "there is no identity for OCI"),
        (
            vec!["http://127.0.0.1/mcp", "--sign"],
            "there is no identity for OCI",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_oci-mcp"))
            .arg("connect")
            .args(arguments)
            .env_clear()
            .env("HOME", "/no/such/home")
            .stdin(Stdio::piped())
            .output()
            .unwrap();

        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(problem), "{stderr}");
        assert!(output.stdout.is_empty());
        assert_eq!(output.status.code(), Some(2));
    }
}

fn is_zombie(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"oci_ping"}}"#;
