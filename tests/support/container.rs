//! A program served as a container, on a port of its choice.

use std::fmt::Write;
use std::process::{ExitStatus, Stdio};

use bytes::Bytes;
use http::Request;
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{LONG, Process, Raw};

/// A container that listens on a port of its choice, and is killed when dropped.
#[derive(Debug)]
pub struct Container {
    process: Child,
    address: String,
}

impl Container {
    /// Starts `program` with nothing but `settings` in its environment, and waits until it listens.
    pub async fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let mut process = Command::new(program)
            .env_clear()
            .env("OCI_MCP_PORT", "0")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        loop {
            let line = log.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("{program} does not listen"));
            if let Some((_, address)) = line.split_once("address=") {
                let address = address.to_owned();
                // Read on, or it could not log any more.
                tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
                return Self { process, address };
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the kernel says of it.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::new(self.process.id().unwrap())
    }

    /// A new connection to it.
    pub async fn connect(&self) -> Raw<TcpStream> {
        Raw::new(TcpStream::connect(&self.address).await.unwrap())
    }

    /// The status and the body of the answer to `request`.
    pub async fn send(&self, request: &Request<Bytes>) -> (u16, String) {
        let mut connection = self.connect().await;
        connection.send(head(request, "close").as_bytes()).await;
        connection.send(request.body()).await;
        let answer = connection.answer().await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        assert!(self.process().signal(Signal::TERM));
    }

    /// How it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(LONG, self.process.wait()).await.unwrap().unwrap()
    }
}

/// The head of `request` as it is sent, with what is to become of the connection.
#[must_use]
pub fn head(request: &Request<Bytes>, connection: &str) -> String {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\nContent-Length: {}\r\n",
        request.method(),
        request.uri(),
        request.body().len()
    );
    for (name, value) in request.headers() {
        write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    head + "\r\n"
}
