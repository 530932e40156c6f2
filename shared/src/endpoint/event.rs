//! Notifications and the answer, in the form that suits host and client (2025-11-25, "Streamable
//! HTTP", "Sending Messages to the Server").

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Body as _;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::accept::Accepted;
use crate::body::{Body, event, join};
use crate::context::Context as Call;
use crate::delivery::{Delivery, Reply};

/// The form of one answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A document. What a tool says meanwhile is not sent.
    Json,
    /// A document if there is nothing but the answer, else events.
    Either,
    /// Events, be it a single one.
    Events,
}

impl Form {
    /// What host, operator and client agree on.
    pub(super) fn of(delivery: &Delivery, configured: Reply, accepted: Accepted) -> Self {
        match (delivery.reply, configured) {
            (Reply::EventStream, _) => Self::Events,
            (Reply::Json, _) | (_, Reply::Json) => Self::Json,
            _ if !accepted.events => Self::Json,
            (_, Reply::EventStream) => Self::Events,
            _ if !accepted.json => Self::Events,
            _ => Self::Either,
        }
    }

    /// Whether notifications have a way to the client.
    pub(super) fn has_events(self) -> bool {
        self != Self::Json
    }

    /// `answer` in this form, after what still waits in `outbox`.
    pub(super) fn frame(self, answer: Response<Body>, call: Option<&Call>) -> Response<Body> {
        let waiting = || std::iter::from_fn(|| call?.outbox().next());
        let (mut head, body) = answer.into_parts();
        let is_empty = body.is_end_stream();
        let body = match (self, body) {
            // Only what succeeded has notifications: another status tells more than they do.
            (Self::Either, Body::Whole(json, rest)) if head.status.is_success() && !is_empty => {
                let Some(first) = waiting().next() else {
                    return Response::from_parts(head, Body::Whole(json, rest));
                };
                let answer = join(json, rest);
                let messages = std::iter::once(first).chain(waiting()).chain([answer]);
                add_headers(&mut head.headers);
                if call.is_some_and(|call| call.delivery().is_live) {
                    Body::events(stream::iter(messages.collect::<Vec<_>>()))
                } else {
                    let events: Vec<_> = messages.map(|message| event(&message)).collect();
                    Body::from(events.concat())
                }
            }
            (Self::Events, Body::Whole(json, rest)) if !is_empty => {
                let messages: Vec<_> = waiting().chain([join(json, rest)]).collect();
                add_headers(&mut head.headers);
                // Of unknown length, by which proxies tell a stream.
                Body::events(stream::iter(messages))
            }
            (_, body) => body,
        };
        Response::from_parts(head, body)
    }
}

fn add_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // nginx would otherwise wait until the stream ends (2026-07-28, "Streamable HTTP").
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
}

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The work on a message, and what its tool says meanwhile. Dropping it cancels the work, unless it
/// outlives its client.
pub(crate) struct Work {
    /// Until there is an answer.
    exchange: Option<Exchange>,
    call: Call,
    form: Form,
    /// Places for work that outlives its client, if there are any on this host.
    orphans: Option<Arc<Semaphore>>,
}

type Exchange = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// How long work may go on without its client, where the host has no deadline of its own.
const MAX_ORPHANED: Duration = Duration::from_secs(600);

impl Work {
    pub(super) fn new(
        exchange: impl Future<Output = Response<Body>> + Send + 'static,
        call: Call,
        form: Form,
        orphans: Option<Arc<Semaphore>>,
    ) -> Self {
        Self {
            exchange: Some(Box::pin(exchange)),
            call,
            form,
            orphans,
        }
    }

    /// The answer, or the first notification if that is sooner and may go ahead: only then is it
    /// settled that the answer will be an event, too.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<Body>, Bytes>> {
        if let Poll::Ready(answer) = self.poll_answer(cx) {
            return Poll::Ready(Ok(self.form.frame(answer, Some(&self.call))));
        }
        if !self.form.has_events() || !self.call.delivery().is_live {
            return Poll::Pending;
        }
        self.call.outbox().poll_next(cx).map(Err)
    }

    /// `first`, what follows, and the answer, each as soon as it is there.
    pub(super) fn into_stream(self, first: Bytes) -> Response<Body> {
        let (mut first, mut answer, mut work) = (Some(first), None, Some(self));
        let messages = stream::poll_fn(move |cx| {
            if let Some(first) = first.take() {
                return Poll::Ready(Some(first));
            }
            if let Some(running) = &mut work {
                if let Poll::Ready(message) = running.call.outbox().poll_next(cx) {
                    return Poll::Ready(Some(message));
                }
                // What was said in this very poll has woken the task already.
                let done = std::task::ready!(running.poll_answer(cx));
                let call = running.call.clone();
                work = None;
                answer = Some((whole(done), call));
            }
            let Some((json, call)) = &mut answer else {
                return Poll::Ready(None);
            };
            if let Some(message) = call.outbox().next() {
                return Poll::Ready(Some(message));
            }
            let json = std::mem::take(json);
            answer = None;
            Poll::Ready(Some(json))
        });
        let mut response = Response::new(Body::events(messages));
        add_headers(response.headers_mut());
        response
    }
}

impl Work {
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        let Some(exchange) = &mut self.exchange else {
            return Poll::Pending;
        };
        let answer = std::task::ready!(exchange.as_mut().poll(cx));
        self.exchange = None;
        Poll::Ready(answer)
    }
}

impl Drop for Work {
    /// Before 2026-07-28 a client that hangs up cancels nothing (2025-11-25, "Streamable HTTP").
    fn drop(&mut self) {
        let (Some(exchange), Some(orphans)) = (self.exchange.take(), self.orphans.take()) else {
            return;
        };
        if !self.call.outlives_client() {
            return;
        }
        let request_id = self.call.request_id();
        let (Ok(runtime), Ok(place)) = (Handle::try_current(), orphans.try_acquire_owned()) else {
            tracing::warn!(
                request_id,
                "cancelled: too much goes on already without its client"
            );
            return;
        };
        tracing::debug!(request_id, "goes on without its client");
        runtime.spawn(async move {
            // Nobody is left to read the answer, and who wants to know whether the tool ended looks there.
            let _answer = timeout(MAX_ORPHANED, exchange).await;
            drop(place);
        });
    }
}

fn whole(answer: Response<Body>) -> Bytes {
    match answer.into_body() {
        Body::Whole(json, rest) => join(json, rest),
        // An exchange makes whole bodies only.
        Body::Events(_) => Bytes::new(),
    }
}
