//! The server in sandboxes like those of OCI, which only root can set up.

#![cfg(test)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Container, Emulated, LIST, Process, patient, quiet};
use rustix::process::Signal;
use serde_json::{Value, json};

#[tokio::test]
async fn a_function_needs_no_more_than_its_sandbox_allows() {
    if let Err(reason) = can_isolate() {
        skip(&reason);
        return;
    }
    let function = sandboxed();

    let list = function.post(LIST).await.json();
    let sum = function
        .call("add", &json!({ "a": 2, "b": 40 }))
        .await
        .json();
    let tried = function.call("try", &json!({})).await.json();
    let process = function.ping().await;

    assert_eq!(
        list["result"]["tools"].as_array().map(Vec::len),
        Some(8),
        "{list}"
    );
    assert_eq!(text(&sum), r#"{"sum":42}"#);
    let tried: Value = serde_json::from_str(text(&tried)).unwrap();
    let refused: Vec<_> = tried["refused"].as_array().unwrap().iter().collect();
    assert_eq!(
        refused,
        [
            "write to /: Read-only file system (os error 30)",
            "write to /etc: Read-only file system (os error 30)",
            "read /etc/shadow: Permission denied (os error 13)",
            "use the network: Network is unreachable (os error 101)",
        ]
    );
    assert_ne!(tried["thread"], "main");
    assert_is_sandboxed(process);
    println!(
        "{} KiB, {} threads",
        process.resident(),
        process.field("status", "Threads")
    );
}

#[tokio::test]
async fn a_model_deployment_runs_as_any_user_and_writes_nowhere() {
    if let Err(reason) = can_isolate() {
        skip(&reason);
        return;
    }
    let port = free_port().to_string();
    let settings = [
        ("PROGRAM", env!("CARGO_BIN_EXE_inmate")),
        (
            "MODEL_DEPLOYMENT_OCID",
            "ocid1.datasciencemodeldeployment.test",
        ),
        ("OCI_MCP_BIND", "127.0.0.1"),
        ("OCI_MCP_PORT", &port),
    ];
    let deployment = Container::start(&support("readonly.sh"), &settings).await;
    let call =
        |tool| Request::post("/predict").body(Bytes::from(format!(r#"{{"tool":"{tool}"}}"#)));

    let (status, tried) = deployment.send(&call("try").unwrap()).await;

    assert_eq!(status, 200, "{tried}");
    for place in ["/tmp", "/", "/etc"] {
        let refused = format!("write to {place}: Read-only file system (os error 30)");
        assert!(tried.contains(&refused), "{tried}");
    }
    let user = deployment.process().field("status", "Uid");
    assert_eq!(user, "4242\t4242\t4242\t4242");
}

#[tokio::test]
async fn process_1_ends_when_it_is_told_to() {
    if let Err(reason) = can_isolate() {
        skip(&reason);
        return;
    }
    for signal in [Signal::TERM, Signal::INT] {
        let settings = [("PROGRAM", env!("CARGO_BIN_EXE_function"))];
        let mut container = Container::start(&support("first.sh"), &settings).await;
        let first = container.process().child();
        assert!(first.field("status", "NSpid").ends_with("\t1"));

        assert!(first.signal(signal));

        assert!(container.ended().await.success(), "{signal:?}");
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn support(script: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("support")
        .join(script);
    script.to_str().unwrap().to_owned()
}

fn assert_is_sandboxed(process: Process) {
    for (name, expected) in [
        ("Uid", "1000\t1000\t1000\t1000"),
        ("Gid", "1000\t1000\t1000\t1000"),
        ("Groups", ""),
        ("CapInh", "0000000000000000"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapBnd", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("NoNewPrivs", "1"),
    ] {
        assert_eq!(process.field("status", name), expected, "{name}");
    }
    let limits = process.read("limits").unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let files: Vec<_> = files.unwrap().split_whitespace().collect();
    assert_eq!(files[3..5], ["350", "350"]);
}

fn sandboxed() -> Emulated {
    let mut function = quiet(&support("sandbox.sh"));
    let processes = 50 + threads_of(SANDBOX_USER);
    function.args = vec![
        env!("CARGO_BIN_EXE_inmate").into(),
        processes.to_string().into(),
    ];
    Emulated::new(function, patient())
}

/// Why this machine does not let a test isolate a process.
fn can_isolate() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root can set it up".to_owned());
    }
    for tool in ["mount", "prlimit", "setpriv", "unshare"] {
        if Command::new(tool).arg("--version").output().is_err() {
            return Err(format!("`{tool}` of util-linux is not installed"));
        }
    }
    // In a container, root may be less than root.
    let script = "mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro /";
    let mut probe = Command::new("unshare");
    probe.args([
        "--mount",
        "--net",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
    ]);
    let output = probe.output().unwrap();
    if output.status.success() {
        Ok(())
    } else {
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("mounts are not allowed here: {}", why.trim()))
    }
}

/// Says why, to a person and for the list of what was not tested.
fn skip(reason: &str) {
    let line = format!("sandbox: skipped: {reason}\n");
    eprint!("{line}");
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    fs::create_dir_all(&target).unwrap();
    let mut list = OpenOptions::new();
    let list = list
        .append(true)
        .create(true)
        .open(target.join("skipped.txt"));
    // In one write, as other tests append to it, too.
    list.unwrap().write_all(line.as_bytes()).unwrap();
}

fn threads_of(user: &str) -> usize {
    let threads = |process: Process| {
        let status = process.read("status").ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next())
        };
        let threads: usize = field("Threads:")?.parse().ok()?;
        (field("Uid:")? == user).then_some(threads)
    };
    Process::all().into_iter().filter_map(threads).sum()
}

fn text(answer: &Value) -> &str {
    let text = answer["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("{answer}"))
}

const SANDBOX_USER: &str = "1000";
