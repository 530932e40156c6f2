//! Programs that nobody here wrote, and what becomes of a test without them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of all crates.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where the peer is that `tests/peers/install.sh` installs as `name`; `None`, noted, if it or the
/// `program` that runs it is missing.
#[must_use]
pub fn peer(test: &str, name: &str, program: &str) -> Option<PathBuf> {
    let folder = installed(name).and_then(|folder| {
        let missing = || format!("{program} is not installed");
        runs(program).then_some(folder).ok_or_else(missing)
    });
    folder.map_err(|reason| skip(test, &reason)).ok()
}

/// Where the peer `name` is, or why it is nowhere.
pub(crate) fn installed(name: &str) -> Result<PathBuf, String> {
    let peers = std::env::var_os("OCI_MCP_PEERS");
    let peers = peers.map_or_else(|| workspace().join("target/peers"), PathBuf::from);
    if peers.join(name).join(".installed").exists() {
        return Ok(peers.join(name));
    }
    let reason = std::fs::read_to_string(peers.join(format!("{name}.reason")));
    let reason = reason.unwrap_or_else(|_| "`make peers` installs it".to_owned());
    Err(format!("{name} is not installed: {}", reason.trim()))
}

/// Whether there is such a program.
#[must_use]
pub fn runs(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Notes on stderr and in `target/skipped.txt` that `test` was not run.
pub fn skip(test: &str, reason: &str) {
    let line = format!("{test}: skipped: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    std::fs::create_dir_all(workspace().join("target")).unwrap();
    let skipped = workspace().join("target/skipped.txt");
    let mut skipped = OpenOptions::new()
        .append(true)
        .create(true)
        .open(skipped)
        .unwrap();
    skipped.write_all(line.as_bytes()).unwrap();
}
