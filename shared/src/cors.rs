//! Lets web pages of allowed origins read answers, and ask before they send (Fetch Standard, "CORS
//! protocol"). MCP does not ask for it, and browsers do. Other pages are refused, as MCP asks, before
//! anybody looks at a token: no token would help them, and theirs is not worth asking an issuer about.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use tower::{Layer, Service};

use crate::body::Body;
use crate::config::Config;
use crate::delivery::{Delivery, Reply};
use crate::endpoint::{Refusal, in_form};

#[derive(Clone, Debug)]
pub(crate) struct CorsLayer {
    config: Arc<Config>,
}

impl CorsLayer {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Cors<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Cors<S> {
        Cors {
            inner,
            config: Arc::clone(&self.config),
        }
    }
}

impl<S> Service<Request<Bytes>> for Cors<S>
where
    S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Shared<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        if request.headers().contains_key(ORIGIN) {
            return self.call_for_page(request);
        }
        Shared::Passed(self.inner.call(request), None)
    }
}

impl<S: Service<Request<Bytes>>> Cors<S> {
    // Apart, so that requests of programs pass through a function that is small enough to vanish.
    #[inline(never)]
    fn call_for_page(&mut self, request: Request<Bytes>) -> Shared<S::Future> {
        let headers = request.headers();
        if let Err(origin) = self.config.check_origin(headers) {
            return Shared::Answered(Some(self.refuse(&request, origin.clone())));
        }
        let origin = headers.get(ORIGIN).cloned();
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        match origin {
            Some(origin) if is_preflight => {
                let mut response = preflight(headers);
                share(&mut response, origin);
                Shared::Answered(Some(response))
            }
            origin => Shared::Passed(self.inner.call(request), origin),
        }
    }

    /// Tells a page that it may not ask, which it cannot read.
    fn refuse(&self, request: &Request<Bytes>, origin: HeaderValue) -> Response<Body> {
        let delivery = request.extensions().get::<Delivery>();
        let reply = delivery.map_or_else(Reply::default, |delivery| delivery.reply);
        let refusal = Refusal::ForbiddenOrigin(origin);
        in_form(reply, refusal.into_response(&self.config))
    }
}

/// The answer to one request, which the page that asked may read.
pub(crate) enum Shared<F> {
    /// To a preflight.
    Answered(Option<Response<Body>>),
    /// To anything else, and whose page asked if it may read it.
    Passed(F, Option<HeaderValue>),
}

impl<F> Future for Shared<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Answered(answer) => answer
                .take()
                .map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Passed(answer, origin) => {
                let Ok(mut answer) = ready!(Pin::new(answer).poll(cx));
                if let Some(origin) = origin.take() {
                    share(&mut answer, origin);
                }
                Poll::Ready(Ok(answer))
            }
        }
    }
}

/// What a page of an allowed origin may send. Credentials are not among it: a token is sent by the
/// page itself, and cookies mean nothing here.
fn preflight(asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(asked));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.append(VARY, HeaderValue::from(ACCESS_CONTROL_REQUEST_HEADERS));
    response
}

/// [`HEADERS`], and those of the tools' parameters (2026-07-28, "Streamable HTTP", "Custom Headers")
/// that are `asked` for.
fn allowed_headers(asked: &HeaderMap) -> HeaderValue {
    let asked = asked.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let names = asked.filter_map(|value| value.to_str().ok());
    let names = names.flat_map(|value| value.split(','));
    let mut allowed = HEADERS.to_owned();
    for name in names {
        let name: Option<HeaderName> = name.trim().parse().ok();
        if let Some(name) = name.filter(|name| name.as_str().starts_with("mcp-param-")) {
            allowed.push_str(", ");
            allowed.push_str(name.as_str());
        }
    }
    HeaderValue::try_from(allowed).unwrap_or(HeaderValue::from_static(HEADERS))
}

