//! Web pages that may not call, whatever token they have.

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use oci_mcp_tests::{Forger, add, bearer};

use crate::Told::Forbidden;
use crate::{Attempt, good};

/// A call with alice's token by pages of these origins.
fn from(issuer: &Forger, origins: &[&str]) -> Request<Bytes> {
    let mut request = bearer(add(), &good(issuer));
    for origin in origins {
        let origin = HeaderValue::from_str(origin).unwrap();
        request.headers_mut().append("origin", origin);
    }
    request
}

/// The question before it.
fn preflight(issuer: &Forger, origin: &str) -> Request<Bytes> {
    let mut request = from(issuer, &[origin]);
    *request.method_mut() = Method::OPTIONS;
    let post = HeaderValue::from_static("POST");
    let headers = request.headers_mut();
    headers.remove("authorization");
    headers.insert("access-control-request-method", post);
    request
}

/// Without a token.
fn stranger_from(origin: &'static str, path: &str) -> Request<Bytes> {
    let mut request = add();
    *request.uri_mut() = path.parse().unwrap();
    let origin = HeaderValue::from_static(origin);
    request.headers_mut().insert("origin", origin);
    request
}

pub(crate) const ATTEMPTS: [Attempt; 22] = [
    (
        "no origin at all, it says",
        |issuer| from(issuer, &["null"]),
        Forbidden,
    ),
    ("an empty origin", |issuer| from(issuer, &[""]), Forbidden),
    ("any origin", |issuer| from(issuer, &["*"]), Forbidden),
    (
        "another host",
        |issuer| from(issuer, &["https://evil.example"]),
        Forbidden,
    ),
    (
        "a host below the page's",
        |issuer| from(issuer, &["https://evil.app.example"]),
        Forbidden,
    ),
    (
        "the page's host below another",
        |issuer| from(issuer, &["https://app.example.evil.example"]),
        Forbidden,
    ),
    (
        "a host that ends alike",
        |issuer| from(issuer, &["https://evilapp.example"]),
        Forbidden,
    ),
    (
        "a host that begins alike",
        |issuer| from(issuer, &["https://app.examples"]),
        Forbidden,
    ),
    (
        "a host that looks alike",
        |issuer| from(issuer, &["https://xn--pp-6kc.example"]),
        Forbidden,
    ),
    (
        "the page without TLS",
        |issuer| from(issuer, &["http://app.example"]),
        Forbidden,
    ),
    (
        "another port",
        |issuer| from(issuer, &["https://app.example:8443"]),
        Forbidden,
    ),
    (
        "a user before the host",
        |issuer| from(issuer, &["https://app.example@evil.example"]),
        Forbidden,
    ),
    (
        "a user before the page's host",
        |issuer| from(issuer, &["https://evil@app.example"]),
        Forbidden,
    ),
    (
        "a path behind the host",
        |issuer| from(issuer, &["https://app.example/evil"]),
        Forbidden,
    ),
    (
        "a backslash behind the host",
        |issuer| from(issuer, &[r"https://app.example\.evil.example"]),
        Forbidden,
    ),
    (
        "a page of this machine",
        |issuer| from(issuer, &["http://localhost:8080"]),
        Forbidden,
    ),
    ("a file", |issuer| from(issuer, &["file://"]), Forbidden),
    (
        "two origins in one header",
        |issuer| from(issuer, &["https://app.example, https://evil.example"]),
        Forbidden,
    ),
    (
        "two headers",
        |issuer| from(issuer, &["https://app.example", "https://evil.example"]),
        Forbidden,
    ),
    (
        "a preflight",
        |issuer| preflight(issuer, "https://evil.example"),
        Forbidden,
    ),
    // A token would not help the page, so that it is not sent for one.
    (
        "without a token",
        |_| stranger_from("https://evil.example", "/mcp"),
        Forbidden,
    ),
    (
        "without a token, for the metadata",
        |_| {
            stranger_from(
                "https://evil.example",
                "/.well-known/oauth-protected-resource/mcp",
            )
        },
        Forbidden,
    ),
];
