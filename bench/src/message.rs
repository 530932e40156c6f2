//! The requests, as bytes: what a client sends to a container, and what Fn's agent makes of the
//! same request when it comes to a function through an API gateway.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// How a server is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// The Fn contract, on a unix socket.
    Function,
    /// Streamable HTTP, on a port.
    Http,
}

/// Who asks: a client of the first revision, or one of the latest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Revision {
    /// 2024-11-05: no MCP headers, no `_meta`.
    Oldest,
    /// 2026-07-28: each request stands alone, with all that says so.
    Newest,
}

/// What is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Introduce,
    List,
    Call,
}

/// The whole request, as it is on the wire, with a `token` if the server wants to know who asks.
pub(crate) fn request(
    framing: Framing,
    revision: Revision,
    operation: Operation,
    token: Option<&str>,
) -> Vec<u8> {
    let body = body(revision, operation);
    let mut headers = client_headers(framing, revision, operation, body.len());
    if let Some(token) = token {
        headers.push(("Authorization", format!("Bearer {token}")));
    }
    match framing {
        Framing::Http => {
            let mut request = String::from("POST /mcp HTTP/1.1\r\n");
            for (name, value) in headers {
                append(&mut request, "", name, &value);
            }
            (request + "\r\n" + &body).into_bytes()
        }
        Framing::Function => {
            let mut request = String::from("POST /call HTTP/1.1\r\n");
            for (name, value) in headers {
                append(&mut request, "Fn-Http-H-", name, &value);
            }
            // Of OCI's own: hours from now, so that no server ever has to hurry.
            let deadline = Timestamp::now() + SignedDuration::from_hours(6);
            let deadline = deadline.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            append(&mut request, "", "Fn-Deadline", &deadline);
            for (name, value) in AGENT_HEADERS {
                append(&mut request, "", name, value);
            }
            // The agent sends from a pipe, whose length it does not know.
            let size = body.len();
            format!("{request}\r\n{size:x}\r\n{body}\r\n0\r\n\r\n").into_bytes()
        }
    }
}

fn append(request: &mut String, prefix: &str, name: &str, value: &str) {
    for part in [prefix, name, ": ", value, "\r\n"] {
        request.push_str(part);
    }
}

fn client_headers(
    framing: Framing,
    revision: Revision,
    operation: Operation,
    length: usize,
) -> Vec<(&'static str, String)> {
    let mut headers: Vec<(&'static str, String)> = vec![
        ("User-Agent", "mcp-client/1.0".into()),
        ("Accept", "application/json, text/event-stream".into()),
        ("Accept-Encoding", "gzip, deflate, br".into()),
        ("Content-Type", "application/json".into()),
        ("Content-Length", length.to_string()),
    ];
    if revision == Revision::Newest {
        headers.push(("Mcp-Protocol-Version", NEWEST.into()));
        headers.push(("Mcp-Method", method(revision, operation).into()));
        if operation == Operation::Call {
            headers.push(("Mcp-Name", "add".into()));
        }
    }
    match framing {
        Framing::Http => headers.push(("Host", "localhost".into())),
        // What a gateway adds.
        Framing::Function => headers.extend([
            (
                "Host",
                "abcdefgh.apigateway.eu-frankfurt-1.oci.customer-oci.com".into(),
            ),
            ("X-Forwarded-For", "203.0.113.7".into()),
            ("X-Real-Ip", "203.0.113.7".into()),
            ("Forwarded", "for=203.0.113.7".into()),
        ]),
    }
    headers
}

fn body(revision: Revision, operation: Operation) -> String {
    let client = json!({ "name": "mcp-client", "version": "1.0" });
    let mut params = match operation {
        Operation::Call => json!({ "name": "add", "arguments": { "a": 40, "b": 2 } }),
        Operation::Introduce if revision == Revision::Oldest => {
            json!({ "protocolVersion": OLDEST, "capabilities": {}, "clientInfo": client })
        }
        Operation::Introduce | Operation::List => json!({}),
    };
    if let (Revision::Newest, Value::Object(params)) = (revision, &mut params) {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": NEWEST,
            "io.modelcontextprotocol/clientInfo": client,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        params.insert("_meta".into(), meta);
    }
    let method = method(revision, operation);
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn method(revision: Revision, operation: Operation) -> &'static str {
    match (operation, revision) {
        (Operation::Introduce, Revision::Oldest) => "initialize",
        (Operation::Introduce, Revision::Newest) => "server/discover",
        (Operation::List, _) => "tools/list",
        (Operation::Call, _) => "tools/call",
    }
}

const OLDEST: &str = "2024-11-05";
const NEWEST: &str = "2026-07-28";

/// What OCI's front end and Fn's agent say of a call through a gateway, in Go's spelling.
const AGENT_HEADERS: [(&str, &str); 14] = [
    ("Fn-Call-Id", "01KAJ6Q8M2NG8G00GZJ0000001"),
    ("Fn-Http-Method", "POST"),
    ("Fn-Http-Request-Url", "/v1/mcp"),
    ("Fn-Intent", "httprequest"),
    ("Fn-Invoke-Type", "sync"),
    ("Content-Type", "application/json"),
    (
        "Oci-Subject-Id",
        "ocid1.apigateway.oc1.eu-frankfurt-1.amaaaaaabench",
    ),
    ("Oci-Subject-Type", "resource"),
    ("Oci-Subject-Tenancy-Id", "ocid1.tenancy.oc1..aaaaaaaabench"),
    ("Opc-Request-Id", "/0123456789ABCDEF/0123456789ABCDEF"),
    ("Host", "localhost"),
    ("User-Agent", "Go-http-client/1.1"),
    ("Accept-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_gets_the_clients_request_in_headers_of_its_own_and_in_one_chunk() {
        let http = request(Framing::Http, Revision::Newest, Operation::Call, None);
        let function = request(Framing::Function, Revision::Newest, Operation::Call, None);

        let [http, function] = [http, function].map(|bytes| String::from_utf8(bytes).unwrap());
        let (_, body) = http.split_once("\r\n\r\n").unwrap();
        let (head, chunks) = function.split_once("\r\n\r\n").unwrap();
        assert_eq!(chunks, format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
        assert!(head.contains("\r\nFn-Http-H-Mcp-Name: add\r\n"), "{head}");
        assert!(!head.contains("\r\nContent-Length"), "{head}");
    }
}
