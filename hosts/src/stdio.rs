//! stdio: MCP for a client that starts a command, one JSON message a line.
//!
//! A line becomes the HTTP request that it would be on other hosts, and goes through the same app.
//! The connection remembers the revision that `initialize` settled, which HTTP clients repeat in a
//! header, and the ids of requests in flight, which `notifications/cancelled` names. Nothing else
//! passes from one message to the next.

mod lines;
mod message;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use oci_mcp::{App, AppService, Body, ByteLimit, Config, Delivery, HeaderPolicy, Vars};
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tower::ServiceExt;

pub use lines::{Line, Lines};

use crate::Error;
use crate::audit::Record;
use message::{Kind, Message};

/// How many messages are worked on before reading pauses.
const MAX_IN_FLIGHT: usize = 64;

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// How lines are answered.
pub(crate) struct Settings {
    max_response_bytes: Option<ByteLimit>,
}

impl Settings {
    pub(crate) fn read(vars: &mut Vars<'_>, _: &Config) -> Self {
        Self {
            max_response_bytes: vars.parse("OCI_MCP_MAX_RESPONSE_BYTES"),
        }
    }
}

pub(crate) fn run(
    app: App,
    config: Config,
    settings: &Settings,
    record: &Record,
) -> Result<(), Error> {
    let host = Host::new(app, config, settings.max_response_bytes, record.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Stdio)?;
    let outcome = runtime.block_on(host.serve(tokio::io::stdin(), tokio::io::stdout()));
    // If stdout is gone, a read of stdin may be under way: it cannot be ended, only left behind.
    runtime.shutdown_background();
    outcome.map_err(Error::Stdio)
}

/// The app, and how it is to take a line.
struct Host {
    service: AppService,
    path: Uri,
    max_line_bytes: usize,
    max_response_bytes: Option<usize>,
    record: Record,
}

struct Connection<W> {
    host: Host,
    output: W,
    /// As the header would say it.
    revision: Option<HeaderValue>,
    /// By the JSON text of the request's id.
    requests: HashMap<Box<str>, AbortHandle>,
    work: JoinSet<Vec<u8>>,
    /// What tools say while they work, on its way out.
    notes: (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>),
}

impl Host {
    fn new(
        app: App,
        config: Config,
        max_response_bytes: Option<ByteLimit>,
        record: Record,
    ) -> Result<Self, oci_mcp::InvalidApp> {
        Ok(Self {
            path: config.path().parse().unwrap_or_default(),
            max_line_bytes: config.max_body_bytes(),
            max_response_bytes: max_response_bytes.map(|ByteLimit(bytes)| bytes),
            service: app.into_service(config)?,
            record,
        })
    }

    /// Answers the lines of `input` until it ends or nobody reads `output` any more.
    async fn serve(
        self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let lines = Lines::new(input, self.max_line_bytes);
        let connection = Connection {
            host: self,
            output,
            revision: None,
            requests: HashMap::new(),
            work: JoinSet::new(),
            notes: mpsc::channel(MAX_IN_FLIGHT),
        };
        match connection.answer_all(lines).await {
            // The client is gone, which is how it ends a connection.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            outcome => outcome,
        }
    }

    fn request(&self, message: Bytes, revision: Option<HeaderValue>) -> Request<Bytes> {
        let mut delivery = Delivery::http("stdio");
        delivery.headers = HeaderPolicy::Optional;
        delivery.is_live = true;
        delivery.max_response_bytes = self.max_response_bytes;
        let mut request = Request::new(message);
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.path);
        request.extensions_mut().insert(delivery);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
        if let Some(revision) = revision {
            headers.insert(PROTOCOL_VERSION, revision);
        }
        request
    }
}

impl<W: AsyncWrite + Unpin> Connection<W> {
    async fn answer_all(mut self, mut lines: Lines<impl AsyncRead + Unpin>) -> io::Result<()> {
        let mut is_open = true;
        while is_open || !self.work.is_empty() {
            let (_, notes) = &mut self.notes;
            tokio::select! {
                // What is done is written before more is taken on, and what was said on the way first.
                biased;
                Some(note) = notes.recv() => self.write(note.into()).await?,
                Some(done) = self.work.join_next_with_id() => self.finish(done).await?,
                line = lines.next(), if is_open && self.work.len() < MAX_IN_FLIGHT => match line? {
                    Some(Line::Message(message)) => self.take(message).await?,
                    Some(Line::TooLong) => self.refuse_length().await?,
                    None => is_open = false,
                },
            }
        }
        while let Ok(note) = self.notes.1.try_recv() {
            self.write(note.into()).await?;
        }
        Ok(())
    }

    async fn take(&mut self, bytes: Bytes) -> io::Result<()> {
        let Message { kind, claims } = Message::read(&bytes);
        if kind == Kind::Initialize {
            // Nothing overtakes the handshake: what follows is answered in the revision it settles.
            let request = self.host.request(bytes, None);
            let answer = answer(self.host.service.clone(), request, self.notes.0.clone()).await;
            self.revision = message::negotiated(&answer).or(self.revision.take());
            return self.write(answer).await;
        }
        if let Kind::Cancellation(id) = &kind {
            // An id that is unknown here is answered already, or on its way.
            if let Some(request) = self.requests.remove(id) {
                request.abort();
            }
        }
        // A header that differs from the claim would be refused.
        let revision = self.revision.clone().filter(|_| !claims);
        let request = self.host.request(bytes, revision);
        let notes = self.notes.0.clone();
        let task = self
            .work
            .spawn(answer(self.host.service.clone(), request, notes));
        if let Kind::Request(id) = kind {
            self.requests.insert(id, task);
        }
        Ok(())
    }

    async fn finish(&mut self, done: Result<(Id, Vec<u8>), JoinError>) -> io::Result<()> {
        let (task, answer) = done.unwrap_or_else(|error| {
            if error.is_panic() {
                tracing::error!(%error, "a message stays without an answer");
            }
            (error.id(), Vec::new())
        });
        self.requests.retain(|_, request| request.id() != task);
        self.write(answer).await
    }

    async fn refuse_length(&mut self) -> io::Result<()> {
        let limit = self.host.max_line_bytes;
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        self.host.record.refused("stdio", status, "too_large");
        let error = serde_json::json!({
            "jsonrpc": "2.0",
            "id": null,
            "error": {
                "code": -32600,
                "message": format!(
                    "the line is longer than {limit} bytes; OCI_MCP_MAX_BODY_BYTES sets the limit"
                ),
            },
        });
        self.write(error.to_string().into_bytes()).await
    }

    /// Writes an answer as a line; a notification has none.
    async fn write(&mut self, mut answer: Vec<u8>) -> io::Result<()> {
        if answer.is_empty() {
            return Ok(());
        }
        // JSON has line breaks only between tokens, where any white space will do.
        for byte in &mut answer {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        answer.push(b'\n');
        self.output.write_all(&answer).await?;
        self.output.flush().await
    }
}

/// What the app has to say, be it an answer or a refusal: here there is no status to tell them by.
///
/// If the tool has more to say, then all of it goes to `notes`, the answer last, and nothing is left.
async fn answer(
    service: AppService,
    request: Request<Bytes>,
    notes: mpsc::Sender<Bytes>,
) -> Vec<u8> {
    let Ok(response) = service.oneshot(request).await;
    match response.into_body() {
        Body::Whole(answer, rest) => [answer, rest].concat(),
        Body::Events(mut messages) => {
            while let Some(message) = messages.next().await {
                if notes.send(message).await.is_err() {
                    break;
                }
            }
            Vec::new()
        }
    }
}
