//! `oci-mcp dev`, as a person at a terminal has it.

#![cfg(test)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn it_shows_where_the_server_is_that_it_works_and_how_to_connect() {
    let mut dev = Dev::start(&[]);

    let welcome = dev.welcome();

    let url = url(&welcome);
    assert!(url.starts_with("http://127.0.0.1:"), "{welcome}");
    for expected in [
        "Tools (listed ",
        "oci_ping  Tells whether the server is up",
        "asked     tools/call oci_ping {}",
        r#"answer    {"version":"#,
        &format!("claude mcp add --transport http oci-mcp {url}\n"),
        &format!(r#"code --add-mcp '{{"name":"oci-mcp","type":"http","url":"{url}"}}'"#),
        &format!(r#"{{"mcpServers":{{"oci-mcp":{{"type":"streamableHttp","url":"{url}"}}}}}}"#),
        &format!("npx @modelcontextprotocol/inspector --cli {url} "),
        &format!("curl {url} "),
    ] {
        assert!(welcome.contains(expected), "no {expected} in {welcome}");
    }
    let list = post(&url, r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
    assert_eq!(list["id"], 7);
    assert!(lists(&list, "oci_ping"), "{list}");
}

#[test]
#[cfg(feature = "oci")]
fn an_agent_sees_the_simulated_tenancy() {
    let mut dev = Dev::start(&[]);
    let url = url(&dev.welcome());

    let answer = post(
        &url,
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"oci_call_operation","arguments":
            {"operation":"core.list_instances","parameters":{"limit":2},"fields":["displayName"]}}}"#,
    );

    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    let shown: Value = serde_json::from_str(text).unwrap();
    assert_eq!(shown["count"], 2, "{shown}");
    assert_eq!(shown["items"][0]["displayName"], "web-01", "{shown}");
    assert!(shown["next_page"].is_string(), "{shown}");
}

fn lists(list: &Value, name: &str) -> bool {
    let tools = list["result"]["tools"].as_array();
    tools.is_some_and(|tools| tools.iter().any(|tool| tool["name"] == name))
}

