//! The layer that sees every request come and every answer go.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::Either;
use futures_util::stream::{self, StreamExt};
use http::{Request, Response};
use tower::{Layer, Service};

use super::{Audit, Entry};
use crate::body::{Body, Events};
use crate::config::is_health;
use crate::delivery::Delivery;

/// Why a request was refused as a whole: a response extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(pub(crate) &'static str);

#[derive(Clone, Debug)]
pub(crate) struct AuditLayer {
    audit: Option<Arc<Audit>>,
}

impl AuditLayer {
    /// Has `audit` tell of each request, if there is one.
    pub(crate) fn new(audit: Option<Arc<Audit>>) -> Self {
        Self { audit }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Audited<S> {
    inner: S,
    audit: Option<Arc<Audit>>,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Layer<S> for AuditLayer {
    type Service = Audited<S>;

    fn layer(&self, inner: S) -> Audited<S> {
        Audited {
            inner,
            audit: self.audit.clone(),
        }
    }
}

impl<S> Service<Request<Bytes>> for Audited<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Answer>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        match &self.audit {
            // Probes come by the second, and do nothing.
            Some(audit) if !is_health(request.uri().path()) => {
                let audit = Arc::clone(audit);
                Either::Right(self.call_on_record(&audit, request))
            }
            _ => Either::Left(self.inner.call(request)),
        }
    }
}

impl<S> Audited<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    // Apart, so that who needs no record passes through a function that is small enough to vanish.
    #[inline(never)]
    fn call_on_record(&mut self, audit: &Arc<Audit>, mut request: Request<Bytes>) -> Answer {
        let delivery = request
            .extensions_mut()
            .get_or_insert_with(|| Delivery::http("http"));
        let entry = Entry::begin(audit, delivery);
        delivery.audit = Some(Arc::clone(&entry));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            let refused = response.extensions_mut().remove();
            let refused = refused.map(|Refused(reason)| reason);
            entry.answered(response.status(), refused);
            let (head, body) = response.into_parts();
            let body = match body {
                whole @ Body::Whole(..) => {
                    entry.finish(None);
                    entry.settle().await;
                    whole
                }
                Body::Events(events) => watched(events, entry),
            };
            Ok(Response::from_parts(head, body))
        })
    }
}

/// `events`, whose end is that of the request. If they are dropped before, so is `entry`.
fn watched(events: Events, entry: Arc<Entry>) -> Body {
    Body::events(stream::unfold(
        (events, entry),
        |(mut events, entry)| async {
            let Some(event) = events.next().await else {
                entry.finish(None);
                entry.settle().await;
                return None;
            };
            Some((event, (events, entry)))
        },
    ))
}