/// Lets a page of `origin` read `response`.
fn share(response: &mut Response<Body>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(VARY, HeaderValue::from(ORIGIN));
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");

/// What clients of every revision send.
const HEADERS: &str = "content-type, accept, authorization, mcp-protocol-version, mcp-method, mcp-name, \
                       mcp-session-id, last-event-id, traceparent, tracestate";

/// Where to get a token, and when to try again.
const EXPOSED: HeaderValue = HeaderValue::from_static("www-authenticate, retry-after");

/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;
    use crate::{App, AppService};

    const PAGE: &str = "https://app.example";

    fn app() -> AppService {
        let origins = |name: &str| (name == "OCI_MCP_ALLOWED_ORIGINS").then(|| PAGE.to_owned());
        let config = Config::from_vars(origins).unwrap();
        App::new("test", "1").into_service(config).unwrap()
    }

    async fn ask(method: Method, headers: &[(&'static str, &str)]) -> Response<Body> {
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let mut request = Request::post("/mcp").body(Bytes::from(list)).unwrap();
        *request.method_mut() = method;
        for (name, value) in [("content-type", "application/json")].iter().chain(headers) {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().append(*name, value);
        }
        app().oneshot(request).await.unwrap()
    }

    fn text(response: &Response<Body>, name: HeaderName) -> String {
        let values = response.headers().get_all(name).iter();
        let values: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
        values.join(", ")
    }

    #[tokio::test]
    async fn a_page_of_an_allowed_origin_may_send_every_header_of_mcp() {
        let asked = "authorization,Mcp-Param-Region, mcp-param-\"x, x-evil,mcp-name";
        let headers = [
            ("origin", PAGE),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", asked),
        ];

        let response = ask(Method::OPTIONS, &headers).await;

        assert_eq!(response.status(), 204);
        assert_eq!(text(&response, ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
        assert_eq!(
            text(&response, ACCESS_CONTROL_ALLOW_METHODS),
            "GET, HEAD, POST"
        );
        let allowed = text(&response, ACCESS_CONTROL_ALLOW_HEADERS);
        assert_eq!(allowed, format!("{HEADERS}, mcp-param-region"));
        assert_eq!(
            text(&response, VARY),
            "access-control-request-headers, origin"
        );
        let credentials = "access-control-allow-credentials";
        assert!(!response.headers().contains_key(credentials));
    }

    #[tokio::test]
    async fn it_may_read_answers_and_where_to_get_a_token() {
        let response = ask(Method::POST, &[("origin", PAGE)]).await;

        assert_eq!(response.status(), 200);
        assert_eq!(text(&response, ACCESS_CONTROL_ALLOW_ORIGIN), PAGE);
        let exposed = text(&response, ACCESS_CONTROL_EXPOSE_HEADERS);
        assert_eq!(exposed, "www-authenticate, retry-after");
        assert_eq!(text(&response, VARY), "origin");
    }

    #[tokio::test]
    async fn other_pages_are_refused_and_may_not_even_read_that() {
        let method = ("access-control-request-method", "POST");
        let origins: [&[_]; 6] = [
            &[("origin", "https://app.example.evil.com")],
            &[("origin", "http://app.example")],
            &[("origin", "https://app.example:8443")],
            &[("origin", "null")],
            &[("origin", "*")],
            &[("origin", PAGE), ("origin", "https://evil.example")],
        ];

        for origin in origins {
            for (asked, sent) in [(Method::POST, origin.to_vec()), {
                let preflight = [origin, &[method]].concat();
                (Method::OPTIONS, preflight)
            }] {
                let response = ask(asked, &sent).await;

                assert_eq!(response.status(), 403, "{sent:?}");
                assert_eq!(text(&response, ACCESS_CONTROL_ALLOW_ORIGIN), "", "{sent:?}");
            }
        }
    }

    #[tokio::test]
    async fn whoever_is_no_page_sees_nothing_of_it() {
        let answer = ask(Method::POST, &[]).await;
        let options = ask(
            Method::OPTIONS,
            &[("access-control-request-method", "POST")],
        )
        .await;

        assert_eq!(text(&answer, VARY), "");
        assert!(!answer.headers().contains_key(ACCESS_CONTROL_EXPOSE_HEADERS));
        assert_eq!(options.status(), 405);
    }
}
