//! What a request, a start and an instance cost.
//!
//! `bench check BINARIES` holds a function against its budgets and exits with 1 if it exceeds one.
//! `bench report BINARIES PEERS` also measures others beside it. Both print Markdown.

mod budget;
mod check;
mod client;
mod compare;
mod cores;
mod growth;
mod lab;
mod machine;
mod measure;
mod message;
mod report;
mod server;
mod stats;

use std::env;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

use budget::Verdict;
use lab::Lab;

const USAGE: &str = "usage: bench check BINARIES | bench report BINARIES PEERS";

fn main() -> ExitCode {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["check", binaries] => check(&Lab::new(binaries, "")),
        ["report", binaries, peers] => report(&Lab::new(binaries, peers)),
        _ => Err(USAGE.into()),
    };
    done.unwrap_or_else(|error| {
        progress(format_args!("error: {error}"));
        ExitCode::from(2)
    })
}

fn check(lab: &Lab) -> Result<ExitCode, Box<dyn Error>> {
    let verdicts = check::check(lab)?;
    let mut out = String::new();
    report::budgets(&mut out, &verdicts)?;
    io::stdout().write_all(out.as_bytes())?;
    let exceeded: Vec<_> = verdicts
        .iter()
        .filter(|verdict| !verdict.is_kept())
        .collect();
    for Verdict { budget, .. } in &exceeded {
        progress(format_args!(
            "over budget: {} ({})",
            budget.what, budget.unit
        ));
    }
    Ok(ExitCode::from(u8::from(!exceeded.is_empty())))
}

fn report(lab: &Lab) -> Result<ExitCode, Box<dyn Error>> {
    let mut out = String::new();
    writeln!(
        out,
        "# Measurements\n\nWritten by `make bench`; [README.md](README.md) says how it measures.\n\n\
         {}.\n\n## Beside others\n",
        machine::description()
    )?;
    report::comparison(&mut out, &compare::compare(lab)?)?;
    out.push_str("\n## More tools\n\n");
    report::growth(&mut out, &growth::growth(lab)?)?;
    out.push_str("\n## Budgets\n\n");
    report::budgets(&mut out, &check::check(lab)?)?;
    io::stdout().write_all(out.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Says on stderr what is going on, since all this takes its time.
fn progress(what: impl fmt::Display) {
    // There is nobody left to tell if stderr is closed.
    let _written = writeln!(io::stderr(), "{what}");
}
