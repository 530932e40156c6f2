//! One line in the log for each message, refused ones too.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_util::future::Either;
use http::{Request, Response};
use tower::{Layer, Service};
use tracing::Level;

use crate::body::Body;
use crate::delivery::Delivery;

/// Asks the endpoint for [`Summaries`], which cost what nobody should pay who does not look at them:
/// a request extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summarize;

/// What the endpoint found out about the messages of a request: a response extension.
#[derive(Clone, Debug)]
pub(crate) struct Summaries {
    pub(crate) messages: Vec<Summary>,
    /// The caller's trace, unless there are several messages with one each.
    pub(crate) trace_id: Option<Box<str>>,
}

/// What the endpoint found out about a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// The method, if there is such a method.
    pub(crate) method: Option<&'static str>,
    /// The tool, if there is such a tool.
    pub(crate) tool: Option<Cow<'static, str>>,
    /// The code of a JSON-RPC error.
    pub(crate) code: Option<i32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLayer;

#[derive(Clone, Debug)]
pub(crate) struct Log<S> {
    inner: S,
}

type Logged = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Layer<S> for LogLayer {
    type Service = Log<S>;

    fn layer(&self, inner: S) -> Log<S> {
        Log { inner }
    }
}

impl<S> Service<Request<Bytes>> for Log<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Logged>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Bytes>) -> Self::Future {
        if !tracing::enabled!(Level::DEBUG) {
            return Either::Left(self.inner.call(request));
        }
        request.extensions_mut().insert(Summarize);
        let delivery = request.extensions().get::<Delivery>();
        let request_id = delivery.and_then(|delivery| delivery.request_id.clone());
        let start = Instant::now();
        let answer = self.inner.call(request);
        Either::Right(Box::pin(async move {
            let response = answer.await?;
            let status = response.status().as_u16();
            let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
            let request_id = request_id.as_deref();
            if let Some(Summaries { messages, trace_id }) = response.extensions().get() {
                for Summary { method, tool, code } in messages {
                    let (tool, trace_id) = (tool.as_deref(), trace_id.as_deref());
                    tracing::debug!(
                        request_id, trace_id, method, tool, status, code, micros, "request"
                    );
                }
            } else {
                tracing::debug!(request_id, status, micros, "request");
            }
            Ok(response)
        }))
    }
}
