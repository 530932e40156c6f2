//! Whether the headers of MCP arrive (2026-07-28, "Standard Request Headers"): a server refuses messages with which
//! they do not agree, and so tells what it got.

use serde_json::{Value, json};

use super::probe::{Answer, Heard, Message};
use crate::doctor::finding::Finding;

/// Lists tools.
pub(super) fn list() -> Message {
    message("tools/list", "tools/list", json!({}))
}

/// Calls a tool that is not there, so that nothing happens.
pub(super) fn call() -> Message {
    let mut message = message(
        "tools/call",
        "tools/call",
        json!({ "name": NOWHERE, "arguments": {} }),
    );
    message.headers.push(("mcp-name", NOWHERE));
    message
}

/// Lists tools, and says in a header that it does something else.
pub(super) fn mismatched() -> Message {
    message("tools/list", "tools/call", json!({}))
}

fn message(method: &'static str, told: &'static str, mut params: Value) -> Message {
    if let Value::Object(params) = &mut params {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientInfo": { "name": "oci-mcp \
                doctor", "version": env!("CARGO_PKG_VERSION") },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        params.insert("_meta".to_owned(), meta);
    }
    Message {
        headers: vec![("mcp-protocol-version", REVISION), ("mcp-method", told)],
        body: json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
    }
}

/// What the answers to [`list`], [`call`] and [`mismatched`] say of headers.
pub(super) fn judge(list: &Answer, named: &Heard, mismatched: &Heard) -> Vec<Finding> {
    let Ok(named) = named else {
        return vec![Finding::not_checked(
            WHAT,
            "the second request had no answer",
        )];
    };
    let complaints = [list, named].map(|answer| match answer.error() {
        Some((MISMATCH, message)) => Some(message),
        _ => None,
    });
    let missing: Vec<_> = NAMES
        .into_iter()
        .filter(|name| complaints.iter().flatten().any(|text| text.contains(name)))
        .collect();
    if let Some(complaint) = complaints.into_iter().flatten().next() {
        let which = if missing.is_empty() {
            "a header of MCP".to_owned()
        } else {
            missing.join(" and ")
        };
        return vec![
            Finding::problem(format!("{which} does not arrive as it was sent"))
                .because(format!("the server says: {complaint}"))
                .mend(
                    "let the gateway pass them on: in filterHeaders and in a CDN's or WAF's list \
                        of allowed headers \
                     MCP-Protocol-Version, Mcp-Method, Mcp-Name and Mcp-Session-Id",
                ),
        ];
    }
    if list.tools().is_none() {
        return vec![Finding::not_checked(
            WHAT,
            format!("the server answered {}", list.status.as_u16()),
        )];
    }
    match mismatched {
        Ok(answer) if matches!(answer.error(), Some((MISMATCH, _))) => {
            vec![Finding::good(format!("{} arrive", NAMES.join(", ")))]
        }
        Ok(_) => vec![Finding::not_checked(
            WHAT,
            "the server does not compare them with the body",
        )],
        Err(error) => vec![Finding::not_checked(WHAT, error)],
    }
}

const REVISION: &str = "2026-07-28";
const NAMES: [&str; 3] = ["mcp-protocol-version", "mcp-method", "mcp-name"];
const WHAT: &str = "whether the headers of MCP arrive";
/// `HeaderMismatch` (MCP 2026-07-28, "Error Codes").
const MISMATCH: i64 = -32_020;
const NOWHERE: &str = "oci_mcp_doctor_looks_for_headers";
