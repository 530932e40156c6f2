//! Which of two faults of one request is told: the one that the other cannot be reached past.

#![cfg(test)]

use bytes::Bytes;
use http::{Method, Request};
use oci_mcp::{App, Config, DynamicTool, ToolError};
use oci_mcp_tests::{Clock, KEY_1, MODERN, Reply, Server};
use serde_json::{Value, json};

/// A fault: its name, how it is put into a request, its status and code, a word of its message.
type Fault = (&'static str, fn(&mut Draft), (u16, i64), &'static str);

/// A request without a fault, or with some; each is a member of its own, so that any two go together.
struct Draft {
    http_method: Method,
    path: &'static str,
    origin: &'static str,
    padding: usize,
    content_type: &'static str,
    accept: &'static str,
    id: Value,
    version: Option<&'static str>,
    claim: Option<&'static str>,
    capabilities: Option<Value>,
    method: &'static str,
    has_method_header: bool,
    region: &'static str,
    arguments: Value,
    responses: Value,
}

const BELOW_THE_MESSAGE: [Fault; 6] = [
    (
        "origin",
        |draft| draft.origin = "https://evil.example.com",
        (403, -32600),
        "origin",
    ),
    (
        "path",
        |draft| draft.path = "/elsewhere",
        (404, -32600),
        "nothing is here",
    ),
    (
        "HTTP method",
        |draft| draft.http_method = Method::PUT,
        (405, -32600),
        "POST",
    ),
    (
        "size",
        |draft| draft.padding = 4_096,
        (413, -32600),
        "OCI_MCP_MAX_BODY_BYTES",
    ),
    (
        "content type",
        |draft| draft.content_type = "text/plain",
        (415, -32600),
        "Content-Type",
    ),
    (
        "accept",
        |draft| draft.accept = "text/html",
        (406, -32600),
        "Accept",
    ),
];

const SHAPE: Fault = ("shape", |draft| draft.id = Value::Null, (400, -32600), "id");

const METHOD: fn(&mut Draft) = |draft| draft.method = "nope";

/// The order of 2026-07-28, but for its last step: that a capability is missing is known only when
/// the tool asks, so that it comes behind `Mcp-Param-*` and the parameters rather than before them.
const OF_2026: [Fault; 9] = [
    SHAPE,
    (
        "version of header and body",
        |draft| draft.version = Some("2025-11-25"),
        (400, -32020),
        "mcp-protocol-version",
    ),
    (
        "envelope",
        |draft| draft.capabilities = None,
        (400, -32602),
        "clientCapabilities",
    ),
    (
        "unsupported version",
        |draft| draft.claim = Some("2099-01-01"),
        (400, -32022),
        "2099-01-01",
    ),
    (
        "routing headers",
        |draft| draft.has_method_header = false,
        (400, -32020),
        "mcp-method",
    ),
    ("method", METHOD, (404, -32601), "nope"),
    (
        "headers of arguments",
        |draft| draft.region = "us",
        (400, -32020),
        "mcp-param-region",
    ),
    (
        "parameters",
        |draft| draft.responses = json!(7),
        (200, -32602),
        "inputResponses",
    ),
    (
        "capability",
        |draft| {
            if let Some(capabilities) = &mut draft.capabilities {
                *capabilities = json!({});
            }
        },
        (400, -32021),
        "roots",
    ),
];

const OF_OLDER: [Fault; 4] = [
    SHAPE,
    (
        "unsupported version",
        |draft| draft.version = Some("2099-01-01"),
        (400, -32022),
        "2099-01-01",
    ),
    ("method", METHOD, (200, -32601), "nope"),
    (
        "parameters",
        |draft| draft.arguments = json!([]),
        (200, -32602),
        "arguments",
    ),
];

impl Draft {
    /// A call of 2026-07-28 that is answered with a question.
    fn modern() -> Self {
        Self {
            claim: Some(MODERN),
            capabilities: Some(json!({ "roots": {} })),
            version: None,
            ..Self::legacy()
        }
    }

