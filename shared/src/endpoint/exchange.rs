//! One body and its answer: JSON-RPC in, JSON-RPC and an HTTP status out.

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderMap, Response, StatusCode};
use serde_json::value::RawValue;

use super::json;
use super::status::status_of;
use crate::body::Body;
use crate::context::TraceContext;
use crate::delivery::Delivery;
use crate::dispatch::{Call, Dispatcher};
use crate::log::Summary;
use crate::mcp::{Headers, Meta, Method, Params, Revision};
use crate::rpc::{self, Answer, Error, ErrorKind, Incoming, Invalid, Message, Text, Unidentified};

pub(super) struct Exchange<'a> {
    dispatcher: &'a Dispatcher,
    headers: &'a HeaderMap,
    mcp: Headers<'a>,
    delivery: &'a Delivery,
}

/// What was found out about a request on the way to its answer.
#[derive(Default)]
struct Findings {
    revision: Option<Revision>,
    summary: Summary,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        dispatcher: &'a Dispatcher,
        headers: &'a HeaderMap,
        delivery: &'a Delivery,
    ) -> Self {
        Self {
            dispatcher,
            headers,
            mcp: Headers::new(headers, delivery.headers),
            delivery,
        }
    }

    pub(super) async fn answer(self, body: &[u8]) -> Response<Body> {
        match rpc::parse(body) {
            Ok(Incoming::One(Message::Request(request))) => self.one(&request).await,
            Ok(Incoming::One(Message::Notification(notification))) => {
                let params = Params::read(notification.params);
                match params.and_then(|params| self.mcp.check_notification(&params.meta())) {
                    Ok(()) => accepted(),
                    Err(error) => self.refuse(None, error),
                }
            }
            Ok(Incoming::One(Message::Response)) => {
                let why = "this server sends no requests, so it takes no responses";
                self.refuse(None, Error::new(ErrorKind::InvalidRequest, why))
            }
            Ok(Incoming::Batch(messages)) => self.batch(messages).await,
            Err(Invalid { id, error }) => self.refuse(id, error),
        }
    }

    async fn one(&self, request: &rpc::Request<'_>) -> Response<Body> {
        let mut findings = Findings::default();
        let outcome = self.result(request, &mut findings).await;
        let mut answer = Answer {
            id: Some(request.id),
            outcome,
        };
        self.limit(std::slice::from_mut(&mut answer));
        let status = match &answer.outcome {
            Ok(_) => StatusCode::OK,
            Err(error) => {
                findings.summary.code = Some(error.kind.code());
                status_of(error.kind, findings.revision)
            }
        };
        let mut response = json(status, rpc::write_answer(&answer, Unidentified::Omit));
        response.extensions_mut().insert(findings.summary);
        response
    }

    async fn batch(&self, messages: Vec<Result<Message<'_>, Invalid<'_>>>) -> Response<Body> {
        if !self.mcp.allow_batch() || messages.iter().flatten().any(claims_a_revision) {
            let why = "only revision 2025-03-26 has batches; send one message a request";
            return self.refuse(None, Error::new(ErrorKind::InvalidRequest, why));
        }
        let answers = messages.into_iter().map(async |message| match message {
            Ok(Message::Request(request)) => {
                let outcome = if request.method == Method::Initialize.as_str() {
                    let why = "`initialize` stands alone, not in a batch";
                    Err(Error::new(ErrorKind::InvalidRequest, why))
                } else {
                    self.result(&request, &mut Findings::default()).await
                };
                Some(Answer {
                    id: Some(request.id),
                    outcome,
                })
            }
            Ok(Message::Notification(_) | Message::Response) => None,
            Err(Invalid { id, error }) => Some(Answer {
                id,
                outcome: Err(error),
            }),
        });
        let mut answers: Vec<_> = join_all(answers).await.into_iter().flatten().collect();
        if answers.is_empty() {
            return accepted();
        }
        self.limit(&mut answers);
        json(StatusCode::OK, rpc::write_batch(&answers))
    }

    /// The result of one request. The order of the checks is the specification's: which revision,
    /// do the headers agree, is there such a method, and only then what the method thinks.
    async fn result(
        &self,
        request: &rpc::Request<'_>,
        findings: &mut Findings,
    ) -> Result<Bytes, Error> {
        let params = Params::read(request.params)?;
        let meta = params.meta();
        let revision = self.mcp.resolve(&request.method, &params, &meta)?;
        findings.revision = Some(revision);
        if revision.is_modern() {
            self.mcp.check_routing(&request.method, &params)?;
        }
        let Some(method) = Method::find(&request.method, revision) else {
            let method = rpc::quoted(&request.method);
            let message = format!("there is no method {method} here in revision {revision}");
            return Err(Error::new(ErrorKind::MethodNotFound, message));
        };
        findings.summary.method = Some(method.as_str());
        if method == Method::CallTool {
            let known = params
                .name()
                .filter(|Text(name)| self.dispatcher.has_tool(name));
            findings.summary.tool = known.map(|Text(name)| name.into_owned());
        }
        let call = Call {
            revision,
            method,
            params: &params,
            delivery: self.delivery,
            trace: self.trace(&meta),
        };
        self.dispatcher.dispatch(call).await
    }

    /// The caller's trace: what `_meta` says, else the hop that HTTP tells of.
    fn trace(&self, meta: &Meta<'_>) -> Option<TraceContext> {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        match meta.traceparent() {
            Some(Text(parent)) => {
                let state = meta.tracestate();
                TraceContext::parse(&parent, state.as_ref().map(|Text(state)| &**state))
            }
            None => TraceContext::parse(header("traceparent")?, header("tracestate")),
        }
    }

    /// Replaces what would take the answer over the host's limit by errors that say so.
    fn limit(&self, answers: &mut [Answer<'_>]) {
        let Some(limit) = self.delivery.max_response_bytes else {
            return;
        };
        let mut total = 0;
        for answer in answers {
            let size = answer.size_hint();
            if total + size <= limit {
                total += size;
                continue;
            }
            let message = format!(
                "the answer has {size} bytes, more than the {limit} this host passes on in one \
                 piece; ask for less, or raise OCI_MCP_MAX_RESPONSE_BYTES up to the platform's limit"
            );
            answer.outcome = Err(Error::new(ErrorKind::Internal, message));
        }
    }

    fn refuse(&self, id: Option<&RawValue>, error: Error) -> Response<Body> {
        let code = Some(error.kind.code());
        let status = status_of(error.kind, None);
        let is_modern = self.mcp.revision().is_some_and(Revision::is_modern);
        let unidentified = if is_modern {
            Unidentified::Omit
        } else {
            Unidentified::Null
        };
        let answer = Answer {
            id,
            outcome: Err(error),
        };
        let mut response = json(status, rpc::write_answer(&answer, unidentified));
        response.extensions_mut().insert(Summary {
            code,
            ..Summary::default()
        });
        response
    }
}

fn claims_a_revision(message: &Message<'_>) -> bool {
    let params = match message {
        Message::Request(request) => request.params,
        Message::Notification(notification) => notification.params,
        Message::Response => None,
    };
    Params::read(params).is_ok_and(|params| params.meta().protocol_version.is_some())
}

fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
