//! The API gateway, and the invoke endpoint of OCI Functions, on loopback.

use std::io;
use std::net::IpAddr;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::admission::{Unfit, check_host, read};
use crate::agent::Agent;
use crate::{framing, id, server};

/// Serves connections from `listener` until dropped.
///
/// Every method and path goes to the function as from an API gateway, but for
/// `POST /20181201/functions/{id}/actions/invoke`, which invokes it as OCI's service does.
///
/// # Errors
///
/// Refuses a listener that is not on loopback: nothing here asks who is calling.
pub async fn serve(listener: TcpListener, agent: Agent) -> io::Result<()> {
    let gateway = Gateway::new(agent);
    server::accept(listener, move |stream, peer| {
        let gateway = gateway.clone();
        async move { gateway.serve_connection(stream, peer).await }
    })
    .await
}

/// What stands between HTTP clients and the agent.
#[derive(Clone, Debug)]
pub struct Gateway {
    agent: Agent,
}

impl Gateway {
    /// A gateway in front of `agent`.
    #[must_use]
    pub fn new(agent: Agent) -> Self {
        Self { agent }
    }

    /// Serves HTTP/1.1 over one connection, until either side ends it.
    pub async fn serve_connection<IO>(&self, io: IO, peer: IpAddr)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        server::serve_connection(io, |request| self.answer(request, peer)).await;
    }

    /// Answers one request.
    pub async fn answer<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Full<Bytes>>
    where
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send,
    {
        let id = id::of_request(request.headers());
        let mut response = match self.route(request, peer, &id).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response(),
        };
        response.headers_mut().insert(id::REQUEST_ID, id);
        response
    }

    async fn route<B>(
        &self,
        request: Request<B>,
        peer: IpAddr,
        id: &HeaderValue,
    ) -> Result<Response<Full<Bytes>>, Refusal>
    where
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send,
    {
        let (parts, body) = request.into_parts();
        check_host(&parts)?;
        let body = read(body, self.agent.limits().max_request_bytes).await?;
        if parts.method == Method::POST && is_invoke(&parts.uri) {
            return Ok(self.invoke(&parts, body, id).await);
        }
        let call = framing::http_call(parts, body, peer, id);
        let reply = self.agent.invoke(call).await;
        match reply.failure {
            Some(failure) => Err(Refusal(failure.status(), failure.message())),
            None => framing::http_response(reply).ok_or(BAD_STATUS),
        }
    }

    async fn invoke(&self, parts: &Parts, body: Bytes, id: &HeaderValue) -> Response<Full<Bytes>> {
        let call = framing::plain_call(parts, body, id);
        let call_id = HeaderValue::from_str(&call.id);
        let detached = call.headers.get(framing::INVOKE_TYPE);
        let mut response = if detached.is_some_and(|kind| kind == "detached") {
            let agent = self.agent.clone();
            tokio::spawn(async move { agent.invoke(call).await });
            let mut response = Response::default();
            *response.status_mut() = StatusCode::ACCEPTED;
            response
        } else {
            framing::plain_response(self.agent.invoke(call).await)
        };
        if let Ok(call_id) = call_id {
            response.headers_mut().insert("fn-call-id", call_id);
        }
        response
    }
}

fn is_invoke(uri: &Uri) -> bool {
    let function = uri.path().strip_prefix("/20181201/functions/");
    function
        .and_then(|rest| rest.strip_suffix("/actions/invoke"))
        .is_some_and(|function| !function.is_empty() && !function.contains('/'))
}

/// An answer of the gateway's own.
#[derive(Clone, Copy, Debug)]
struct Refusal(StatusCode, &'static str);

impl Refusal {
    fn into_response(self) -> Response<Full<Bytes>> {
        let Self(status, message) = self;
        let code = status.as_u16();
        let mut response = Response::new(Full::from(format!(
            r#"{{"code":{code},"message":"{message}"}}"#
        )));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        Self(unfit.status(), unfit.message())
    }
}

const BAD_STATUS: Refusal = Refusal(
    StatusCode::BAD_GATEWAY,
    "the function set an invalid Fn-Http-Status; it must be a number from 200 to 599",
);
