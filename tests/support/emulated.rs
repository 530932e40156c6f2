//! A function under the emulated agent, behind the emulated gateway, in this process.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use oci_emulator::{Agent, Function, Gateway, Limits};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::schemas::Sent;
use crate::{Process, Reply, post, rpc};

/// A function and all that stands between it and its clients.
#[derive(Clone, Debug)]
pub struct Emulated {
    /// What runs the function.
    pub agent: Agent,
    /// What its clients talk to.
    pub gateway: Gateway,
}

impl Emulated {
    /// Puts `function` behind a gateway.
    #[must_use]
    pub fn new(function: Function, limits: Limits) -> Self {
        let agent = Agent::new(function, limits).unwrap();
        let gateway = Gateway::new(agent.clone());
        Self { agent, gateway }
    }

    /// Serves HTTP on a port until the test's runtime ends, and returns the URL of MCP.
    pub async fn listen(self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(oci_emulator::serve(listener, self.agent));
        url
    }

    /// Sends `request` to the gateway, and holds the answer against MCP's schemas.
    pub async fn send(&self, request: Request<Bytes>) -> Reply {
        let sent = Sent::anything(&request);
        let reply = self.exchange(request).await;
        sent.judge(&reply);
        reply
    }

    /// The same without the schemas, whose judge takes longer than the answer.
    pub async fn exchange(&self, mut request: Request<Bytes>) -> Reply {
        let localhost = "localhost".parse().unwrap();
        request.headers_mut().insert("host", localhost);
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let response = self.gateway.answer(request.map(Full::new), peer).await;
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Sends `body` as JSON without any MCP header.
    pub async fn post(&self, body: impl Into<Bytes>) -> Reply {
        self.send(post(body)).await
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: &Value) -> Reply {
        let params = serde_json::json!({ "name": tool, "arguments": arguments });
        self.post(rpc("tools/call", &params)).await
    }

    /// Sends `ping` and tells which process answered: the only one there is.
    pub async fn ping(&self) -> Process {
        let reply = self.exchange(post(PING)).await;
        let answer = String::from_utf8_lossy(&reply.body);
        assert_eq!(
            (reply.status.as_u16(), &*answer),
            (200, r#"{"jsonrpc":"2.0","id":"p","result":{}}"#)
        );
        self.process()
    }

    /// The process of the only instance.
    #[must_use]
    pub fn process(&self) -> Process {
        let instances = self.agent.instances();
        assert_eq!(instances.len(), 1, "{instances:?}");
        Process::new(instances[0].pid)
    }
}

/// The program at `path`, which logs only what is wrong with itself.
#[must_use]
pub fn quiet(path: &str) -> Function {
    let mut function = Function::new(path);
    function.env = vec![("OCI_MCP_LOG".into(), "error".into())];
    function
}

/// Limits under which nothing happens by the clock unless a test wants it to.
#[must_use]
pub fn patient() -> Limits {
    Limits {
        timeout: LONG,
        start_timeout: LONG,
        freeze_after: LONG,
        connection_idle: LONG,
        ..Limits::default()
    }
}

/// Waits for something that another task or process brings about.
pub async fn until(mut condition: impl FnMut() -> bool) {
    // Not by the runtime's clock, which a test may have stopped.
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONG, "it did not happen");
        tokio::task::yield_now().await;
    }
}

/// Longer than anything takes that is going to happen.
pub const LONG: Duration = Duration::from_secs(60);

const PING: &str = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
