//! Who gets in, with the real binary as a container, and what stops it before it listens.

#![cfg(test)]

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_mcp::Access;
use oci_mcp_access::{Challenges, Policy, Scopes, StaticTokens, Verifier};
use oci_mcp_tests::{Container, Reply, Server, Simulated, app, ask, bearer, list, modern, with};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::process::Command;
use tracing::subscriber::DefaultGuard;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// What `printf %s "$TOKEN" | sha256sum` prints is in the file.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const TOKENS: &str = r#"{"tokens": [{"name": "ci", "scopes": ["read:tools"],
    "sha256": "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9"}]}"#;

fn get() -> Request<Bytes> {
    Request::new(Bytes::new())
}

/// The value of a parameter of the challenge.
fn challenged(reply: &Reply, parameter: &str) -> String {
    let challenge = reply.headers["www-authenticate"].to_str().unwrap();
    let (_, rest) = challenge.split_once(&format!("{parameter}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_static_token_opens_a_container_and_its_health_is_open() {
    let tokens = NamedTempFile::new().unwrap();
    std::fs::write(tokens.path(), TOKENS).unwrap();
    let settings = [
        ("OCI_MCP_ACCESS", "static"),
        (
            "OCI_MCP_ACCESS_TOKENS_FILE",
            tokens.path().to_str().unwrap(),
        ),
    ];
    let container = Container::start(BINARY, &settings).await;
    let server = format!("http://{}/mcp", container.address());
    let health = format!("http://{}/health", container.address());

    let stranger = ask(&server, list()).await;
    let forger = ask(&server, bearer(list(), &TOKEN.to_uppercase())).await;
    let caller = ask(&server, bearer(list(), TOKEN)).await;

    assert_eq!(stranger.status, 401);
    assert_eq!(
        stranger.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .find("Bearer"),
        Some(0)
    );
    assert_eq!(challenged(&forger, "error"), "invalid_token");
    assert_eq!(caller.status, 200);
    assert_eq!(ask(&health, get()).await.status, 200);
}

/// A file with what this thread logs from now on.
fn recorded() -> (NamedTempFile, DefaultGuard) {
    let log = NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(Arc::new(log.reopen().unwrap()))
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

/// A server in this process for who has the token.
fn guarded(policy: Policy) -> Server {
    let tokens = Verifier::Static(StaticTokens::parse(TOKENS.as_bytes()).unwrap());
    let access = Access::new(tokens, Challenges::new(None, Scopes::default()));
    Server::new(app().access(access.policy(policy)))
}

#[test]
fn a_rule_that_is_for_no_tool_is_told_when_the_server_starts() {
    let (log, _subscriber) = recorded();
    let rules = json!([
        { "tools": { "name": "fail" }, "scopes": ["admin"] },
        { "tools": { "name": "failure" }, "scopes": ["admin"] },
    ]);

    guarded(serde_json::from_value(json!({ "rules": rules })).unwrap());

    let log = std::fs::read_to_string(log.path()).unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("WARN") && log.contains("a rule for the name `failure`"),
        "{log}"
    );
}

#[tokio::test]
async fn who_is_refused_a_tool_is_on_record_as_strangers_are() {
    let (log, _subscriber) = recorded();
    let server = guarded(Policy::default());
    let fail = || modern("tools/call", &json!({ "name": "fail" }));

    let stranger = server.send(fail()).await;
    let reader = server.send(bearer(fail(), TOKEN)).await;

    assert_eq!(
        (stranger.status.as_u16(), reader.status.as_u16()),
        (401, 403)
    );
    let log = std::fs::read_to_string(log.path()).unwrap();
    let refused: Vec<_> = log
        .lines()
        .filter(|line| line.contains("refused"))
        .collect();
    assert_eq!(refused.len(), 2, "{log}");
    assert!(refused[0].contains("no_token"), "{log}");
    assert!(
        refused[1].contains("insufficient_scope") && refused[1].contains("write:tools"),
        "{log}"
    );
    assert!(!log.contains(TOKEN), "{log}");
}

#[tokio::test]
async fn a_container_that_others_reach_does_not_start_without_a_word_on_who_may_call() {
    let start = |settings: &[(&str, &str)]| {
        let mut command = Command::new(BINARY);
        command.env_clear().env("OCI_MCP_BIND", "0.0.0.0");
        command.envs(settings.iter().copied()).kill_on_drop(true);
        command
    };

    let output = start(&[]).output().await.unwrap();

    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`OCI_MCP_ACCESS` is required"), "{error}");
}

#[tokio::test]
async fn a_setting_that_is_misspelt_stops_the_server() {
    let mut command = Command::new(BINARY);
    command.env_clear().env("OCI_MCP_ACCESSES", "jwt");

    let output = command.kill_on_drop(true).output().await.unwrap();

    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("is `OCI_MCP_ACCESS` meant?"), "{error}");
}

#[tokio::test]
async fn a_gateways_secret_may_be_in_a_vault_and_until_it_is_read_nobody_is_let_in() {
    let simulated = Simulated::start().await;
    let id = simulated.oci.find("secrets", "payment-api-key").unwrap();
    let more = [
        ("OCI_MCP_ACCESS", "gateway"),
        ("OCI_MCP_ACCESS_SECRET_ID", &*id),
    ];
    let container = Container::start(BINARY, &simulated.settings(&more)).await;
    let from = |secret: &str| {
        let request = with(list(), "oci-mcp-gateway-secret", secret);
        with(request, "oci-mcp-subject", "alice")
    };

    let (early, _) = container.send(&from(TOKEN)).await;
    let secret = format!("{TOKEN}\n");
    simulated
        .oci
        .put_secret("payment-api-key", &secret)
        .unwrap();
    let (known, _) = container.send(&from(TOKEN)).await;
    let (forger, _) = container.send(&from(&TOKEN.to_uppercase())).await;

    assert_eq!((early, known, forger), (503, 200, 403));
}
