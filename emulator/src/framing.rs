//! HTTP as a function meets it: what a client sent, in `Fn-Http-*` headers, and back.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, FORWARDED, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::call::{Call, Reply};

/// Removes what belongs to one connection, as Fn's agent does.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<_> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

/// A request through an API gateway deployment.
pub(crate) fn http_call(mut parts: Parts, body: Bytes, peer: IpAddr, id: &HeaderValue) -> Call {
    strip_hop_by_hop(&mut parts.headers);
    forwarded(&mut parts.headers, peer);
    let mut headers = HeaderMap::new();
    for (name, value) in &parts.headers {
        if let Ok(name) = HeaderName::try_from(format!("{CLIENT_HEADER}{name}")) {
            headers.append(name, value.clone());
        }
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let method = parts.method.as_str();
    for (name, value) in [("fn-http-method", method), ("fn-http-request-url", target)] {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(name, value);
        }
    }
    headers.insert("fn-intent", HeaderValue::from_static("httprequest"));
    headers.insert(CONTENT_TYPE, content_type(&parts.headers));
    principal(
        &mut headers,
        "ocid1.apigateway.oc1..emulator",
        "resource",
        id,
    );
    Call::new(headers, body)
}

/// A request to the invoke endpoint of OCI Functions.
pub(crate) fn plain_call(parts: &Parts, body: Bytes, id: &HeaderValue) -> Call {
    let mut headers = HeaderMap::new();
    for (name, value) in &parts.headers {
        let name_text = name.as_str();
        if name_text.starts_with("fn-http-") || name_text == "fn-intent" || name_text == INVOKE_TYPE
        {
            headers.append(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, content_type(&parts.headers));
    principal(&mut headers, "ocid1.user.oc1..emulator", "user", id);
    Call::new(headers, body)
}

/// What the client of an API gateway sees of a function's answer, or `None` if the function
/// set a status that HTTP does not have.
pub(crate) fn http_response(reply: Reply) -> Option<Response<Full<Bytes>>> {
    let status = match reply.headers.get("fn-http-status") {
        None => reply.status,
        // Below 200 no answer ends.
        Some(status) => StatusCode::from_bytes(status.as_bytes())
            .ok()
            .filter(|status| (200..600).contains(&status.as_u16()))?,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &reply.headers {
        let client = name.as_str().strip_prefix(CLIENT_HEADER);
        if let Some(Ok(name)) = client.map(HeaderName::try_from) {
            headers.append(name, value.clone());
        }
    }
    if let Some(value) = reply.headers.get(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, value.clone());
    }
    Some(response(status, headers, reply.body))
}

/// What the caller of the invoke endpoint sees: the function's headers as they are.
pub(crate) fn plain_response(reply: Reply) -> Response<Full<Bytes>> {
    response(reply.status, reply.headers, reply.body)
}

fn response(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Response<Full<Bytes>> {
    strip_hop_by_hop(&mut headers);
    // The server counts for itself.
    headers.remove(CONTENT_LENGTH);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn forwarded(headers: &mut HeaderMap, peer: IpAddr) {
    let hops = match headers.get("x-forwarded-for").map(HeaderValue::to_str) {
        Some(Ok(earlier)) => format!("{earlier}, {peer}"),
        _ => peer.to_string(),
    };
    let node = match peer {
        IpAddr::V4(peer) => format!("for={peer}"),
        IpAddr::V6(peer) => format!(r#"for="[{peer}]""#),
    };
    for (name, value) in [
        (HeaderName::from_static("x-forwarded-for"), hops),
        (HeaderName::from_static("x-real-ip"), peer.to_string()),
        (FORWARDED, node),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Who called, as OCI's services tell a function.
fn principal(headers: &mut HeaderMap, id: &'static str, kind: &'static str, request: &HeaderValue) {
    headers.insert("oci-subject-id", HeaderValue::from_static(id));
    headers.insert("oci-subject-type", HeaderValue::from_static(kind));
    headers.insert(
        "oci-subject-tenancy-id",
        HeaderValue::from_static("ocid1.tenancy.oc1..emulator"),
    );
    headers.insert("opc-request-id", request.clone());
}

fn content_type(headers: &HeaderMap) -> HeaderValue {
    let default = || HeaderValue::from_static("application/octet-stream");
    headers.get(CONTENT_TYPE).cloned().unwrap_or_else(default)
}

/// The header that tells a call whose caller does not wait.
pub(crate) const INVOKE_TYPE: &str = "fn-invoke-type";

const CLIENT_HEADER: &str = "fn-http-h-";

static HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(headers: &[(&'static str, &'static str)]) -> Reply {
        let header = |&(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        };
        Reply {
            status: StatusCode::OK,
            headers: headers.iter().map(header).collect(),
            body: Bytes::from_static(b"body"),
            failure: None,
        }
    }

    #[test]
    fn only_a_final_http_status_is_passed_on() {
        for (given, expected) in [
            ("200", Some(200)),
            ("404", Some(404)),
            ("599", Some(599)),
            ("101", None),
            ("600", None),
            ("2000", None),
            ("0", None),
            ("", None),
            ("ok", None),
        ] {
            let response = http_response(reply(&[("fn-http-status", given)]));

            let status = response.map(|response| response.status().as_u16());
            assert_eq!(status, expected, "{given}");
        }
    }

    #[test]
    fn the_client_sees_its_headers_and_nothing_of_the_connection() {
        let reply = reply(&[
            ("content-type", "text/plain"),
            ("fn-http-h-content-type", "text/html"),
            ("fn-http-h-content-length", "9"),
            ("fn-http-h-transfer-encoding", "chunked"),
            ("fn-http-h-connection", "x-private"),
            ("fn-http-h-x-private", "1"),
            ("fn-http-h-x-two", "2"),
            ("fn-http-h-", "empty"),
            ("fn-fdk-version", "fake/1"),
        ]);

        let response = http_response(reply).unwrap();

        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().len(), 2, "{:?}", response.headers());
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.headers()["x-two"], "2");
    }
}
