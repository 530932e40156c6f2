//! Sealed request state: what was not sealed here is refused, and what was is opened.

use serde_json::{Value, json};

use super::Fuzzed;
use super::cursors::changed;
use crate::{Server, asked, call_asking, is_question};

/// What `greet` gives its client to come back with.
pub(super) async fn genuine(server: &Server) -> String {
    let (_, state) = asked(&server.send(call_asking("greet", &json!({}))).await);
    state.as_str().unwrap().to_owned()
}

impl Fuzzed {
    /// Takes `data` for a state, for a change of one, and for what a person answers.
    pub fn state(&self, data: &[u8]) {
        if let Ok(state) = std::str::from_utf8(data) {
            self.open(state);
        }
        if let [place, text @ ..] = data {
            self.open(&changed(&self.request_state, *place, text));
        }
        if let Ok(responses) = serde_json::from_slice(data) {
            self.respond(&responses);
        }
    }

    fn open(&self, state: &str) {
        let reply = self.send(call_asking("greet", &json!({ "requestState": state })));

        if state == self.request_state {
            assert!(is_question(&reply));
        } else {
            assert_eq!(reply.error(), (200, -32602), "{state:?}");
        }
    }

    /// Whatever has been answered, the next round knows it.
    fn respond(&self, responses: &Value) {
        let reply = self.send(call_asking(
            "steps",
            &json!({ "inputResponses": responses }),
        ));
        // A body may be too deep, responses no object, or an answer not of the form that was asked for.
        if !is_question(&reply) {
            let error = reply.error();
            assert!(
                [(200, 0), (200, -32602), (400, -32600)].contains(&error),
                "{error:?}"
            );
            return;
        }

        let (questions, state) = asked(&reply);
        let reply = self.send(call_asking("steps", &json!({ "requestState": state })));

        assert_eq!(asked(&reply).0, questions, "{responses}");
    }
}
