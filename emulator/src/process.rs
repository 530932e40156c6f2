//! One run of a program: a process group without our environment, and its certain end.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, pidfd_open,
    waitid,
};
use tokio::io::unix::AsyncFd;

use crate::fd;
use crate::watchdog::Watchdog;

/// The command that runs `program` as a container would: of our environment it gets `PATH` alone.
pub(crate) fn command(program: &Path, args: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command.args(args).env_clear();
    // A container's image says where its programs are; here the machine does.
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// Killed with everything it started, and reaped, when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Watchdog,
}

impl Process {
    /// Starts `command`. Should this process be killed, `folder` is removed.
    ///
    /// # Errors
    ///
    /// Returns what starting it, or its watchdog, returns.
    pub(crate) fn spawn(mut command: Command, folder: Option<&Path>) -> io::Result<Self> {
        let watchdog = Watchdog::start(folder)?;
        let child = command
            .stdin(Stdio::null())
            // Both are the program's log; the emulator's stdout is for what it has to say.
            .stdout(io::stderr())
            .stderr(io::stderr())
            .process_group(0)
            .spawn()?;
        let mut process = Self { child, watchdog };
        process.watchdog.guard(process.group())?;
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Signals the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process_group(self.group(), signal) {
            // Not a failure of the caller's: at worst, the group is gone.
            tracing::debug!(%error, pid = self.id(), ?signal, "cannot signal a process");
        }
    }

    /// What tells the end of the process.
    ///
    /// # Errors
    ///
    /// Returns what opening a pidfd returns.
    pub(crate) fn exit(&self) -> io::Result<Exit> {
        let pidfd = pidfd_open(self.group(), PidfdFlags::NONBLOCK)?;
        Ok(Exit(Arc::new(fd::register(pidfd)?)))
    }

    pub(crate) fn has_exited(&self) -> bool {
        !matches!(self.status(), Ok(None))
    }

    /// How the process ended, in words.
    pub(crate) fn end(&self) -> String {
        let Ok(Some(status)) = self.status() else {
            return "an unknown status".to_owned();
        };
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => format!("{status:?}"),
        }
    }

    fn status(&self) -> rustix::io::Result<Option<WaitIdStatus>> {
        // Without reaping, which would free the group's number while we may still signal it.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group()), options)
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Err(error) = self.watchdog.dismiss() {
            tracing::debug!(%error, pid = self.id(), "a watchdog is gone");
        }
        // Blocks, but not for long: nothing outlives SIGKILL.
        if let Err(error) = self.child.wait() {
            tracing::warn!(%error, pid = self.id(), "cannot reap a process");
        }
    }
}

/// The end of a process, to be waited for.
#[derive(Clone, Debug)]
pub(crate) struct Exit(Arc<AsyncFd<OwnedFd>>);

impl Exit {
    /// Returns when the process has ended, be it long ago.
    pub(crate) async fn wait(&self) {
        if let Err(error) = self.0.readable().await {
            tracing::warn!(%error, "cannot wait for the end of a process");
            std::future::pending::<()>().await;
        }
    }
}
