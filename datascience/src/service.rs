//! The service that turns the platform's requests into the app's.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use oci_mcp::{Body, Delivery, HeaderPolicy, Reply};
use tower::Service;

use crate::paths::{Asked, Paths};
use crate::predict::{self, Predict};

/// An app as a model deployment asks for it: see the table at the top.
///
/// The [`Delivery`] of a request, if the server sets one, is kept but for what the path decides: the
/// header policy and the form of the answer.
#[derive(Clone, Debug)]
pub struct DataScience<S> {
    app: S,
    paths: Paths,
}

impl<S> DataScience<S> {
    /// Serves `app` at `paths`.
    pub fn new(app: S, paths: Paths) -> Self {
        Self { app, paths }
    }

    /// Has `request` reach the app as MCP, whatever path and headers it came with.
    fn redirect(&self, request: &mut Request<Bytes>, decide: impl FnOnce(&mut Delivery)) {
        request.uri_mut().clone_from(self.paths.mcp());
        let unset = || Delivery::http("datascience");
        decide(request.extensions_mut().get_or_insert_with(unset));
    }
}

impl<S> Service<Request<Bytes>> for DataScience<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Bytes>) -> Self::Future {
        match self.paths.find(request.uri()) {
            Asked::App => {
                // The platform passes this on in one piece.
                if let Some(delivery) = request.extensions_mut().get_mut::<Delivery>() {
                    delivery.is_live = false;
                }
                Box::pin(self.app.call(request))
            }
            Asked::Stream => {
                self.redirect(&mut request, |delivery| {
                    delivery.reply = Reply::EventStream;
                    delivery.is_live = true;
                });
                Box::pin(self.app.call(request))
            }
            Asked::Predict => self.predict(request),
        }
    }
}

impl<S> DataScience<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    fn predict(
        &mut self,
        mut request: Request<Bytes>,
    ) -> <Self as Service<Request<Bytes>>>::Future {
        // Signed requests come from SDKs and command lines, whose users know no headers of MCP.
        self.redirect(&mut request, |delivery| {
            delivery.headers = HeaderPolicy::Optional;
            delivery.reply = Reply::Json;
        });
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().entry(CONTENT_TYPE).or_insert(json);
        if request.method() != Method::POST {
            return Box::pin(self.app.call(request));
        }
        match Predict::read(request.body()) {
            Predict::Message => Box::pin(self.app.call(request)),
            Predict::Invalid(why) => {
                // The app refuses what has no method, and is told of it as of any other request.
                let answer = self.app.call(request);
                Box::pin(async move { Ok(predict::refuse(&why, answer.await?).await) })
            }
            Predict::Call(message) => {
                *request.body_mut() = message;
                let revision = HeaderValue::from_static(PLAIN_REVISION);
                request.headers_mut().insert(PROTOCOL_VERSION, revision);
                let answer = self.app.call(request);
                Box::pin(async { Ok(predict::unwrap(answer.await?).await) })
            }
        }
    }
}

/// The newest revision whose results carry nothing but the result.
const PLAIN_REVISION: &str = "2025-11-25";
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

#[cfg(test)]
mod tests;
