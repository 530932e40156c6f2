//! The state of a call that asks its client, in the hands of somebody else.

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Forger, accept, asked, bearer, call_asking, text_of};
use serde_json::{Value, json};

use crate::Told::Error;
use crate::doors::with_tokens;

/// A call of `greet` by somebody who may do everything.
fn call(issuer: &Forger, subject: &str, more: &Value) -> Request<Bytes> {
    let claims = json!({ "sub": subject, "scope": "read:tools write:tools" });
    let token = issuer.token(&json!({}), &claims);
    bearer(call_asking("greet", more), &token)
}

#[tokio::test]
async fn a_state_opens_for_whom_it_was_made_and_for_nobody_else() {
    let issuer = Forger::issuer();
    let (doors, _keys) = with_tokens(&issuer).await;
    for door in doors {
        let (_, state) = asked(&door.send(call(&issuer, "alice", &json!({}))).await);
        let state = state.as_str().unwrap();
        let retry = |subject: &str, state: &str| {
            let name = accept(&json!({ "name": "Alice" }));
            let more = json!({ "requestState": state, "inputResponses": { "user_name": name } });
            door.send(call(&issuer, subject, &more))
        };

        for (what, subject, state) in [
            ("of another caller", "mallory", state),
            ("of a caller who begins alike", "alice2", state),
            ("cut", "alice", &state[..state.len() - 4]),
            ("made up", "alice", "AAAA"),
            ("empty", "alice", ""),
        ] {
            let reply = retry(subject, state).await;
            let surprise = Error(-32602).differs_from(&reply);
            assert_eq!(surprise, None, "{what} on {door:?}");
        }
        let greeted = retry("alice", state).await;

        assert_eq!(text_of(&greeted), "Hello, Alice!", "{door:?}");
    }
}
