//! The MCP headers and the envelope of 2026-07-28.

use oci_mcp_tests::{
    LIST, MODERN, Server, add, app, headerless, legacy, list, meta, modern, post, rpc, send, with,
    with_features, without,
};
use serde_json::{Value, json};

#[tokio::test]
async fn header_and_body_must_tell_the_same_story() {
    let mut twice = list();
    twice
        .headers_mut()
        .append("mcp-method", "tools/list".parse().unwrap());
    let mut two_versions = list();
    two_versions
        .headers_mut()
        .append("mcp-protocol-version", MODERN.parse().unwrap());
    for (case, request) in [
        ("no version header", without(list(), "mcp-protocol-version")),
        (
            "another version",
            with(list(), "mcp-protocol-version", "2025-11-25"),
        ),
        ("no method header", without(list(), "mcp-method")),
        ("another method", with(list(), "mcp-method", "tools/call")),
        ("another case", with(list(), "mcp-method", "TOOLS/LIST")),
        ("two method headers", twice),
        ("two version headers", two_versions),
        ("no name", without(add(), "mcp-name")),
        ("another name", with(add(), "mcp-name", "echo")),
        ("bad base64", with(add(), "mcp-name", "=?base64?YWRk=?=")),
        (
            "base64 of another name",
            with(add(), "mcp-name", "=?base64?ZWNobw==?="),
        ),
        (
            "unpadded base64",
            with(add(), "mcp-name", "=?base64?ZWNobw?="),
        ),
    ] {
        let reply = send(request).await;

        assert_eq!(reply.error(), (400, -32020), "{case}: {}", reply.message());
        assert_eq!(reply.json()["id"], 1, "{case}");
    }
    for request in [
        with(add(), "mcp-name", "=?base64?YWRk?="),
        with(add(), "mcp-name", " \tadd "),
        with(add(), "mcp-param-unknown", "x"),
        with(add(), "mcp-session-id", "stale"),
    ] {
        assert!(send(request).await.json()["result"].is_object());
    }
}

#[tokio::test]
async fn revisions_with_a_handshake_know_no_routing_headers() {
    let params = json!({ "name": "add", "arguments": { "a": 1, "b": 1 } });
    let request = with(
        legacy("2025-11-25", "tools/call", &params),
        "mcp-name",
        "echo",
    );

    assert!(send(request).await.json()["result"].is_object());
}

#[tokio::test]
async fn the_envelope_of_2026_needs_a_version_and_capabilities() {
    let key = |name: &str| format!("io.modelcontextprotocol/{name}");
    let request = |change: &dyn Fn(&mut Value)| {
        let mut envelope = meta(MODERN);
        change(&mut envelope);
        let mut request = list();
        *request.body_mut() = rpc("tools/list", &json!({ "_meta": envelope })).into();
        request
    };
    for (case, request) in [
        (
            "no _meta",
            with(list().map(|_| LIST.into()), "mcp-method", "tools/list"),
        ),
        (
            "version is a number",
            request(&|meta| meta[key("protocolVersion")] = json!(1)),
        ),
        (
            "no capabilities",
            request(&|meta| {
                meta[key("clientCapabilities")] = json!(null);
            }),
        ),
        (
            "capabilities are a list",
            request(&|meta| meta[key("clientCapabilities")] = json!([])),
        ),
        (
            "a log level that is none",
            request(&|meta| meta[key("logLevel")] = json!("loud")),
        ),
    ] {
        let reply = send(request).await;

        assert_eq!(reply.error(), (400, -32602), "{case}");
        assert!(
            reply.message().contains("io.modelcontextprotocol/"),
            "{}",
            reply.message()
        );
    }
    let info = request(&|meta| meta[key("clientInfo")] = json!({ "name": "x", "version": "1" }));
    assert!(send(info).await.json()["result"].is_object());
}

#[tokio::test]
async fn a_caller_without_headers_may_leave_them_out_but_not_lie() {
    let bare = || {
        let mut request = add();
        for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
            request.headers_mut().remove(name);
        }
        request
    };

    let served = send(headerless(bare())).await;
    let as_http = send(bare()).await;
    let lying = send(headerless(with(bare(), "mcp-name", "echo"))).await;
    let lying_version = send(headerless(with(
        bare(),
        "mcp-protocol-version",
        "2025-11-25",
    )))
    .await;
    let no_envelope = send(headerless(post(LIST))).await;

    assert_eq!(served.json()["result"]["resultType"], "complete");
    assert_eq!(as_http.error(), (400, -32020));
    assert_eq!(lying.error(), (400, -32020));
    assert_eq!(lying_version.error(), (400, -32020));
    assert!(no_envelope.json()["result"]["tools"].is_array());
}