#[test]
fn a_model_deployment_is_shown_with_its_three_addresses() {
    let mut dev = Dev::start(&["--host", "datascience"]);

    let welcome = dev.welcome();

    let url = url(&welcome);
    let (deployment, path) = url.split_at(url.find("/predict").unwrap());
    assert_eq!(path, "/predict/mcp");
    for expected in [
        format!("stream  {deployment}/predictWithResponseStream/mcp/stream\n"),
        format!("predict {deployment}/predict\n"),
        r#""host":"datascience""#.to_owned(),
        format!("claude mcp add --transport http oci-mcp {url}\n"),
    ] {
        assert!(welcome.contains(&expected), "no {expected} in {welcome}");
    }
    let list = post(&url, r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
    assert!(lists(&list, "oci_ping"), "{list}");
}

#[test]
fn a_container_is_asked_without_anything_in_between() {
    let mut dev = Dev::start(&["--host", "container"]);

    let welcome = dev.welcome();

    let url = url(&welcome);
    let port = url.trim_end_matches("/mcp").rsplit(':').next().unwrap();
    assert!(welcome.contains(r#""host":"container""#), "{welcome}");
    let listens = format!("OCI_MCP_PORT={port}");
    assert!(dev.variable(&listens).is_some(), "{listens}");
}

#[test]
fn its_program_has_an_identity_in_a_simulated_tenancy() {
    let own = [
        ("OCI_CONFIG_FILE", "/no/such/file"),
        ("OCI_MCP_AUTH_TYPE", "api_key"),
        ("OCI_REGION", "us-ashburn-1"),
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1"),
    ];
    for host in HOSTS {
        let mut dev = Dev::start_with(&["--host", host], &own);

        let welcome = dev.welcome();

        assert!(
            welcome.contains("\nTenancy: simulated, at http://127.0.0.1:"),
            "{welcome}"
        );
        let report = ping(&url(&welcome));
        assert_eq!(report["identity"]["principal"], "resource principal 2.2");
        assert_eq!(report["identity"]["region"], "us-phoenix-1");
        assert_eq!(report["region"], "us-phoenix-1");
        assert_eq!(report["signed_call"]["status"], 200, "{report}");
        assert_eq!(dev.variable("OCI_CONFIG_FILE="), None);
        let compartment = dev.variable("COMPARTMENT_OCID=").unwrap();
        assert!(
            compartment.starts_with("ocid1.compartment.oc1.."),
            "{compartment}"
        );
    }
}

#[test]
fn the_real_oci_is_asked_if_it_is_wanted() {
    let own = [
        ("OCI_CONFIG_FILE", "/no/such/file"),
        ("HOME", "/no/such/home"),
    ];
    let mut dev = Dev::start_with(&["--live", "--host", "container"], &own);

    let welcome = dev.welcome();

    assert!(welcome.contains("\nTenancy: the real one, "), "{welcome}");
    let report = ping(&url(&welcome));
    assert_eq!(report["identity"], Value::Null);
    let message = report["no_identity"].as_str().unwrap();
    assert!(message.starts_with("`/no/such/file`"), "{message}");
    assert_eq!(dev.variable("OCI_ENDPOINT_OVERRIDE="), None);
    assert_eq!(
        dev.variable("OCI_CONFIG_FILE=").as_deref(),
        Some("/no/such/file")
    );
    assert_eq!(dev.variable("HOME=").as_deref(), Some("/no/such/home"));
}

#[test]
fn ctrl_c_and_sigterm_end_it_well_and_everything_with_it() {
    for host in HOSTS {
        for signal in [Signal::INT, Signal::TERM] {
            let mut dev = Dev::start(&["--host", host]);
            dev.welcome();
            let remains = dev.remains(host);

            dev.signal(signal);

            assert_eq!(dev.0.wait().unwrap().code(), Some(0), "{host} {signal:?}");
            assert!(!remains.are_there(), "{host} {signal:?}");
            assert!(dev.is_tidy(), "{host} {signal:?}");
        }
    }
}

#[test]
fn ctrl_c_ends_it_before_its_program_has_started() {
    for host in HOSTS {
        let mut dev = Dev::start(&["--host", host, "--command", "/bin/sleep", "--", "60"]);
        let told = |name| dev.variable(name).is_some();
        until(|| told("FN_LISTENER=") || told("OCI_MCP_PORT="));
        let remains = dev.remains(host);

        dev.signal(Signal::INT);

        assert_eq!(dev.0.wait().unwrap().code(), Some(0), "{host}");
        assert!(!remains.are_there(), "{host}");
        assert!(dev.is_tidy(), "{host}");
    }
}

#[test]
fn nothing_outlives_it_when_it_is_killed() {
    for host in HOSTS {
        let mut dev = Dev::start(&["--host", host]);
        dev.welcome();
        let remains = dev.remains(host);

        dev.signal(Signal::KILL);
        dev.0.wait().unwrap();

        until(|| !remains.are_there());
    }
}

#[test]
fn a_container_that_ends_is_told_with_its_status() {
    for host in ["datascience", "container"] {
        let output = run(&["--host", host, "--port", "0", "--command", "/bin/false"]);

        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("exit status 1"), "{host}: {message}");
    }
}

#[test]
fn a_timeout_is_refused_where_oci_has_none() {
    for host in ["datascience", "container"] {
        let output = run(&["--host", host, "--port", "0", "--timeout", "30"]);

        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("--timeout"), "{message}");
    }
}

#[test]
fn a_program_that_is_missing_is_named() {
    let output = run(&["--port", "0", "--command", "./no/such/function"]);

    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("`./no/such/function`"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let mut dev = Dev::start(&[]);
    let url = url(&dev.welcome());
    let port = url.trim_end_matches("/mcp").rsplit(':').next().unwrap();

    let output = run(&["--port", port]);

    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for expected in [port, "--port", "in use"] {
        assert!(message.contains(expected), "no {expected} in {message}");
    }
}

#[test]
fn a_timeout_that_oci_does_not_have_is_refused() {
    for timeout in ["0", "301", "1.5"] {
        let output = run(&["--port", "0", "--timeout", timeout]);

        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains("--timeout"), "{message}");
    }
}

#[test]
fn a_program_that_is_not_mcp_runs_on_and_is_shown_as_such() {
    let mut dev = Dev::start(&["--command", "/bin/true"]);

    let welcome = dev.welcome();

    assert!(
        welcome.contains("It does not answer tools/list: 502"),
        "{welcome}"
    );
    let list = post(
        &url(&welcome),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
    );
    assert_eq!(list["code"], 502);
    assert!(dev.0.try_wait().unwrap().is_none());
}

const HOSTS: [&str; 3] = ["functions", "datascience", "container"];

/// A running `oci-mcp dev`, killed when dropped, and the folder for its temporary files.
struct Dev(Child, TempDir);

impl Dev {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut dev = command();
        dev.args(["--port", "0"]).args(arguments);
        dev.envs(variables.iter().copied())
            .env("TMPDIR", folder.path());
        let dev = dev.stdout(Stdio::piped()).stderr(Stdio::null());
        Self(dev.spawn().unwrap(), folder)
    }

    /// Whether it has left no temporary file.
    fn is_tidy(&self) -> bool {
        self.1.path().read_dir().unwrap().next().is_none()
    }

    /// What it prints until it serves and says no more.
    fn welcome(&mut self) -> String {
        let mut text = String::new();
        let mut output = BufReader::new(self.0.stdout.take().unwrap());
        while !text.ends_with("Ctrl-C stops it.\n") {
            assert_ne!(output.read_line(&mut text).unwrap(), 0, "{text}");
        }
        text
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The program and its watchdog.
    fn children(&self) -> Vec<u32> {
        let processes = fs::read_dir("/proc").unwrap();
        let names = processes.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let pids = names.filter_map(|name| name.parse().ok());
        let parent = self.0.id().to_string();
        // After the state comes the parent.
        pids.filter(|pid| stat(*pid).is_some_and(|stat| stat.split(' ').nth(1) == Some(&parent)))
            .collect()
    }

    /// What follows `start` in the program's environment, if there is a program. Its watchdog has
    /// the environment of `dev` itself, and so no level for the log.
    fn variable(&self, start: &str) -> Option<String> {
        self.children().into_iter().find_map(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let mut variables = environment.split('\0');
            if !variables
                .clone()
                .any(|variable| variable.starts_with("OCI_MCP_LOG="))
            {
                return None;
            }
            let value = variables.find_map(|variable| variable.strip_prefix(start));
            value.map(str::to_owned)
        })
    }

    /// What must not outlive it: the program, its watchdog and the folder of a function's socket.
    fn remains(&self, host: &str) -> Remains {
        let socket = self.variable("FN_LISTENER=unix:");
        let folder = socket.map(|socket| Path::new(&socket).parent().unwrap().to_owned());
        let processes = self.children();
        assert_eq!(processes.len(), 2, "{host}");
        assert_eq!(folder.is_some(), host == "functions");
        Remains { processes, folder }
    }
}

