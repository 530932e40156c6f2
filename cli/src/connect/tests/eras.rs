//! Between eras, where the official SDKs have no server that would do it.

use super::*;

/// A server of one era, which says what it received.
fn server(era: &'static str) -> Client {
    Client::of(MCP, move |request| {
        let received: Value = serde_json::from_slice(request.body()).unwrap();
        let is_modern = !header(request.headers(), "mcp-method").is_empty();
        let result = match received["method"].as_str().unwrap() {
            _ if is_modern != (era == "modern") || era == "none" => {
                let error = json!({ "code": -32600, "message": "what?" });
                let mut refusal =
                    json(&json!({ "jsonrpc": "2.0", "id": received["id"], "error": error }));
                *refusal.status_mut() = StatusCode::BAD_REQUEST;
                return refusal;
            }
            "initialize" => {
                json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities(), "serverInfo": { "name": "old", "version": "1" } })
            }
            "server/discover" => {
                json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": capabilities(), "instructions": "ask" })
            }
            "resources/read" => {
                let error = json!({ "code": -32002, "message": "no" });
                return json(&json!({ "jsonrpc": "2.0", "id": received["id"], "error": error }));
            }
            _ if received["id"].is_null() => return json(&Value::Null),
            _ => json!({ "received": received }),
        };
        json(&json!({ "jsonrpc": "2.0", "id": received["id"], "result": result }))
    })
}

#[tokio::test]
async fn what_a_handshake_says_is_said_in_each_request_to_a_server_that_knows_none() {
    let mut client = server("modern");
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-03-26", "capabilities": { "sampling": {} }, "clientInfo": { "name": "me", "version": "1" } } });

    let hello = client.ask(&hello.to_string()).await;
    client
        .send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        .await;
    let pong = client
        .ask(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        .await;
    client
        .ask(r#"{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"info"}}"#)
        .await;
    let list = client
        .ask(r#"{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"c"}}"#)
        .await;

    let introduced = &hello["result"];
    assert_eq!(introduced["protocolVersion"], "2025-03-26");
    assert_eq!(introduced["capabilities"], json!({ "tools": {} }));
    assert_eq!(introduced["instructions"], "ask");
    assert_eq!(pong, json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
    let params = &list["result"]["received"]["params"];
    let expected = json!({ "cursor": "c", "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "me", "version": "1" },
        "io.modelcontextprotocol/logLevel": "info",
    } });
    assert_eq!(params, &expected);
    // Two to learn the era, and the list.
    assert_eq!(client.seen().len(), 3);
}

#[tokio::test]
async fn a_handshake_is_made_for_a_client_that_makes_none() {
    let mut client = server("legacy");

    let discovery = client.ask(&modern(1, "server/discover", json!({}))).await;
    let list = client.ask(&modern(2, "tools/list", json!({}))).await;
    let missing = client
        .ask(&modern(3, "resources/read", json!({ "uri": "a:b" })))
        .await;

    let discovered = &discovery["result"];
    assert_eq!(discovered["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(discovered["capabilities"], json!({ "tools": {} }));
    let info = &discovered["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(info["name"], "old");
    assert_eq!(list["result"]["resultType"], "complete");
    assert_eq!(list["result"]["cacheScope"], "private");
    assert_eq!(list["result"]["received"]["params"], json!({ "_meta": {} }));
    assert_eq!(missing["error"]["code"], -32602);
    let seen = client.seen();
    assert_eq!(header(&seen[4], "mcp-protocol-version"), "2025-11-25");
    // Discovery, handshake and its end, and two requests.
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn a_server_that_refuses_in_both_eras_is_quoted_in_the_clients() {
    let mut client = server("none");

    let hello = client.ask(INITIALIZE).await;
    let discovery = client.ask(&modern(1, "server/discover", json!({}))).await;

    assert_eq!((&hello["id"], message(&hello)), (&json!(0), "what?"));
    assert_eq!(
        (&discovery["id"], message(&discovery)),
        (&json!(1), "what?")
    );
}

#[tokio::test]
async fn a_tool_that_asks_for_impossible_headers_is_left_out() {
    let schema = |header: &str| json!({ "type": "object", "properties": { "a": { "type": "string", "x-mcp-header": header } } });
    let tools = json!([
        { "name": "good", "inputSchema": schema("A") },
        { "name": "bad", "inputSchema": schema("a b") },
    ]);
    let mut client = Client::of(MCP, move |request| {
        let mut answer = answer_to(&request);
        answer["result"]["tools"] = tools.clone();
        json(&answer)
    });

    let list = client.ask(&modern(1, "tools/list", json!({}))).await;
    let call = json!({ "name": "good", "arguments": { "a": "x" } });
    client.ask(&modern(2, "tools/call", call)).await;

    let names: Vec<_> = list["result"]["tools"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 1, "{list}");
    assert_eq!(names[0]["name"], "good");
    let seen = client.seen();
    assert_eq!(header(seen.last().unwrap(), "mcp-param-a"), "x");
}

fn modern(id: u64, method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

fn capabilities() -> Value {
    json!({ "tools": { "listChanged": true }, "extensions": {} })
}
