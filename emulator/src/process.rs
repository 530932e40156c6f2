//! One run of the function: a process group, the folder of its socket, and its certain end.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};
use tempfile::TempDir;
use tokio::io::unix::AsyncFd;

use crate::function::Function;
use crate::watchdog::Watchdog;
use crate::{fd, socket};

/// Killed with everything it started, reaped and cleared away when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    watchdog: Watchdog,
    folder: TempDir,
}

impl Process {
    /// Makes the folder in which a function's socket is to appear.
    ///
    /// # Errors
    ///
    /// Returns what creating it returns.
    pub(crate) fn folder() -> io::Result<TempDir> {
        // Not `TMPDIR`, which may be too long for a socket's address (107 bytes).
        tempfile::Builder::new().prefix("fn-").tempdir_in("/tmp")
    }

    /// Starts `function` with its socket in `folder`.
    ///
    /// # Errors
    ///
    /// Returns what starting it, or its watchdog, returns.
    pub(crate) fn spawn(function: &Function, folder: TempDir) -> io::Result<Self> {
        let watchdog = Watchdog::start(folder.path())?;
        let child = function
            .command(folder.path())
            .stdin(Stdio::null())
            // Both are the function's log; the emulator's stdout is for what it has to say.
            .stdout(io::stderr())
            .stderr(io::stderr())
            .process_group(0)
            .spawn()?;
        let mut process = Self {
            child,
            watchdog,
            folder,
        };
        process.watchdog.guard(process.group())?;
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where the function listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(socket::NAME)
    }

    /// Signals the whole group.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Err(error) = kill_process_group(self.group(), signal) {
            // Not a failure of the caller's: at worst, the group is gone.
            tracing::debug!(%error, pid = self.id(), ?signal, "cannot signal a function");
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
        // Without reaping, which would free the group's number while we may still signal it.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.group()), options), Ok(None))
    }

    fn group(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Err(error) = self.watchdog.dismiss() {
            tracing::debug!(%error, pid = self.id(), "the watchdog of a function is gone");
        }
        // Blocks, but not for long: nothing outlives SIGKILL.
        if let Err(error) = self.child.wait() {
            tracing::warn!(%error, pid = self.id(), "cannot reap a function");
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
            tracing::warn!(%error, "cannot wait for the end of a function");
            std::future::pending::<()>().await;
        }
    }
}
