//! A policy holds for a server that is mounted as for an app's own features.

use serde_json::Map;

use super::*;
use crate::{Mount, MountError, MountRequest};

/// A tool that looks, one that drops, and something to read.
struct Elsewhere;

impl Mount for Elsewhere {
    fn introduction(&self) -> Map<String, Value> {
        members(json!({
            "serverInfo": { "name": "elsewhere", "version": "1" },
            "capabilities": { "resources": {} },
        }))
    }

    async fn answer(
        &self,
        _: &Context,
        request: MountRequest,
    ) -> Result<Map<String, Value>, MountError> {
        let tool = |name: &str, is_read_only| {
            json!({
                "name": name,
                "inputSchema": { "type": "object", "properties": { "tenant": { "type": "string" } } },
                "annotations": { "readOnlyHint": is_read_only },
            })
        };
        let text = request.params.get("arguments").map(Value::to_string);
        Ok(members(match request.method {
            "tools/list" => json!({ "tools": [tool("look", true), tool("drop", false)] }),
            "tools/call" => json!({ "content": [{ "type": "text", "text": text }] }),
            _ => json!({ "resources": [{ "uri": "page://one", "name": "page" }] }),
        }))
    }
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else {
        panic!("{value}")
    };
    members
}

async fn ask_mounted(
    scopes: &'static str,
    policy: Value,
    method: &str,
    params: Value,
) -> (u16, Value) {
    let access = Guarded { scopes, policy }.access();
    let app = App::mount(Elsewhere).access(access);
    let app = app.into_service(Config::default()).unwrap();
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut request = bearer(request(Method::POST, "/mcp"), TOKEN);
    *request.body_mut() = message.to_string().into();
    let (response, answer) = ask(app, request).await;
    (response.status().as_u16(), answer)
}

#[tokio::test]
async fn a_caller_sees_and_calls_what_the_policy_allows() {
    let policy = || json!({ "read": ["read:tools"], "write": ["write:tools"] });
    let call = |name: &str| json!({ "name": name });

    let (_, list) = ask_mounted("read:tools", policy(), "tools/list", json!({})).await;
    let (looked, _) = ask_mounted("read:tools", policy(), "tools/call", call("look")).await;
    let (dropped, answer) = ask_mounted("read:tools", policy(), "tools/call", call("drop")).await;

    let tools = list["result"]["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 1, "{list}");
    assert_eq!(tools[0]["name"], "look");
    assert_eq!((looked, dropped), (200, 403));
    assert_eq!(answer["error"]["code"], -32600);
}

#[tokio::test]
async fn who_may_not_read_sees_nothing() {
    let policy = || json!({ "read": ["read:tools"] });

    let (_, all) = ask_mounted("read:tools", policy(), "resources/list", json!({})).await;
    let (_, none) = ask_mounted("", policy(), "resources/list", json!({})).await;
    let page = json!({ "uri": "page://one" });
    let (refused, _) = ask_mounted("", policy(), "resources/read", page).await;

    assert_eq!(all["result"]["resources"].as_array().unwrap().len(), 1);
    assert_eq!(none["result"]["resources"], json!([]));
    assert_eq!(refused, 403);
}

#[tokio::test]
async fn an_argument_that_the_token_decides_reaches_the_server() {
    let binding = json!({ "tools": { "glob": "*" }, "argument": "tenant", "claim": "tenant" });
    let policy = json!({ "read": [], "bindings": [binding] });

    let (_, answer) = ask_mounted("", policy, "tools/call", json!({ "name": "look" })).await;

    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, r#"{"tenant":"acme"}"#);
}
