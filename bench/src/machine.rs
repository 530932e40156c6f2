//! Where and of what the measurements are.

use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use jiff::Timestamp;

/// A line that says when, on which machine and of which sources.
pub(crate) fn description() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let commit = output("git", &["describe", "--always", "--dirty"]);
    format!(
        "{}, {model}, {cores} cores, Linux {}, {}, commit {commit}",
        Timestamp::now().strftime("%Y-%m-%d"),
        kernel.trim(),
        output("rustc", &["--version"]),
    )
}

fn output(program: &str, args: &[&str]) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(program).args(args).current_dir(here).output();
    let stdout = output.map(|output| output.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&stdout).trim() {
        "" => "unknown".into(),
        text => text.into(),
    }
}
