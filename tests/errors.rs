//! Every error of the protocol in every revision: its code, its HTTP status, its id.

#![cfg(test)]

use bytes::Bytes;
use http::{Method, Request};
use oci_mcp_tests::{
    LEGACY, LIST, MODERN, Server, app, features, post, request, revisions, with, with_features,
};
use serde_json::{Value, json};

/// `request` with another id.
fn identified(request: Request<Bytes>, id: &Value) -> Request<Bytes> {
    request.map(|body| {
        let mut message: Value = serde_json::from_slice(&body).unwrap();
        message["id"] = id.clone();
        message.to_string().into()
    })
}

/// Every revision answers `method` with this status and code, and with the id of the request.
async fn refused(method: &str, params: Value, older: (u16, i64), modern: (u16, i64)) {
    let server = Server::new(with_features(app()));
    for revision in revisions() {
        for id in [json!(7), json!("seven")] {
            let request = identified(request(revision, method, &params), &id);

            let reply = server.send(request).await;

            let expected = if revision == MODERN { modern } else { older };
            assert_eq!(reply.error(), expected, "{revision} {method} {params}");
            assert_eq!(reply.json()["id"], id);
            assert!(!reply.message().is_empty());
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_not_found() {
    for (method, params) in [
        ("nope", json!({})),
        ("subscriptions/listen", json!({ "notifications": {} })),
        ("tasks/get", json!({ "taskId": "x" })),
        ("tasks/list", json!({})),
        ("resources/subscribe", json!({ "uri": "test://poem" })),
    ] {
        refused(method, params, (200, -32601), (404, -32601)).await;
    }
}

#[tokio::test]
async fn parameters_that_a_method_cannot_use_are_invalid_params() {
    let prompt = json!({ "type": "ref/prompt", "name": "review" });
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({ "name": "nope" })),
        ("tools/call", json!({ "name": "add", "arguments": [] })),
        ("tools/list", json!({ "cursor": 5 })),
        ("tools/list", json!({ "cursor": "x" })),
        ("resources/list", json!({ "cursor": 5 })),
        ("resources/templates/list", json!({ "cursor": "x" })),
        ("resources/read", json!({})),
        ("prompts/list", json!({ "cursor": "x" })),
        ("prompts/get", json!({})),
        ("prompts/get", json!({ "name": "nope" })),
        ("prompts/get", json!({ "name": "review", "arguments": {} })),
        ("completion/complete", json!({ "ref": { "type": "ref/x" } })),
        ("completion/complete", json!({ "ref": prompt })),
    ] {
        refused(method, params, (200, -32602), (200, -32602)).await;
    }
    for (method, params) in [
        ("initialize", json!({ "capabilities": {} })),
        ("logging/setLevel", json!({ "level": "loud" })),
    ] {
        refused(method, params, (200, -32602), (404, -32601)).await;
    }
}

#[tokio::test]
async fn a_resource_that_is_not_there_has_a_code_of_its_own_until_2026() {
    let uri = json!({ "uri": "test://nothing" });

    refused("resources/read", uri, (200, -32002), (200, -32602)).await;
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    for (method, params) in [
        ("tools/call", json!({ "name": "panic" })),
        ("resources/read", json!({ "uri": "test://broken" })),
    ] {
        refused(method, params, (200, -32603), (200, -32603)).await;
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_by_every_revision() {
    let server = Server::new(app());
    for revision in revisions() {
        for (body, code) in [
            ("", -32700),
            (r#"{"jsonrpc":"2.0","id":1,"#, -32700),
            (r#"{"id":1,"method":"tools/list"}"#, -32600),
            (r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#, -32600),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
                -32600,
            ),
            (
                r#"{"jsonrpc":"2.0","id":0.5,"method":"tools/list"}"#,
                -32600,
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#,
                -32600,
            ),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
            (
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#,
                -32600,
            ),
            ("[]", -32600),
            ("7", -32600),
        ] {
            let request = with(post(body), "mcp-protocol-version", revision);

            let reply = server.send(request).await;

            assert_eq!(reply.error(), (400, code), "{revision} {body}");
        }
    }
}

#[tokio::test]
async fn what_http_refuses_is_an_invalid_request_without_an_id() {
    let server = Server::new(app());
    let to = |method: Method, path: &str| {
        let mut request = post(LIST);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        request
    };
    let stream = with(to(Method::GET, "/mcp"), "accept", "text/event-stream");
    for (request, status) in [
        (with(stream, "mcp-protocol-version", "2025-11-25"), 405),
        (with(to(Method::DELETE, "/mcp"), "mcp-session-id", "1"), 405),
        (to(Method::POST, "/other"), 404),
        (with(post(LIST), "origin", "https://evil.example.com"), 403),
        (with(post(LIST), "accept", "text/html"), 406),
        (with(post(LIST), "content-type", "text/plain"), 415),
        (post(vec![b' '; 7_000_000]), 413),
    ] {
        let reply = server.send(request).await;

        assert_eq!(reply.error(), (status, -32600));
        assert_eq!(reply.json().get("id"), None, "{status}");
    }
}

#[tokio::test]
async fn what_is_missing_in_the_envelope_is_named_whatever_the_method() {
    let server = Server::new(features());
    for method in ["server/discover", "tools/list", "nope", "ping"] {
        let mut request = request(MODERN, method, &json!({}));
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": {} });
        *request.body_mut() = body.to_string().into();

        let reply = server.send(request).await;

        assert_eq!(reply.error(), (400, -32602), "{method}");
        assert!(reply.message().contains("_meta"), "{}", reply.message());
    }
}

#[tokio::test]
async fn older_revisions_never_get_an_error_that_only_2026_has() {
    let server = Server::new(with_features(app()));
    for revision in LEGACY {
        let call = json!({ "name": "add", "arguments": { "a": 1, "b": 1 } });
        let lies = ["mcp-method", "mcp-name", "mcp-param-a"];
        let request = lies
            .into_iter()
            .fold(request(revision, "tools/call", &call), |request, name| {
                with(request, name, "a lie")
            });

        let reply = server.send(request).await;

        assert_eq!(reply.error(), (200, 0), "{revision}");
    }
}

#[tokio::test]
async fn every_result_of_2026_names_the_server_and_no_older_one_has_what_only_2026_knows() {
    let server = Server::new(with_features(app()));
    let place = json!({ "type": "ref/prompt", "name": "review" });
    let argument = json!({ "name": "place", "value": "p" });
    for (method, params) in [
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "fail" })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "test://poem" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "hello" })),
        (
            "completion/complete",
            json!({ "ref": place, "argument": argument }),
        ),
    ] {
        for revision in revisions() {
            let reply = server.send(request(revision, method, &params)).await;

            let result = &reply.json()["result"];
            let named = &result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
            assert_eq!(named == "test-server", revision == MODERN, "{method}");
            for member in ["resultType", "ttlMs", "cacheScope"] {
                assert!(
                    revision == MODERN || result.get(member).is_none(),
                    "{method}"
                );
            }
        }
    }
}
