//! What the tests share: an app with tools of every temper, and short ways to ask it.

#![expect(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of tests fails as a test does"
)]

mod answer;
mod asker;
#[cfg(feature = "hosts")]
mod assault;
mod bodies;
#[cfg(feature = "hosts")]
mod client;
#[cfg(feature = "hosts")]
mod container;
#[cfg(feature = "hosts")]
mod deployed;
#[cfg(feature = "hosts")]
mod emulated;
mod features;
#[cfg(feature = "hosts")]
mod forger;
mod fuzz;
#[cfg(feature = "hosts")]
mod issuer;
mod peer;
#[cfg(feature = "hosts")]
mod process;
#[cfg(feature = "hosts")]
mod raw;
mod record;
#[cfg(feature = "hosts")]
mod round_robin;
mod schemas;
#[cfg(feature = "hosts")]
mod simulated;
mod suite;
mod tools;

pub use answer::{Answer, answers};
pub use asker::{
    Clock, Greet, KEY_1, KEY_2, accept, asked, asker, asking, call_asking, capable, everything,
    is_question, text_of,
};
#[cfg(feature = "hosts")]
pub use assault::{Assault, fn_call};
pub use bodies::{hostile_bodies, large_body};
#[cfg(feature = "hosts")]
pub use client::{ask, bearer, free_port, send_to};
#[cfg(feature = "hosts")]
pub use container::{Container, head};
#[cfg(feature = "hosts")]
pub use deployed::Deployed;
#[cfg(feature = "hosts")]
pub use emulated::{Emulated, LONG, patient, quiet, until};
pub use features::{features, with_features};
#[cfg(feature = "hosts")]
pub use forger::{Forger, ISSUER, RESOURCE, base64url, forged};
pub use fuzz::{Fuzzed, Target};
#[cfg(feature = "hosts")]
pub use issuer::Issuer;
pub use peer::{peer, runs, skip, workspace};
#[cfg(feature = "hosts")]
pub use process::Process;
#[cfg(feature = "hosts")]
pub use raw::Raw;
pub use record::Record;
#[cfg(feature = "hosts")]
pub use round_robin::RoundRobin;
pub use schemas::violations;
#[cfg(feature = "hosts")]
pub use simulated::Simulated;
pub use suite::{Scenarios, Suite};
pub use tools::{Block, Gate, app, served};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use oci_mcp::{App, AppService, Config, Delivery, HeaderPolicy};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::schemas::{Loose, Sent};

/// Every revision with a handshake, oldest first.
pub const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
/// The revision without one.
pub const MODERN: &str = "2026-07-28";

/// Every revision, oldest first.
pub fn revisions() -> impl Iterator<Item = &'static str> {
    LEGACY.into_iter().chain([MODERN])
}

/// `tools/list` without parameters.
pub const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// A served app.
#[derive(Clone, Debug)]
pub struct Server(AppService);

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The HTTP headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Server {
    /// Serves `app` with the settings of a laptop.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self::with(app, Config::default())
    }

    /// Serves `app`.
    #[must_use]
    pub fn with(app: App, config: Config) -> Self {
        Self(app.into_service(config).unwrap())
    }

    /// Sends `request` through the whole app, and holds the answer against MCP's schemas.
    pub async fn send(&self, request: Request<Bytes>) -> Reply {
        let sent = Sent::new(&request);
        let reply = self.exchange(request).await;
        sent.judge(&reply);
        reply
    }

    /// The same without the schemas, whose judge cannot read all that JSON allows: an id that is no
    /// Unicode comes back as it was sent.
    pub async fn exchange(&self, request: Request<Bytes>) -> Reply {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Sends `body` as JSON without any MCP header.
    pub async fn post(&self, body: impl Into<Bytes>) -> Reply {
        self.send(post(body)).await
    }
}

impl Reply {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The status and the code of the JSON-RPC error, 0 if there is none.
    #[must_use]
    pub fn error(&self) -> (u16, i64) {
        (
            self.status.as_u16(),
            self.json()["error"]["code"].as_i64().unwrap_or(0),
        )
    }

    /// The message of the JSON-RPC error.
    #[must_use]
    pub fn message(&self) -> String {
        self.json()["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// `body` as JSON without any MCP header.
pub fn post(body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("/mcp")
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

/// A request of a revision with a handshake, as its clients send it.
#[must_use]
pub fn legacy(revision: &str, method: &str, params: &Value) -> Request<Bytes> {
    let mut request = post(rpc(method, params));
    // The header came with 2025-06-18.
    if revision >= "2025-06-18" {
        request
            .headers_mut()
            .insert("mcp-protocol-version", revision.parse().unwrap());
    }
    request
}

/// A request of 2026-07-28, as its clients send it.
#[must_use]
pub fn modern(method: &str, params: &Value) -> Request<Bytes> {
    let mut params = params.clone();
    params["_meta"] = meta(MODERN);
    let named = match method {
        "tools/call" | "prompts/get" => &params["name"],
        "resources/read" => &params["uri"],
        _ => &Value::Null,
    };
    let name = named.as_str().map(str::to_owned);
    let mut request = post(rpc(method, &params));
    let headers = request.headers_mut();
    headers.insert(
        "accept",
        "application/json, text/event-stream".parse().unwrap(),
    );
    headers.insert("mcp-protocol-version", MODERN.parse().unwrap());
    headers.insert("mcp-method", method.parse().unwrap());
    if let Some(name) = name {
        headers.insert("mcp-name", name.parse().unwrap());
    }
    request
}

/// A request of any revision, which it names in the header even where its clients would not.
#[must_use]
pub fn request(revision: &str, method: &str, params: &Value) -> Request<Bytes> {
    if revision == MODERN {
        return modern(method, params);
    }
    with(
        legacy(revision, method, params),
        "mcp-protocol-version",
        revision,
    )
}

/// The parameters of a handshake that asks for `revision`.
#[must_use]
pub fn hello(revision: &str) -> Value {
    json!({
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    })
}

/// `tools/list` of 2026-07-28.
#[must_use]
pub fn list() -> Request<Bytes> {
    modern("tools/list", &json!({}))
}

/// A call of `add` of 2026-07-28 that gives 42.
#[must_use]
pub fn add() -> Request<Bytes> {
    modern(
        "tools/call",
        &json!({ "name": "add", "arguments": { "a": 2, "b": 40 } }),
    )
}

/// `request` with a header set.
#[must_use]
pub fn with(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// `request` without a header.
#[must_use]
pub fn without(mut request: Request<Bytes>, name: &str) -> Request<Bytes> {
    request.headers_mut().remove(name);
    request
}

/// `request`, though no client may send it: MCP's schemas are not asked, only the server.
#[must_use]
pub fn loose(mut request: Request<Bytes>) -> Request<Bytes> {
    request.extensions_mut().insert(Loose);
    request
}

/// `request` as a host delivers it whose callers cannot set headers.
#[must_use]
pub fn headerless(mut request: Request<Bytes>) -> Request<Bytes> {
    let mut delivery = Delivery::http("test");
    delivery.headers = HeaderPolicy::Optional;
    request.extensions_mut().insert(delivery);
    request
}

/// Sends `request` to a new [`app`].
pub async fn send(request: Request<Bytes>) -> Reply {
    Server::new(app()).send(request).await
}

/// The `_meta` that 2026-07-28 requires, claiming `revision`.
#[must_use]
pub fn meta(revision: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": revision,
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A JSON-RPC request with the id 1.
#[must_use]
pub fn rpc(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}
