//! One instance of the function: started, called, frozen, thawed.

use std::io;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::call::{Call, Reply};
use crate::exchange::{Client, Fault};
use crate::failure::Failure;
use crate::function::Function;
use crate::process::{Exit, Process};
use crate::roster::{Entry, Roster, State};
use crate::socket::{self, Watch};

/// Ends its process when dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    client: Client,
    exit: Exit,
    process: Process,
    // After the process, which may yet write to it.
    folder: TempDir,
    // Last, so that an instance is listed for as long as its process exists.
    entry: Entry,
}

impl Instance {
    /// Starts an instance and awaits its socket.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Start`] if it exits or makes a bad socket, and
    /// [`Failure::StartTimeout`] if it makes none within `timeout`.
    pub(crate) async fn start(
        function: &Function,
        timeout: Duration,
        roster: &Roster,
    ) -> Result<Self, Failure> {
        let (instance, watch) = Self::spawn(function, roster).map_err(|error| {
            let command = function.command.display();
            tracing::error!(%error, %command, "cannot start the function");
            Failure::Start
        })?;
        tokio::select! {
            // The socket first: a function that made it and then exited did not fail to start.
            biased;
            appeared = watch.appeared() => {
                let socket = instance.folder.path().join(socket::NAME);
                appeared.and_then(|()| socket::check(&socket)).map_err(|error| {
                    tracing::error!(%error, "the function's socket is refused");
                    Failure::Start
                })?;
                Ok(instance)
            }
            () = instance.exit.wait() => {
                tracing::error!("the function exited before it was ready");
                Err(Failure::Start)
            }
            () = tokio::time::sleep(timeout) => {
                tracing::error!(?timeout, "the function made no socket in time");
                Err(Failure::StartTimeout)
            }
        }
    }

    fn spawn(function: &Function, roster: &Roster) -> io::Result<(Self, Watch)> {
        let folder = socket::folder()?;
        let watch = Watch::new(folder.path())?;
        let process = Process::spawn(function.command(folder.path()), Some(folder.path()))?;
        let instance = Self {
            client: Client::new(folder.path().join(socket::NAME)),
            exit: process.exit()?,
            entry: roster.enter(process.id()),
            process,
            folder,
        };
        Ok((instance, watch))
    }

    /// Serves one call, thawing the instance if need be.
    ///
    /// # Errors
    ///
    /// Returns a [`Fault::Fatal`] if the instance must not serve on, as when the call outlasts
    /// `timeout`.
    pub(crate) async fn call(&mut self, call: Call, timeout: Duration) -> Result<Reply, Fault> {
        if self.entry.state() == Some(State::Frozen) {
            self.process.signal(Signal::CONT);
        }
        self.entry.set(State::Busy);
        let pid = self.entry.pid();
        let exchange = self.client.exchange(call, Timestamp::now() + timeout);
        let mut exchange = pin!(tokio::time::timeout(timeout, exchange));
        let outcome = tokio::select! {
            biased;
            outcome = &mut exchange => outcome,
            () = self.exit.wait() => {
                // What the process left running may hold its connection open.
                self.process.signal(Signal::KILL);
                exchange.await
            }
        };
        outcome.unwrap_or_else(|_elapsed| {
            tracing::warn!(
                pid,
                ?timeout,
                "killed: no answer in time; a handler that blocks its thread keeps no deadline"
            );
            Err(Fault::Fatal(Failure::TimedOut))
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.entry.pid()
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit.clone()
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.process.has_exited()
    }

    pub(crate) fn rest(&self) {
        self.entry.set(State::Idle);
    }

    pub(crate) fn freeze(&self) {
        self.entry.set(State::Frozen);
        self.process.signal(Signal::STOP);
    }

    pub(crate) fn disconnect(&mut self) {
        self.client.disconnect();
    }
}
