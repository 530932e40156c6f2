//! What a command has found out, written.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Writes `text`, after which the program ends as if it were not for that.
pub(crate) fn print(text: &str) -> ExitCode {
    print_and(text, ExitCode::SUCCESS)
}

/// Writes `text` and returns `code`; or 1, with the reason if anybody can have it.
pub(crate) fn print_and(text: &str, code: ExitCode) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => code,
        Err(error) => {
            // Nobody reads who closed it, as `head` does.
            if error.kind() != ErrorKind::BrokenPipe {
                let _written = writeln!(
                    io::stderr(),
                    "error: nothing can be written to stdout: {error}"
                );
            }
            ExitCode::FAILURE
        }
    }
}
