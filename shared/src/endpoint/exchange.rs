//! One body and its answer: JSON-RPC in, JSON-RPC and an HTTP status out.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::join_all;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use serde_json::value::RawValue;

use super::JSON;
use super::event::Form;
use super::status::status_of;
use crate::audit::Noted;
use crate::body::Body;
use crate::context::{Context, TraceContext};
use crate::dispatch::{Call, Dispatcher};
use crate::log::{Summaries, Summary};
use crate::mcp::{Headers, Meta, Method, Params, RareParams, Revision};
use crate::notify::{LogLevel, Wanted};
use crate::rpc::{self, Answer, Error, ErrorKind, Incoming, Invalid, Payload, Text, Unidentified};

type Message<'a> = rpc::Message<'a, Params<'a>>;
type Request<'a> = rpc::Request<'a, Params<'a>>;

pub(super) struct Exchange<'a> {
    dispatcher: &'a Dispatcher,
    headers: &'a HeaderMap,
    mcp: Headers<'a>,
    cx: &'a Context,
    form: Form,
    /// Whether somebody wants to know what was found out.
    summarize: bool,
}

/// What goes back to the client, and what was found out on the way to it if somebody wants to know.
pub(super) struct Outcome {
    status: StatusCode,
    body: Body,
    summaries: Option<Summaries>,
}

impl Outcome {
    /// The response, in the map of the request's headers: hosts then need not make one for each.
    pub(super) fn into_response(self, mut headers: HeaderMap, cx: &Context) -> Response<Body> {
        headers.clear();
        if let Some(seconds) = cx.retry_after() {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if !self.body.is_end_stream() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = headers;
        if let Some(summaries) = self.summaries {
            response.extensions_mut().insert(summaries);
        }
        response
    }
}

/// An answer, and what was found out on the way to it.
struct Answered<'m> {
    answer: Answer<'m>,
    findings: Findings,
}

