//! What more tools cost.

use std::error::Error;
use std::time::Duration;

use crate::lab::Lab;
use crate::measure::{Cost, Load, Memory, Start, answer_size, first_answers, in_turns, memory};
use crate::message::{Framing, Operation};
use crate::progress;
use crate::stats::Sorted;

/// A function with so many tools.
pub(crate) struct Size {
    pub(crate) tools: u32,
    /// Of the list, in bytes.
    pub(crate) length: usize,
    pub(crate) first_list: Sorted<Duration>,
    pub(crate) list: Cost,
    /// CPU of a list, in times of raw hyper.
    pub(crate) times_raw: Sorted<f64>,
    pub(crate) call: Cost,
    pub(crate) memory: Memory,
}

/// Measures functions of one tool to a hundred, which is as many as a list has on a page.
///
/// # Errors
///
/// If one cannot be measured.
pub(crate) fn growth(lab: &Lab) -> Result<Vec<Size>, Box<dyn Error>> {
    [1, 10, 30, 100]
        .map(|tools| size(lab, tools))
        .into_iter()
        .collect()
}

fn size(lab: &Lab, tools: u32) -> Result<Size, Box<dyn Error>> {
    progress(format_args!("with {tools} tools"));
    let server = lab.function(tools);
    let length = answer_size(&server, Operation::List)?;
    let start = Start {
        server: &server,
        operation: Operation::List,
        times: 41,
    };
    let first = first_answers(&[start])?.into_iter().flatten().collect();
    let memory = memory(&server, 0)?;
    let (subject, _) = server.start()?;
    let (raw, _) = lab.raw(Framing::Function, length).start()?;
    let load = |running, operation| Load {
        running,
        request: server.request(operation),
        times: 2_000,
    };
    let loads = [
        load(&subject, Operation::List),
        load(&raw, Operation::List),
        load(&subject, Operation::Call),
    ];
    let Ok([list, raw, call]) = <[Cost; 3]>::try_from(in_turns(&loads, 11)?) else {
        return Err("three loads have three costs".into());
    };
    Ok(Size {
        tools,
        length,
        first_list: Sorted::new(first),
        times_raw: list.ratios(&raw),
        list,
        call,
        memory,
    })
}
