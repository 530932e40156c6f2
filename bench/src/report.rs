//! What was measured, as Markdown.

use std::fmt::{self, Write};

use crate::budget::Verdict;
use crate::compare::{Answers, Findings};
use crate::growth::Size;
use crate::message::Framing;
use crate::stats::{Sorted, micros, millis};

/// The budgets, and what was measured against them.
pub(crate) fn budgets(out: &mut String, verdicts: &[Verdict]) -> fmt::Result {
    writeln!(out, "| what | measured | budget | | why |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    for verdict in verdicts {
        let budget = verdict.budget;
        let spread = match verdict.measured.spread {
            Some((low, high)) => format!(" ({low:.2}–{high:.2})"),
            None => String::new(),
        };
        let again = match verdict.attempts {
            1 => String::new(),
            attempts => format!(", best of {attempts}"),
        };
        writeln!(
            out,
            "| {} | {:.2} {}{spread} | ≤ {} {} | {}{again} | {} |",
            budget.what,
            verdict.measured.value,
            budget.unit,
            budget.limit,
            budget.unit,
            if verdict.is_kept() {
                "kept"
            } else {
                "**exceeded**"
            },
            budget.reason,
        )?;
    }
    Ok(())
}

/// The same server beside others.
pub(crate) fn comparison(out: &mut String, all: &[Findings]) -> fmt::Result {
    out.push_str(
        "### A request\n\n\
         CPU is the server's, user and kernel, for one request; × is in times of raw hyper; wall\n\
         time is the client's, p50 and p99.\n\n\
         | | CPU of a list | × | wall | CPU of a call | × | wall |\n|---|--:|--:|--:|--:|--:|--:|\n",
    );
    for found in all {
        write!(out, "| {} ", label(found))?;
        for Answers {
            later, times_raw, ..
        } in [&found.list, &found.call]
        {
            let cpu = Sorted::new(later.cpu.clone());
            write!(
                out,
                "| {:.1} µs | {:.2} | {:.0}, {:.0} µs ",
                or_nothing(cpu.median().map(micros)),
                or_nothing(times_raw.median()),
                or_nothing(later.wall.median().map(micros)),
                or_nothing(later.wall.percentile(99).map(micros)),
            )?;
        }
        out.push_str("|\n");
    }
    out.push_str(
        "\n### A start\n\n\
         From starting the process to having the first answer whole: shortest and median.\n\n\
         | | to a list | to a call |\n|---|--:|--:|\n",
    );
    for found in all {
        write!(out, "| {} ", label(found))?;
        for Answers { first, .. } in [&found.list, &found.call] {
            write!(
                out,
                "| {:.2}, {:.2} ms ",
                or_nothing(first.min().map(millis)),
                or_nothing(first.median().map(millis)),
            )?;
        }
        out.push_str("|\n");
    }
    out.push_str(
        "\n### An instance\n\n\
         PSS; the last after 100,000 more requests without sessions (a tenth of them for Python), half\n\
         of them of 2024-11-05 and half of 2026-07-28. Size is that of the static binary, or of the\n\
         installed packages without Python.\n\n\
         | | after lists | after calls | after 100,000 | size |\n|---|--:|--:|--:|--:|\n",
    );
    for found in all {
        write!(out, "| {} ", label(found))?;
        let memory = &found.memory;
        for bytes in [memory.lists, memory.calls, memory.many] {
            write!(out, "| {} ", megabytes(bytes.into()))?;
        }
        writeln!(out, "| {} |", megabytes(found.size))?;
    }
    Ok(())
}

/// The same server with more tools.
pub(crate) fn growth(out: &mut String, sizes: &[Size]) -> fmt::Result {
    out.push_str(
        "| tools | list | start to list | CPU of a list | × | CPU of a call | after lists | after calls |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for size in sizes {
        let list = Sorted::new(size.list.cpu.clone());
        let call = Sorted::new(size.call.cpu.clone());
        writeln!(
            out,
            "| {} | {} bytes | {:.2}, {:.2} ms | {:.1} µs | {:.2} | {:.1} µs | {} | {} |",
            size.tools,
            size.length,
            or_nothing(size.first_list.min().map(millis)),
            or_nothing(size.first_list.median().map(millis)),
            or_nothing(list.median().map(micros)),
            or_nothing(size.times_raw.median()),
            or_nothing(call.median().map(micros)),
            megabytes(size.memory.lists.into()),
            megabytes(size.memory.calls.into()),
        )?;
    }
    Ok(())
}

fn label(found: &Findings) -> String {
    let over = match found.framing {
        Framing::Function => "Fn socket",
        Framing::Http => "HTTP",
    };
    format!("{over}: {}", found.name)
}

/// In tenths of a million bytes.
fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

fn or_nothing(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}