#[derive(Default)]
struct Findings {
    revision: Option<Revision>,
    summary: Summary,
    /// What is put on record of the message, if anything is.
    noted: Option<Noted>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        dispatcher: &'a Dispatcher,
        headers: &'a HeaderMap,
        cx: &'a Context,
        form: Form,
        summarize: bool,
    ) -> Self {
        Self {
            summarize,
            dispatcher,
            headers,
            mcp: Headers::new(headers, cx.delivery().headers),
            cx,
            form,
        }
    }

    pub(super) async fn answer(&self, body: &[u8]) -> Outcome {
        let request = match rpc::parse(body) {
            Ok(Incoming::One(Message::Request(request))) => request,
            Ok(Incoming::One(Message::Notification(notification))) => {
                return match self.mcp.check_notification(notification.params.meta()) {
                    Ok(()) => accepted(),
                    Err(error) => self.refuse(None, error),
                };
            }
            Ok(Incoming::One(Message::Response)) => {
                let why = "this server sends no requests, so it takes no responses";
                return self.refuse(None, Error::new(ErrorKind::InvalidRequest, why));
            }
            Ok(Incoming::Batch(messages)) => return Box::pin(self.batch(messages)).await,
            Err(Invalid { id, error }) => return self.refuse(id, error),
        };
        self.one(&request).await
    }

    async fn one(&self, request: &Request<'_>) -> Outcome {
        let mut answered = self.request(request, self.cx).await;
        self.limit(std::slice::from_mut(&mut answered), 0);
        let status = answered.status();
        let body = rpc::write_answer(&answered.answer, Unidentified::Omit).into();
        self.respond(status, body, std::slice::from_ref(&answered))
    }

    async fn batch(&self, messages: Vec<Result<Message<'_>, Invalid<'_>>>) -> Outcome {
        if !self.mcp.allow_batch() || messages.iter().flatten().any(claims_a_revision) {
            let why = "only revision 2025-03-26 has batches; send one message a request";
            return self.refuse(None, Error::new(ErrorKind::InvalidRequest, why));
        }
        if let Some(noted) = self.cx.noted() {
            noted.batch();
        }
        let answers = messages.into_iter().map(async |message| match message {
            Ok(Message::Request(request)) if request.method == Method::Initialize.as_str() => {
                let why = "`initialize` stands alone, not in a batch";
                let error = Error::new(ErrorKind::InvalidRequest, why);
                Some(Answered::refused(Some(request.id), error))
            }
            Ok(Message::Request(request)) => {
                let cx = Context::new(self.cx.delivery().clone());
                // Among other answers there is no way out for what a call says.
                cx.outbox().open(Wanted::default());
                Some(self.request(&request, &cx).await)
            }
            Ok(Message::Notification(_) | Message::Response) => None,
            Err(Invalid { id, error }) => Some(Answered::refused(id, error)),
        });
        let mut answered: Vec<_> = join_all(answers).await.into_iter().flatten().collect();
        if answered.is_empty() {
            return accepted();
        }
        // Each brings a comma or the brackets.
        self.limit(&mut answered, 2);
        let body = rpc::write_batch(answered.iter().map(|answered| &answered.answer));
        self.respond(StatusCode::OK, body.into(), &answered)
    }

    async fn request<'m>(&self, request: &Request<'m>, cx: &Context) -> Answered<'m>
    where
        'a: 'm,
    {
        let mut findings = Findings {
            noted: cx.noted().cloned(),
            ..Findings::default()
        };
        // A panic is caught here rather than around the HTTP service because only here is the
        // request's identifier known, which a JSON-RPC error must echo.
        let result = AssertUnwindSafe(self.result(request, cx, &mut findings)).catch_unwind();
        let outcome = result.await.unwrap_or_else(|panic| {
            let request_id = cx.request_id();
            let Summary { method, tool, .. } = &findings.summary;
            let tool = tool.as_deref();
            tracing::error!(
                request_id,
                method,
                tool,
                panic = panic_message(&*panic),
                "panicked"
            );
            let what = tool.map_or("the server".to_owned(), |tool| format!("tool `{tool}`"));
            Err(Error::new(
                ErrorKind::Internal,
                format!("{what} failed unexpectedly"),
            ))
        });
        Answered {
            answer: Answer {
                id: Some(request.id),
                outcome,
            },
            findings,
        }
    }

    /// The result of one request. The order of the checks is the specification's: which revision,
    /// do the headers agree, is there such a method, and only then what the method thinks.
    async fn result(
        &self,
        request: &Request<'_>,
        cx: &Context,
        findings: &mut Findings,
    ) -> Result<Payload, Error> {
        let params = &request.params;
        let meta = params.meta();
        let revision = self.mcp.resolve(&request.method, params, meta)?;
        findings.revision = Some(revision);
        if revision.is_modern() {
            self.mcp.check_routing(&request.method, params)?;
        }
        let method = Method::find(&request.method, revision);
        let Some(method) = method.filter(|method| self.dispatcher.serves(*method)) else {
            let method = rpc::quoted(&request.method);
            let message = format!("there is no method {method} here in revision {revision}");
            return Err(Error::new(ErrorKind::MethodNotFound, message));
        };
        findings.summary.method = Some(method.as_str());
        if let Some(noted) = cx.noted() {
            noted.method(method.as_str());
        }
        if matches!(method, Method::CallTool | Method::ListTools) {
            self.dispatcher.learn(cx).await?;
        }
        if method == Method::CallTool {
            let named = params.name();
            let known = named.and_then(|Text(name)| self.dispatcher.known_tool(&name));
            findings.summary.tool = known.map(|(name, _)| name.clone());
            if let Some(noted) = cx.noted() {
                noted.call(known.map(|(name, _)| name), params.arguments().ok());
            }
            if let (true, Some((_, tool))) = (revision.is_modern(), known) {
                self.mcp
                    .check_mirrored(tool.arguments().mirrored(), params)?;
            }
        }
        if let Some(trace) = self.trace(request) {
            cx.set_trace(trace);
        }
        if method.is_work() && !revision.is_modern() {
            // That of the whole body: one of a batch takes the others along.
            self.cx.outlive_client();
        }
        if method.is_work() && self.form.has_events() {
            cx.outbox().open(wanted(revision, meta));
        }
        let call = Call {
            revision,
            method,
            request,
            cx,
        };
        self.dispatcher.dispatch(&call).await
    }

    /// The caller's trace: what `_meta` says, else the hop that HTTP tells of.
    fn trace(&self, request: &Request<'_>) -> Option<TraceContext> {
        let stated = request
            .params
            .meta()
            .traceparent()
            .and_then(|Text(parent)| {
                let rare: RareParams<'_> = request.reread();
                let state = rare.tracestate();
                let trace =
                    TraceContext::parse(&parent, state.as_ref().map(|Text(state)| &**state))?;
                Some(match rare.baggage() {
                    Some(Text(baggage)) => trace.with_baggage(&baggage),
                    None => trace,
                })
            });
        stated.or_else(|| {
            let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
            let trace = TraceContext::parse(header("traceparent")?, header("tracestate"))?;
            Some(match header("baggage") {
                Some(baggage) => trace.with_baggage(baggage),
                None => trace,
            })
        })
    }

    /// Replaces what would take the answers, each with so many bytes around it, over the host's limit by
    /// errors that say so.
    fn limit(&self, answers: &mut [Answered<'_>], around: usize) {
        let Some(limit) = self.cx.delivery().max_response_bytes else {
            return;
        };
        let mut total = 0;
        for Answered { answer, .. } in answers {
            let size = answer.size_hint();
            if total + size + around > limit {
                let message = format!(
                    "the answer has {size} bytes, and the host passes on {limit} in one piece; ask \
                     for less, or raise OCI_MCP_MAX_RESPONSE_BYTES up to the platform's limit"
                );
                answer.outcome = Err(Error::new(ErrorKind::Internal, message));
            }
            total += answer.size_hint() + around;
        }
    }

    fn refuse(&self, id: Option<&RawValue>, error: Error) -> Outcome {
        let is_modern = self.mcp.revision().is_some_and(Revision::is_modern);
        // Only 2026-07-28 has these errors, so they are told as it tells errors.
        let modern_only = matches!(
            error.kind,
            ErrorKind::HeaderMismatch | ErrorKind::UnsupportedProtocolVersion
        );
        let unidentified = if is_modern || modern_only {
            Unidentified::Omit
        } else {
            Unidentified::Null
        };
        let answered = Answered::refused(id, error);
        let body = rpc::write_answer(&answered.answer, unidentified).into();
        self.respond(answered.status(), body, &[answered])
    }

    fn respond(&self, status: StatusCode, body: Body, answered: &[Answered<'_>]) -> Outcome {
        if let Some(noted) = self.cx.noted() {
            for answered in answered {
                let error = answered.answer.outcome.as_ref().err();
                let error = error.map(|error| error.kind);
                match &answered.findings.noted {
                    Some(noted) => noted.end(error),
                    None => noted.refuse(error),
                }
            }
        }
        let summaries = self.summarize.then(|| {
            let messages = answered.iter().map(Answered::summary);
            Summaries {
                messages: messages.collect(),
                trace_id: self.cx.trace().map(|trace| trace.trace_id().into()),
            }
        });
        Outcome {
            status,
            body,
            summaries,
        }
    }
}

impl<'m> Answered<'m> {
    fn refused(id: Option<&'m RawValue>, error: Error) -> Self {
        Self {
            answer: Answer {
                id,
                outcome: Err(error),
            },
            findings: Findings::default(),
        }
    }

    fn status(&self) -> StatusCode {
        match &self.answer.outcome {
            Ok(_) => StatusCode::OK,
            Err(error) => status_of(error.kind, self.findings.revision),
        }
    }

    fn summary(&self) -> Summary {
        let error = self.answer.outcome.as_ref().err();
        Summary {
            code: error.map(|error| error.kind.code()),
            ..self.findings.summary.clone()
        }
    }
}

/// What the client wants to hear of a call. Before 2026-07-28 it says so when it connects, which no
/// server without sessions remembers: it then hears what most would.
fn wanted(revision: Revision, meta: &Meta<'_>) -> Wanted {
    Wanted {
        progress: meta.progress_token().map(RawValue::to_owned),
        progress_messages: revision >= Revision::V2025_03_26,
        logs: if revision.is_modern() {
            meta.log_level()
        } else {
            Some(LogLevel::Info)
        },
    }
}

fn claims_a_revision(message: &Message<'_>) -> bool {
    let params = match message {
        Message::Request(request) => &request.params,
        Message::Notification(notification) => &notification.params,
        Message::Response => return false,
    };
    params.meta().protocol_version.is_some()
}

fn accepted() -> Outcome {
    Outcome {
        status: StatusCode::ACCEPTED,
        body: Body::empty(),
        summaries: None,
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("not a text")
}
