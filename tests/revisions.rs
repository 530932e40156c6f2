//! Revisions: which one a request is served as, and in which shape its answer comes.

use oci_mcp::{App, DynamicTool, ToolError};
use oci_mcp_tests::{
    LEGACY, LIST, MODERN, Server, add, app, hello, legacy, list, meta, modern, post, rpc, send,
    with,
};
use serde_json::json;

#[tokio::test]
async fn a_handshake_agrees_on_a_revision_and_opens_no_session() {
    for (requested, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        (MODERN, "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let hello = rpc("initialize", &hello(requested));

        let reply = Server::new(app()).post(hello).await;

        let result = &reply.json()["result"];
        assert_eq!(result["protocolVersion"], answered, "{requested}");
        assert_eq!(
            result["capabilities"],
            json!({ "logging": {}, "tools": {} })
        );
        assert_eq!(result["serverInfo"]["name"], "test-server");
        assert_eq!(result["instructions"], "Use it for tests.");
        assert_eq!(
            result["serverInfo"]["title"].is_string(),
            answered >= "2025-06-18"
        );
        assert!(result["resultType"].is_null() && result["_meta"].is_null());
        assert!(reply.headers.get("mcp-session-id").is_none());
    }
}

#[tokio::test]
async fn a_handshake_without_a_version_is_invalid_params() {
    let reply = Server::new(app())
        .post(rpc("initialize", &json!({ "capabilities": {} })))
        .await;

    assert_eq!(reply.error(), (200, -32602));
}

#[tokio::test]
async fn a_handshake_with_a_header_of_2026_must_ask_for_the_same() {
    let request = |version| post(rpc("initialize", &hello(version)));

    let same = send(with(request(MODERN), "mcp-protocol-version", MODERN)).await;
    let other = send(with(request("2025-06-18"), "mcp-protocol-version", MODERN)).await;
    let older = send(with(
        request("2025-06-18"),
        "mcp-protocol-version",
        "2025-11-25",
    ))
    .await;

    assert_eq!(same.json()["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(other.error(), (400, -32020));
    assert_eq!(older.json()["result"]["protocolVersion"], "2025-06-18");
}

#[tokio::test]
async fn discovery_tells_every_revision_newest_first() {
    let reply = send(modern("server/discover", &json!({}))).await;

    let result = &reply.json()["result"];
    let versions = json!([
        MODERN,
        "2025-11-25",
        "2025-06-18",
        "2025-03-26",
        "2024-11-05"
    ]);
    assert_eq!(result["supportedVersions"], versions);
    assert_eq!(
        result["capabilities"],
        json!({ "logging": {}, "tools": {} })
    );
    assert_eq!(result["instructions"], "Use it for tests.");
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["ttlMs"], 300_000);
    assert_eq!(result["cacheScope"], "public");
    let server = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(
        server,
        &json!({ "name": "test-server", "version": "1.2.3", "title": "Test server" })
    );
}

#[tokio::test]
async fn every_revision_lists_the_tools_in_one_order_and_in_its_own_shape() {
    for revision in LEGACY.into_iter().chain([MODERN]) {
        let request = if revision == MODERN {
            list()
        } else {
            with(
                post(rpc("tools/list", &json!({}))),
                "mcp-protocol-version",
                revision,
            )
        };

        let answer = send(request).await.json();

        let tools = answer["result"]["tools"].as_array().unwrap();
        let names: Vec<_> = tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["add", "echo", "fail", "large", "leak", "panic", "sleep"]
        );
        let add = &tools[0];
        assert_eq!(add["description"], "Adds two integers.");
        assert_eq!(add["inputSchema"]["type"], "object");
        assert_eq!(
            add["inputSchema"]["properties"]["a"]["description"],
            "The first summand."
        );
        assert_eq!(
            add["title"].is_string(),
            revision >= "2025-06-18",
            "{revision}"
        );
        assert_eq!(
            add["annotations"].is_object(),
            revision >= "2025-03-26",
            "{revision}"
        );
        assert_eq!(answer["result"]["ttlMs"].is_u64(), revision == MODERN);
        assert_eq!(answer["result"]["_meta"].is_object(), revision == MODERN);
    }
}

#[tokio::test]
async fn every_revision_calls_a_tool_and_gets_its_own_shape() {
    for revision in LEGACY {
        let params = json!({ "name": "add", "arguments": { "a": 2, "b": 40 } });

        let answer = send(legacy(revision, "tools/call", &params)).await.json();

        let result = &answer["result"];
        assert_eq!(
            result["content"],
            json!([{ "type": "text", "text": r#"{"sum":42}"# }])
        );
        assert_eq!(
            result["structuredContent"].is_object(),
            revision >= "2025-06-18",
            "{revision}"
        );
        assert!(result["resultType"].is_null());
    }
    let result = &send(add()).await.json()["result"];
    assert_eq!(result["resultType"], "complete");
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "test-server"
    );
    assert!(result["ttlMs"].is_null());
}

#[tokio::test]
async fn a_list_longer_than_a_page_is_read_by_cursors() {
    let tool = |i| {
        let schema = json!({ "type": "object" });
        let name = format!("tool-{i:03}");
        DynamicTool::new(name, "One of many.", schema, |_, _| async {
            Ok::<_, ToolError>("")
        })
        .unwrap()
    };
    let many = (0..250)
        .map(tool)
        .fold(App::new("many", "1"), App::dynamic_tool);
    let server = Server::new(many);
    let (mut cursor, mut names) = (json!({}), Vec::new());
    let mut cursors = Vec::new();

    loop {
        let result = server.send(modern("tools/list", &cursor)).await.json()["result"].take();
        let tools = result["tools"].as_array().unwrap();
        names.extend(
            tools
                .iter()
                .map(|tool| tool["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = result["nextCursor"].as_str() else {
            break;
        };
        cursors.push(next.to_owned());
        cursor = json!({ "cursor": next });
    }

    assert_eq!(names.len(), 250);
    assert!(names.is_sorted());
    assert_eq!(cursors.len(), 2);
    let other_list = legacy("2024-11-05", "tools/list", &json!({ "cursor": cursors[0] }));
    assert_eq!(
        Server::new(app()).send(other_list).await.error(),
        (200, -32602)
    );
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_out_is_invalid_params() {
    for cursor in [
        json!(""),
        json!("x"),
        json!("00000000000000001"),
        json!(5),
        json!(null),
    ] {
        let reply = send(modern("tools/list", &json!({ "cursor": cursor }))).await;

        assert_eq!(reply.error(), (200, -32602), "{cursor}");
    }
}

#[tokio::test]
async fn methods_of_the_other_era_and_of_absent_features_do_not_exist() {
    let absent = [
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
        "prompts/get",
        "completion/complete",
        "nope",
        "",
    ];
    for method in [
        "initialize",
        "logging/setLevel",
        "ping",
        "resources/subscribe",
        "resources/unsubscribe",
        "subscriptions/listen",
    ]
    .into_iter()
    .chain(absent)
    {
        let params = json!({ "protocolVersion": MODERN });
        assert_eq!(
            send(modern(method, &params)).await.error(),
            (404, -32601),
            "{method}"
        );
    }
    // Nor where what they would need is there.
    let level = modern("logging/setLevel", &json!({ "level": "info" }));
    assert_eq!(send(level).await.error(), (404, -32601));
    for method in ["server/discover"].into_iter().chain(absent) {
        let reply = send(legacy("2025-11-25", method, &json!({}))).await;
        assert_eq!(reply.error(), (200, -32601), "{method}");
    }
    assert_eq!(
        send(legacy("2025-11-25", "ping", &json!({}))).await.json()["result"],
        json!({})
    );
}

#[tokio::test]
async fn an_unsupported_version_is_refused_and_told_what_is_supported() {
    let header_only = with(post(LIST), "mcp-protocol-version", "2023-01-01");
    let mut both = modern("tools/list", &json!({}));
    *both.body_mut() = rpc("tools/list", &json!({ "_meta": meta("2099-01-01") })).into();
    let both = with(both, "mcp-protocol-version", "2099-01-01");

    for (request, requested) in [(header_only, "2023-01-01"), (both, "2099-01-01")] {
        let reply = send(request).await;

        assert_eq!(reply.error(), (400, -32022));
        let data = &reply.json()["error"]["data"];
        assert_eq!(data["requested"], requested);
        let discovery = send(modern("server/discover", &json!({}))).await.json();
        assert_eq!(data["supported"], discovery["result"]["supportedVersions"]);
    }
}

#[tokio::test]
async fn an_older_revision_may_be_claimed_in_the_newer_way() {
    let body = rpc("tools/list", &json!({ "_meta": meta("2025-06-18") }));

    let reply = send(with(post(body), "mcp-protocol-version", "2025-06-18")).await;

    assert!(reply.json()["result"]["tools"].is_array());
    assert!(reply.json()["result"]["ttlMs"].is_null());
}
