//! Who gets in: a client's whole way from a 401 to an answer, with the real binary as a container.

#![cfg(test)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use oci_mcp_tests::{Container, Reply, Simulated, add, list, peer, with};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// What `printf %s "$TOKEN" | sha256sum` prints is in the file.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const TOKENS: &str = r#"{"tokens": [{"name": "ci", "scopes": ["read:tools"],
    "sha256": "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9"}]}"#;

/// Far more than any answer needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends `request` to the server that `url` names, for the path that it names.
async fn ask(url: &str, mut request: Request<Bytes>) -> Reply {
    let url: Uri = url.parse().unwrap();
    let authority = url.authority().unwrap().as_str();
    *request.uri_mut() = url.path().parse().unwrap();
    let request = with(request, "host", authority).map(Full::new);
    let stream = TokioIo::new(TcpStream::connect(authority).await.unwrap());
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    Reply {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

fn get() -> Request<Bytes> {
    Request::new(Bytes::new())
}

fn bearer(request: Request<Bytes>, token: &str) -> Request<Bytes> {
    with(request, "authorization", &format!("Bearer {token}"))
}

/// The value of a parameter of the challenge.
fn challenged(reply: &Reply, parameter: &str) -> String {
    let challenge = reply.headers["www-authenticate"].to_str().unwrap();
    let (_, rest) = challenge.split_once(&format!("{parameter}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// An issuer that was certified, as a process that ends with it.
async fn issuer(folder: &Path, audience: &str) -> (Child, String) {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../access/tests/peers/issuer.mjs"
    );
    let mut process = Command::new("node")
        .arg(script)
        .arg(folder)
        .args([audience, "urn:opaque"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
    let line: Value = serde_json::from_str(&line.unwrap().unwrap().unwrap()).unwrap();
    (process, line["url"].as_str().unwrap().to_owned())
}

/// A port that was free a moment ago: the server's URL must be known before it starts.
async fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn from_a_401_a_client_finds_the_issuer_and_comes_back_with_a_token() {
    let Some(folder) = peer("access_flow", "issuer", "node") else {
        return;
    };
    let port = free_port().await;
    let server = format!("http://127.0.0.1:{port}/mcp");
    let (_issuer, url) = issuer(&folder, &server).await;
    let settings = [
        ("OCI_MCP_PORT", &*port.to_string()),
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", &url),
        ("OCI_MCP_ACCESS_RESOURCE", &server),
    ];
    let _container = Container::start(BINARY, &settings).await;

    let refused = ask(&server, add()).await;
    let metadata = ask(&challenged(&refused, "resource_metadata"), get())
        .await
        .json();
    let found = metadata["authorization_servers"][0].as_str().unwrap();
    let document = format!("{found}/.well-known/openid-configuration");
    let document = ask(&document, get()).await.json();
    let form = format!("grant_type=client_credentials&resource={server}&scope=read:tools");
    let request = Request::post("/").body(form.into()).unwrap();
    let request = with(request, "content-type", "application/x-www-form-urlencoded");
    // agent:agent-secret
    let request = with(request, "authorization", "Basic YWdlbnQ6YWdlbnQtc2VjcmV0");
    let token = ask(document["token_endpoint"].as_str().unwrap(), request).await;
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let answer = ask(&server, bearer(add(), &token)).await;
    let forged = ask(&server, bearer(add(), &token[..token.len() - 8])).await;

    assert_eq!(refused.status, 401);
    assert_eq!(metadata["resource"], server);
    assert_eq!(found, url);
    assert_eq!(
        answer.json()["result"]["structuredContent"],
        json!({ "sum": 42 })
    );
    assert_eq!(forged.status, 401);
    assert_eq!(challenged(&forged, "error"), "invalid_token");
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
