//! `oci-mcp stdio`, as a client that starts a command has it.

#![cfg(test)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// Oracle's OKE MCP server, README.md, "Initialize the JSON-RPC session", byte for byte.
const HANDSHAKE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"manual","version":"0.0.0"}}}
{"jsonrpc":"2.0","method":"notifications/initialized","params":{}}
"#;

#[test]
fn the_handshake_that_guides_print_works_as_printed() {
    let output = run(&[], HANDSHAKE);

    let stdout = String::from_utf8(output.stdout).unwrap();
    let answers = answers(&stdout);
    assert_eq!(answers.len(), 1, "{stdout}");
    assert_eq!(answers[0]["id"], 0);
    assert_eq!(answers[0]["result"]["protocolVersion"], "2024-11-05");
    assert_eq!(answers[0]["result"]["serverInfo"]["name"], "oci-mcp");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_tool_is_called_and_knows_how_it_was_reached() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"oci_ping"}}"#;

    let output = run(&[], &format!("{HANDSHAKE}{call}\n"));

    let stdout = String::from_utf8(output.stdout).unwrap();
    let text = &answers(&stdout)[1]["result"]["content"][0]["text"];
    let report: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(report["host"], "stdio");
}

#[test]
fn the_log_goes_to_stderr_and_nothing_but_protocol_to_stdout() {
    let ping = json!({ "jsonrpc": "2.0", "id": "a\nb", "method": "ping" });
    let lines = format!("{HANDSHAKE}{ping}\nnonsense\n\n{}\n", "x".repeat(2000));

    let output = run(&["--log", "trace", "--max-body-bytes", "1024"], &lines);

    let stdout = String::from_utf8(output.stdout).unwrap();
    let answers = answers(&stdout);
    assert_eq!(answers.len(), 4, "{stdout}");
    assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"));
    let ids = answers.iter().filter(|answer| answer["id"] == "a\nb");
    assert_eq!(ids.count(), 1, "{stdout}");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("method=\"initialize\""), "{log}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_quiet_connection_has_an_empty_log() {
    let output = run(&[], HANDSHAKE);

    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_setting_that_cannot_be_used_is_named_before_anything_is_read() {
    let output = run(&["--max-body-bytes", "0"], HANDSHAKE);

    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("`OCI_MCP_MAX_BODY_BYTES` is `0`"),
        "{message}"
    );
    assert!(output.stdout.is_empty());
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_client_that_leaves_without_reading_is_no_failure() {
    let mut child = start(&[]);
    drop(child.stdout.take());

    // The input stays open, so that it is the answer that finds nobody there.
    let mut input = child.stdin.take().unwrap();
    input.write_all(HANDSHAKE.as_bytes()).unwrap();

    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn start(args: &[&str]) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_oci-mcp"))
        .arg("stdio")
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn run(args: &[&str], input: &str) -> Output {
    let mut child = start(args);
    // Whoever refuses its settings may have gone without reading.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn answers(stdout: &str) -> Vec<Value> {
    assert!(stdout.ends_with('\n'), "{stdout}");
    let answers = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    answers.collect()
}
