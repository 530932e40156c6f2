//! Clients of one era before servers of the other, both of the official SDKs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use oci_mcp_tests::{peer, workspace};
use serde_json::{Value, json};

use crate::support::{Connect, free_port};

#[test]
fn a_client_of_a_handshake_uses_a_server_that_knows_none() {
    let test = "a_client_of_a_handshake_uses_a_server_that_knows_none";
    let (Some(python), Some(_)) = (
        peer(test, "python-mcp-1", "python3"),
        peer(test, "server", "node"),
    ) else {
        return;
    };
    let server = Server::modern();

    let report = server.report(&python, "python_mcp_1.py", "legacy");

    assert_eq!(report["revision"], "2025-11-25", "{report}");
    check(&report);
    let unknown = report["unknown_tool"].as_str().unwrap();
    assert!(unknown.contains("-32602"), "{report}");
}

#[test]
fn a_client_of_2026_07_28_uses_a_server_that_knows_only_handshakes() {
    let test = "a_client_of_2026_07_28_uses_a_server_that_knows_only_handshakes";
    let (Some(old), Some(new)) = (
        peer(test, "python-mcp-1", "python3"),
        peer(test, "python-mcp-2", "python3"),
    ) else {
        return;
    };
    let server = Server::legacy(&old);

    // One that asks what the server knows, and one that takes it for granted.
    for mode in ["modern", "pinned"] {
        let report = server.report(&new, "python_mcp_2.py", mode);

        assert_eq!(report["revision"], "2026-07-28", "{report}");
        check(&report);
        assert_eq!(report["logs"], json!([["info", "halfway"]]), "{report}");
    }
}

#[test]
fn arguments_go_in_headers_if_the_server_wants_them_there() {
    let test = "arguments_go_in_headers_if_the_server_wants_them_there";
    if peer(test, "server", "node").is_none() {
        return;
    }
    let server = Server::modern();
    let mut modern = Connect::to(&server.url);
    let mut legacy = Connect::to(&server.url);

    let unlisted = modern.ask(&route(7, MODERN_META));
    legacy.ask(INITIALIZE);
    let translated = legacy.ask(&route(8, "{}"));

    for answer in [&unlisted, &translated] {
        let said = &answer["result"]["content"][0]["text"];
        assert_eq!(said, "Zürich by =?base64?WsO8cmljaA==?=", "{answer}");
    }
}

#[test]
fn a_session_that_the_server_forgot_is_begun_anew() {
    let test = "a_session_that_the_server_forgot_is_begun_anew";
    let Some(python) = peer(test, "python-mcp-1", "python3") else {
        return;
    };
    let mut server = Server::legacy(&python);
    let mut connect = Connect::to(&server.url);
    connect.ask(INITIALIZE);
    connect.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);

    let before = connect.ask(LIST);
    server.restart();
    let after = connect.ask(LIST);

    assert!(before["result"]["tools"].is_array(), "{before}");
    assert_eq!(
        after["result"]["tools"], before["result"]["tools"],
        "{after}"
    );
}

/// What both eras have.
fn check(report: &Value) {
    let tools = report["tools"].as_array().unwrap();
    assert!(tools.contains(&json!("add")), "{report}");
    assert_eq!(report["structured"], json!({ "sum": 42 }), "{report}");
    assert_eq!(report["resource"], "so much depends", "{report}");
    let review = json!(["look at all in paris", "as you like"]);
    assert_eq!(report["prompt"], review, "{report}");
    assert_eq!(
        report["completion"],
        json!(["paris", "phoenix"]),
        "{report}"
    );
    assert_eq!(report["counted"], "counted", "{report}");
    let progress = json!([[1.0, 2.0, "one"], [2.0, 2.0, "two"]]);
    assert_eq!(report["progress"], progress, "{report}");
}

fn route(id: u64, meta: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"route","arguments":{{"region":"Zürich"}},"_meta":{meta}}}}}"#
    )
}

/// A server of an official SDK.
struct Server {
    program: PathBuf,
    script: &'static str,
    port: u16,
    url: String,
    child: Child,
}

impl Server {
    fn modern() -> Self {
        Self::start("node".into(), "modern_server.mjs")
    }

    fn legacy(python: &Path) -> Self {
        Self::start(python.join("bin/python"), "legacy_server.py")
    }

    fn start(program: PathBuf, script: &'static str) -> Self {
        let port = free_port();
        let (child, url) = start(&program, script, port);
        Self {
            program,
            script,
            port,
            url,
            child,
        }
    }

    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.url) = start(&self.program, self.script, self.port);
    }

    /// What a client prints that starts `oci-mcp connect` for this server.
    fn report(&self, python: &Path, script: &str, mode: &str) -> Value {
        let connect = format!("{} connect {}", env!("CARGO_BIN_EXE_oci-mcp"), self.url);
        let output = Command::new("timeout")
            .arg("120")
            .arg(python.join("bin/python"))
            .arg(workspace().join("tests/peers").join(script))
            .args([&connect, mode])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script} {mode}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Starts a server, which ends with this process, and waits until it listens.
fn start(program: &Path, script: &str, port: u16) -> (Child, String) {
    let mut child = Command::new(program)
        .arg(workspace().join("tests/peers").join(script))
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut url).unwrap();
    (child, url.trim().to_owned())
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const MODERN_META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
