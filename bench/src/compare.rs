//! The same two questions to other servers, each as its makers would have it run.

use std::error::Error;
use std::time::Duration;

use crate::check::MANY;
use crate::lab::Lab;
use crate::measure::{Cost, Load, Memory, Start, answer_size, first_answers, in_turns, memory};
use crate::message::{Framing, Operation};
use crate::progress;
use crate::server::Server;
use crate::stats::Sorted;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was found out about a server.
pub(crate) struct Findings {
    pub(crate) name: &'static str,
    pub(crate) framing: Framing,
    pub(crate) list: Answers,
    pub(crate) call: Answers,
    pub(crate) memory: Memory,
    /// Of what is deployed, in bytes.
    pub(crate) size: u64,
}

/// How a server answers one question.
pub(crate) struct Answers {
    /// From its start.
    pub(crate) first: Sorted<Duration>,
    pub(crate) later: Cost,
    /// CPU, in times of raw hyper.
    pub(crate) times_raw: Sorted<f64>,
}

/// A server, or two of raw hyper, which knows but one answer.
struct Contestant {
    list: Server,
    call: Server,
    /// Whether it takes a tenth of the requests to measure it as well.
    is_slow: bool,
}

impl Contestant {
    fn fast(server: Server) -> Self {
        Self {
            list: server.clone(),
            call: server,
            is_slow: false,
        }
    }

    fn slow(server: Server) -> Self {
        Self {
            is_slow: true,
            ..Self::fast(server)
        }
    }

    fn raw(lab: &Lab, subject: &Server) -> Result<Self> {
        let size = |operation| answer_size(subject, operation);
        Ok(Self {
            list: lab.raw(subject.framing, size(Operation::List)?),
            call: lab.raw(subject.framing, size(Operation::Call)?),
            is_slow: false,
        })
    }

    fn server(&self, operation: Operation) -> &Server {
        match operation {
            Operation::Call => &self.call,
            Operation::Introduce | Operation::List => &self.list,
        }
    }
}

/// Measures all there is to compare with.
///
/// # Errors
///
/// If a server cannot be measured.
pub(crate) fn compare(lab: &Lab) -> Result<Vec<Findings>> {
    let (function, container) = (lab.function(1), lab.container());
    // Raw hyper first, as the others are compared with it.
    let groups = [
        vec![
            Contestant::raw(lab, &function)?,
            Contestant::fast(function),
            Contestant::slow(lab.fdk()),
        ],
        vec![
            Contestant::raw(lab, &container)?,
            Contestant::fast(container),
            Contestant::fast(lab.rmcp()),
            Contestant::slow(lab.fastmcp()),
        ],
    ];
    let mut findings = Vec::new();
    for group in groups {
        let lists = answers(&group, Operation::List)?;
        let calls = answers(&group, Operation::Call)?;
        for ((contestant, list), call) in group.iter().zip(lists).zip(calls) {
            let server = &contestant.list;
            let many = if contestant.is_slow { MANY / 10 } else { MANY };
            progress(format_args!("{}: {many} requests", server.name));
            findings.push(Findings {
                name: server.name,
                framing: server.framing,
                list,
                call,
                memory: memory(server, many)?,
                size: server.size()?,
            });
        }
    }
    Ok(findings)
}

fn answers(group: &[Contestant], operation: Operation) -> Result<Vec<Answers>> {
    let names: Vec<_> = group.iter().map(|each| each.list.name).collect();
    progress(format_args!("{operation:?}: {}", names.join(", ")));
    for contestant in group.iter().skip(1) {
        answer_size(contestant.server(operation), operation)?;
    }
    let starts: Vec<_> = group
        .iter()
        .map(|contestant| Start {
            server: contestant.server(operation),
            operation,
            times: if contestant.is_slow { 3 } else { 41 },
        })
        .collect();
    let first = first_answers(&starts)?;
    let later = in_turns_of(group, operation)?;
    let raw = later.first().ok_or("there is nothing to compare with")?;
    let ratios: Vec<_> = later.iter().map(|cost| cost.ratios(raw)).collect();
    let answers = first.into_iter().zip(later).zip(ratios);
    Ok(answers
        .map(|((first, later), times_raw)| Answers {
            first: Sorted::new(first),
            later,
            times_raw,
        })
        .collect())
}

fn in_turns_of(group: &[Contestant], operation: Operation) -> Result<Vec<Cost>> {
    let mut running = Vec::new();
    for contestant in group {
        let (instance, _) = contestant.server(operation).start()?;
        running.push(instance);
    }
    let loads: Vec<_> = group
        .iter()
        .zip(&running)
        .map(|(contestant, running)| Load {
            running,
            request: contestant.server(operation).request(operation),
            times: if contestant.is_slow { 200 } else { 2_000 },
        })
        .collect();
    in_turns(&loads, ROUNDS)
}

const ROUNDS: u32 = 21;
