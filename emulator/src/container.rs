//! A program run as a platform runs a container: told where to listen, asked for its health, ended
//! with SIGTERM.

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Empty;
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::connection::Connection;
use crate::process::{self, Exit, Process};
use crate::task::Task;

/// The program that plays a container, and its configuration.
#[derive(Clone, Debug)]
pub struct Container {
    /// The program; a bare name is looked up in `PATH`.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its environment, beside `PATH` and where to listen.
    pub env: Vec<(OsString, OsString)>,
    /// How long it may take until `GET /health` is answered with 200; a model deployment has ten
    /// minutes for it, of which the default gives 30 seconds.
    pub start_timeout: Duration,
    /// How long after SIGTERM it is killed; 10 seconds by default, as `docker stop` has it.
    pub grace: Duration,
}

impl Container {
    /// A container without arguments and configuration.
    pub fn new(command: impl Into<PathBuf>) -> Self {
        Self {
            command: command.into(),
            args: Vec::new(),
            env: Vec::new(),
            start_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }

    /// Runs the program on `port` of 127.0.0.1, or on any free one if that is 0, and returns when
    /// it is healthy. It reads the port in `OCI_MCP_PORT` and the address in `OCI_MCP_BIND`, for
    /// here is no image that could have them fixed.
    ///
    /// The port is found free and then let go, because the program has to take it. Another one may
    /// be quicker, which this one will report when it ends.
    ///
    /// # Errors
    ///
    /// Returns why the port cannot be had or the program not be run, the status with which it ended
    /// before it was healthy, or what it answers when its time is over.
    pub async fn start(&self, port: u16) -> io::Result<RunningContainer> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?;
        let running = self.spawn(address).map_err(|error| {
            let why = format!("cannot run `{}`: {error}", self.command.display());
            io::Error::new(error.kind(), why)
        })?;
        tokio::select! {
            // First, or a stranger that took the port might pass for the program.
            biased;
            status = running.ended() => {
                let why = format!("the program ended before it was healthy, with {status}");
                Err(io::Error::other(why))
            }
            healthy = healthy(address, self.start_timeout) => healthy.map(|()| running),
        }
    }

    fn spawn(&self, address: SocketAddr) -> io::Result<RunningContainer> {
        let process = Arc::new(Process::spawn(self.command(address), None)?);
        let exit = process.exit()?;
        let bury = bury(exit.clone(), Arc::downgrade(&process));
        Ok(RunningContainer {
            address,
            grace: self.grace,
            exit,
            process,
            burial: Task::spawn(bury),
        })
    }

    fn command(&self, address: SocketAddr) -> Command {
        let mut command = process::command(&self.command, &self.args);
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .env("OCI_MCP_BIND", address.ip().to_string())
            .env("OCI_MCP_PORT", address.port().to_string());
        command
    }
}

/// A container that was healthy when it started. Killed, with everything it started, when dropped.
#[derive(Debug)]
pub struct RunningContainer {
    address: SocketAddr,
    grace: Duration,
    exit: Exit,
    process: Arc<Process>,
    burial: Task,
}

impl RunningContainer {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the program has ended, be it long ago, and tells with which status.
    pub async fn ended(&self) -> String {
        self.exit.wait().await;
        self.process.end()
    }

    /// Has the program end in its own way, and kills it when the grace period is over.
    pub async fn stop(self) {
        let Self {
            grace,
            exit,
            process,
            burial,
            ..
        } = self;
        // Nothing to report any more.
        drop(burial);
        process.signal(Signal::TERM);
        if timeout(grace, exit.wait()).await.is_err() {
            tracing::warn!(?grace, "killed: SIGTERM did not end the container in time");
        }
    }

    pub(crate) fn has_exited(&self) -> bool {
        self.process.has_exited()
    }
}

/// Reports the end of a container, and ends what it left running as the platform does.
async fn bury(exit: Exit, process: Weak<Process>) {
    exit.wait().await;
    if let Some(process) = process.upgrade() {
        let (pid, status) = (process.id(), process.end());
        tracing::warn!(pid, "the container ended with {status}");
        // Else the connections would stay open that such a process has inherited.
        process.signal(Signal::KILL);
    }
}

async fn healthy(address: SocketAddr, start_timeout: Duration) -> io::Result<()> {
    let deadline = Instant::now() + start_timeout;
    let mut last = "it does not answer".to_owned();
    while Instant::now() < deadline {
        match timeout_at(deadline, health(address)).await {
            Ok(Ok(StatusCode::OK)) => return Ok(()),
            Ok(Ok(status)) => last = format!("its answer is {status}"),
            Ok(Err(error)) => last = error.to_string(),
            Err(_elapsed) => {}
        }
        sleep(HEALTH_INTERVAL).await;
    }
    let why = format!(
        "the program is not healthy after {start_timeout:?}; GET http://{address}/health: {last}"
    );
    Err(io::Error::new(io::ErrorKind::TimedOut, why))
}

async fn health(address: SocketAddr) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
    let request = Request::get("/health")
        .header(header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())?;
    let mut connection = Connection::open(TcpStream::connect(address).await?).await?;
    Ok(connection.sender.send_request(request).await?.status())
}

const HEALTH_INTERVAL: Duration = Duration::from_millis(20);
