//! Nothing of a function outlives the emulator, however that ends.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use oci_emulator::Limits;
use serde_json::Value;

use crate::fake::{agent, call, ended, folder, number, patient, seen, state, stopped, watch};

#[tokio::test]
async fn a_killed_emulator_leaves_no_process_and_no_folder() {
    let mut emulator = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "orphans::an_emulator_to_be_killed",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let Some(seen) = announced(&mut emulator) else {
        emulator.wait().unwrap();
        return;
    };
    let (function, folder) = (number(&seen["pid"]), folder(&seen));
    let mut processes = children(emulator.id());
    assert_eq!(
        processes.len(),
        2,
        "the function and its watchdog: {processes:?}"
    );
    assert!(processes.contains(&function));
    assert_eq!(state(function), Some('T'));
    processes.push(number(&seen["child"]));
    let processes: Vec<_> = processes.into_iter().map(watch).collect();

    emulator.kill().unwrap();
    emulator.wait().unwrap();

    for process in processes {
        ended(process).await;
    }
    assert!(!Path::new(&folder).exists());
}

#[tokio::test]
#[ignore = "runs until it is killed; the test above runs it"]
async fn an_emulator_to_be_killed() {
    let freeze_after = Duration::from_millis(1);
    let Some(agent) = agent(
        "good",
        Limits {
            freeze_after,
            ..patient()
        },
    ) else {
        return;
    };
    let seen = seen(&agent.invoke(call("/child")).await);
    stopped(number(&seen["pid"])).await;
    println!("{ANNOUNCEMENT}{seen}");
    // Ends at once where there is no one to kill it.
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
}

/// What the emulator's function saw, once it is frozen.
fn announced(emulator: &mut Child) -> Option<Value> {
    let output = BufReader::new(emulator.stdout.take().unwrap());
    output.lines().find_map(|line| {
        let line = line.unwrap();
        let (_, seen) = line.split_once(ANNOUNCEMENT)?;
        Some(serde_json::from_str(seen).unwrap())
    })
}

fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap();
    let pids = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name, in brackets: the state, then the parent.
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        fields.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    pids.filter(is_child).collect()
}

const ANNOUNCEMENT: &str = "frozen: ";
