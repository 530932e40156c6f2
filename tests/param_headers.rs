//! Arguments that clients of 2026-07-28 repeat in headers, as a tool's schema asks.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it finds less than it looks for"
)]

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, Context, DynamicTool, Tool, ToolError};
use oci_mcp_tests::{LEGACY, Server, headerless, list, modern, request, with, without};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Query {
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
    #[serde(default)]
    #[schemars(extend("x-mcp-header" = "Limit"))]
    limit: i64,
    page: Option<Page>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct Page {
    #[serde(default)]
    whole: bool,
}

/// Says where it would look.
struct Look;

impl Tool for Look {
    type Args = Query;
    type Output = String;
    const NAME: &'static str = "look";
    const DESCRIPTION: &'static str = "Looks somewhere.";

    async fn call(&self, _: &Context, args: Query) -> Result<String, ToolError> {
        let whole = args.page.is_some_and(|page| page.whole);
        Ok(format!("{} {} {whole}", args.region, args.limit))
    }
}

fn dynamic(name: &str, properties: &Value) -> DynamicTool {
    let schema = json!({ "type": "object", "properties": properties });
    DynamicTool::new(name, "Takes what is described.", schema, |_, _| async {
        Ok::<_, ToolError>("done")
    })
    .unwrap()
}

fn server() -> Server {
    let flag = json!({ "type": "boolean", "x-mcp-header": "Flag" });
    let nested = json!({ "nested": { "type": "object", "properties": { "flag": flag } } });
    let amount = json!({ "amount": { "type": "number", "x-mcp-header": "Amount" } });
    let app = App::new("looker", "1.0.0")
        .tool(Look)
        .dynamic_tool(dynamic("nested", &nested))
        .dynamic_tool(dynamic("unusable", &amount));
    Server::new(app)
}

/// A call with `headers`, each without what they begin with.
fn call(tool: &str, arguments: &Value, headers: &[(&'static str, &str)]) -> Request<Bytes> {
    let params = json!({ "name": tool, "arguments": arguments });
    let call = modern("tools/call", &params);
    headers
        .iter()
        .fold(call, |call, (name, value)| with(call, name, value))
}

const REGION: &str = "mcp-param-region";
const LIMIT: &str = "mcp-param-limit";
const FLAG: &str = "mcp-param-flag";

#[tokio::test]
async fn a_header_that_says_what_the_body_says_is_fine() {
    for (arguments, headers) in [
        (json!({ "region": "eu" }), &[(REGION, "eu")][..]),
        (json!({ "region": "eu" }), &[(REGION, " \teu ")]),
        (
            json!({ "region": "Hello" }),
            &[(REGION, "=?base64?SGVsbG8=?=")],
        ),
        (
            json!({ "region": "Zürich" }),
            &[(REGION, "=?base64?WsO8cmljaA==?=")],
        ),
        (json!({ "region": "SGVsbG8=" }), &[(REGION, "SGVsbG8=")]),
        (
            json!({ "region": "=?base64?SGVs" }),
            &[(REGION, "=?base64?SGVs")],
        ),
        (
            json!({ "region": "eu", "limit": 42 }),
            &[(REGION, "eu"), (LIMIT, "42")],
        ),
        (
            json!({ "region": "eu", "limit": 42 }),
            &[(REGION, "eu"), (LIMIT, "42.0")],
        ),
        (
            json!({ "region": "eu", "limit": -7 }),
            &[(REGION, "eu"), (LIMIT, "-7")],
        ),
        (
            json!({ "region": "eu" }),
            &[(REGION, "eu"), ("mcp-param-unknown", "x"), (FLAG, "true")],
        ),
    ] {
        let reply = server().send(call("look", &arguments, headers)).await;

        let result = &reply.json()["result"];
        assert_eq!(result.get("isError"), None, "{headers:?}: {result}");
        assert!(result.is_object(), "{headers:?}: {}", reply.message());
    }
}

#[tokio::test]
async fn a_header_that_says_something_else_is_refused() {
    for (case, arguments, headers) in [
        ("missing", json!({ "region": "eu" }), &[][..]),
        ("another", json!({ "region": "eu" }), &[(REGION, "us")]),
        ("another case", json!({ "region": "eu" }), &[(REGION, "EU")]),
        (
            "unpadded",
            json!({ "region": "Hello" }),
            &[(REGION, "=?base64?SGVsbG8?=")],
        ),
        (
            "bad base64",
            json!({ "region": "Hello" }),
            &[(REGION, "=?base64?SGVs!!!bG8=?=")],
        ),
        (
            "surplus",
            json!({ "region": "eu" }),
            &[(REGION, "eu"), (LIMIT, "1")],
        ),
        (
            "surplus beside null",
            json!({ "region": "eu", "limit": null }),
            &[(REGION, "eu"), (LIMIT, "1")],
        ),
        (
            "no number",
            json!({ "region": "eu", "limit": 1 }),
            &[(REGION, "eu"), (LIMIT, "one")],
        ),
        (
            "another number",
            json!({ "region": "eu", "limit": 1 }),
            &[(REGION, "eu"), (LIMIT, "2")],
        ),
        (
            "number missing",
            json!({ "region": "eu", "limit": 1 }),
            &[(REGION, "eu")],
        ),
        (
            "too large to compare",
            json!({ "region": "eu", "limit": 9_007_199_254_740_993_i64 }),
            &[(REGION, "eu"), (LIMIT, "9007199254740993")],
        ),
    ] {
        let reply = server().send(call("look", &arguments, headers)).await;

        assert_eq!(reply.error(), (400, -32020), "{case}: {}", reply.message());
        assert!(reply.message().contains("mcp-param-"), "{case}");
    }
    let mut twice = call("look", &json!({ "region": "eu" }), &[(REGION, "eu")]);
    twice.headers_mut().append(REGION, "eu".parse().unwrap());
    assert_eq!(server().send(twice).await.error(), (400, -32020));
}

#[tokio::test]
async fn a_nested_boolean_has_a_header_too() {
    let arguments = json!({ "nested": { "flag": true } });
    for (headers, error) in [
        (&[(FLAG, "true")][..], (200, 0)),
        (&[(FLAG, "True")], (400, -32020)),
        (&[], (400, -32020)),
    ] {
        let reply = server().send(call("nested", &arguments, headers)).await;

        assert_eq!(reply.error(), error, "{headers:?}");
    }
}

#[tokio::test]
async fn headers_come_before_parameters_and_after_the_method() {
    let surplus = call(
        "look",
        &json!({ "region": 7, "limit": 1 }),
        &[(REGION, "7")],
    );
    let unfit = call(
        "look",
        &json!({ "region": "eu", "limit": "x" }),
        &[(REGION, "us")],
    );
    let no_object = call("look", &json!([]), &[(REGION, "eu")]);
    let unknown = call("nope", &json!({}), &[(REGION, "eu")]);
    let routing = without(call("look", &json!({ "region": "eu" }), &[]), "mcp-name");

    assert_eq!(server().send(surplus).await.error(), (400, -32020));
    assert_eq!(server().send(unfit).await.error(), (400, -32020));
    assert_eq!(server().send(no_object).await.error(), (200, -32602));
    assert_eq!(server().send(unknown).await.error(), (200, -32602));
    let routing = server().send(routing).await;
    assert!(
        routing.message().contains("mcp-name"),
        "{}",
        routing.message()
    );
}

#[tokio::test]
async fn callers_without_headers_may_leave_them_out_but_not_lie() {
    let arguments = json!({ "region": "eu", "limit": 1 });

    let absent = headerless(call("look", &arguments, &[]));
    let wrong = headerless(call("look", &arguments, &[(REGION, "us")]));

    assert_eq!(server().send(absent).await.error(), (200, 0));
    assert_eq!(server().send(wrong).await.error(), (400, -32020));
}

#[tokio::test]
async fn older_revisions_know_no_such_headers() {
    for revision in LEGACY {
        let params = json!({ "name": "look", "arguments": { "region": "eu" } });
        let call = with(request(revision, "tools/call", &params), REGION, "us");

        let reply = server().send(call).await;

        assert_eq!(reply.json()["result"]["content"][0]["text"], "eu 0 false");
    }
}

#[tokio::test]
async fn a_tool_that_clients_would_refuse_is_not_listed_and_says_why_when_called() {
    let reply = server().send(list()).await;
    let unusable = server()
        .send(call("unusable", &json!({ "amount": 1 }), &[]))
        .await;

    let tools = reply.json()["result"]["tools"].take();
    let names: Vec<_> = tools
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["name"])
        .collect();
    assert_eq!(names, ["look", "nested"]);
    let region = &tools[0]["inputSchema"]["properties"]["region"];
    assert_eq!(region["x-mcp-header"], "Region");
    assert_eq!(unusable.error(), (200, -32603));
    assert!(
        unusable.message().contains("x-mcp-header"),
        "{}",
        unusable.message()
    );
}
