//! MCP's own words: revisions, methods, parameters, header names. No I/O.

mod headers;
mod method;
mod params;
mod revision;

pub(crate) use headers::Headers;
pub(crate) use method::Method;
pub(crate) use params::{Meta, Params, RareParams, Reference};
pub(crate) use revision::Revision;

/// `_meta` key of the revision a request claims (2026-07-28, "Request metadata").
pub(crate) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// `_meta` key of what the client can do.
pub(crate) const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// `_meta` key of the least severe log message the client wants.
pub(crate) const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// `_meta` key under which every result of 2026-07-28 names the server.
pub(crate) const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
