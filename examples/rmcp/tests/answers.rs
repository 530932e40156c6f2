//! The same server, served by `rmcp` itself and by our hosts: the same answers to what is in order, and
//! better ones to what is not.

#![cfg(test)]

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use oci_mcp_tests::{
    Clock, KEY_1, Reply, Server, accept, asked, call_asking, legacy, meta, modern, post, request,
    revisions, rpc, text_of, with, without,
};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp_example::Library;
use serde_json::{Value, json};

fn ours() -> Server {
    Server::new(oci_mcp_rmcp::app(Library::new).state_keys(Clock::default().keys(KEY_1)))
}

/// What `rmcp` answers without sessions.
async fn native(mut request: Request<Bytes>) -> Reply {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(|| Ok(Library::new()), sessions, config);
    let accept = "application/json, text/event-stream".parse().unwrap();
    request.headers_mut().insert("accept", accept);
    request
        .headers_mut()
        .insert("host", "localhost".parse().unwrap());
    let (parts, body) = service.handle(request.map(Full::new)).await.into_parts();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

fn call(name: &str, arguments: &Value) -> (&'static str, Value) {
    let params = json!({ "name": name, "arguments": arguments });
    ("tools/call", params)
}

/// What a client may ask, in order or not so that `rmcp` says so itself.
fn requests() -> Vec<(&'static str, Value)> {
    let complete = |reference: Value| {
        let argument = json!({ "name": "title", "value": "E" });
        json!({ "ref": reference, "argument": argument })
    };
    let book = json!({ "type": "ref/resource", "uri": "library://books/{title}" });
    let review = json!({ "type": "ref/prompt", "name": "review" });
    vec![
        ("tools/list", json!({})),
        call("length", &json!({ "first": 3, "last": 7 })),
        call("length", &json!({ "first": 7, "last": 3 })),
        call("lend", &json!({ "title": "Emma" })),
        call("lend", &json!({ "title": "Ulysses" })),
        call("count", &json!({})),
        call("nope", &json!({})),
        ("prompts/list", json!({})),
        (
            "prompts/get",
            json!({ "name": "review", "arguments": { "title": "Emma" } }),
        ),
        ("prompts/get", json!({ "name": "nope" })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "library://catalog" })),
        ("resources/read", json!({ "uri": "library://books/Emma" })),
        (
            "resources/read",
            json!({ "uri": "library://books/Ulysses" }),
        ),
        ("completion/complete", complete(book)),
        ("completion/complete", complete(review)),
        ("nope", json!({})),
    ]
}

/// What of `answer` does not depend on who serves it: no words of an error, no hints for caches.
fn essence(mut answer: Value, revision: &str) -> Value {
    if let Some(Value::Object(error)) = answer.get_mut("error") {
        error.remove("message");
        error.remove("data");
    }
    if let Some(Value::Object(result)) = answer.get_mut("result") {
        for key in ["_meta", "cacheScope", "ttlMs"] {
            result.remove(key);
        }
        // What the revision does not have, and `rmcp` sends all the same.
        if revision < "2025-06-18" {
            result.remove("structuredContent");
        }
        for tool in result
            .get_mut("tools")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let tool = tool.as_object_mut().unwrap();
            if revision < "2025-06-18" {
                tool.remove("outputSchema");
            }
            // Its `title` moves with the revisions.
            tool.remove("annotations");
            tool.remove("title");
        }
    }
    answer
}

#[tokio::test]
async fn what_is_in_order_gets_the_same_answer_as_from_rmcp_itself() {
    let ours = ours();
    for revision in revisions() {
        for (method, params) in requests() {
            let native = native(request(revision, method, &params)).await;
            let ours = ours.send(request(revision, method, &params)).await;

            assert_eq!(
                essence(ours.json(), revision),
                essence(native.json(), revision),
                "{revision} {method} {params}"
            );
            assert_eq!(ours.status, native.status, "{revision} {method} {params}");
        }
    }
}

