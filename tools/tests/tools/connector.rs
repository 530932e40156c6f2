//! `search` and `fetch`, as ChatGPT's connectors call them.

use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

const CHATGPT: (&str, &str) = ("OCI_MCP_TOOLSETS", "chatgpt");

#[tokio::test]
async fn they_are_a_toolset_of_two_that_each_take_one_text() {
    let listed = Server::new(&[CHATGPT]).list().await;
    let default = Server::new(&[]).list().await.to_string();

    let shapes: Vec<[&Value; 3]> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| {
            let schema = &tool["inputSchema"];
            [&tool["name"], &schema["properties"], &schema["required"]]
        })
        .collect();
    let text = json!({ "type": "string" });
    assert_eq!(
        json!(shapes),
        json!([
            ["fetch", { "id": text }, ["id"]],
            ["search", { "query": text }, ["query"]],
        ])
    );
    assert!(!default.contains(r#""name":"search""#));
}

#[tokio::test]
async fn what_is_found_can_be_fetched_and_has_nothing_else_beside_it() {
    let server = Server::new(&[CHATGPT]);

    let found = server
        .tool("search", &json!({ "query": "warehouse" }))
        .await;
    let found = found.good();
    let id = &found["results"][0]["id"];
    let fetched = server.tool("fetch", &json!({ "id": id })).await.good();

    let url = format!(
        "https://cloud.oracle.com/search?q={}&region=us-phoenix-1",
        id.as_str().unwrap()
    );
    let head = json!({ "id": id, "title": "warehouse (AutonomousDatabase)", "url": url });
    assert_eq!(found, json!({ "results": [head] }));
    let mut names: Vec<&String> = fetched.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["id", "metadata", "text", "title", "url"]);
    let text: Value = serde_json::from_str(fetched["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["displayName"], "warehouse");
}

#[tokio::test]
async fn a_search_that_finds_nothing_and_a_resource_that_is_not_there_are_told() {
    let server = Server::new(&[CHATGPT]);

    let found = server
        .tool("search", &json!({ "query": "no such thing" }))
        .await;
    let fetched = server
        .tool("fetch", &json!({ "id": "ocid1.vcn.oc1.phx.gone" }))
        .await
        .bad();

    assert_eq!(found.text, r#"{"results":[]}"#);
    assert_eq!(fetched["category"], "not_found");
}

#[tokio::test]
async fn an_id_that_would_be_another_query_is_not_sent() {
    let server = Server::new(&[CHATGPT]);

    for id in ["' || identifier != '", "a'b", "", "é", "a b"] {
        let refused = server.tool("fetch", &json!({ "id": id })).await.bad();
        assert_eq!(refused["category"], "validation", "{id}");
    }

    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn an_answer_with_too_many_results_is_cut_to_the_budget() {
    let server = Server::new(&[ALL, ("OCI_MCP_MAX_RESULT_BYTES", "2000")]);

    let found = server.tool("search", &json!({ "query": "orders" })).await;

    assert!(found.text.len() <= 2_000, "{}", found.text.len());
    let found = found.good();
    assert!(!found["results"].as_array().unwrap().is_empty(), "{found}");
}
