//! What is fuzzed: each target takes any bytes, and panics where the server does not do as it promises.
//!
//! `make fuzz` looks for such bytes, with a program for each target in `fuzz/`; `make test` replays
//! what is in `fuzz/corpus`.

mod cursors;
mod framing;
mod headers;
mod message;
mod state;

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, DynamicTool, ToolError};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use crate::asker::Steps;
use crate::features::{Item, Poem, Review};
use crate::{Clock, Greet, KEY_1, Reply, Server};
use cursors::Cursors;

/// The servers that are fuzzed. Nothing in them panics by design, because a panic is what ends a
/// fuzzer, caught or not.
#[derive(Debug)]
pub struct Fuzzed {
    runtime: Runtime,
    server: Server,
    cursors: Cursors,
    /// What the server gave for the next round of `greet`.
    request_state: String,
}

/// What a target does with any bytes.
pub type Target = fn(&Fuzzed, &[u8]);

impl Fuzzed {
    /// Every target, under the name of its program and of its corpus.
    pub const TARGETS: [(&'static str, Target); 5] = [
        ("cursors", Self::cursors),
        ("framing", Self::framing),
        ("headers", Self::headers),
        ("message", Self::message),
        ("state", Self::state),
    ];

    /// Servers of which nothing has been asked yet.
    #[must_use]
    pub fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let server = Server::new(app());
        let cursors = runtime.block_on(Cursors::collect());
        let request_state = runtime.block_on(state::genuine(&server));
        Self {
            runtime,
            server,
            cursors,
            request_state,
        }
    }

    fn send(&self, request: Request<Bytes>) -> Reply {
        self.runtime.block_on(self.server.exchange(request))
    }
}

impl Default for Fuzzed {
    fn default() -> Self {
        Self::new()
    }
}

/// Something of every kind, and a tool that repeats what it is given.
fn app() -> App {
    let schema = json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "limit": { "type": "integer", "x-mcp-header": "Limit" },
            "flag": { "type": "boolean", "x-mcp-header": "Flag" },
        },
    });
    let look = DynamicTool::new(
        "look",
        "Looks somewhere.",
        schema,
        |_, arguments| async move { Ok::<_, ToolError>(arguments.get().to_owned()) },
    );
    App::new("fuzzed", "1.0.0")
        .state_keys(Clock::default().keys(KEY_1))
        .tool(Greet)
        .tool(Steps)
        .dynamic_tool(look.unwrap())
        .resource(Poem)
        .resource_template(Item)
        .prompt(Review)
}
