//! `oci-mcp audit verify`: whether a record of requests is as it was written.

mod chain;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::stdout;
use chain::{Finding, Verifier};

/// What can be done with a record.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Says whether the lines of a record (`OCI_MCP_AUDIT`) are as they were written
    ///
    /// Finds lines that were changed, removed or moved. Several instances may have written to one file; files that
    /// follow each other are given in that order, and `-` is stdin. Exits with 1 if a line does not fit, and with 2 if
    /// there is no record. That lines were cut off at the end shows only as an instance that is not `closed`.
    Verify {
        /// The record
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
}

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 16 * 1024 * 1024;

pub(crate) fn run(command: &Command) -> ExitCode {
    let Command::Verify { files, json } = command;
    let mut verifier = Verifier::default();
    for path in files {
        if let Err(error) = read(path, &mut verifier) {
            return fail(&format!("`{}`: {error}", path.display()));
        }
    }
    if verifier.lines() == 0 {
        let names: Vec<_> = files
            .iter()
            .map(|path| format!("`{}`", path.display()))
            .collect();
        let names = names.join(", ");
        return fail(&format!(
            "there is no line of a record in {names}; docs/audit.md shows one"
        ));
    }
    let report = if *json {
        in_json(&verifier)
    } else {
        in_words(&verifier)
    };
    let code = if verifier.fits() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    stdout::print_and(&report, code)
}

fn fail(problem: &str) -> ExitCode {
    // There is nobody left to tell if stderr is closed.
    let _written = writeln!(io::stderr(), "error: {problem}");
    ExitCode::from(2)
}

fn read(path: &Path, verifier: &mut Verifier) -> io::Result<()> {
    let name = path.display().to_string();
    if path == Path::new("-") {
        verify(io::stdin().lock(), "stdin", verifier)
    } else {
        verify(BufReader::new(File::open(path)?), &name, verifier)
    }
}

/// Has `verifier` look at each line of `input`, of which it keeps one at a time.
fn verify(mut input: impl BufRead, name: &str, verifier: &mut Verifier) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            break;
        }
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        if !is_whole && line.len() as u64 == MAX_LINE {
            input.skip_until(b'\n')?;
            verifier.too_long(name, number);
            continue;
        }
        verifier.line(name, number, &line, is_whole);
    }
    Ok(())
}

fn in_words(verifier: &Verifier) -> String {
    let head = format!(
        "{:32}  {:>8}  {:>6}  {:24}  {:24}  end",
        "instance", "lines", "lost", "from", "to"
    );
    let mut lines = vec![head];
    lines.extend(verifier.instances().map(|(name, instance)| {
        format!(
            "{name:32}  {:>8}  {:>6}  {:24}  {:24}  {}",
            instance.lines,
            instance.lost,
            instance.first,
            instance.last,
            if instance.is_closed { "closed" } else { "open" },
        )
    }));
    lines.extend(verifier.findings().iter().map(|finding| {
        let whose = finding.instance.as_ref();
        let whose = whose.map_or(String::new(), |name| format!(" (instance {name})"));
        let Finding {
            file, line, kind, ..
        } = finding;
        format!("{file}:{line}: {}{whose}", kind.message())
    }));
    let more = verifier.more();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let verdict = if verifier.fits() {
        "all fit together"
    } else {
        "NOT as they were written"
    };
    lines.push(format!("{} lines: {verdict}\n", verifier.lines()));
    lines.join("\n")
}

fn in_json(verifier: &Verifier) -> String {
    let instances = verifier.instances().map(|(name, instance)| {
        json!({
            "instance": name,
            "lines": instance.lines,
            "lost": instance.lost,
            "from": instance.first,
            "to": instance.last,
            "closed": instance.is_closed,
        })
    });
    let findings = verifier.findings().iter().map(|finding| {
        json!({
            "file": finding.file,
            "line": finding.line,
            "instance": finding.instance,
            "kind": finding.kind.name(),
            "message": finding.kind.message(),
        })
    });
    let report = json!({
        "fits": verifier.fits(),
        "lines": verifier.lines(),
        "instances": instances.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "more": verifier.more(),
    });
    format!("{report}\n")
}
