//! The real binary on each host, and ways to knock.

use std::fmt;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{
    Container, Emulated, Forger, ISSUER, KEY_1, RESOURCE, Raw, Reply, free_port, patient, quiet,
    send_to,
};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::net::TcpStream;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// A page that may call.
pub(crate) const PAGE: &str = "https://app.example";

/// A server.
pub(crate) enum Door {
    /// Behind the gateway, as a function.
    Function(Emulated),
    /// On a port, as a container.
    Container(Container),
    /// On a port, as a model deployment: past the router, which passes on no token.
    Deployment(Container),
}

impl Door {
    /// One on each host, all with `settings`.
    pub(crate) async fn each(settings: &[(&str, &str)]) -> [Self; 3] {
        let port = free_port().await.to_string();
        let deployment = [("OCI_MCP_HOST", "datascience"), ("OCI_MCP_PORT", &port)];
        let deployment = [settings, &deployment].concat();
        [
            Self::function(settings),
            Self::Container(Container::start(BINARY, settings).await),
            Self::Deployment(Container::start(BINARY, &deployment).await),
        ]
    }

    /// One as a function.
    pub(crate) fn function(settings: &[(&str, &str)]) -> Self {
        let mut function = quiet(BINARY);
        let settings = settings.iter();
        let settings = settings.map(|&(name, value)| (name.into(), value.into()));
        function.env.extend(settings);
        Self::Function(Emulated::new(function, patient()))
    }

    /// What it answers to `request`.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Reply {
        match self {
            Self::Function(function) => function.send(request).await,
            Self::Container(server) | Self::Deployment(server) => {
                send_to(server.address(), request).await
            }
        }
    }

    /// A connection to its port, if it has one.
    pub(crate) async fn connect(&self) -> Option<Raw<TcpStream>> {
        match self {
            Self::Function(_) => None,
            Self::Container(server) | Self::Deployment(server) => Some(server.connect().await),
        }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function(_) => "function",
            Self::Container(_) => "container",
            Self::Deployment(_) => "model deployment",
        })
    }
}

/// One on each host that takes the tokens of `issuer`, and the file of its keys, which they read when the
/// first token comes.
pub(crate) async fn with_tokens(issuer: &Forger) -> ([Door; 3], NamedTempFile) {
    let keys = file(&json!({ "keys": [issuer.jwk()] }).to_string());
    let settings = [
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", ISSUER),
        ("OCI_MCP_ACCESS_RESOURCE", RESOURCE),
        ("OCI_MCP_ACCESS_JWKS_FILE", keys.path().to_str().unwrap()),
        ("OCI_MCP_ALLOWED_ORIGINS", PAGE),
        ("OCI_MCP_STATE_KEY", KEY_1),
    ];
    (Door::each(&settings).await, keys)
}

pub(crate) fn file(content: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}
