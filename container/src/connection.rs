//! One connection: requests in whole, the service, answers out as they come.

use std::any::Any;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Either as First, select};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceExt};

use crate::arrival::Arrival;
use crate::body::Budget;
use crate::config::Config;
use crate::refusal::Refusal;
use crate::timed::{Timed, deadline};
use crate::turn::{Answering, Turn};

/// What the connections of a host have in common.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) config: Config,
    pub(crate) budget: Budget,
    /// The number of requests in flight.
    pub(crate) unfinished: Arc<AtomicUsize>,
}

impl Host {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            budget: Budget::new(config.max_buffered_bytes),
            config,
            unfinished: Arc::default(),
        }
    }
}

/// Serves one connection until its client closes it or takes too long or, after `stopping`
/// resolves, until what was begun is answered.
pub(crate) async fn serve_connection<I, S, B>(
    host: Arc<Host>,
    io: I,
    peer: IpAddr,
    service: S,
    stopping: impl Future<Output = ()>,
) where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<BoxError>,
{
    let (host, turn) = (&*host, &Arc::new(Turn::new(Arc::clone(&host.unfinished))));
    let io = TokioIo::new(Timed::new(io, Arc::clone(turn), &host.config));
    let call = service_fn(move |request| {
        let (service, answering) = (service.clone(), turn.begin());
        async move {
            let response = answer(host, peer, request, service).await;
            Ok::<_, Infallible>(response.map(|body| watched(body, answering)))
        }
    });
    let connection = http1::Builder::new()
        // `Timed` does it.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(io, call);
    // The connection is first, so that a request that is here already is served.
    let ended = match select(pin!(connection), pin!(stopping)).await {
        First::Left((ended, _)) => ended,
        First::Right(((), mut connection)) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_parse() {
            let observer = &host.config.observer;
            observer.tell(StatusCode::BAD_REQUEST, "unreadable_head");
        }
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Drops `answering` with `body`.
fn watched<B>(body: B, answering: Answering) -> impl Body<Data = Bytes, Error = BoxError>
where
    B: Body<Data = Bytes, Error = BoxError>,
{
    body.map_err(move |error| {
        let _answering = &answering;
        tracing::error!(%error, "the body of a response failed");
        error
    })
}

async fn answer<S, B>(
    host: &Host,
    peer: IpAddr,
    request: Request<Incoming>,
    service: S,
) -> Response<Either<Full<Bytes>, B>>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let refuse = |refusal: Refusal| refusal.into_response(&host.config).map(Either::Left);
    let arrived = Instant::now().into_std();
    let (head, body) = request.into_parts();
    let limit = host.config.max_body_bytes;
    let due = deadline(host.config.body_timeout);
    let received = match host.budget.collect(body, limit, due).await {
        Ok(received) => received,
        Err(refusal) => return refuse(refusal),
    };
    let mut request = Request::from_parts(head, received.body);
    request.extensions_mut().insert(Arrival {
        peer,
        undelivered_bytes: received.undelivered,
        arrived,
    });
    // A panic must not end the connection, which may be a proxy's and carry other clients'
    // requests. What the service was called on is dropped with the panic.
    let answered = AssertUnwindSafe(service.oneshot(request)).catch_unwind();
    let mut response = match answered.await {
        Ok(Ok(response)) => response.map(Either::Right),
        Err(panic) => {
            tracing::error!(panic = panic_message(&*panic), "the service panicked");
            refuse(Refusal::Panicked)
        }
    };
    if received.undelivered.is_some() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    drop(received.held);
    response
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let fixed = panic.downcast_ref::<&str>().copied();
    let made = || panic.downcast_ref::<String>().map(String::as_str);
    fixed.or_else(made).unwrap_or("not a message")
}

/// More than what load balancers pass on; also what a connection reads of a body in advance.
const MAX_HEAD_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
