//! The function in a sandbox like that of OCI Functions, which only root can set up.

#![cfg(test)]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use oci_mcp_tests::{Emulated, LIST, Process, patient, quiet};
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
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("support/sandbox.sh");
    let mut function = quiet(script.to_str().unwrap());
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
