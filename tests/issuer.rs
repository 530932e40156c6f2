//! A certified issuer and the real binary: a client's whole way from a 401 to an answer, keys that change,
//! tokens that expire or are taken back.

#![cfg(test)]

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response};
use oci_mcp::Access;
use oci_mcp_access::{
    BoxError, Challenges, Clock, Jwt, Keys, Requirements, Scopes, SecureUrl, Transport, Verifier,
};
use oci_mcp_tests::{
    Container, Issuer, LONG, RESOURCE, Reply, Server, add, app, ask, bearer, free_port, peer,
    workspace,
};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::process::Command;
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// The value of a parameter of the challenge.
fn challenged(reply: &Reply, parameter: &str) -> String {
    let challenge = reply.headers["www-authenticate"].to_str().unwrap();
    let (_, rest) = challenge.split_once(&format!("{parameter}=\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn get() -> Request<Bytes> {
    Request::new(Bytes::new())
}

/// A server as a container that takes signed tokens of `issuer`.
async fn container(issuer: &Issuer, url: &str, more: &[(&str, &str)]) -> Container {
    let port = url.trim_end_matches("/mcp").rsplit(':').next().unwrap();
    let settings = [
        ("OCI_MCP_PORT", port),
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", issuer.url()),
        ("OCI_MCP_ACCESS_RESOURCE", url),
    ];
    Container::start(BINARY, &[&settings, more].concat()).await
}

/// Where a server is going to be: the issuer has to know before.
async fn address() -> String {
    format!("http://127.0.0.1:{}/mcp", free_port().await)
}

#[tokio::test]
async fn from_a_401_a_client_finds_the_issuer_and_comes_back_with_a_token() {
    let Some(folder) = peer("access_flow", "issuer", "node") else {
        return;
    };
    let server = address().await;
    let issuer = Issuer::start(&folder, &server, "urn:opaque").await;
    let _container = container(&issuer, &server, &[]).await;

    let refused = ask(&server, add()).await;
    let metadata = ask(&challenged(&refused, "resource_metadata"), get())
        .await
        .json();
    let found = metadata["authorization_servers"][0].as_str().unwrap();
    let document = format!("{found}/.well-known/openid-configuration");
    let document = ask(&document, get()).await.json();
    let token = issuer.token(&server, "read:tools").await;
    let answer = ask(&server, bearer(add(), &token)).await;
    let forged = ask(&server, bearer(add(), &token[..token.len() - 8])).await;

    assert_eq!(refused.status, 401);
    assert_eq!(metadata["resource"], server);
    assert_eq!(found, issuer.url());
    assert_eq!(document["token_endpoint"], format!("{found}/token"));
    assert_eq!(
        answer.json()["result"]["structuredContent"],
        json!({ "sum": 42 })
    );
    assert_eq!(forged.status, 401);
    assert_eq!(challenged(&forged, "error"), "invalid_token");
}

/// What MCP's own client for TypeScript went through, which knew nothing but the URL of the server, or also
/// the name of a `client` that the issuer has.
async fn sign_in(url: &str, client: Option<&str>) -> Value {
    let mut command = Command::new("node");
    let script = workspace().join("tests/peers/typescript_oauth.mjs");
    command.arg(script).arg(url).args(client);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(LONG, command.output()).await.unwrap().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the client asked the issuer for: a code, to a challenge of PKCE (RFC 7636), for this server alone
/// (RFC 8707).
fn asked(server: &str, scope: &str) -> Value {
    json!({
        "response_type": "code",
        "code_challenge_method": "S256",
        "resource": server,
        "scope": scope,
    })
}

/// The claims of the token that it got.
fn claims(issuer: &Issuer, server: &str, scope: &str) -> Value {
    json!({ "iss": issuer.url(), "aud": server, "sub": "alice", "scope": scope })
}

const ALL: &str = "read:tools write:tools";

#[tokio::test]
async fn a_client_that_knows_nothing_but_a_url_registers_and_has_its_person_sign_in() {
    let test = "oauth_registration";
    let (Some(folder), Some(_)) = (
        peer(test, "issuer", "node"),
        peer(test, "typescript", "node"),
    ) else {
        return;
    };
    let server = address().await;
    let issuer = Issuer::start(&folder, &server, "urn:opaque").await;
    let _container = container(&issuer, &server, &[]).await;

    let report = sign_in(&server, None).await;

    assert_eq!(report["asked"], json!([asked(&server, ALL)]));
    let reading = &report["reading"];
    assert_eq!(reading["claims"], claims(&issuer, &server, ALL));
    assert_eq!(reading["tools"].as_array().unwrap().len(), 8);
    let answer = report["writing"]["answer"].as_str().unwrap();
    assert!(answer.contains("there is no compartment"), "{answer}");
}

#[tokio::test]
async fn a_client_whose_token_allows_too_little_is_sent_for_one_that_allows_more() {
    let test = "oauth_step_up";
    let (Some(folder), Some(_)) = (
        peer(test, "issuer", "node"),
        peer(test, "typescript", "node"),
    ) else {
        return;
    };
    let server = address().await;
    let issuer = Issuer::start(&folder, &server, "urn:opaque").await;
    let reading = [("OCI_MCP_ACCESS_SCOPES", "read:tools")];
    let _container = container(&issuer, &server, &reading).await;

    let report = sign_in(&server, Some("desktop")).await;

    let asked = json!([asked(&server, "read:tools"), asked(&server, ALL)]);
    assert_eq!(report["asked"], asked);
    let (reading, writing) = (&report["reading"], &report["writing"]);
    assert_eq!(reading["tools"], json!(["add"]));
    assert_eq!(reading["claims"], claims(&issuer, &server, "read:tools"));
    assert_eq!(writing["tools"].as_array().unwrap().len(), 8);
    assert_eq!(writing["claims"], claims(&issuer, &server, ALL));
}

/// A file with such a secret.
fn secret(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// A server as a container that has `issuer` say, at `endpoint`, which tokens are active, and is `client` there.
async fn asking(
    issuer: &Issuer,
    url: &str,
    (endpoint, client, secret): (&str, &str, &NamedTempFile),
) -> Container {
    let endpoint = format!("{}{endpoint}", issuer.url());
    let secret = secret.path().to_str().unwrap();
    let settings = [
        ("OCI_MCP_ACCESS", "introspection"),
        ("OCI_MCP_ACCESS_INTROSPECTION_URL", &endpoint),
        ("OCI_MCP_ACCESS_CLIENT_ID", client),
        ("OCI_MCP_ACCESS_CLIENT_SECRET_FILE", secret),
    ];
    container(issuer, url, &settings).await
}

const ENDPOINT: &str = "/token/introspection";

#[tokio::test]
async fn an_opaque_token_opens_the_door_until_it_is_taken_back() {
    let Some(folder) = peer("access_opaque", "issuer", "node") else {
        return;
    };
    let server = address().await;
    let issuer = Issuer::start(&folder, "urn:signed", &server).await;
    let secret = secret("se:cret+/\n");
    let _container = asking(&issuer, &server, (ENDPOINT, "server", &secret)).await;
    let [good, revoked] = [(); 2].map(|()| issuer.token(&server, "read:tools"));
    let (good, revoked) = (good.await, revoked.await);
    issuer.revoke(&revoked).await;
    let for_another = issuer.token("urn:signed", "read:tools").await;

    let answer = ask(&server, bearer(add(), &good)).await;

    assert_eq!(
        answer.json()["result"]["structuredContent"],
        json!({ "sum": 42 })
    );
    for token in [&*revoked, &for_another, "made-up"] {
        let refused = ask(&server, bearer(add(), token)).await;
        assert_eq!(refused.status, 401);
        let why = challenged(&refused, "error_description");
        assert_eq!(why, "the token is not active");
    }
}

#[tokio::test]
async fn a_server_that_the_issuer_does_not_know_lets_nobody_in() {
    let Some(folder) = peer("access_unknown_server", "issuer", "node") else {
        return;
    };
    let (right, wrong) = (secret("se:cret+/"), secret("se:cret+"));
    for of_server in [
        (ENDPOINT, "server", &wrong),
        (ENDPOINT, "servant", &right),
        ("/token/inspection", "server", &right),
    ] {
        let server = address().await;
        let issuer = Issuer::start(&folder, "urn:signed", &server).await;
        let _container = asking(&issuer, &server, of_server).await;
        let token = issuer.token(&server, "read:tools").await;

        let refused = ask(&server, bearer(add(), &token)).await;

        assert_eq!(refused.status, 503, "{of_server:?}");
    }
}

#[tokio::test]
async fn keys_are_taken_from_where_the_operator_says() {
    let Some(folder) = peer("access_jwks", "issuer", "node") else {
        return;
    };
    for (path, status) in [("/jwks", 200), ("/keys", 503)] {
        let server = address().await;
        let issuer = Issuer::start(&folder, &server, "urn:opaque").await;
        let keys = format!("{}{path}", issuer.url());
        let from = [("OCI_MCP_ACCESS_JWKS_URL", &*keys)];
        let _container = container(&issuer, &server, &from).await;
        let token = issuer.token(&server, "read:tools").await;

        let reply = ask(&server, bearer(add(), &token)).await;

        assert_eq!(reply.status, status, "{path}");
    }
}

/// An app in this process that takes signed tokens of `issuer`, and by how many seconds its clock is ahead.
fn guarded(issuer: &Issuer) -> (Server, Arc<AtomicU64>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the issuer goes by the time that it is"
    )]
    fn now() -> SystemTime {
        SystemTime::now()
    }
    let ahead = Arc::new(AtomicU64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock: Clock =
        Arc::new(move || now() + Duration::from_secs(seconds.load(Ordering::Relaxed)));
    let transport = tower::service_fn(|request: Request<Bytes>| async move {
        let reply = ask(&request.uri().to_string(), request).await;
        let mut response = Response::new(reply.body);
        *response.status_mut() = reply.status;
        Ok::<_, BoxError>(response)
    });
    let url = SecureUrl::parse(issuer.url()).unwrap();
    let keys = Keys::from_issuer(url, Transport::new(transport), Clock::clone(&clock));
    let requirements = Requirements::new(issuer.url(), [RESOURCE]).unwrap();
    let jwt = Verifier::Jwt(Box::new(Jwt::new(requirements, keys, clock)));
    let access = Access::new(jwt, Challenges::new(None, Scopes::default()));
    (Server::new(app().access(access)), ahead)
}

/// The statuses of twenty calls at a time.
async fn calls(server: &Server, token: &str) -> Vec<u16> {
    let calls = (0..20).map(|_| server.exchange(bearer(add(), token)));
    let replies = join_all(calls).await;
    let statuses = replies.iter().map(|reply| reply.status.as_u16());
    statuses.collect()
}

#[tokio::test]
async fn keys_change_while_requests_run_and_tokens_expire() {
    let Some(folder) = peer("access_rotation", "issuer", "node") else {
        return;
    };
    let mut issuer = Issuer::start(&folder, RESOURCE, "urn:opaque").await;
    let (server, ahead) = guarded(&issuer);
    let old = issuer.token(RESOURCE, "read:tools").await;

    let at_first = calls(&server, &old).await;
    let (while_it_rotates, ()) = tokio::join!(calls(&server, &old), issuer.rotate());
    let new = issuer.token(RESOURCE, "read:tools").await;
    // So long after it was asked, the issuer is asked again.
    ahead.store(31, Ordering::Relaxed);
    let (of_old, of_new) = tokio::join!(calls(&server, &old), calls(&server, &new));
    let withdrawn = server.exchange(bearer(add(), &old)).await;
    ahead.store(400, Ordering::Relaxed);
    let expired = server.exchange(bearer(add(), &new)).await;

    assert_eq!([at_first, while_it_rotates], [vec![200; 20], vec![200; 20]]);
    assert_eq!(of_new, [200; 20]);
    assert!(of_old.iter().all(|status| [200, 401].contains(status)));
    let why = |reply| challenged(reply, "error_description");
    assert_eq!(
        (withdrawn.status.as_u16(), expired.status.as_u16()),
        (401, 401)
    );
    assert!(why(&withdrawn).contains("a key that is not known"));
    assert_eq!(why(&expired), "the token has expired");
}
