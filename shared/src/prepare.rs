//! What has to be there before the first request is looked at, and is not looked for before: secrets that are
//! elsewhere.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::Either;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::sync::OnceCell;
use tower::{Layer, Service};

use crate::audit::Refused;
use crate::body::Body;
use crate::config::is_health;
use crate::delivery::{Delivery, Reply};
use crate::endpoint::{in_form, json};
use crate::rpc::{Answer, Error, ErrorKind, Unidentified, write_answer};

/// What an app waits for, once: see [`App::prepare`](crate::App::prepare).
pub(crate) struct Preparation {
    prepare: Box<dyn Fn() -> Preparing + Send + Sync>,
    done: OnceCell<()>,
}

/// The outcome of what an app waits for; the error is for its operator, who finds it in the log.
pub type Preparing = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

impl Preparation {
    pub(crate) fn new(prepare: impl Fn() -> Preparing + Send + Sync + 'static) -> Self {
        Self {
            prepare: Box::new(prepare),
            done: OnceCell::new(),
        }
    }

    /// Prepares, unless that is done; others wait meanwhile.
    async fn wait(&self) -> Result<(), String> {
        self.done.get_or_try_init(|| (self.prepare)()).await?;
        Ok(())
    }
}

impl fmt::Debug for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preparation")
            .field("done", &self.done.initialized())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PrepareLayer {
    preparation: Option<Arc<Preparation>>,
}

impl PrepareLayer {
    pub(crate) fn new(preparation: Option<Preparation>) -> Self {
        Self {
            preparation: preparation.map(Arc::new),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Prepared<S> {
    inner: S,
    preparation: Option<Arc<Preparation>>,
}

type Waiting = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Layer<S> for PrepareLayer {
    type Service = Prepared<S>;

    fn layer(&self, inner: S) -> Prepared<S> {
        Prepared {
            inner,
            preparation: self.preparation.clone(),
        }
    }
}

impl<S> Service<Request<Bytes>> for Prepared<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Waiting>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        match &self.preparation {
            Some(preparation)
                if !preparation.done.initialized() && !is_health(request.uri().path()) =>
            {
                let preparation = Arc::clone(preparation);
                // The one that was polled is the one that is ready.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                Either::Right(Box::pin(async move {
                    match preparation.wait().await {
                        Ok(()) => inner.call(request).await,
                        Err(problem) => Ok(refuse(&request, &problem)),
                    }
                }))
            }
            _ => Either::Left(self.inner.call(request)),
        }
    }
}

fn refuse(request: &Request<Bytes>, problem: &str) -> Response<Body> {
    let delivery = request.extensions().get::<Delivery>();
    let request_id = delivery.and_then(|delivery| delivery.request_id.as_deref());
    tracing::error!(request_id, problem, "the server is not ready");
    let answer = Answer {
        id: None,
        outcome: Err(Error::new(
            ErrorKind::Internal,
            "the server lacks something that it needs to serve; its log tells the operator what",
        )),
    };
    let mut response = json(
        StatusCode::SERVICE_UNAVAILABLE,
        write_answer(&answer, Unidentified::Omit),
    );
    response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
    response.extensions_mut().insert(Refused("not_ready"));
    let reply = delivery.map_or_else(Reply::default, |delivery| delivery.reply);
    in_form(reply, response)
}

/// What was not there a moment ago may be soon.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tower::ServiceExt;

    use super::*;
    use crate::{App, AppService, Config};

    /// An app that is ready after so many attempts, and how many there were.
    fn app(ready_after: u32) -> (AppService, Arc<AtomicU32>) {
        let attempts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&attempts);
        let app = App::new("test", "1").prepare(move || {
            let attempt = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                tokio::task::yield_now().await;
                let is_ready = attempt >= ready_after;
                is_ready.then_some(()).ok_or_else(|| "no secret".to_owned())
            })
        });
        (app.into_service(Config::default()).unwrap(), attempts)
    }

    async fn ask(app: &AppService, path: &str) -> Response<Body> {
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(Bytes::from(list)).unwrap();
        app.clone().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn requests_wait_for_what_the_first_one_looks_for_once() {
        let (app, attempts) = app(0);
        let before = attempts.load(Ordering::Relaxed);

        let (one, other) = tokio::join!(ask(&app, "/mcp"), ask(&app, "/mcp"));
        let later = ask(&app, "/mcp").await;

        for answer in [one, other, later] {
            assert_eq!(answer.status(), StatusCode::OK);
        }
        assert_eq!((before, attempts.load(Ordering::Relaxed)), (0, 1));
    }

    #[tokio::test]
    async fn while_it_is_not_there_requests_are_refused_and_look_again() {
        let (app, attempts) = app(1);

        let refused = ask(&app, "/mcp").await;
        let health = ask(&app, "/health").await;
        let served = ask(&app, "/mcp").await;

        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()[RETRY_AFTER], "5");
        assert_eq!(health.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(served.status(), StatusCode::OK);
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
    }
}