    /// A call of an older revision, whose client cannot be asked: the tool fails.
    fn legacy() -> Self {
        Self {
            http_method: Method::POST,
            path: "/mcp",
            origin: "http://localhost",
            padding: 0,
            content_type: "application/json",
            accept: "application/json, text/event-stream",
            id: json!(1),
            version: Some("2025-11-25"),
            claim: None,
            capabilities: None,
            method: "tools/call",
            has_method_header: true,
            region: "eu",
            arguments: json!({ "region": "eu" }),
            responses: json!({}),
        }
    }

    fn request(&self) -> Request<Bytes> {
        let mut params = json!({ "name": "look", "arguments": self.arguments });
        if let Some(claim) = self.claim {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(claim);
            params["inputResponses"] = self.responses.clone();
        }
        if let Some(capabilities) = &self.capabilities {
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
        }
        let message =
            json!({ "jsonrpc": "2.0", "id": self.id, "method": self.method, "params": params });
        let mut request = Request::builder()
            .method(self.http_method.clone())
            .uri(self.path)
            .header("origin", self.origin)
            .header("content-type", self.content_type)
            .header("accept", self.accept)
            .header("mcp-name", "look")
            .header("mcp-param-region", self.region);
        if let Some(version) = self.version.or(self.claim) {
            request = request.header("mcp-protocol-version", version);
        }
        if self.has_method_header {
            request = request.header("mcp-method", self.method);
        }
        let body = format!("{message}{}", " ".repeat(self.padding));
        request.body(body.into()).unwrap()
    }
}

/// A server with one tool, which wants an argument in a header and asks its client.
fn server() -> Server {
    let region = json!({ "type": "string", "x-mcp-header": "Region" });
    let schema = json!({ "type": "object", "properties": { "region": region } });
    let look = DynamicTool::new("look", "Asks where.", schema, |cx, _| async move {
        let roots = cx.list_roots("roots")?;
        Ok::<_, ToolError>(format!("{} roots", roots.len()))
    });
    let app = App::new("looker", "1")
        .dynamic_tool(look.unwrap())
        .state_keys(Clock::default().keys(KEY_1));
    let limit = |name: &str| (name == "OCI_MCP_MAX_BODY_BYTES").then(|| "2048".to_owned());
    Server::with(app, Config::from_vars(limit).unwrap())
}

async fn send(draft: fn() -> Draft, faults: &[&Fault]) -> Reply {
    let mut draft = draft();
    for (_, put, ..) in faults {
        put(&mut draft);
    }
    server().send(draft.request()).await
}

/// Each fault of `order` is told alone and before every later one, whichever came into it first.
async fn holds(order: &[Fault], draft: fn() -> Draft) {
    for (index, first) in order.iter().enumerate() {
        let (name, _, error, word) = first;
        let alone = send(draft, &[first]).await;
        assert_eq!(alone.error(), *error, "{name}: {}", alone.message());
        for second in order.iter().skip(index + 1) {
            for faults in [[first, second], [second, first]] {
                let reply = send(draft, &faults).await;

                let case = format!("{name} before {}: {}", second.0, reply.message());
                assert_eq!(reply.error(), *error, "{case}");
                assert!(reply.message().contains(word), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_fault_there_is_a_result() {
    for draft in [Draft::modern, Draft::legacy] {
        let reply = send(draft, &[]).await;

        assert_eq!(reply.error(), (200, 0), "{}", reply.message());
    }
}

#[tokio::test]
async fn a_request_of_2026_is_checked_in_one_order() {
    let order = [&BELOW_THE_MESSAGE[..], &OF_2026].concat();

    holds(&order, Draft::modern).await;
}

#[tokio::test]
async fn a_request_of_an_older_revision_is_checked_in_one_order() {
    let order = [&BELOW_THE_MESSAGE[..], &OF_OLDER].concat();

    holds(&order, Draft::legacy).await;
}
