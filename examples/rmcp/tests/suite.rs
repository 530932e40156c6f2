//! MCP's official conformance suite, as far as it needs nothing but a server.

#![cfg(test)]

use oci_mcp_tests::{Container, Scenarios, Suite};

/// The scenarios that ask for no tool, resource or prompt of the suite's own choice; some call the first of the list.
const APPLICABLE: [Scenarios; 2] = [
    Scenarios::These(
        "2026-07-28",
        &[
            "dns-rebinding-protection",
            "http-header-validation",
            "input-required-result-unsupported-methods",
            "prompts-list",
            "resources-list",
            "sep-2164-resource-not-found",
            "server-sse-multiple-streams",
            "tools-list",
        ],
    ),
    Scenarios::These(
        "2025-11-25",
        &[
            "dns-rebinding-protection",
            "logging-set-level",
            "ping",
            "prompts-list",
            "resources-list",
            "server-initialize",
            "tools-list",
        ],
    ),
];

#[tokio::test]
async fn a_server_of_rmcp_passes_what_applies_to_it() {
    let container = Container::start(env!("CARGO_BIN_EXE_rmcp-example"), &[]).await;
    let url = format!("http://{}/mcp", container.address());
    let Some(mut suite) = Suite::find("server of rmcp", url) else {
        return;
    };

    for scenarios in APPLICABLE {
        suite.run(scenarios).await;
    }

    suite.finish();
}
