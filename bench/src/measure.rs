//! The measurements themselves. What is to be compared is measured in turns, so that whatever
//! else the machine does meets all alike.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::cores::Pinned;
use crate::message::{Operation, Revision};
use crate::server::{Running, Server};
use crate::stats::Sorted;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Asks `server` once, and tells the size of its answer.
///
/// # Errors
///
/// If it does not answer, or answers something else than was asked.
pub(crate) fn answer_size(server: &Server, operation: Operation) -> Result<usize> {
    let (_running, mut client) = server.start()?;
    let answer = client.send(&server.request(operation))?;
    let expected = match operation {
        Operation::Introduce => "capabilities",
        Operation::List => "inputSchema",
        Operation::Call => r#""text":"42""#,
    };
    // However the server spaces its JSON.
    let text = String::from_utf8_lossy(answer).replace(": ", ":");
    if text.contains(expected) {
        Ok(answer.len())
    } else {
        Err(format!("{} answers {operation:?} with {text}", server.name).into())
    }
}

/// A request to be sent again and again.
pub(crate) struct Load<'a> {
    pub(crate) running: &'a Running,
    pub(crate) request: Vec<u8>,
    /// How often in each round.
    pub(crate) times: u32,
}

/// What the requests of a [`Load`] cost.
pub(crate) struct Cost {
    /// CPU time of the server for one request, by round.
    pub(crate) cpu: Vec<Duration>,
    /// From sending each request to having its whole answer.
    pub(crate) wall: Sorted<Duration>,
}

impl Cost {
    /// How many times as much CPU as `other` it takes, by round.
    pub(crate) fn ratios(&self, other: &Self) -> Sorted<f64> {
        let rounds = self.cpu.iter().zip(&other.cpu);
        Sorted::new(
            rounds
                .map(|(own, other)| own.div_duration_f64(*other))
                .collect(),
        )
    }
}

/// Sends every load in each of `rounds` rounds.
///
/// # Errors
///
/// If a server does not answer as it did at first.
pub(crate) fn in_turns(loads: &[Load<'_>], rounds: u32) -> Result<Vec<Cost>> {
    let mut threads = Vec::new();
    for load in loads {
        threads.extend(load.running.threads()?);
    }
    let _pinned = Pinned::apart(threads)?;
    let mut costs: Vec<_> = loads.iter().map(|_| (Vec::new(), Vec::new())).collect();
    for _ in 0..rounds {
        for (load, (cpu, wall)) in loads.iter().zip(&mut costs) {
            cpu.push(round(load, wall)?);
        }
    }
    let cost = |(cpu, wall)| Cost {
        cpu,
        wall: Sorted::new(wall),
    };
    Ok(costs.into_iter().map(cost).collect())
}

fn round(load: &Load<'_>, wall: &mut Vec<Duration>) -> Result<Duration> {
    let mut client = load.running.connect()?;
    // Neither the connection nor what got cold in the meantime is part of what a request costs.
    let mut expected = 0;
    for _ in 0..load.times.div_ceil(10) {
        expected = client.send(&load.request)?.len();
    }
    let before = load.running.cpu()?;
    for _ in 0..load.times {
        let sent = Instant::now();
        let size = client.send(&load.request)?.len();
        wall.push(sent.elapsed());
        if size != expected {
            return Err(format!("an answer has {size} bytes instead of {expected}").into());
        }
    }
    Ok(load.running.cpu()?.saturating_sub(before) / load.times)
}

/// A server to be started again and again.
pub(crate) struct Start<'a> {
    pub(crate) server: &'a Server,
    pub(crate) operation: Operation,
    pub(crate) times: u32,
}

/// From starting each server to having its first answer whole.
///
/// # Errors
///
/// If a server does not start or does not answer.
pub(crate) fn first_answers(starts: &[Start<'_>]) -> Result<Vec<Vec<Duration>>> {
    let most = starts.iter().map(|start| start.times).max();
    let mut times: Vec<_> = starts.iter().map(|_| Vec::new()).collect();
    for turn in 0..most.unwrap_or_default() {
        for (start, times) in starts.iter().zip(&mut times) {
            if turn < start.times {
                let request = start.server.request(start.operation);
                let (running, mut client) = start.server.start()?;
                client.send(&request)?;
                times.push(running.started.elapsed());
            }
        }
    }
    Ok(times)
}

/// The proportional set size of one instance over its life, in bytes: after a thousand lists, then
/// a thousand calls, then as many requests of both revisions as were wanted.
pub(crate) struct Memory {
    pub(crate) lists: u32,
    pub(crate) calls: u32,
    pub(crate) many: u32,
}

/// Follows one instance. No other may run of the same binary, with which it would share pages.
///
/// # Errors
///
/// If the server does not answer.
pub(crate) fn memory(server: &Server, many: u32) -> Result<Memory> {
    server.evict()?;
    let (running, mut client) = server.start()?;
    let mut after = |requests: &[Vec<u8>], times: u32| -> Result<u32> {
        for _ in 0..times {
            for request in requests {
                client.send(request)?;
            }
        }
        running.pss()
    };
    let mixed = [Operation::Introduce, Operation::List, Operation::Call];
    let mixed: Vec<_> = [Revision::Oldest, Revision::Newest]
        .iter()
        .flat_map(|revision| mixed.map(|operation| server.request_of(*revision, operation)))
        .collect();
    Ok(Memory {
        lists: after(&[server.request(Operation::List)], WARM)?,
        calls: after(&[server.request(Operation::Call)], WARM)?,
        many: after(&mixed, many.div_ceil(6))?,
    })
}

/// Requests after which a server has settled.
const WARM: u32 = 1_000;
