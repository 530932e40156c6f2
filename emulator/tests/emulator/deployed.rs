//! The fake container as a model deployment, and short ways to ask it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame};
use oci_emulator::{DeploymentBody, DeploymentLimits, Endpoint, ModelDeployment};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::fake::{container, number};

/// A deployment of a container that starts in the way `start` names; `None` if there is no Python.
pub(crate) async fn deploy(start: &str) -> Option<ModelDeployment> {
    deploy_with(start, DeploymentLimits::default()).await
}

pub(crate) async fn deploy_with(start: &str, limits: DeploymentLimits) -> Option<ModelDeployment> {
    let container = container(start)?;
    let deployment = ModelDeployment::start(container, Endpoint::mcp("/mcp"), limits).await;
    Some(deployment.unwrap())
}

/// A request for a path below the deployment, from this machine.
pub(crate) fn post(path: &str, body: &str) -> Request<Full<Bytes>> {
    Request::post(format!("/{}{path}", ModelDeployment::OCID))
        .header("host", "localhost")
        .header("content-length", body.len())
        .body(Full::from(body.to_owned()))
        .unwrap()
}

/// A request that has the container do what `action` says.
pub(crate) fn order(path: &str, action: &str) -> Request<Full<Bytes>> {
    let mut request = post(path, "");
    let action = action.parse().unwrap();
    request.headers_mut().insert("x-do", action);
    request
}

/// The answer to such a request.
pub(crate) async fn ask(deployment: &ModelDeployment, path: &str, action: &str) -> Answer {
    send(deployment, order(path, action)).await
}

pub(crate) async fn send<B>(deployment: &ModelDeployment, request: Request<B>) -> Answer
where
    B: Body<Data = Bytes, Error = Infallible> + Send,
{
    let response = deployment.answer(request).await;
    let (parts, body) = Response::into_parts(response);
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.into()).unwrap(),
    }
}

/// What the container saw of a request.
pub(crate) async fn seen(deployment: &ModelDeployment, action: &str) -> Value {
    let answer = ask(deployment, "/predict/mcp", action).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(crate) async fn pid(deployment: &ModelDeployment) -> u32 {
    number(&seen(deployment, "").await["pid"])
}

/// The next piece of a stream.
pub(crate) async fn next(body: &mut DeploymentBody) -> Option<String> {
    let frame = body.frame().await?.unwrap();
    let data = frame.into_data().unwrap();
    Some(String::from_utf8(data.into()).unwrap())
}

/// The status and the body of the answer to a request in bytes, of which the first line is given
/// and the rest added.
pub(crate) async fn exchange(
    deployment: &ModelDeployment,
    line: &str,
    rest: &str,
) -> (u16, String) {
    let (mut client, server) = duplex(64 * 1024);
    let deployment = deployment.clone();
    tokio::spawn(async move { deployment.serve_connection(server).await });
    let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{rest}");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The status and the code of an answer of the deployment's own.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap().to_owned();
        (self.status, code)
    }
}

/// A body that does not say how long it is.
pub(crate) struct Unsized(pub(crate) Option<Bytes>);

impl Body for Unsized {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}
