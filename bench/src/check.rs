//! A function against its budgets.

use std::error::Error;
use std::time::Duration;

use crate::budget::{
    self, Budget, CALL_CPU, FIRST_CALL, FIRST_LIST, FIRST_LIST_RATIO, FULL_SIZE, FUNCTION_SIZE,
    GUARDED_CPU, LIST_CPU, LONG_LIST_CPU, MANY_TOOLS_CPU, MEMORY_CALLS, MEMORY_GROWTH,
    MEMORY_LISTS, Measured, Verdict,
};
use crate::lab::Lab;
use crate::measure::{Load, Start, answer_size, first_answers, in_turns, memory};
use crate::message::{Framing, Operation};
use crate::progress;
use crate::server::Server;
use crate::stats::{Sorted, millis};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures everything that has a budget.
///
/// # Errors
///
/// If something cannot be measured; a budget that is exceeded is none.
pub(crate) fn check(lab: &Lab) -> Result<Vec<Verdict>> {
    let one = lab.function(1);
    let mut verdicts = vec![
        cpu(lab, &LIST_CPU, &one, Operation::List)?,
        cpu(lab, &LONG_LIST_CPU, &lab.function(LONG), Operation::List)?,
        beside(
            &MANY_TOOLS_CPU,
            &lab.function(MANY_TOOLS),
            &one,
            Operation::List,
        )?,
        cpu(lab, &CALL_CPU, &one, Operation::Call)?,
        cpu(lab, &GUARDED_CPU, &lab.guarded(), Operation::Call)?,
    ];
    verdicts.extend(starts(lab, &one)?);
    verdicts.extend(memories(&one)?);
    for (budget, server) in [(&FULL_SIZE, lab.everything()), (&FUNCTION_SIZE, one)] {
        let size = u32::try_from(server.size()?)?;
        verdicts.push(budget::judge(budget, || Ok(exact(size)))?);
    }
    Ok(verdicts)
}

fn cpu(
    lab: &Lab,
    budget: &'static Budget,
    server: &Server,
    operation: Operation,
) -> Result<Verdict> {
    let size = answer_size(server, operation)?;
    if size > LONGEST {
        return Err(format!("an answer of {size} bytes is more than the budget is for").into());
    }
    progress(format_args!("{}: answers of {size} bytes", budget.what));
    let raw = lab.raw(Framing::Function, size).asked_as(server);
    beside(budget, server, &raw, operation)
}

/// What `server` takes, in times of `other`.
fn beside(
    budget: &'static Budget,
    server: &Server,
    other: &Server,
    operation: Operation,
) -> Result<Verdict> {
    budget::judge(budget, || {
        let mut ratios = Vec::new();
        for _ in 0..PAIRS {
            ratios.extend(ratios_of_a_pair(server, other, operation)?);
        }
        varying(&Sorted::new(ratios))
    })
}

/// Where a process and its pages happen to lie in memory counts for a tenth, so each pair is new.
fn ratios_of_a_pair(server: &Server, other: &Server, operation: Operation) -> Result<Vec<f64>> {
    let (subject, _) = server.start()?;
    let (other, _) = other.start()?;
    let loads = [&subject, &other].map(|running| Load {
        running,
        request: server.request(operation),
        times: REQUESTS,
    });
    let costs = in_turns(&loads, ROUNDS)?;
    let [subject, other] = &costs[..] else {
        return Err("two loads have two costs".into());
    };
    Ok(subject.ratios(other).into_values())
}

fn starts(lab: &Lab, server: &Server) -> Result<Vec<Verdict>> {
    progress("from start to first answer");
    let raw = lab.raw(Framing::Function, answer_size(server, Operation::List)?);
    let start = |server, operation| Start {
        server,
        operation,
        times: STARTS,
    };
    let plan = [
        start(server, Operation::List),
        start(&raw, Operation::List),
        start(server, Operation::Call),
    ];
    let (mut lists, mut calls) = (Vec::new(), Vec::new());
    let ratio = budget::judge(&FIRST_LIST_RATIO, || {
        let times = first_answers(&plan)?;
        let [list, raw, call] = &times[..] else {
            return Err("three starts have three times".into());
        };
        lists.extend_from_slice(list);
        calls.extend_from_slice(call);
        let pairs = list.iter().zip(raw);
        varying(&Sorted::new(
            pairs.map(|(own, raw)| own.div_duration_f64(*raw)).collect(),
        ))
    })?;
    let list = budget::judge(&FIRST_LIST, || shortest(&plan[..1], &mut lists))?;
    let call = budget::judge(&FIRST_CALL, || shortest(&plan[2..], &mut calls))?;
    Ok(vec![ratio, list, call])
}

/// The shortest of the `times` so far, or of more.
fn shortest(plan: &[Start<'_>], times: &mut Vec<Duration>) -> Result<Measured> {
    if times.is_empty() {
        times.extend(first_answers(plan)?.into_iter().flatten());
    }
    let all: Vec<_> = times.drain(..).map(millis).collect();
    let sorted = Sorted::new(all);
    let value = sorted.min().ok_or("nothing was measured")?;
    let spread = sorted.percentile(10).zip(sorted.percentile(90));
    Ok(Measured { value, spread })
}

fn memories(server: &Server) -> Result<Vec<Verdict>> {
    progress("memory");
    let memory = memory(server, MANY)?;
    let growth = memory.many.saturating_sub(memory.calls);
    [
        (&MEMORY_LISTS, memory.lists),
        (&MEMORY_CALLS, memory.calls),
        (&MEMORY_GROWTH, growth),
    ]
    .into_iter()
    .map(|(budget, bytes)| budget::judge(budget, || Ok(exact(bytes))))
    .collect()
}

fn exact(bytes: u32) -> Measured {
    Measured {
        value: f64::from(bytes) / 1e6,
        spread: None,
    }
}

fn varying(ratios: &Sorted<f64>) -> Result<Measured> {
    let value = ratios.median().ok_or("nothing was measured")?;
    let spread = ratios.percentile(10).zip(ratios.percentile(90));
    Ok(Measured { value, spread })
}

/// Tools whose list is as long as the budget is for.
const LONG: u32 = 30;
const LONGEST: usize = 8_192;
/// So many tools cost little more than one.
const MANY_TOOLS: u32 = 100;

const PAIRS: u32 = 15;
const ROUNDS: u32 = 7;
const REQUESTS: u32 = 2_000;
const STARTS: u32 = 41;
/// Requests without a session; what each leaves behind, they show a hundred thousand times.
pub(crate) const MANY: u32 = 100_000;
