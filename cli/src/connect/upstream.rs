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
use super::era::Era;
use super::header::{self, SESSION, Settled};
use super::message::{Kind as MessageKind, Message};
use super::mirror::Tools;
use super::problem::Problem;
use super::target::{Kind, Target};

/// The server, and the way there.
pub(super) struct Upstream {
    target: Target,
    transport: StreamingTransport,
    signer: Option<Signer>,
    tools: Tools,
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
            tools: Tools::default(),
        }
    }

    /// Sends `message`, and the client whatever is the answer: each of its ids gets one. Returns what
    /// counts from then on, if it is something else.
    pub(super) async fn relay(
        &self,
        message: &Message,
        settled: &Settled,
        client: &Sender<Bytes>,
    ) -> Option<Settled> {
        let method = message.method.as_deref().unwrap_or_default();
        let is_list = method == "tools/list" && message.is_modern();
        let see = |answer: &[u8]| {
            let seen = settled.era.seen(method, answer)?;
            Some(if is_list {
                self.tools.learn(seen)
            } else {
                seen
            })
        };
        let mut reader = Reader::new(&self.target, client, message.ids.clone(), &see);
        let outcome = match self.deliver(message, settled).await {
            Ok((response, renewed)) => {
                let session = response.headers().get(SESSION).cloned();
                reader.read(response).await.map(|()| (session, renewed))
            }
            Err(problem) => Err(problem),
        };
        let (session, renewed) = match outcome {
            Ok(outcome) if reader.open.is_empty() => outcome,
            outcome => {
                let other = || Problem::new("the server answered, but not this request");
                let problem = outcome.err().unwrap_or_else(other);
                tracing::warn!(method, "{problem}");
                for id in &reader.open {
                    // Nobody reads on if the client is gone, and then all of this ends.
                    let _sent = client.send(problem.answer(id)).await;
                }
                return None;
            }
        };
        if message.kind != MessageKind::Initialize {
            return renewed;
        }
        let revision = reader.revision;
        revision.map(|revision| Settled {
            revision: Some(revision),
            session,
            handshake: Some(message.bytes.clone()),
            era: Era::Same,
        })
    }

    /// Sends `message`, once more if the server has forgotten the session, which then is another, or if it
    /// wants arguments in headers that were not known.
    async fn deliver(
        &self,
        message: &Message,
        settled: &Settled,
    ) -> Result<(Response<Body>, Option<Settled>), Problem> {
        let response = self.send(message, settled).await?;
        match response.status() {
            StatusCode::NOT_FOUND if settled.session.is_some() => {
                let Some(renewed) = self.renew(settled).await else {
                    return Ok((response, None));
                };
                let response = self.send(message, &renewed).await?;
                Ok((response, Some(renewed)))
            }
            StatusCode::BAD_REQUEST if self.may_lack_headers(message) => {
                let before = self.tools.headers(message);
                self.list_tools(message, settled).await;
                if self.tools.headers(message) == before {
                    return Ok((response, None));
                }
                Ok((self.send(message, settled).await?, None))
            }
            _ => Ok((response, None)),
        }
    }

    fn may_lack_headers(&self, message: &Message) -> bool {
        let is_call = message.method.as_deref() == Some("tools/call");
        is_call && message.is_modern() && self.target.kind() != Kind::Function
    }

    async fn send(&self, message: &Message, settled: &Settled) -> Result<Response<Body>, Problem> {
        let body = self.body(message, settled);
        if body.len() > self.target.max_bytes() {
            return Err(Problem::too_large(body.len(), &self.target));
        }
        let mut headers = header::of(message, settled);
        if self.may_lack_headers(message) {
            headers.extend(self.tools.headers(message));
        }
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