#[tokio::test]
async fn a_call_without_a_name_anywhere_is_the_parameters_fault() {
    let reply = send(modern("tools/call", &json!({ "arguments": {} }))).await;

    assert_eq!(reply.error(), (200, -32602));
}

#[tokio::test]
async fn a_claim_cannot_hide_behind_a_key_that_cannot_be_read() {
    let claim = meta(MODERN).to_string().replacen('{', r#"{"\ud800":1,"#, 1);
    let body =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{claim}}}}}"#);

    assert_eq!(send(post(body)).await.error(), (400, -32600));
}

#[tokio::test]
async fn a_notification_may_not_claim_another_version_than_its_header() {
    let body = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "_meta": meta(MODERN) } });
    let request = with(post(body.to_string()), "mcp-protocol-version", "2025-11-25");

    assert_eq!(send(request).await.error(), (400, -32020));
}

#[tokio::test]
async fn header_names_have_no_case_and_unknown_members_no_meaning() {
    let params = json!({ "name": "add", "arguments": { "a": 2, "b": 40 }, "unknown": [1] });
    let mut request = modern("tools/call", &params);
    let value = request.headers_mut().remove("mcp-name").unwrap();
    let name = http::HeaderName::from_bytes(b"MCP-NAME").unwrap();
    request.headers_mut().insert(name, value);

    assert!(send(request).await.json()["result"].is_object());
}

#[tokio::test]
async fn every_method_of_2026_needs_its_headers() {
    let server = Server::new(with_features(app()));
    let place = json!({ "ref": { "type": "ref/prompt", "name": "review" }, "argument": { "name": "place", "value": "" } });
    for (method, params, needs_name) in [
        ("server/discover", json!({}), false),
        ("tools/list", json!({}), false),
        ("tools/call", json!({ "name": "fail" }), true),
        ("resources/list", json!({}), false),
        ("resources/templates/list", json!({}), false),
        ("resources/read", json!({ "uri": "test://poem" }), true),
        ("prompts/list", json!({}), false),
        ("prompts/get", json!({ "name": "hello" }), true),
        ("completion/complete", place, false),
    ] {
        for (header, is_needed) in [
            ("mcp-protocol-version", true),
            ("mcp-method", true),
            ("mcp-name", needs_name),
            ("mcp-session-id", false),
        ] {
            let request = || modern(method, &params);

            let absent = server.send(without(request(), header)).await;
            let mut twice = request();
            let value = twice.headers().get(header).cloned();
            let value = value.unwrap_or_else(|| "x".parse().unwrap());
            twice.headers_mut().append(header, value);
            let twice = server.send(twice).await;

            let expected = if is_needed { (400, -32020) } else { (200, 0) };
            assert_eq!(absent.error(), expected, "{method} without {header}");
            assert_eq!(twice.error(), expected, "{method} with {header} twice");
        }
    }
}

#[tokio::test]
async fn a_value_counts_as_it_is_written() {
    let echo = |name: &str| with(add(), "mcp-name", name);
    let mut bytes = add();
    let value = http::HeaderValue::from_bytes(b"\xc3\xa4dd").unwrap();
    bytes.headers_mut().insert("mcp-name", value);
    for (case, request) in [
        ("another case", echo("ADD")),
        ("empty", echo("")),
        ("marker in upper case", echo("=?BASE64?YWRk?=")),
        ("no end", echo("=?base64?YWRk")),
        ("no beginning", echo("YWRk?=")),
        ("encoded twice", echo("=?base64?PT9iYXNlNjQ/WVdSaz89?=")),
        ("not UTF-8 once decoded", echo("=?base64?//8=?=")),
        ("alphabet of URLs", echo("=?base64?-_-_?=")),
        ("not ASCII", bytes),
        (
            "a list of values",
            with(add(), "mcp-method", "tools/call, tools/call"),
        ),
        (
            "a version in quotes",
            with(add(), "mcp-protocol-version", "\"2026-07-28\""),
        ),
    ] {
        let reply = send(request).await;

        assert_eq!(reply.error(), (400, -32020), "{case}: {}", reply.message());
    }
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let mut request = add();
        let value = request.headers()[name].to_str().unwrap().to_owned();
        request = with(request, name, &format!("\t {value} \t"));

        assert_eq!(send(request).await.error(), (200, 0), "{name}");
    }
}
