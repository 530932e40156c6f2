//! From an HTTP answer to messages for the client.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use oci_rest::TransportError;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;

use super::events::Events;
use super::problem::Problem;
use super::target::{MAX_BYTES, Target};

pub(super) type Body = UnsyncBoxBody<Bytes, TransportError>;

/// What the client is to see of a message, if anything.
pub(super) type See<'a> = &'a (dyn Fn(&[u8]) -> Option<Bytes> + Send + Sync);

/// What of an answer is on its way to the client.
pub(super) struct Reader<'a> {
    target: &'a Target,
    client: &'a Sender<Bytes>,
    see: See<'a>,
    /// The ids that are still without an answer, as JSON text.
    pub(super) open: Vec<Box<str>>,
    /// What the answer to `initialize` settled.
    pub(super) revision: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Head<'a> {
    jsonrpc: &'a RawValue,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Negotiated {
    #[serde(rename = "protocolVersion")]
    protocol_version: String,
}

impl<'a> Reader<'a> {
    /// A reader of an answer to the requests with the ids `open`.
    pub(super) fn new(
        target: &'a Target,
        client: &'a Sender<Bytes>,
        open: Vec<Box<str>>,
        see: See<'a>,
    ) -> Self {
        Self {
            target,
            client,
            see,
            open,
            revision: None,
        }
    }

    /// Passes on every message of `response` as it comes.
    ///
    /// # Errors
    ///
    /// Why there are no more, or none.
    pub(super) async fn read(&mut self, response: Response<Body>) -> Result<(), Problem> {
        let (head, mut body) = response.into_parts();
        let media_type = head.headers.get(CONTENT_TYPE);
        let media_type = media_type.map_or(&b""[..], HeaderValue::as_bytes);
        let is_stream = media_type.to_ascii_lowercase().starts_with(EVENT_STREAM);
        if head.status.is_success() && is_stream {
            return self.read_events(&mut body).await;
        }
        let mut whole = Vec::new();
        while let Some(piece) = self.piece(&mut body).await? {
            if whole.len() + piece.len() > MAX_BYTES {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        let is_empty = whole.trim_ascii().is_empty();
        if is_empty && head.status.is_success() && self.open.is_empty() {
            return Ok(());
        }
        if self.pass_on(&whole).await {
            return Ok(());
        }
        Err(Problem::of_answer(
            head.status,
            &head.headers,
            &whole,
            self.target,
        ))
    }

    async fn read_events(&mut self, body: &mut Body) -> Result<(), Problem> {
        let mut events = Events::new(MAX_BYTES);
        while let Some(piece) = self.piece(body).await? {
            for message in events.take(&piece).map_err(|_too_large| too_large())? {
                if !self.pass_on(&message).await {
                    tracing::warn!("an event of the server is no message of MCP, and is left out");
                }
            }
        }
        if self.open.is_empty() {
            return Ok(());
        }
        let host = self.target.host();
        Err(Problem::new(format!(
            "the stream of `{host}` ended before the answer; it may have been carried out \
             nevertheless: look before asking for it again"
        )))
    }

    /// The next piece of the body, `None` at its end.
    async fn piece(&self, body: &mut Body) -> Result<Option<Bytes>, Problem> {
        loop {
            let frame = timeout(self.target.patience(), body.frame()).await;
            let Some(frame) = frame.map_err(|_elapsed| Problem::silence(self.target))? else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| Problem::of_transport(&error, self.target))?;
            // What is no data is trailers.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }

    /// Passes on one message, or a batch, if it is one. An error that names no request of ours (the Python SDK
    /// calls it `server-error`) is given the id of the only one there is, without which the client would wait
    /// for ever.
    async fn pass_on(&mut self, text: &[u8]) -> bool {
        let Ok(raw) = serde_json::from_slice::<&RawValue>(text) else {
            return false;
        };
        if let Ok(batch) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            let heads: Vec<_> = batch.iter().filter_map(|raw| head(raw)).collect();
            if heads.is_empty() || heads.len() != batch.len() {
                return false;
            }
            for head in &heads {
                self.settle(head);
            }
            return self.send(Bytes::copy_from_slice(text)).await;
        }
        let Some(head) = head(raw) else {
            return false;
        };
        if let (false, Some(error)) = (self.is_asked(&head), head.error) {
            let error = error.get();
            let [id] = self.open.as_slice() else {
                // Of a notification, which nobody waits for.
                let error: String = error.escape_debug().take(300).collect();
                tracing::warn!("the server says: {error}");
                return true;
            };
            let named = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#);
            self.open.clear();
            return self.show(named.as_bytes()).await;
        }
        self.settle(&head);
        self.show(text).await
    }

    async fn show(&mut self, message: &[u8]) -> bool {
        let Some(seen) = (self.see)(message) else {
            tracing::warn!(
                "what the server asks of the client is left out: it has no such requests"
            );
            return true;
        };
        self.send(seen).await
    }

    /// Whether this answers a request that has no answer yet.
    fn is_asked(&self, head: &Head<'_>) -> bool {
        let id = head.id.and_then(|id| value(id.get()));
        id.is_some_and(|id| {
            self.open
                .iter()
                .any(|open| value(open).as_ref() == Some(&id))
        })
    }

    /// Takes note of an answer.
    fn settle(&mut self, head: &Head<'_>) {
        if head.method.is_some() {
            return;
        }
        if let Some(id) = head.id.and_then(|id| value(id.get())) {
            self.open.retain(|open| value(open).as_ref() != Some(&id));
        }
        let negotiated = head.result.map(|result| serde_json::from_str(result.get()));
        if let Some(Ok(Negotiated { protocol_version })) = negotiated {
            self.revision = HeaderValue::try_from(protocol_version).ok();
        }
    }

    async fn send(&self, message: Bytes) -> bool {
        // Nobody reads on if the client is gone, and then all of this ends.
        let _sent = self.client.send(message).await;
        true
    }
}

fn head(raw: &RawValue) -> Option<Head<'_>> {
    let is_object = raw.get().starts_with('{');
    let head: Head<'_> = is_object.then(|| serde_json::from_str(raw.get()).ok())??;
    let is_message = head.method.is_some() || head.result.is_some() || head.error.is_some();
    (is_message && head.jsonrpc.get() == r#""2.0""#).then_some(head)
}

fn value(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

fn too_large() -> Problem {
    Problem::new(format!(
        "the answer is larger than {MAX_BYTES} bytes; ask for less of it, such as a smaller page"
    ))
}

const EVENT_STREAM: &[u8] = b"text/event-stream";
