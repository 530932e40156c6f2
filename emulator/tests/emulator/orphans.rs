//! Nothing of a program under the emulator outlives it, however that ends.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use oci_emulator::Limits;
use serde_json::Value;

use crate::deployed::{self, deploy};
use crate::fake::{agent, call, ended, folder, number, patient, seen, state, stopped, watch};

#[tokio::test]
async fn a_killed_emulator_leaves_no_process_of_a_function_and_no_folder() {
    let Some((emulator, seen)) = emulator("orphans::an_agent_to_be_killed") else {
        return;
    };
    let folder = folder(&seen);
    assert_eq!(state(number(&seen["pid"])), Some('T'));

    kill(emulator, &seen).await;

    assert!(!Path::new(&folder).exists());
}

#[tokio::test]
async fn a_killed_emulator_leaves_no_process_of_a_container() {
    let Some((emulator, seen)) = emulator("orphans::a_deployment_to_be_killed") else {
        return;
    };

    kill(emulator, &seen).await;
}

/// Kills an emulator, and waits for the ends of the program that saw `seen`, of its child and of
/// its watchdog.
async fn kill(mut emulator: Child, seen: &Value) {
    let mut processes = children(emulator.id());
    assert_eq!(
        processes.len(),
        2,
        "the program and its watchdog: {processes:?}"
    );
    assert!(processes.contains(&number(&seen["pid"])));
    processes.push(number(&seen["child"]));
    let processes: Vec<_> = processes.into_iter().map(watch).collect();

    emulator.kill().unwrap();
    emulator.wait().unwrap();

    for process in processes {
        ended(process).await;
    }
}

#[tokio::test]
#[ignore = "runs until it is killed; a test above runs it"]
async fn an_agent_to_be_killed() {
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
    announce(&seen);
}

#[tokio::test]
#[ignore = "runs until it is killed; a test above runs it"]
async fn a_deployment_to_be_killed() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    announce(&deployed::seen(&deployment, "child").await);
}

/// Tells what a program saw, and waits to be killed.
fn announce(seen: &Value) {
    println!("{ANNOUNCEMENT}{seen}");
    // Ends at once where there is no one to do it.
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
}

/// Runs a test of this file in a process of its own, until it tells what its program saw; `None`
/// if there is no Python.
fn emulator(test: &str) -> Option<(Child, Value)> {
    let mut emulator = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", test])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(emulator.stdout.take().unwrap());
    let seen = output.lines().find_map(|line| {
        let line = line.unwrap();
        let (_, seen) = line.split_once(ANNOUNCEMENT)?;
        Some(serde_json::from_str(seen).unwrap())
    });
    if seen.is_none() {
        emulator.wait().unwrap();
    }
    seen.map(|seen| (emulator, seen))
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

const ANNOUNCEMENT: &str = "ready to be killed: ";
