//! The tools in the binary, on a Function and over stdio, in the simulated tenancy.

#![cfg(test)]
#![cfg(feature = "oci")]

#[path = "../../tools/tests/tools/cases.rs"]
mod cases;

use std::process::Stdio;

use oci_emulator::Function;
use oci_mcp_tests::{Emulated, Simulated, patient, rpc};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use self::cases::{Host as _, changing, has, reading};

const BINARY: &str = env!("CARGO_BIN_EXE_oci-mcp");
const READ_ALL: [(&str, &str); 2] = [("OCI_MCP_TOOLSETS", "all"), ("OCI_MCP_LOG", "error")];

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
        let mut environment = simulated.settings(settings);
        // The cases that name no compartment are of the root.
        let root = simulated.oci.tenancy_id();
        environment.push(("COMPARTMENT_OCID", &root));
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

    async fn rpc(&mut self, method: &str, params: &Value) -> Value {
        let message = rpc(method, params);
        match self {
            Self::Function(function) => {
                let reply = function.post(message).await;
                serde_json::from_slice(&reply.body).unwrap()
            }
            Self::Stdio(pipes) => {
                let line = format!("{message}\n");
                pipes.stdin.write_all(line.as_bytes()).await.unwrap();
                let answer = pipes.stdout.next_line().await.unwrap().unwrap();
                serde_json::from_str(&answer).unwrap()
            }
        }
    }
}

impl cases::Host for Host {
    async fn listed(&mut self) -> Vec<Value> {
        let mut answer = self.rpc("tools/list", &json!({})).await;
        serde_json::from_value(answer["result"]["tools"].take()).unwrap()
    }

    async fn call(&mut self, tool: &str, arguments: &Value) -> (bool, Value) {
        let params = json!({ "name": tool, "arguments": arguments });
        let answer = self.rpc("tools/call", &params).await;
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
    let cases = reading(&simulated.oci);

    let mut wrong = Vec::new();
    for mut host in Host::both(&simulated, &READ_ALL) {
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
async fn each_list_is_empty_where_nothing_is_on_a_function_and_over_stdio() {
    let simulated = Simulated::start().await;

    for mut host in Host::both(&simulated, &READ_ALL) {
        let count = cases::lists_of_nothing(&mut host).await;
        assert!(count >= 30, "{}: {count}", host.name());
    }
}

#[tokio::test]
async fn each_list_has_a_second_page_on_a_function_and_over_stdio() {
    let simulated = Simulated::start().await;

    for mut host in Host::both(&simulated, &READ_ALL) {
        let count = cases::second_pages(&mut host, reading(&simulated.oci)).await;
        assert!(count >= 15, "{}: {count}", host.name());
    }
}

#[tokio::test]
async fn each_tells_what_a_policy_must_say_on_a_function_and_over_stdio() {
    let simulated = Simulated::start().await;
    simulated.oci.inject(cases::refusal());

    for mut host in Host::both(&simulated, &READ_ALL) {
        let cases = reading(&simulated.oci);
        cases::refusals(&mut host, cases, "dynamic-group").await;
    }
}

#[tokio::test]
async fn each_change_is_refused_and_then_done_on_a_function_and_over_stdio() {
    let mut wrong = Vec::new();
    for number in 0..2 {
        // What one host did cannot be done again.
        let simulated = Simulated::start().await;
        let [function, stdio] = Host::both(&simulated, &READ_ALL);
        let mut reader = if number == 0 { function } else { stdio };
        let [all, quiet] = READ_ALL;
        let allowed = [all, quiet, ("ALLOW_MUTATIONS", "true")];
        let [function, stdio] = Host::both(&simulated, &allowed);
        let mut writer = if number == 0 { function } else { stdio };
        for (tool, arguments, expected) in changing(&simulated.oci) {
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
