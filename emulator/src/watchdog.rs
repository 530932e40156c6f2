//! Kills a process whose emulator was itself killed.
//!
//! `PR_SET_PDEATHSIG` would need `unsafe`, misses grandchildren and is lost over some `exec`s; a
//! shell that sees the end of a pipe does not.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

/// A shell that holds the reading end of a pipe.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Starts watching for the end of this process, upon which `folder`, if any, is removed.
    ///
    /// Started before what is watched, so that not a moment passes unwatched once it runs.
    ///
    /// # Errors
    ///
    /// Returns what starting a shell returns.
    pub(crate) fn start(folder: Option<&Path>) -> io::Result<Self> {
        Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh"])
            .args(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C at the terminal must not reach it.
            .process_group(0)
            .spawn()
            .map(Self)
    }

    /// Has `group` killed, too.
    ///
    /// # Errors
    ///
    /// Returns what writing to the shell returns.
    pub(crate) fn guard(&mut self, group: Pid) -> io::Result<()> {
        self.tell(&format!("{}\n", group.as_raw_nonzero()))
    }

    /// Has the guarded group left alone: it is dead, and its number may be given out anew.
    ///
    /// # Errors
    ///
    /// Returns what writing to the shell returns.
    pub(crate) fn dismiss(&mut self) -> io::Result<()> {
        self.tell("\n")
    }

    fn tell(&mut self, line: &str) -> io::Result<()> {
        match &mut self.0.stdin {
            Some(pipe) => pipe.write_all(line.as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Closes the pipe first, or the shell would wait for us.
        if let Err(error) = self.0.wait() {
            tracing::warn!(%error, "cannot reap a watchdog");
        }
    }
}

// `kill -9 -- -N` is refused by dash; `-s KILL` is what POSIX, and so every shell, knows.
const SCRIPT: &str = r#"
if read -r group; then
    read -r _ || kill -s KILL -- "-$group"
fi
rm -rf -- "$@"
"#;
