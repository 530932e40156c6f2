//! OKE workload identity.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, Response};
use oci_rest::{TransportError, TransportErrorKind};
use serde_json::json;

use crate::support::{World, body, jwt, key, minutes, ok, start, status, token, token_for};

fn pod() -> World {
    let account = jwt(&json!({ "exp": 1_800_003_600, "sub": "system:serviceaccount:a:b" }));
    let world = World::new()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
        .with("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
        .with("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        .with_file(
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH",
            "ca.crt",
            "authorities",
        )
        .with_file(
            "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
            "token",
            &format!("{account}\n"),
        );
    serve(&world);
    world
}

/// Tokens as of now.
fn serve(world: &World) {
    let now = world.now();
    world.answers(move |request| {
        let key = body(request)["podKey"].as_str().unwrap().to_owned();
        wrapped(&token_for(&key, now, minutes(20)))
    });
}

/// A token as the cluster answers it.
fn wrapped(token: &str) -> Result<Response<Bytes>, TransportError> {
    let json = json!({ "token": format!("ST${token}") }).to_string();
    ok(&BASE64.encode(json.as_bytes()).into())
}

#[tokio::test]
async fn the_service_account_is_exchanged_for_a_token() {
    let world = pod();

    let principal = world.principal();
    let credential = principal.credential().await.unwrap();

    assert_eq!(principal.name(), "OKE workload identity");
    assert_eq!(
        world.asked(),
        ["POST https://10.0.0.1:12250/resourcePrincipalSessionTokens"]
    );
    let requests = world.requests.lock().unwrap();
    let request: &Request<Bytes> = &requests[0];
    let account = std::fs::read_to_string(world.path("token")).unwrap();
    assert_eq!(
        request.headers()["authorization"],
        format!("Bearer {}", account.trim())
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    let id = request.headers()["opc-request-id"].to_str().unwrap();
    assert!(id.split('/').all(|part| part.len() == 32), "{id}");
    assert_eq!(
        body(request),
        json!({ "podKey": BASE64.encode(&credential.key().public_key_der()) })
    );
    assert!(credential.key_id().starts_with("ST$"));
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
    assert_eq!(*world.authorities.lock().unwrap(), [b"authorities"]);
}

#[tokio::test]
async fn hosts_are_names_or_addresses() {
    let cases = [
        ("fd00::1", "https://[fd00::1]:12250/"),
        ("[fd00::1]", "https://[fd00::1]:12250/"),
        (
            "kubernetes.default.svc",
            "https://kubernetes.default.svc:12250/",
        ),
    ];

    for (host, url) in cases {
        let world = pod().with("KUBERNETES_SERVICE_HOST", host);

        world.credential().await;

        assert_eq!(
            world.asked(),
            [format!("POST {url}resourcePrincipalSessionTokens")]
        );
    }
    for host in ["a/b", "a@b", "a:1", "a b"] {
        let refusal = pod().with("KUBERNETES_SERVICE_HOST", host).refusal().await;

        let message = format!("`KUBERNETES_SERVICE_HOST` is `{host}`, which is not a host");
        assert!(refusal.contains(&message), "{refusal}");
    }
}

#[tokio::test]
async fn account_and_authorities_are_read_anew_for_every_renewal() {
    let world = pod();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    let account = jwt(&json!({ "exp": 1_800_003_601 }));
    world.replace("token", &account);
    world.replace("ca.crt", "other authorities");
    principal.invalidate(&first);
    principal.credential().await.unwrap();

    let requests = world.requests.lock().unwrap();
    assert_eq!(
        requests[1].headers()["authorization"],
        format!("Bearer {account}")
    );
    assert_eq!(world.authorities.lock().unwrap()[1], b"other authorities");
}

#[tokio::test]
async fn the_account_may_be_in_three_variables() {
    let other = jwt(&json!({ "exp": 1_800_009_999 }));
    let plain = || pod().without("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH");
    let cases = [
        plain().with("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING", &other),
        plain().with_file("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", "other", &other),
        plain().with_file("OCI_MCP_OKE_SERVICE_ACCOUNT_TOKEN_PATH", "other", &other),
    ];

    for world in cases {
        world.credential().await;

        let requests = world.requests.lock().unwrap();
        assert_eq!(
            requests[0].headers()["authorization"],
            format!("Bearer {other}")
        );
    }
}

#[tokio::test]
async fn a_token_is_renewed_at_half_of_its_life_give_or_take_a_twentieth() {
    let world = pod();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    world.pass(Duration::from_secs(20 * 60 * 47 / 100));
    let early = principal.credential().await.unwrap();
    world.pass(Duration::from_secs(20 * 60 * 6 / 100));
    serve(&world);
    let late = principal.credential().await.unwrap();

    assert!(Arc::ptr_eq(&first, &early));
    assert!(!Arc::ptr_eq(&first, &late));
}

#[tokio::test]
async fn the_old_token_is_kept_while_the_cluster_does_not_answer() {
    let world = pod();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    world.answers(|_| Err(TransportError::new(TransportErrorKind::Timeout, "nothing")));
    world.pass(minutes(15));
    let second = principal.credential().await.unwrap();

    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_said_with_the_remedy_within_two_seconds() {
    type Damage = fn(&World);
    let cases: [(Damage, &str); 9] = [
        (
            |world| world.pass(minutes(61)),
            "expired at Fri, 15 Jan 2027 09:00:00 GMT",
        ),
        (
            |world| std::fs::remove_file(world.path("token")).unwrap(),
            "`OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH`, file",
        ),
        (
            |world| drop(world.write("token", "x")),
            "is not a JSON web token",
        ),
        (
            |world| std::fs::remove_file(world.path("ca.crt")).unwrap(),
            "`automountServiceAccountToken: true`",
        ),
        (
            |world| world.answers(|_| status(403, "")),
            "the cluster must be ENHANCED",
        ),
        (
            |world| world.answers(|_| status(401, "")),
            "is it that of this cluster?",
        ),
        (
            |world| world.answers(|_| status(200, "\"?\"")),
            "something else than a token",
        ),
        (
            |world| world.answers(|_| wrapped(&token(&key(0), start(), minutes(20)))),
            "gave a token for another key than the one it was asked for",
        ),
        (
            |world| {
                world.answers(|_| {
                    Err(TransportError::new(
                        TransportErrorKind::Tls,
                        "unknown issuer",
                    ))
                });
            },
            "unknown issuer; the cluster is trusted through the authorities in",
        ),
    ];

    for (damage, message) in cases {
        let world = pod();
        damage(&world);
        let begin = tokio::time::Instant::now();

        let refusal = world.refusal().await;

        assert!(refusal.contains(message), "{refusal}\n{message}");
        assert!(begin.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_region_is_told_to_the_pod_or_asked_for() {
    let region = "OCI_RESOURCE_PRINCIPAL_REGION";
    let metadata = r#"{"realmKey":"oc1","realmDomainComponent":"oraclecloud.com",
        "regionKey":"IAD","regionIdentifier":"us-ashburn-1"}"#;
    let cases = [
        pod().with(region, "IAD"),
        pod().without(region).with("OCI_REGION", "us-ashburn-1"),
        pod().without(region).with("OCI_REGION_METADATA", metadata),
    ];

    for world in cases {
        assert_eq!(
            world.credential().await.region().unwrap().id(),
            "us-ashburn-1"
        );
    }
    let world = pod()
        .without(region)
        .without("KUBERNETES_SERVICE_HOST")
        .with("OCI_MCP_AUTH_TYPE", "oke_workload_identity");
    let refusal = world.refusal().await;
    for name in [region, "KUBERNETES_SERVICE_HOST"] {
        assert!(
            refusal.contains(&format!("`{name}` is not set")),
            "{refusal}"
        );
    }
}
