//! The connection: lines from the client to the server, messages back, many at a time.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::os::unix::process::parent_id;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oci_mcp_hosts::{Line, Lines};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::interval;

use super::header::Settled;
use super::message::{Kind, Message};
use super::problem::{self, Problem};
use super::target::MAX_BYTES;
use super::upstream::Upstream;

/// A server, as a client of stdio sees it.
#[derive(Debug)]
pub(super) struct Bridge {
    upstream: Arc<Upstream>,
}

struct Connection<W> {
    upstream: Arc<Upstream>,
    output: W,
    settled: Settled,
    /// By the JSON text of the request's id.
    requests: HashMap<Box<str>, AbortHandle>,
    work: JoinSet<Option<Settled>>,
    /// The handshake, if one is under way: nothing overtakes it.
    handshake: Option<Id>,
    /// What waits for its end.
    held: Option<Bytes>,
    messages: (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>),
}

impl Bridge {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self {
            upstream: Arc::new(upstream),
        }
    }

    /// Serves the lines of `input` until it ends and all is answered, or nobody is there any more.
    pub(super) async fn serve(
        self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let connection = Connection {
            upstream: self.upstream,
            output,
            settled: Settled::default(),
            requests: HashMap::new(),
            work: JoinSet::new(),
            handshake: None,
            held: None,
            messages: mpsc::channel(MAX_IN_FLIGHT),
        };
        match connection.serve(Lines::new(input, MAX_BYTES)).await {
            // The client is gone, which is how it ends a connection.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }
}

impl<W: AsyncWrite + Unpin> Connection<W> {
    async fn serve(mut self, mut lines: Lines<impl AsyncRead + Unpin>) -> io::Result<()> {
        let parent = parent_id();
        let mut look = interval(LOOK);
        let mut is_open = true;
        while is_open || !self.work.is_empty() {
            let takes_more = is_open && self.held.is_none() && self.work.len() < MAX_IN_FLIGHT;
            tokio::select! {
                // What is there is written before more is taken on.
                biased;
                Some(message) = self.messages.1.recv() => self.write(&message).await?,
                Some(done) = self.work.join_next_with_id() => self.finish(done).await?,
                line = lines.next(), if takes_more => match line? {
                    Some(Line::Message(message)) => self.take(message).await?,
                    Some(Line::TooLong) => self.refuse(INVALID_REQUEST, &format!(
                        "the line is longer than {MAX_BYTES} bytes, the most that is taken"
                    )).await?,
                    None => is_open = false,
                },
                // Whoever asked may be gone while the server takes its minutes and stdin is not read.
                _ = look.tick(), if !takes_more => if parent_id() != parent {
                    return Ok(());
                },
            }
        }
        while let Ok(message) = self.messages.1.try_recv() {
            self.write(&message).await?;
        }
        Ok(())
    }

    async fn take(&mut self, line: Bytes) -> io::Result<()> {
        if self.handshake.is_some() {
            self.held = Some(line);
            return Ok(());
        }
        let Some(message) = Message::read(&line) else {
            return self.refuse(PARSE_ERROR, "the line is not JSON").await;
        };
        if let Kind::Cancellation(id) = &message.kind {
            // An id that is unknown here is answered already, or on its way.
            if let Some(request) = self.requests.remove(id) {
                request.abort();
            }
            // Only a server with sessions can tell which request is meant.
            if self.settled.session.is_none() {
                return Ok(());
            }
        }
        self.start(message);
        Ok(())
    }

    fn start(&mut self, message: Message) {
        let ids = message.ids.clone();
        let is_handshake = message.kind == Kind::Initialize || self.settled.is_opened_by(&message);
        let (upstream, settled) = (Arc::clone(&self.upstream), self.settled.clone());
        let client = self.messages.0.clone();
        let task = self
            .work
            .spawn(async move { upstream.exchange(&message, &settled, &client).await });
        if is_handshake {
            self.handshake = Some(task.id());
        }
        let tasks = ids.into_iter().map(|id| (id, task.clone()));
        self.requests.extend(tasks);
    }

    async fn finish(&mut self, done: Result<(Id, Option<Settled>), JoinError>) -> io::Result<()> {
        let (task, settled) = match done {
            Ok(done) => done,
            Err(error) => {
                if error.is_panic() {
                    self.apologise(error.id()).await?;
                }
                (error.id(), None)
            }
        };
        self.requests.retain(|_, request| request.id() != task);
        let is_handshake = self.handshake == Some(task);
        if let Some(settled) = settled {
            self.settled = settled;
        } else if is_handshake {
            self.settled = Settled::default();
        }
        if is_handshake {
            self.handshake = None;
            if let Some(line) = self.held.take() {
                self.take(line).await?;
            }
        }
        Ok(())
    }

    async fn apologise(&mut self, task: Id) -> io::Result<()> {
        let problem = Problem::new("`oci-mcp connect` failed; its log says where");
        let requests = self.requests.iter();
        let asked = requests.filter(|(_, request)| request.id() == task);
        let answers: Vec<Bytes> = asked.map(|(id, _)| problem.answer(id)).collect();
        for answer in answers {
            self.write(&answer).await?;
        }
        Ok(())
    }

    async fn refuse(&mut self, code: i32, message: &str) -> io::Result<()> {
        let error = problem::error("null", code, message, serde_json::Map::new());
        self.write(&error).await
    }

    /// Writes a message as a line.
    async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let mut line = message.to_vec();
        // JSON has line breaks only between tokens, where any white space will do.
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        line.push(b'\n');
        self.output.write_all(&line).await?;
        self.output.flush().await
    }
}

/// How many messages are worked on before reading pauses.
const MAX_IN_FLIGHT: usize = 64;

/// How often to look whether the process that started this is still there, which else stdin would tell.
const LOOK: Duration = Duration::from_secs(1);

/// JSON-RPC's own codes.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
