//! The tools in the binary, on a Function and over stdio, in the simulated tenancy.

#![cfg(test)]
#![cfg(feature = "oci")]

use std::process::Stdio;

use oci_emulator::{Function, SimulatedOci};
use oci_mcp_tests::{Emulated, Simulated, patient};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const READ: &str = include_str!("../../tools/tests/tools/curated.json");
const CHANGE: &str = include_str!("../../tools/tests/tools/curated_changes.json");
const BINARY: &str = env!("CARGO_BIN_EXE_oci-mcp");

/// A tool, its arguments, and what its answer has among other things.
type Case = (String, Value, Value);

fn cases(text: &str, oci: &SimulatedOci) -> Vec<Case> {
    let mut cases: Value = serde_json::from_str(text).unwrap();
    resolve(&mut cases, oci);
    serde_json::from_value(cases).unwrap()
}

/// `@instances/web-01` is the identifier of that in the simulated tenancy.
fn resolve(value: &mut Value, oci: &SimulatedOci) {
    match value {
        Value::String(text) => {
            let named = text.strip_prefix('@').and_then(|rest| rest.split_once('/'));
            if let Some((collection, name)) = named {
                *text = oci.find(collection, name).unwrap();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, oci)),
        Value::Object(members) => members.values_mut().for_each(|item| resolve(item, oci)),
        _ => {}
    }
}

/// Whether `found` has all that is `expected`: of a list, its first items.
fn has(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| has(found, value))),
        (Value::Array(found), Value::Array(expected)) if !expected.is_empty() => {
            found.len() >= expected.len() && found.iter().zip(expected).all(|(f, e)| has(f, e))
        }
        _ => found == expected,
    }
}

/// The binary as a host runs it.
enum Host {
    Function(Emulated),
    Stdio(Box<Pipes>),
}

struct Pipes {
    _process: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Host {
    fn both(simulated: &Simulated, settings: &[(&str, &str)]) -> [Self; 2] {
        let environment = simulated.settings(settings);
        let mut function = Function::new(BINARY);
        let own = environment.iter();
        function.env = own
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let mut process = Command::new(BINARY)
            .arg("stdio")
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (stdin, stdout) = (
            process.stdin.take().unwrap(),
            process.stdout.take().unwrap(),
        );
        [
            Self::Function(Emulated::new(function, patient())),
            Self::Stdio(Box::new(Pipes {
                _process: process,
                stdin,
                stdout: BufReader::new(stdout).lines(),
            })),
        ]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Function(_) => "function",
            Self::Stdio(_) => "stdio",
        }
    }

    /// What the tool answers, and whether that is an error.
    async fn call(&mut self, tool: &str, arguments: &Value) -> (bool, Value) {
        let answer: Value = match self {
            Self::Function(function) => {
                let reply = function.call(tool, arguments).await;
                serde_json::from_slice(&reply.body).unwrap()
            }
            Self::Stdio(pipes) => {
                let params = json!({ "name": tool, "arguments": arguments });
                let call =
                    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
                let line = format!("{call}\n");
                pipes.stdin.write_all(line.as_bytes()).await.unwrap();
                let answer = pipes.stdout.next_line().await.unwrap().unwrap();
                serde_json::from_str(&answer).unwrap()
            }
        };
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{tool}: {answer}"));
        (
            result["isError"] == true,
            serde_json::from_str(text).unwrap(),
        )
    }
}

/// Whether what is expected of a tool is of noon on 2026-11-21: here the clock is the machine's own.
fn is_of_a_day(tool: &str) -> bool {
    [
        "oci_audit_",
        "oci_cost_",
        "oci_notifications_publish",
        "oci_storage_create_par",
    ]
    .iter()
    .any(|start| tool.starts_with(start))
        || [
            "get_alarm_history",
            "get_instance_metrics",
            "search_logs",
            "execute_log_query",
        ]
        .iter()
        .any(|end| tool.ends_with(end))
}

#[tokio::test]
async fn each_tool_answers_on_a_function_and_over_stdio() {
    let simulated = Simulated::start().await;
    let settings = [("OCI_MCP_TOOLSETS", "all"), ("OCI_MCP_LOG", "error")];
    let cases = cases(READ, &simulated.oci);

    let mut wrong = Vec::new();
    for mut host in Host::both(&simulated, &settings) {
        for (tool, arguments, expected) in &cases {
            let (is_error, answer) = host.call(tool, arguments).await;
            if is_error || !(is_of_a_day(tool) || has(&answer, expected)) {
                wrong.push(format!("{}: {tool} {arguments}: {answer}", host.name()));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn each_change_is_refused_and_then_done_on_a_function_and_over_stdio() {
    let all = ("OCI_MCP_TOOLSETS", "all");
    let quiet = ("OCI_MCP_LOG", "error");

    let mut wrong = Vec::new();
    for number in 0..2 {
        // What one host did cannot be done again.
        let simulated = Simulated::start().await;
        let [function, stdio] = Host::both(&simulated, &[all, quiet]);
        let mut reader = if number == 0 { function } else { stdio };
        let allowed = [all, quiet, ("ALLOW_MUTATIONS", "true")];
        let [function, stdio] = Host::both(&simulated, &allowed);
        let mut writer = if number == 0 { function } else { stdio };
        for (tool, arguments, expected) in cases(CHANGE, &simulated.oci) {
            let (is_refused, refused) = reader.call(&tool, &arguments).await;
            let (is_error, done) = writer.call(&tool, &arguments).await;

            let is_good = !is_error && (is_of_a_day(&tool) || has(&done, &expected));
            if !is_refused || refused["category"] != "authorization" || !is_good {
                wrong.push(format!("{}: {tool}: {refused}, then {done}", reader.name()));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
