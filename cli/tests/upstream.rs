//! What OCI sees of a caller for whom a tool asks it: nothing.

#![cfg(test)]

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Container, Forger, ISSUER, Raw, bearer, modern, send_to, with, workspace};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The address of something that answers one request as Object Storage does, and what it was sent.
async fn upstream() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let captured = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = Raw::new(stream);
        let head = connection.answer_until("\r\n\r\n").await;
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n\"ns\"";
        connection.send(answer.as_bytes()).await;
        head
    });
    (url, captured)
}

/// A user's profile, with a key that was made for tests.
fn profile(folder: &TempDir) -> String {
    let key = workspace().join("access/tests/keys/stranger.pem");
    let fingerprint = "7a:28:c0:b5:9e:35:2a:a8:d5:81:c6:24:4e:3f:1b:8f";
    let profile = format!(
        "[DEFAULT]\nuser=ocid1.user.oc1..server\ntenancy=ocid1.tenancy.oc1..server\n\
         region=us-phoenix-1\nfingerprint={fingerprint}\nkey_file={}\n",
        key.display()
    );
    let path = folder.path().join("config");
    std::fs::write(&path, profile).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A call with alice's token, and with all that might look as if it were for OCI.
fn call(token: &str) -> Request<Bytes> {
    let request = bearer(modern("tools/call", &json!({ "name": "oci_ping" })), token);
    let request = with(request, "cookie", "session=callers-own");
    let request = with(request, "user-agent", "callers-own/1");
    let request = with(request, "opc-request-id", "callers-own");
    let request = with(request, "opc-obo-token", "callers-own");
    let request = with(request, "opc-client-retries", "callers-own");
    let request = with(request, "x-content-sha256", "callers-own");
    let request = with(request, "x-date", "callers-own");
    let request = with(request, "x-forwarded-for", "callers-own");
    let request = with(request, "oci-mcp-gateway-secret", "callers-own");
    with(request, "baggage", "key=callers-own")
}

#[tokio::test]
async fn a_callers_token_and_headers_end_at_the_server() {
    let (url, captured) = upstream().await;
    let folder = TempDir::new().unwrap();
    let issuer = Forger::issuer();
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, json!({ "keys": [issuer.jwk()] }).to_string()).unwrap();
    let settings = [
        ("OCI_CONFIG_FILE", &*profile(&folder)),
        ("OCI_MCP_AUTH_TYPE", "api_key"),
        ("OCI_ENDPOINT_OVERRIDE", &url),
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", ISSUER),
        ("OCI_MCP_ACCESS_RESOURCE", "https://tools.example/mcp"),
        ("OCI_MCP_ACCESS_JWKS_FILE", keys.to_str().unwrap()),
    ];
    let server = Container::start(env!("CARGO_BIN_EXE_oci-mcp"), &settings).await;
    let token = issuer.token(&json!({}), &json!({}));

    let reply = send_to(server.address(), call(&token)).await.json();

    let report = &reply["result"]["structuredContent"];
    assert_eq!(report["signed_call"]["status"], 200, "{reply}");
    let captured = captured.await.unwrap();
    assert!(captured.starts_with("GET /n HTTP/1.1\r\n"), "{captured}");
    let lower = captured.to_ascii_lowercase();
    assert!(
        lower.contains("authorization: signature algorithm"),
        "{captured}"
    );
    // The three parts of the token, and whose it is.
    let parts = token.split('.').chain(["callers-own", "Bearer", "alice"]);
    for part in parts {
        assert!(!captured.contains(part), "{part} in {captured}");
    }
    let names = lower
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'));
    let mut names: Vec<_> = names.map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, NAMES, "{captured}");
}

/// What the client of OCI itself sends, and nothing else.
const NAMES: [&str; 6] = [
    "accept",
    "authorization",
    "date",
    "host",
    "opc-request-id",
    "user-agent",
];
