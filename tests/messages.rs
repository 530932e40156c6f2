//! JSON-RPC: ids, malformed bodies, notifications, batches.

use oci_mcp_tests::{MODERN, Server, app, meta, post, send, with};
use serde_json::{Value, json};

#[tokio::test]
async fn an_id_comes_back_byte_for_byte() {
    for id in [
        "7",
        "-1",
        "123456789012345678901234567890",
        r#""a\u00e9\/""#,
        r#""""#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);

        let reply = Server::new(app()).post(body).await;

        assert_eq!(
            reply.body,
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_400() {
    let nested = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{}1{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    for (body, code) in [
        (&b""[..], -32700),
        (b"nope", -32700),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping""#, -32700),
        (b"\xff\xfe", -32700),
        (br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\xff"}}"#, -32700),
        (br#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","name":"echo"}}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":1,"result":{}}"#, -32600),
        (b"[]", -32600),
        (b"7", -32600),
        (nested.as_bytes(), -32600),
    ] {
        let reply = Server::new(app()).post(body.to_vec()).await;

        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]);
        assert_eq!(reply.error(), (400, code), "{shown}");
        assert!(!reply.message().is_empty());
    }
}

#[tokio::test]
async fn an_error_without_a_readable_id_says_so_as_its_revision_does() {
    let legacy = Server::new(app()).post("nope").await.json();
    let modern = send(with(post("nope"), "mcp-protocol-version", MODERN))
        .await
        .json();

    assert_eq!(legacy.get("id"), Some(&Value::Null));
    assert_eq!(modern.get("id"), None);
}

#[tokio::test]
async fn an_error_that_only_2026_has_never_has_an_id_of_null() {
    let notification = |params: Value| json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
    for (params, version, code) in [
        (json!({ "_meta": meta(MODERN) }), "2025-11-25", -32020),
        (json!({}), "2099-01-01", -32022),
    ] {
        let request = post(notification(params).to_string());

        let reply = send(with(request, "mcp-protocol-version", version)).await;

        assert_eq!(reply.error(), (400, code), "{version}");
        assert_eq!(reply.json().get("id"), None, "{version}");
    }
}

#[tokio::test]
async fn notifications_are_accepted_and_answered_with_nothing() {
    let notify = |method: &str| json!({ "jsonrpc": "2.0", "method": method }).to_string();
    for request in [
        post(notify("notifications/initialized")),
        with(
            post(notify("notifications/initialized")),
            "mcp-protocol-version",
            "2025-06-18",
        ),
        with(
            post(notify("notifications/cancelled")),
            "mcp-protocol-version",
            MODERN,
        ),
        post(notify("notifications/unheard-of")),
        post(notify("tools/call")),
    ] {
        let reply = send(request).await;

        assert_eq!(reply.status, 202);
        assert!(reply.body.is_empty());
    }
    let garbage = with(
        post(notify("notifications/initialized")),
        "mcp-protocol-version",
        "garbage",
    );
    assert_eq!(send(garbage).await.error(), (400, -32022));
}

#[tokio::test]
async fn batches_exist_where_the_revision_is_2025_03_26_or_unstated() {
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": "b", "method": "nope" },
        { "jsonrpc": "2.0", "id": 3, "result": {} },
        { "jsonrpc": "2.0", "id": 4, "method": "initialize", "params": { "protocolVersion": "2025-03-26" } },
        5,
    ]);
    let request = || post(batch.to_string());
    for request in [
        request(),
        with(request(), "mcp-protocol-version", "2024-11-05"),
        with(request(), "mcp-protocol-version", "2025-03-26"),
    ] {
        let reply = send(request).await;

        let answers = reply.json();
        let codes: Vec<_> = answers
            .as_array()
            .unwrap()
            .iter()
            .map(|a| (a["id"].clone(), a["error"]["code"].clone()))
            .collect();
        let expected = [
            (json!(1), json!(null)),
            (json!("b"), json!(-32601)),
            (json!(4), json!(-32600)),
            (json!(null), json!(-32600)),
        ];
        assert_eq!(codes, expected);
    }
    for version in ["2025-06-18", "2025-11-25", MODERN, "garbage"] {
        let reply = send(with(request(), "mcp-protocol-version", version)).await;
        assert_eq!(reply.error(), (400, -32600), "{version}");
    }
    let claims = json!([{ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta(MODERN) } }]);
    assert_eq!(send(post(claims.to_string())).await.error(), (400, -32600));
    let quiet = json!([{ "jsonrpc": "2.0", "method": "notifications/initialized" }]);
    assert_eq!(send(post(quiet.to_string())).await.status, 202);
}

#[tokio::test]
async fn a_batch_that_is_too_much_to_read_is_refused_as_a_whole() {
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let with = |params: String| {
        format!(r#"[{ping},{{"jsonrpc":"2.0","id":2,"method":"ping","params":{params}}}]"#)
    };
    let values = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(50_000));
    let levels = format!(r#"{{"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let many = format!("[{}{ping}]", format!("{ping},").repeat(100));
    for (body, word) in [
        (with(values), "50000"),
        (with(levels), "100"),
        (with(r#"{"a":1,"a":1}"#.to_owned()), "duplicate"),
        (many, "100"),
    ] {
        let reply = Server::new(app()).post(body).await;

        assert_eq!(reply.error(), (400, -32600), "{word}");
        assert_eq!(reply.json().get("id"), Some(&Value::Null), "{word}");
        assert!(reply.message().contains(word), "{}", reply.message());
    }
}
