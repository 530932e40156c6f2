//! MCP's official conformance suite, against the server of this example on every host.

#![cfg(test)]

use oci_mcp_tests::{Container, Deployed, Emulated, Scenarios, Suite, patient, quiet};

const SERVER: &str = env!("CARGO_BIN_EXE_conformance");

/// What it asks the client for passes through the client, sealed.
const SETTINGS: [(&str, &str); 1] = [(
    "OCI_MCP_STATE_KEY",
    "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
)];

/// What conformance requires, of the revisions for which the suite says so.
const REQUIRED: [Scenarios; 2] = [
    Scenarios::Required("2026-07-28"),
    Scenarios::Required("2025-11-25"),
];

/// All the suite has, of the revisions that it knows.
const ALL: [Scenarios; 4] = [
    Scenarios::All("2026-07-28"),
    Scenarios::All("2025-11-25"),
    Scenarios::All("2025-06-18"),
    Scenarios::All("2025-03-26"),
];

async fn run(server: &'static str, url: String, scenarios: impl IntoIterator<Item = Scenarios>) {
    let Some(mut suite) = Suite::find(server, url) else {
        return;
    };
    for scenarios in scenarios {
        suite.run(scenarios).await;
    }
    suite.finish();
}

#[tokio::test]
async fn a_container_passes_all_there_is() {
    let container = Container::start(SERVER, &SETTINGS).await;
    let url = format!("http://{}/mcp", container.address());

    run("container", url, REQUIRED.into_iter().chain(ALL)).await;
}

#[tokio::test]
async fn a_function_passes_what_is_required() {
    let mut function = quiet(SERVER);
    let settings = SETTINGS.map(|(name, value)| (name.into(), value.into()));
    function.env.extend(settings);
    let url = Emulated::new(function, patient()).listen().await;

    run("function", url, REQUIRED).await;
}

#[tokio::test]
async fn a_model_deployment_passes_what_is_required() {
    let url = Deployed::start(SERVER, &SETTINGS).await.listen().await;

    run("model deployment", url, REQUIRED).await;
}