struct Remains {
    processes: Vec<u32>,
    folder: Option<PathBuf>,
}

impl Remains {
    fn are_there(&self) -> bool {
        let folder = self.folder.as_ref().is_some_and(|folder| folder.exists());
        folder || self.processes.iter().any(|pid| is_alive(*pid))
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It may have ended, which is as well.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
    command.arg("dev").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

fn url(welcome: &str) -> String {
    let mut words = welcome.split_whitespace();
    words.find(|word| *word == "MCP");
    words.next().unwrap().to_owned()
}

/// What `oci_ping` tells.
fn ping(url: &str) -> Value {
    let params = json!({ "name": "oci_ping", "arguments": {} });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let answer = post(url, &call.to_string());
    let report = answer["result"]["content"][0]["text"].as_str();
    serde_json::from_str(report.unwrap()).unwrap()
}

fn post(url: &str, body: &str) -> Value {
    let address = url.strip_prefix("http://").unwrap();
    let (address, path) = address.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// What follows the name in `/proc/PID/stat`; `None` if there is no such process.
fn stat(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ").map(|(_, fields)| fields.to_owned())
}

/// Whether a process has not ended. Nobody may be there to reap one that has.
fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !stat.starts_with(['X', 'Z']))
}

fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it did not happen"
        );
        std::thread::yield_now();
    }
}