#[tokio::test]
async fn a_handshake_says_who_the_server_is() {
    let params = oci_mcp_tests::hello("2025-11-25");

    let reply = ours()
        .send(legacy("2025-11-25", "initialize", &params))
        .await;

    let result = &reply.json()["result"];
    assert_eq!(result["serverInfo"]["name"], "library");
    assert_eq!(result["instructions"], "Books are lent by title.");
    let capabilities = json!({
        "completions": {}, "logging": {}, "prompts": {}, "resources": {}, "tools": {},
    });
    assert_eq!(result["capabilities"], capabilities);
}

/// What is wrong, a request in which it is so, and the status and code by `rmcp` and by us.
type Wrong = (&'static str, Request<Bytes>, (u16, i64), (u16, i64));

async fn is_put_right<const N: usize>(wrongs: [Wrong; N]) {
    let ours = ours();
    for (what, request, by_rmcp, by_us) in wrongs {
        let native = native(request.clone()).await;
        let reply = ours.exchange(request).await;

        let is_json = native.body.starts_with(b"{");
        let native = if is_json {
            native.error()
        } else {
            (native.status.as_u16(), 0)
        };
        assert_eq!(native, by_rmcp, "{what}, by rmcp");
        assert_eq!(reply.error(), by_us, "{what}");
    }
}

#[tokio::test]
async fn messages_that_rmcp_does_not_answer_as_such_are() {
    let id = r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#;
    let array = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#;
    is_put_right([
        ("no JSON", post("{"), (415, 0), (400, -32700)),
        ("no JSON-RPC", post("{}"), (415, 0), (400, -32600)),
        ("an id that is null", post(id), (415, 0), (400, -32600)),
        (
            "an array of parameters",
            post(array),
            (415, 0),
            (400, -32600),
        ),
    ])
    .await;
}

#[tokio::test]
async fn parameters_that_rmcp_takes_for_a_method_that_is_not_there_are_named() {
    let old = |method: &str| legacy("2025-11-25", method, &json!({}));
    let array = json!({ "name": "lend", "arguments": [] });
    let reference = json!({ "ref": { "type": "x" }, "argument": { "name": "a", "value": "" } });
    let cursor = json!({ "cursor": 5 });
    let level = json!({ "level": "info" });
    let (unknown, invalid) = (-32601, (200, -32602));
    is_put_right([
        ("no tool", old("tools/call"), (200, unknown), invalid),
        ("no URI", old("resources/read"), (200, unknown), invalid),
        (
            "an array of arguments",
            modern("tools/call", &array),
            (404, unknown),
            invalid,
        ),
        (
            "a bad reference",
            modern("completion/complete", &reference),
            (404, unknown),
            invalid,
        ),
        (
            "a numeric cursor",
            modern("resources/list", &cursor),
            (200, 0),
            invalid,
        ),
        (
            "a session's log level",
            modern("logging/setLevel", &level),
            (404, unknown),
            (404, unknown),
        ),
    ])
    .await;
}

#[tokio::test]
async fn headers_that_rmcp_passes_over_are_looked_at() {
    let version = "mcp-protocol-version";
    let list = || modern("tools/list", &json!({}));
    let foreign = with(list(), "origin", "https://evil.example");
    let differing = with(list(), version, "2025-11-25");
    let old = legacy("2025-11-25", "tools/list", &json!({}));
    let unknown = with(old, version, "1999-01-01");
    is_put_right([
        ("a foreign page", foreign, (200, 0), (403, -32600)),
        (
            "a header unlike the claim",
            differing,
            (400, -32020),
            (400, -32020),
        ),
        (
            "a claim without a header",
            without(list(), version),
            (400, -32020),
            (400, -32020),
        ),
        (
            "a version that there is not",
            unknown,
            (400, 0),
            (400, -32022),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_named() {
    let params = json!({ "uri": "library://books/Ulysses" });
    for revision in revisions() {
        let reply = ours()
            .send(request(revision, "resources/read", &params))
            .await;

        let uri = &reply.json()["error"]["data"]["uri"];
        assert_eq!(uri, "library://books/Ulysses", "{revision}");
    }
}

#[tokio::test]
async fn a_batch_of_the_one_revision_that_has_them_is_answered() {
    let lend = json!({ "name": "lend", "arguments": { "title": "Emma" } });
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "prompts/list" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        { "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": lend },
    ]);

    let reply = ours().post(batch.to_string()).await;

    let answers = reply.json();
    assert_eq!(answers[0]["result"]["prompts"][0]["name"], "review");
    assert_eq!(answers[1]["result"]["content"][0]["text"], "Enjoy Emma!");
    assert!(answers.get(2).is_none());
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_told_to_the_model() {
    let params = json!({ "name": "length", "arguments": { "first": "one" } });

    let reply = ours().send(modern("tools/call", &params)).await;

    let result = &reply.json()["result"];
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("first") && text.contains("last"), "{text}");
}

#[tokio::test]
async fn every_result_of_the_newest_revision_says_whose_it_is() {
    let ours = ours();
    for (method, params) in requests() {
        let reply = ours.send(modern(method, &params)).await.json();
        let Some(result) = reply.get("result") else {
            continue;
        };

        let server = &result["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(server["name"], "library", "{method}");
        assert_eq!(result["resultType"], "complete", "{method}");
        let is_cacheable = method.ends_with("list") || method == "resources/read";
        assert_eq!(result.get("ttlMs").is_some(), is_cacheable, "{method}");
    }
}

#[tokio::test]
async fn progress_arrives_where_it_was_asked_for() {
    let mut params = json!({ "name": "count", "arguments": {}, "_meta": meta("2026-07-28") });
    params["_meta"]["progressToken"] = json!("p");
    let headers = modern("tools/call", &json!({ "name": "count" }));
    let request = headers.map(|_| rpc("tools/call", &params).into());

    let reply = ours().send(request).await;

    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(events.len(), 4, "{text}");
    assert_eq!(events[0]["params"]["message"], "Emma");
    assert_eq!(events[2]["params"]["progress"], 3.0);
    assert_eq!(events[3]["result"]["content"][0]["text"], "3 books");
}

#[tokio::test]
async fn a_reader_is_asked_for_a_name_by_one_instance_and_gets_the_card_from_another() {
    let first = ours().send(call_asking("make_card", &json!({}))).await;
    let (requests, state) = asked(&first);
    assert_eq!(requests["name"]["method"], "elicitation/create");
    assert!(!state.to_string().contains("asked"), "{state}");
    let answers = json!({ "name": accept(&json!({ "name": "Ada" })) });
    let more = json!({ "requestState": state, "inputResponses": answers });

    let card = ours().send(call_asking("make_card", &more)).await;

    assert_eq!(text_of(&card), "A card for Ada.");
}

#[tokio::test]
async fn a_state_that_was_not_sealed_here_is_refused() {
    let params = json!({ "name": "make_card", "arguments": {}, "requestState": "asked" });

    let reply = ours().send(modern("tools/call", &params)).await;

    assert_eq!(reply.error(), (200, -32602));
}

#[tokio::test]
async fn a_client_that_cannot_be_asked_is_told_what_it_lacks() {
    let params = json!({ "name": "make_card", "arguments": {} });

    let unable = ours().send(modern("tools/call", &params)).await;
    let older = ours()
        .send(legacy("2025-11-25", "tools/call", &params))
        .await;

    assert_eq!(unable.error(), (400, -32021));
    let required = &unable.json()["error"]["data"]["requiredCapabilities"];
    assert_eq!(required, &json!({ "elicitation": {} }));
    assert!(older.json().get("error").is_some(), "{:?}", older.json());
}
