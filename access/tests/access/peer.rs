//! Real libraries and servers beside us: where they are, and what to say if they are not.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a peer is installed that `program` runs; `None`, noted, if either is missing.
pub(crate) fn peer(test: &str, name: &str, program: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let peers = std::env::var_os("OCI_MCP_PEERS");
    let peers = peers.map_or_else(|| target.join("peers"), PathBuf::from);
    let reason = if !peers.join(name).join(".installed").exists() {
        let reason = std::fs::read_to_string(peers.join(format!("{name}.reason")));
        let reason = reason.unwrap_or_else(|_| "`make peers` installs it".to_owned());
        format!("{name} is not installed: {}", reason.trim())
    } else if Command::new(program).arg("--version").output().is_err() {
        format!("{program} is not installed")
    } else {
        return Some(peers.join(name));
    };
    let line = format!("{test}: skipped: {reason}\n");
    // Not `eprintln!`, which the test harness would keep to itself.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    std::fs::create_dir_all(&target).unwrap();
    let skipped = target.join("skipped.txt");
    let skipped = OpenOptions::new().append(true).create(true).open(skipped);
    skipped.unwrap().write_all(line.as_bytes()).unwrap();
    None
}

/// A file beside the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}
