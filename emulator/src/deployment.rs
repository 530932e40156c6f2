//! The data plane of a Data Science model deployment, on loopback.

mod endpoint;
mod exchange;
mod refusal;
mod streamed;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::admission::{check_host, read};
use crate::connection::Connection;
use crate::container::{Container, RunningContainer};
use crate::{id, server};

use endpoint::{PREDICT_ENDPOINT, Routes};
use refusal::Refusal;
use streamed::Streamed;

pub use endpoint::Endpoint;

/// The body of what a model deployment answers: whole, or as the container makes it.
pub type DeploymentBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// What the platform allows a model deployment.
#[derive(Clone, Debug)]
pub struct DeploymentLimits {
    /// How long a request to `/predict` may take, answer included. In OCI nobody can change it.
    pub timeout: Duration,
    /// How long a request to `/predictWithResponseStream` may take, stream included. The default of
    /// 5 minutes is an assumption: the platform's own limit is not published.
    pub stream_timeout: Duration,
    /// The largest request body, and the largest answer of `/predict`. What is published is "10 MB";
    /// that it means 10 × 1024 × 1024 bytes, and also the answer, is an assumption.
    pub max_payload_bytes: usize,
}

impl Default for DeploymentLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            stream_timeout: Duration::from_secs(300),
            max_payload_bytes: 10 * 1024 * 1024,
        }
    }
}

/// A Data Science model deployment: one container, and the router in front of it.
///
/// | path | the container gets | its answer is |
/// |---|---|---|
/// | `/{OCID}/predict` | `/predict`, or what `MODEL_DEPLOY_PREDICT_ENDPOINT` in its environment says | sent in one piece |
/// | `/{OCID}/predict{suffix}` | `{suffix}`, if it is that of an [`Endpoint`] | sent in one piece |
/// | `/{OCID}/predictWithResponseStream…` | the same | passed on as it comes; 409 if it is no stream |
///
/// A container that ended is started again by the next request. Whoever was waiting for it gets a
/// 503.
///
/// Nobody has to sign here, as each request must be in OCI: an `Authorization` header is not looked
/// at, and not passed on. Nor are there limits on requests per second and on bandwidth (429), the
/// trailer `StreamFailure`, a `predictApiSpecification`, or health checks after the first that
/// succeeds.
///
/// Cheap to clone. When the last one is dropped, the container is killed.
#[derive(Clone, Debug)]
pub struct ModelDeployment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    container: Container,
    routes: Routes,
    limits: DeploymentLimits,
    // None once it is shut down.
    running: Mutex<Option<RunningContainer>>,
}

impl ModelDeployment {
    /// Its identifier, which begins each path and is the container's `MODEL_DEPLOYMENT_OCID`.
    pub const OCID: &str = "ocid1.datasciencemodeldeployment.oc1..emulator";

    /// Starts `container` and registers `endpoints`, beside `POST /predict`.
    ///
    /// # Errors
    ///
    /// Returns what the platform would refuse, or why the container did not become healthy.
    pub async fn start(
        mut container: Container,
        endpoints: Vec<Endpoint>,
        limits: DeploymentLimits,
    ) -> io::Result<Self> {
        let mut env = container.env.iter().rev();
        let predict = env.find(|(name, _)| name == PREDICT_ENDPOINT);
        let predict = predict.map_or("/predict".into(), |(_, path)| path.to_string_lossy());
        let routes = Routes::new(Self::OCID, predict.into_owned(), endpoints)?;
        let ocid = ("MODEL_DEPLOYMENT_OCID".into(), Self::OCID.into());
        container.env.push(ocid);
        let running = Mutex::new(Some(container.start(0).await?));
        Ok(Self(Arc::new(Inner {
            container,
            routes,
            limits,
            running,
        })))
    }

