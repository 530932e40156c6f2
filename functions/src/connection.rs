//! One connection of the agent: framing in, the service, framing out.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::{Buf, Bytes};
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Response, StatusCode, request, response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::{BoxError, Service, ServiceExt};

use crate::body::{Collected, Excess, collect};
use crate::config::Config;
use crate::guard::{Answering, Guarded};
use crate::invocation::Intent;
use crate::request::Call;
use crate::response::{Refusal, Reply, encode, failure};

/// Serves one connection until its peer closes it.
///
/// [`serve`](crate::serve) does this for each connection to the function's socket; by itself it
/// lets a test speak the contract over a `tokio::io::duplex`.
pub async fn serve_connection<I, S, B>(config: Arc<Config>, io: I, service: S)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (config, answering, spare) = (&*config, &Answering::default(), &Spare::default());
    let io = Guarded::new(TokioIo::new(io), answering.clone(), config.observer.clone());
    let call = service_fn(move |request| {
        let service = service.clone();
        async move {
            let reply = answer(config, spare, request, service).await;
            answering.set(true);
            Ok::<_, Infallible>(reply)
        }
    });
    // The number of headers stays at hyper's 100. More are possible, but hyper then makes room for
    // them in every request, at a tenth of what a request costs; who sends more gets a 502.
    let connection = http1::Builder::new()
        // The front end dates its own answer.
        .auto_date_header(false)
        // No timer may run while the function is frozen.
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(io, call);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The map that the last response came in, without its headers. If it is that of the request, as it
/// is from a service that answers in the map it was asked in, then it has room for the next one.
type Spare = Mutex<HeaderMap>;

async fn answer<S, B>(
    config: &Config,
    spare: &Spare,
    request: Request<Incoming>,
    service: S,
) -> Reply
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let arrived = Instant::now();
    let (mut head, body) = request.into_parts();
    let intent = Intent::of(&head.headers);
    let body = match receive(config, &head, body, intent).await {
        Ok(body) => body,
        Err(reply) => return *reply,
    };
    // Only now, so that nothing but the head is kept while the body comes.
    let taken = Call::take(&mut head.headers, intent, take(spare));
    let request = match taken.into_request(body, config.clock, arrived) {
        Ok(request) => request,
        Err(refusal) => {
            config.observer.tell(refusal.status, "malformed_request");
            return refusal.into_reply(intent);
        }
    };
    // A panic must not end the connection, because the agent then destroys the container. What
    // the service was called on is dropped with the panic, so nothing broken is seen again.
    let answered = AssertUnwindSafe(call(service, request, config.max_response_bytes));
    match answered.catch_unwind().await {
        Ok(Ok((mut answer, Collected::Whole(body)))) => {
            // hyper reads the headers of the next request into the map it is given here. That of
            // this request has the room, so that none has to be made.
            let headers = &mut answer.headers;
            let reply = encode(intent, answer.status, headers, body, head.headers);
            put(spare, answer.headers);
            reply
        }
        Ok(Ok((_, Collected::TooLarge(size)))) => {
            response_too_large(size, config.max_response_bytes).into_reply(intent)
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the body of a response failed");
            failure(intent, "the function failed while it answered")
        }
        Err(panic) => {
            tracing::error!(panic = panic_message(&*panic), "the service panicked");
            failure(intent, "the function failed")
        }
    }
}

// The error is a whole reply and the rare case, hence the box.
async fn receive(
    config: &Config,
    head: &request::Parts,
    body: Incoming,
    intent: Intent,
) -> Result<Bytes, Box<Reply>> {
    let fail = |message, reason| {
        config.observer.tell(StatusCode::BAD_GATEWAY, reason);
        Box::new(failure(intent, message))
    };
    if head.method != Method::POST || head.uri.path() != "/call" {
        if let Err(error) = collect(body, 0, Excess::Drain).await {
            tracing::debug!(%error, "the body of a request ended early");
        }
        return Err(fail("only `POST /call` is served here", "not_a_call"));
    }
    if let Some(frame) = &config.log_frame {
        frame.print(&head.headers);
    }
    match collect(body, config.max_request_bytes, Excess::Drain).await {
        Ok(Collected::Whole(mut body)) => Ok(body.copy_to_bytes(body.remaining())),
        Ok(Collected::TooLarge(size)) => {
            let refusal = request_too_large(size, config.max_request_bytes);
            config.observer.tell(refusal.status, "too_large");
            Err(Box::new(refusal.into_reply(intent)))
        }
        Err(error) => {
            tracing::debug!(%error, "the body of a request ended early");
            Err(fail("the body of the request ended early", "broken_body"))
        }
    }
}

async fn call<S, B>(
    mut service: S,
    request: Request<Bytes>,
    max_response_bytes: usize,
) -> Result<(response::Parts, Collected), BoxError>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let Ok(service) = service.ready().await;
    let Ok(response) = service.call(request).await;
    let (head, body) = response.into_parts();
    let body = collect(body, max_response_bytes, Excess::Stop).await;
    Ok((head, body.map_err(Into::into)?))
}

fn take(spare: &Spare) -> HeaderMap {
    spare
        .lock()
        .map(|mut map| std::mem::take(&mut *map))
        .unwrap_or_default()
}

fn put(spare: &Spare, mut map: HeaderMap) {
    map.clear();
    if let Ok(mut spare) = spare.lock() {
        *spare = map;
    }
}

fn request_too_large(size: u64, limit: usize) -> Refusal {
    Refusal {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        message: format!("the request body is {size} bytes, over the limit of {limit} bytes"),
    }
}

fn response_too_large(size: u64, limit: usize) -> Refusal {
    tracing::warn!(
        size,
        limit,
        "a response was too large and was replaced by an error"
    );
    Refusal {
        status: StatusCode::BAD_GATEWAY,
        message: format!(
            "the response is {size} bytes or more, over the limit of {limit} bytes: ask for less, \
             or raise the limit with `Config::with_max_response_bytes`"
        ),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let fixed = panic.downcast_ref::<&str>().copied();
    let made = || panic.downcast_ref::<String>().map(String::as_str);
    fixed.or_else(made).unwrap_or("not a message")
}

/// Go's servers read 1 MiB of headers, and each then gets a prefix.
const MAX_HEAD_BYTES: usize = 2 * 1024 * 1024;
