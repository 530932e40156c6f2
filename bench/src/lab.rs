//! What there is to measure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::message::Framing;
use crate::server::Server;

/// The folders in which `bench/build.sh` and `bench/peers/install.sh` leave what they made.
pub(crate) struct Lab {
    binaries: PathBuf,
    peers: PathBuf,
}

impl Lab {
    pub(crate) fn new(binaries: impl Into<PathBuf>, peers: impl Into<PathBuf>) -> Self {
        Self {
            binaries: binaries.into(),
            peers: peers.into(),
        }
    }

    /// The build for Functions alone, with so many tools.
    pub(crate) fn function(&self, tools: u32) -> Server {
        self.server("oci-mcp", Framing::Function, "function")
            .variable("BENCH_TOOLS", tools.to_string())
    }

    /// The build for every host, as a container.
    pub(crate) fn container(&self) -> Server {
        self.server("oci-mcp", Framing::Http, "full")
            .variable("OCI_MCP_HOST", "container")
    }

    /// The same as a function that lets in who has a token of an issuer: [`TOKEN`].
    pub(crate) fn guarded(&self) -> Server {
        self.server("oci-mcp", Framing::Function, "full")
            .variable("OCI_MCP_ACCESS", "jwt")
            .variable("OCI_MCP_ACCESS_ISSUER", "https://issuer.example")
            .variable("OCI_MCP_ACCESS_RESOURCE", "https://bench.example/v1/mcp")
            .variable("OCI_MCP_ACCESS_JWKS_FILE", folder("access/jwks.json"))
            .token(TOKEN)
    }

    /// Raw hyper, whose answers have `size` bytes.
    pub(crate) fn raw(&self, framing: Framing, size: usize) -> Server {
        self.server("raw hyper", framing, "raw")
            .arg(size.to_string())
    }

    /// The official Rust SDK.
    pub(crate) fn rmcp(&self) -> Server {
        self.server("rmcp", Framing::Http, "rmcp")
    }

    /// Oracle's Python FDK.
    pub(crate) fn fdk(&self) -> Server {
        let venv = self.peers.join("fdk");
        Server::new("Python FDK", Framing::Function, &venv.join("bin/fdk"))
            .artefact(venv.join("lib"))
            // It would leave the function's own beside it, in the sources.
            .variable("PYTHONDONTWRITEBYTECODE", "1")
            .arg(source("fdk/func.py"))
            .arg("handler")
    }

    pub(crate) fn fastmcp(&self) -> Server {
        let venv = self.peers.join("fastmcp");
        Server::new("FastMCP", Framing::Http, &venv.join("bin/python"))
            .artefact(venv.join("lib"))
            .arg(source("fastmcp/server.py"))
    }

    /// The binary that an image has: every host and the command line, without the simulated platforms.
    pub(crate) fn everything(&self) -> Server {
        self.server("oci-mcp", Framing::Function, "oci-mcp")
    }

    fn server(&self, name: &'static str, framing: Framing, file: &str) -> Server {
        Server::new(name, framing, &self.binaries.join(file))
    }
}

/// A file under `peers`.
fn source(file: &str) -> OsString {
    folder(&format!("peers/{file}"))
}

/// A file of this crate, wherever the driver is started.
fn folder(file: &str) -> OsString {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join(file).into_os_string()
}

/// Signed with RS256, good until 2100, for a resource that is not there: its key has been thrown away.
pub(crate) const TOKEN: &str = include_str!("../access/token");
