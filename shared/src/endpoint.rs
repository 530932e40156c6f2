//! The HTTP endpoint: which requests reach the dispatcher, and which status their answer has.

mod accept;
mod event;
mod exchange;
mod refusal;
mod status;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use tower::Service;

use crate::body::Body;
use crate::config::{Config, is_health};
use crate::context::Context as Call;
use crate::delivery::{Delivery, HeaderPolicy, Reply};
use crate::dispatch::Dispatcher;
use crate::log::Summarize;
use accept::Accepted;
use event::{Form, Work};
use exchange::Exchange;
pub(crate) use refusal::Refusal;

/// Answers HTTP requests. A clone is the same endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    inner: Arc<Inner>,
}

struct Inner {
    dispatcher: Dispatcher,
    config: Arc<Config>,
    health: Bytes,
    /// Places for work that goes on without its client.
    orphans: Arc<Semaphore>,
}

/// How much work may go on at a time of which no client waits for the answer.
const MAX_ORPHANS: usize = 64;

impl Endpoint {
    pub(crate) fn new(dispatcher: Dispatcher, config: Arc<Config>, service: &str) -> Self {
        let health = serde_json::json!({ "status": "healthy", "service": service });
        let health = Bytes::from(health.to_string());
        Self {
            inner: Arc::new(Inner {
                dispatcher,
                config,
                health,
                orphans: Arc::new(Semaphore::new(MAX_ORPHANS)),
            }),
        }
    }
}

impl Service<Request<Bytes>> for Endpoint {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Answering {
        let (mut parts, body) = request.into_parts();
        let delivery = parts.extensions.remove::<Delivery>();
        let delivery = delivery.unwrap_or_else(|| Delivery::http("http"));
        let accepted = accept::accepted(&parts.headers);
        let form = Form::of(&delivery, self.inner.config.reply, accepted);
        let answer = match self.inner.route(&parts, &delivery, &body, accepted) {
            Ok(Route::Health) if accept::prefers_text(&parts.headers) => text("OK"),
            Ok(Route::Health) => json(StatusCode::OK, self.inner.health.clone()),
            Ok(Route::Message) => return self.exchange(parts, delivery, body, form),
            Err(refusal) => in_form(delivery.reply, refusal.into_response(&self.inner.config)),
        };
        Answering::Now(Some(answer))
    }
}

/// The answer to one request: there at once, or after its message has been read and worked on.
pub(crate) enum Answering {
    Now(Option<Response<Body>>),
    Later(Option<Work>),
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.get_mut() {
            Self::Now(answer) => answer.take(),
            Self::Later(work) => match work.as_mut().map(|work| work.poll(cx)) {
                Some(Poll::Ready(Ok(answer))) => Some(answer),
                Some(Poll::Ready(Err(first))) => work.take().map(|work| work.into_stream(first)),
                Some(Poll::Pending) | None => None,
            },
        };
        response.map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
    }
}

impl Endpoint {
    fn exchange(&self, parts: Parts, delivery: Delivery, body: Bytes, form: Form) -> Answering {
        let inner = Arc::clone(&self.inner);
        let summarize = parts.extensions.get::<Summarize>().is_some();
        let headers = parts.headers;
        let orphans = delivery.outlives_client.then(|| Arc::clone(&inner.orphans));
        let call = Call::new(delivery);
        let cx = call.clone();
        let exchange = async move {
            let exchange = Exchange::new(&inner.dispatcher, &headers, &cx, form, summarize);
            let outcome = exchange.answer(&body).await;
            outcome.into_response(headers, &cx)
        };
        Answering::Later(Some(Work::new(exchange, call, form, orphans)))
    }
}

impl Inner {
    /// Everything that is decided before the body is read, in this order: who may ask at all, what
    /// is there, how it is asked for.
    fn route(
        &self,
        parts: &Parts,
        delivery: &Delivery,
        body: &Bytes,
        accepted: Accepted,
    ) -> Result<Route, Refusal> {
        self.check_host(&parts.headers, delivery.headers)?;
        // A gateway may add a prefix and a slash; a redirect would lose the body.
        let path = parts.uri.path().trim_end_matches('/');
        if is_health(path) {
            return match parts.method {
                Method::GET | Method::HEAD => Ok(Route::Health),
                _ => Err(Refusal::MethodNotAllowed { allow: "GET, HEAD" }),
            };
        }
        if !path.ends_with(&self.config.path) {
            return Err(Refusal::NotFound);
        }
        if parts.method != Method::POST {
            return Err(Refusal::MethodNotAllowed { allow: "POST" });
        }
        let size = delivery.undelivered_bytes.unwrap_or(body.len() as u64);
        if delivery.undelivered_bytes.is_some() || size > self.config.max_body_bytes as u64 {
            return Err(Refusal::TooLarge { size });
        }
        if !accept::is_json(&parts.headers) {
            return Err(Refusal::UnsupportedMediaType);
        }
        if accept::is_coded(&parts.headers) {
            return Err(Refusal::UnsupportedContentCoding);
        }
        if !accepted.json && !accepted.events {
            return Err(Refusal::NotAcceptable);
        }
        Ok(Route::Message)
    }

    fn check_host(&self, headers: &HeaderMap, policy: HeaderPolicy) -> Result<(), Refusal> {
        let Some(allowed) = &self.config.allowed_hosts else {
            return Ok(());
        };
        if policy == HeaderPolicy::Required && !headers.contains_key(HOST) {
            return Err(Refusal::ForbiddenHost(None));
        }
        for host in headers.get_all(HOST) {
            let named = host.to_str().ok().and_then(|host| host.parse().ok());
            if !named.is_some_and(|named| allowed.iter().any(|host| host.covers(&named))) {
                return Err(Refusal::ForbiddenHost(Some(host.clone())));
            }
        }
        Ok(())
    }
}

/// `answer`, as an event where nothing else comes through.
pub(crate) fn in_form(reply: Reply, answer: Response<Body>) -> Response<Body> {
    match reply {
        Reply::EventStream => Form::Events.frame(answer, None),
        _ => answer,
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

enum Route {
    Health,
    Message,
}

pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    respond(status, body.into(), JSON)
}

fn text(body: &'static str) -> Response<Body> {
    respond(
        StatusCode::OK,
        body.into(),
        HeaderValue::from_static("text/plain"),
    )
}

fn respond(status: StatusCode, body: Body, content_type: HeaderValue) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}
