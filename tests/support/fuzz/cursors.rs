//! Cursors: those that a list gave lead on, all others are refused.

use std::collections::HashMap;

use oci_mcp::{App, DynamicTool, ToolError};
use serde_json::json;

use super::Fuzzed;
use crate::{MODERN, Server, request};

/// A list of some pages, and the cursors that it gives in each revision.
#[derive(Debug)]
pub(super) struct Cursors {
    server: Server,
    given: HashMap<&'static str, Vec<String>>,
}

/// One with the newest shape of an entry, one with an older, which has other cursors.
const REVISIONS: [&str; 2] = ["2025-03-26", MODERN];

impl Cursors {
    pub(super) async fn collect() -> Self {
        let schema = json!({ "type": "object" });
        let tools = (0..250).map(|n| {
            let done = |_, _| async { Ok::<_, ToolError>("done") };
            DynamicTool::new(format!("t{n}"), "Does it.", schema.clone(), done).unwrap()
        });
        let app = tools.fold(App::new("long", "1.0.0"), App::dynamic_tool);
        let mut cursors = Self {
            server: Server::new(app),
            given: HashMap::new(),
        };
        for revision in REVISIONS {
            let mut given = Vec::new();
            let mut params = json!({});
            loop {
                let list = request(revision, "tools/list", &params);
                let mut page = cursors.server.send(list).await.json();
                let Some(next) = page["result"]["nextCursor"]
                    .take()
                    .as_str()
                    .map(str::to_owned)
                else {
                    break;
                };
                params["cursor"] = next.clone().into();
                given.push(next);
            }
            assert_eq!(given.len(), 2);
            cursors.given.insert(revision, given);
        }
        cursors
    }
}

impl Fuzzed {
    /// Takes `data` for a cursor, and for a change of one.
    pub fn cursors(&self, data: &[u8]) {
        if let Ok(cursor) = std::str::from_utf8(data) {
            self.follow(cursor);
        }
        let [which, place, text @ ..] = data else {
            return;
        };
        let given = REVISIONS
            .iter()
            .flat_map(|revision| &self.cursors.given[revision]);
        let given: Vec<_> = given.collect();
        let cursor = given[usize::from(*which) % given.len()];
        self.follow(&changed(cursor, *place, text));
    }

    fn follow(&self, cursor: &str) {
        for revision in REVISIONS {
            let list = request(revision, "tools/list", &json!({ "cursor": cursor }));

            let reply = self.runtime.block_on(self.cursors.server.send(list));

            let is_given = self.cursors.given[revision]
                .iter()
                .any(|given| given == cursor);
            let code = if is_given { 0 } else { -32602 };
            assert_eq!(reply.error(), (200, code), "{revision}: {cursor:?}");
        }
    }
}

/// `genuine` with `text` written over it from `place` on.
pub(super) fn changed(genuine: &str, place: u8, text: &[u8]) -> String {
    let place = usize::from(place) % (genuine.len() + 1);
    let after = genuine.get(place + text.len()..).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    format!("{}{text}{after}", &genuine[..place])
}