    /// Serves connections from `listener` until dropped.
    ///
    /// # Errors
    ///
    /// Refuses a listener that is not on loopback: nothing here asks who is calling.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        server::accept(listener, |stream, _| {
            let deployment = self.clone();
            async move { deployment.serve_connection(stream).await }
        })
        .await
    }

    /// Serves HTTP/1.1 over one connection, until either side ends it.
    pub async fn serve_connection<IO>(&self, io: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        server::serve_connection(io, |request| self.answer(request)).await;
    }

    /// Answers one request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<DeploymentBody>
    where
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
    {
        let id = id::of_request(request.headers());
        let mut response = match self.route(request, &id).await {
            Ok(response) => response,
            Err(refusal) => refusal.into_response().map(whole),
        };
        response.headers_mut().insert(id::REQUEST_ID, id);
        response
    }

    /// Ends the container, after its grace period by force. Requests that come later fail.
    pub async fn shutdown(&self) {
        let running = self.0.running.lock().await.take();
        if let Some(running) = running {
            running.stop().await;
        }
    }

    async fn route<B>(
        &self,
        request: Request<B>,
        id: &HeaderValue,
    ) -> Result<Response<DeploymentBody>, Refusal>
    where
        B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
    {
        let Inner { routes, limits, .. } = &*self.0;
        let (parts, body) = request.into_parts();
        check_host(&parts)?;
        let target = routes.find(&parts.method, &parts.uri)?;
        check_length(&parts)?;
        let timeout = if target.streaming {
            limits.stream_timeout
        } else {
            limits.timeout
        };
        let deadline = Instant::now() + timeout;
        let forwarded = async {
            let body = read(body, limits.max_payload_bytes).await?;
            let request = exchange::request(parts, body, target.uri, id);
            let (response, connection) = self.forward(request).await?;
            let (parts, body) = response.into_parts();
            let body = if !target.streaming {
                whole(exchange::collect(body, limits.max_payload_bytes).await?)
            } else if exchange::is_stream(&parts.headers) {
                DeploymentBody::new(Streamed::new(body, connection, deadline))
            } else if body.is_end_stream() {
                DeploymentBody::default()
            } else {
                return Err(Refusal::NotStreaming);
            };
            Ok(exchange::response(parts, body))
        };
        let answer = timeout_at(deadline, forwarded).await;
        answer.unwrap_or(Err(Refusal::TimedOut(timeout)))
    }

    /// Has the container answer `request`, on a connection that must be kept for the body.
    async fn forward(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection<Full<Bytes>>), Refusal> {
        let address = self.address().await?;
        let (response, connection) = exchange::send(address, request).await.map_err(|error| {
            tracing::warn!(error = &*error, "no answer from the container");
            Refusal::Unavailable
        })?;
        if response.status().is_informational() {
            tracing::warn!(status = %response.status(), "an answer of the container that is none");
            return Err(Refusal::Unavailable);
        }
        Ok((response, connection))
    }

    /// Where the container listens, which is started again if it has ended.
    async fn address(&self) -> Result<SocketAddr, Refusal> {
        let mut running = self.0.running.lock().await;
        let Some(current) = &mut *running else {
            return Err(Refusal::Unavailable);
        };
        if current.has_exited() {
            tracing::warn!("starting the container again, as the platform does");
            *current = self.0.container.start(0).await.map_err(|error| {
                tracing::error!(%error, "the container does not start again");
                Refusal::Unavailable
            })?;
        }
        Ok(current.address())
    }
}

fn check_length(parts: &Parts) -> Result<(), Refusal> {
    let headers = &parts.headers;
    let has_body = matches!(parts.method, Method::POST | Method::PUT)
        || headers.contains_key(header::TRANSFER_ENCODING);
    if has_body && !headers.contains_key(header::CONTENT_LENGTH) {
        return Err(Refusal::LengthRequired);
    }
    Ok(())
}

fn whole(body: impl Into<Full<Bytes>>) -> DeploymentBody {
    DeploymentBody::new(body.into().map_err(|never| match never {}))
}
