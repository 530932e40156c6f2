//! The server: one signed POST for each message.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use oci_rest::{Clock, Credential, Payload, Principal, StreamingTransport, sign};
use tokio::sync::mpsc::Sender;
use tokio::time::timeout;
use tower::ServiceExt;

use super::answer::{Body, Reader};
use super::header::{self, SESSION, Settled};
use super::message::{Kind as MessageKind, Message};
use super::problem::Problem;
use super::target::{Kind, Target};

/// The server, and the way there.
pub(super) struct Upstream {
    target: Target,
    transport: StreamingTransport,
    signer: Option<Signer>,
}

/// Whoever requests are signed for.
pub(super) struct Signer {
    principal: Arc<dyn Principal>,
    clock: Clock,
}

impl Signer {
    pub(super) fn new(principal: Arc<dyn Principal>, clock: Clock) -> Self {
        Self { principal, clock }
    }

    pub(super) fn name(&self) -> &str {
        self.principal.name()
    }

    async fn credential(&self) -> Result<Arc<Credential>, Problem> {
        let credential = self.principal.credential().await;
        credential.map_err(|error| Problem::new(format!("nothing can be signed: {error}")))
    }
}

impl Upstream {
    pub(super) fn new(
        target: Target,
        transport: StreamingTransport,
        signer: Option<Signer>,
    ) -> Self {
        Self {
            target,
            transport,
            signer,
        }
    }

    /// Sends `message`, and the client whatever is the answer: each of its ids gets one. Returns what
    /// a handshake settled.
    pub(super) async fn exchange(
        &self,
        message: &Message,
        settled: &Settled,
        client: &Sender<Bytes>,
    ) -> Option<Settled> {
        let mut reader = Reader::new(&self.target, client, message.ids.clone());
        let outcome = match self.send(message, settled).await {
            Ok(response) => {
                let session = response.headers().get(SESSION).cloned();
                reader.read(response).await.map(|()| session)
            }
            Err(problem) => Err(problem),
        };
        let session = match outcome {
            Ok(session) if reader.open.is_empty() => session,
            outcome => {
                let other = || Problem::new("the server answered, but not this request");
                let problem = outcome.err().unwrap_or_else(other);
                let method = message.method.as_deref().unwrap_or_default();
                tracing::warn!(method, "{problem}");
                for id in &reader.open {
                    // Nobody reads on if the client is gone, and then all of this ends.
                    let _sent = client.send(problem.answer(id)).await;
                }
                return None;
            }
        };
        let is_handshake = message.kind == MessageKind::Initialize;
        let revision = reader.revision.filter(|_| is_handshake);
        revision.map(|revision| Settled {
            revision: Some(revision),
            session,
        })
    }

    async fn send(&self, message: &Message, settled: &Settled) -> Result<Response<Body>, Problem> {
        let body = self.body(message, settled);
        if body.len() > self.target.max_bytes() {
            return Err(Problem::too_large(body.len(), &self.target));
        }
        let mut headers = header::of(message, settled);
        let json = HeaderValue::from_static("application/json");
        headers.insert(CONTENT_TYPE, json);
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        let Some(signer) = &self.signer else {
            return self.post(headers, body).await;
        };
        let credential = signer.credential().await?;
        let first = self.sign(signer, &credential, headers.clone(), &body)?;
        let response = self.post(first, body.clone()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        signer.principal.invalidate(&credential);
        let renewed = signer.credential().await?;
        if Arc::ptr_eq(&renewed, &credential) {
            return Ok(response);
        }
        let second = self.sign(signer, &renewed, headers, &body)?;
        self.post(second, body).await
    }

    /// What is sent. The invoke endpoint of a function passes on no header, so that what a handshake
    /// settled is put where the server finds it.
    fn body(&self, message: &Message, settled: &Settled) -> Bytes {
        let revision = settled.revision.as_ref().and_then(|it| it.to_str().ok());
        match (self.target.kind(), revision) {
            (Kind::Function, Some(revision)) if message.kind != MessageKind::Initialize => {
                message.claiming(revision)
            }
            _ => message.bytes.clone(),
        }
    }

    fn sign(
        &self,
        signer: &Signer,
        credential: &Credential,
        mut headers: HeaderMap,
        body: &[u8],
    ) -> Result<HeaderMap, Problem> {
        let root = PathAndQuery::from_static("/");
        let target = oci_rest::Target {
            method: &Method::POST,
            path_and_query: self.target.url().path_and_query().unwrap_or(&root),
            host: Some(self.target.host()),
        };
        let signature = sign(credential, (signer.clock)(), &target, Payload::Bytes(body));
        let signature = signature.map_err(|error| Problem::new(error.to_string()))?;
        headers.extend(signature);
        Ok(headers)
    }

    async fn post(&self, headers: HeaderMap, body: Bytes) -> Result<Response<Body>, Problem> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(self.target.url());
        *request.headers_mut() = headers;
        let answer = self.transport.clone().oneshot(request);
        let answer = timeout(self.target.patience(), answer).await;
        let answer = answer.map_err(|_elapsed| Problem::silence(&self.target))?;
        answer.map_err(|error| Problem::of_transport(&error, &self.target))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("target", &self.target)
            .field("signer", &self.signer.as_ref().map(Signer::name))
            .finish_non_exhaustive()
    }
}

const PRODUCT: &str = concat!("oci-mcp/", env!("CARGO_PKG_VERSION"));
