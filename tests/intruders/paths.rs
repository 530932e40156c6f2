//! Paths that lead to MCP by some reading and to something open by another.

use bytes::Bytes;
use http::{Method, Request};
use oci_mcp_tests::{Forger, add, bearer, with};

use crate::Told::{GetAToken, Status};
use crate::{Attempt, good};

/// A call without a token.
fn at(path: &str) -> Request<Bytes> {
    let mut request = add();
    *request.uri_mut() = path.parse().unwrap();
    request
}

/// With alice's.
fn admitted_at(path: &str, issuer: &Forger) -> Request<Bytes> {
    bearer(at(path), &good(issuer))
}

fn by(method: &str, request: Request<Bytes>) -> Request<Bytes> {
    let mut request = request;
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    request
}

const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

pub(crate) const ATTEMPTS: [Attempt; 34] = [
    ("two slashes", |_| at("//mcp"), GetAToken),
    ("three slashes", |_| at("///mcp///"), GetAToken),
    ("a slash at the end", |_| at("/mcp/"), GetAToken),
    ("a prefix", |_| at("/v1/mcp"), GetAToken),
    ("over the health", |_| at("/health/../mcp"), GetAToken),
    (
        "over the health, encoded",
        |_| at("/health/%2e%2e/mcp"),
        GetAToken,
    ),
    (
        "over the health, with an encoded slash",
        |_| at("/health%2f..%2fmcp"),
        GetAToken,
    ),
    (
        "over the health, as Java servers allow",
        |_| at("/health;/../mcp"),
        GetAToken,
    ),
    (
        "over the metadata",
        |_| at("/.well-known/oauth-protected-resource/../../mcp"),
        GetAToken,
    ),
    ("the health in the query", |_| at("/mcp?/health"), GetAToken),
    (
        "the health as a parameter",
        |_| at("/mcp;/health;x"),
        GetAToken,
    ),
    (
        "the health behind an encoded question mark",
        |_| at("/mcp%3f/health%00"),
        GetAToken,
    ),
    (
        "the metadata in the query",
        |_| at("/mcp?/.well-known/oauth-protected-resource"),
        GetAToken,
    ),
    ("in capitals", |_| at("/MCP"), GetAToken),
    ("encoded", |_| at("/%6d%63%70"), GetAToken),
    ("encoded twice", |_| at("/%256dcp"), GetAToken),
    (
        "the stream of model deployments",
        |_| at("/other/mcp/stream"),
        GetAToken,
    ),
    ("nowhere", |_| at("/admin"), GetAToken),
    ("the root", |_| at("/"), GetAToken),
    ("GET", |_| by("GET", at("/mcp")), GetAToken),
    ("DELETE", |_| by("DELETE", at("/mcp")), GetAToken),
    ("OPTIONS", |_| by("OPTIONS", at("/mcp")), GetAToken),
    (
        "a method that nobody knows",
        |_| by("PROPFIND", at("/mcp")),
        GetAToken,
    ),
    ("POST to the metadata", |_| at(METADATA), GetAToken),
    ("POST to the health", |_| at("/mcp/health"), Status(405)),
    (
        "POST over the tool's path to the health",
        |_| at("/mcp/../health"),
        Status(405),
    ),
    (
        "the path in X-Original-URL",
        |_| with(at("/mcp"), "x-original-url", "/health"),
        GetAToken,
    ),
    (
        "the path in X-Rewrite-URL",
        |_| with(at("/mcp"), "x-rewrite-url", "/health"),
        GetAToken,
    ),
    (
        "the method in X-HTTP-Method-Override",
        |_| with(at("/mcp"), "x-http-method-override", "OPTIONS"),
        GetAToken,
    ),
    (
        "from this machine, it says",
        |_| {
            with(
                with(at("/mcp"), "x-forwarded-for", "127.0.0.1"),
                "forwarded",
                "for=127.0.0.1",
            )
        },
        GetAToken,
    ),
    (
        "alice, elsewhere",
        |issuer| admitted_at("/mcp/../admin", issuer),
        Status(404),
    ),
    (
        "alice, encoded",
        |issuer| admitted_at("/%6d%63%70", issuer),
        Status(404),
    ),
    (
        "alice, in capitals",
        |issuer| admitted_at("/MCP", issuer),
        Status(404),
    ),
    (
        "alice, by GET",
        |issuer| by("GET", admitted_at("/mcp", issuer)),
        Status(405),
    ),
];
