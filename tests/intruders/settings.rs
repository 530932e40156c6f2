//! What else an operator sets about tokens, and whom it keeps out.

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Forger, ISSUER, RESOURCE, bearer, list, modern};
use serde_json::{Value, json};

use crate::doors::{Door, file};

/// `math` for the tool that adds, and the first summand from the token.
const POLICY: &str = r#"{
    "rules": [{"tools": {"name": "add"}, "scopes": ["math", "numbers"]}],
    "bindings": [{"tools": {"glob": "a*"}, "argument": "a", "claim": "tenant"}]
}"#;

/// A call of `add` with these arguments and a token with these claims.
fn call(issuer: &Forger, claims: &Value, arguments: &Value) -> Request<Bytes> {
    let call = json!({ "name": "add", "arguments": arguments });
    let token = issuer.token(&json!({}), claims);
    bearer(modern("tools/call", &call), &token)
}

#[tokio::test]
async fn an_audience_and_a_policy_keep_out_whom_they_should_on_any_host() {
    let issuer = Forger::issuer();
    let keys = file(&json!({ "keys": [issuer.jwk()] }).to_string());
    let policy = file(POLICY);
    let settings = [
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", ISSUER),
        ("OCI_MCP_ACCESS_RESOURCE", RESOURCE),
        ("OCI_MCP_ACCESS_AUDIENCE", "urn:tools, urn:more-tools"),
        ("OCI_MCP_ACCESS_JWKS_FILE", keys.path().to_str().unwrap()),
        ("OCI_MCP_ACCESS_POLICY", policy.path().to_str().unwrap()),
    ];
    let all = json!({ "aud": "urn:more-tools", "scope": "math numbers", "tenant": 40 });
    let with = |name: &str, value: Value| {
        let mut claims = all.clone();
        claims[name] = value;
        claims
    };

    for door in Door::each(&settings).await {
        let ask = |claims: Value, arguments: Value| door.send(call(&issuer, &claims, &arguments));
        let b = json!({ "b": 2 });
        let admitted = ask(all.clone(), b.clone()).await;
        let for_resource = ask(with("aud", json!(RESOURCE)), b.clone()).await;
        let for_part = ask(with("aud", json!("urn:tools, urn:more-tools")), b.clone()).await;
        let lacking = ask(with("scope", json!("math")), b.clone()).await;
        let unbound = ask(with("tenant", Value::Null), b).await;
        let chosen = ask(all.clone(), json!({ "a": 1, "b": 2 })).await;
        let listed = bearer(list(), &issuer.token(&json!({}), &all));
        let listed = door.send(listed).await.json();

        assert_eq!(admitted.json()["result"]["structuredContent"]["sum"], 42);
        assert_eq!([for_resource.status, for_part.status], [401, 401]);
        assert_eq!(lacking.status, 403);
        let challenge = lacking.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.ends_with("scope=\"math numbers\""), "{challenge}");
        assert_eq!(unbound.status, 403);
        assert_eq!(chosen.error(), (200, -32602), "{door:?}");
        let tools = listed["result"]["tools"].as_array().unwrap();
        assert_eq!(tools.len(), 1, "{door:?}");
        assert_eq!(tools[0]["inputSchema"]["properties"].get("a"), None);
    }
}
