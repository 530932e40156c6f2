//! MCP's own JSON Schemas judge what the other tests see; here it is shown that they can say no.

#![cfg(test)]

use oci_mcp_tests::{MODERN, peer, revisions, violations};
use serde_json::{Value, json};

fn answer(result: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result })
}

fn error(error: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": error })
}

#[test]
fn every_revision_has_a_schema_that_says_no() {
    let name = "every_revision_has_a_schema_that_says_no";
    if peer(name, "schemas", "node").is_none() {
        return;
    }
    let tool = json!({ "name": "x", "inputSchema": { "type": "object" } });
    for revision in revisions() {
        let mut list = json!({ "tools": [tool] });
        let mut call = json!({ "content": [{ "type": "text", "text": "x" }] });
        if revision == MODERN {
            list["resultType"] = json!("complete");
            list["ttlMs"] = json!(0);
            list["cacheScope"] = json!("public");
            call["resultType"] = json!("complete");
        }
        let with = |result: &Value, at: &str, value: Value| {
            let mut result = result.clone();
            *result.pointer_mut(at).unwrap() = value;
            answer(&result)
        };
        let progress = |params: Value| json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
        let unknown = json!([{ "type": "hologram", "text": "x" }]);
        for (method, message, is_valid) in [
            (Some("tools/list"), answer(&list), true),
            (
                Some("tools/list"),
                with(&list, "/tools", json!([{}])),
                false,
            ),
            (Some("tools/call"), answer(&call), true),
            (Some("tools/call"), with(&call, "/content", unknown), false),
            (
                Some("tools/call"),
                error(&json!({ "code": 1, "message": "x" })),
                true,
            ),
            (
                Some("tools/call"),
                error(&json!({ "code": "1", "message": "x" })),
                false,
            ),
            (Some("tools/call"), error(&json!({ "code": 1 })), false),
            (
                None,
                progress(json!({ "progressToken": 1, "progress": 1 })),
                true,
            ),
            (None, progress(json!({ "progress": 1 })), false),
        ] {
            let violations = violations(revision, method, &message);

            assert_eq!(
                violations.is_empty(),
                is_valid,
                "{revision} {message}: {violations:?}"
            );
        }
    }
}

#[test]
fn an_error_of_2026_is_judged_by_its_own_definition() {
    let name = "an_error_of_2026_is_judged_by_its_own_definition";
    if peer(name, "schemas", "node").is_none() {
        return;
    }
    let required = |capabilities| {
        error(
            &json!({ "code": -32021, "message": "x", "data": { "requiredCapabilities": capabilities } }),
        )
    };

    let object = violations(MODERN, None, &required(json!({ "sampling": {} })));
    let list = violations(MODERN, None, &required(json!(["sampling"])));
    let handshake = violations("2025-11-25", Some("initialize"), &answer(&json!({})));

    assert!(object.is_empty(), "{object:?}");
    assert!(!list.is_empty() && !handshake.is_empty());
}
