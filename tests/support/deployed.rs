//! A container as a model deployment, behind the emulated router, in this process.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use oci_emulator::{Container, DeploymentLimits, Endpoint, ModelDeployment};
use tokio::net::TcpListener;

use crate::Reply;
use crate::schemas::Sent;

/// A model deployment and all that stands between it and its clients.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// What its clients talk to.
    pub router: ModelDeployment,
}

impl Deployed {
    /// Runs `program` with `settings`, as one that logs only what is wrong with itself, and
    /// registers `/mcp` and `/mcp/stream`.
    pub async fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let mut container = Container::new(program);
        let quiet = [("OCI_MCP_LOG", "error")];
        let env = quiet.iter().chain(settings);
        container.env = env
            .map(|&(name, value)| (name.into(), value.into()))
            .collect();
        let endpoints = Endpoint::mcp("/mcp");
        let router = ModelDeployment::start(container, endpoints, DeploymentLimits::default());
        Self {
            router: router.await.unwrap(),
        }
    }

    /// Serves HTTP on a port until the test's runtime ends, and returns the URL of MCP as streams.
    pub async fn listen(self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { self.router.serve(listener).await });
        let ocid = ModelDeployment::OCID;
        format!("http://{address}/{ocid}/predictWithResponseStream/mcp/stream")
    }

    /// Sends `request` to its path below the deployment, such as `/predict/mcp`, and waits for the
    /// whole answer.
    pub async fn send(&self, mut request: Request<Bytes>) -> Reply {
        let sent = Sent::anything(&request);
        let path = format!("/{}{}", ModelDeployment::OCID, request.uri());
        *request.uri_mut() = path.parse::<Uri>().unwrap();
        let length = request.body().len().into();
        let headers = request.headers_mut();
        headers.insert("host", "localhost".parse().unwrap());
        headers.insert("content-length", length);
        let response = self.router.answer(request.map(Full::new)).await;
        let (parts, body) = response.into_parts();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        sent.judge(&reply);
        reply
    }
}
