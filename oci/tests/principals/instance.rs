//! Instance principal, and what stands on it: resource principal 1.1, and delegation.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, Response};
use oci_rest::{TransportError, TransportErrorKind};
use serde_json::json;

use crate::support::{
    KEYS, World, body, key, minutes, ok, read, signed_by, start, status, token_for,
};

const FEDERATION: &str = "https://auth.us-phoenix-1.oraclecloud.com/v1/x509";

fn instance() -> World {
    let world = World::new().with("OCI_MCP_AUTH_TYPE", "instance_principal");
    world.answers(|request| answer(request, "leaf.pem"));
    world
}

/// The metadata service, whose certificate is in `leaf`, and the services of the region.
fn answer(request: &Request<Bytes>, leaf: &str) -> Result<Response<Bytes>, TransportError> {
    if request.uri().host() == Some("169.254.169.254") {
        assert_eq!(request.headers()["authorization"], "Bearer Oracle");
    }
    match request.uri().path() {
        "/opc/v2/instance/regionInfo" => ok(&json!({
            "realmKey": "oc1",
            "realmDomainComponent": "oraclecloud.com",
            "regionKey": "PHX",
            "regionIdentifier": "us-phoenix-1",
        })),
        "/opc/v2/instance/id" => status(200, "ocid1.instance.oc1.phx.a\n"),
        "/opc/v2/identity/cert.pem" => status(200, &read(&format!("principals/{leaf}"))),
        "/opc/v2/identity/key.pem" => status(200, KEYS[0]),
        "/opc/v2/identity/intermediate.pem" => status(200, &read("principals/intermediate.pem")),
        "/v1/x509" => session(request, "publicKey"),
        "/v1/resourcePrincipalSessionToken" => session(request, "sessionPublicKey"),
        path if path.starts_with("/20180711/resourcePrincipalToken/") => ok(&json!({
            "resourcePrincipalToken": "rpt",
            "servicePrincipalSessionToken": "spst",
        })),
        _ => status(404, "{}"),
    }
}

fn session(request: &Request<Bytes>, member: &str) -> Result<Response<Bytes>, TransportError> {
    let key = body(request)[member].as_str().unwrap().to_owned();
    ok(&json!({ "token": token_for(&key, start(), minutes(20)) }))
}

fn certificate(name: &str) -> String {
    let pem = read(&format!("principals/{name}"));
    pem.lines()
        .filter(|line| !line.starts_with("-----"))
        .collect()
}

#[tokio::test]
async fn the_certificate_of_the_instance_is_exchanged_for_a_token() {
    let world = instance();

    let principal = world.principal();
    let credential = principal.credential().await.unwrap();

    assert_eq!(principal.name(), "instance principal");
    let requests = world.requests.lock().unwrap();
    let exchange = requests.last().unwrap();
    assert_eq!(exchange.uri(), FEDERATION);
    let hash = ring::digest::digest(
        &ring::digest::SHA256,
        &BASE64.decode(certificate("leaf.pem").as_bytes()).unwrap(),
    );
    let bytes: Vec<String> = hash
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        signed_by(exchange, &key(0)),
        format!("ocid1.tenancy.oc1..a/fed-x509-sha256/{}", bytes.join(":"))
    );
    assert!(!exchange.headers().contains_key("host"));
    assert_eq!(
        body(exchange),
        json!({
            "certificate": certificate("leaf.pem"),
            "publicKey": BASE64.encode(&credential.key().public_key_der()),
            "intermediateCertificates": [certificate("intermediate.pem")],
            "fingerprintAlgorithm": "SHA256",
        })
    );
    assert!(credential.key_id().starts_with("ST$"));
    assert_eq!(credential.tenancy(), Some("ocid1.tenancy.oc1..a"));
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
}

#[tokio::test]
async fn every_renewal_reads_the_certificate_anew_and_makes_a_new_key() {
    let world = instance();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    principal.invalidate(&first);
    let second = principal.credential().await.unwrap();

    assert_ne!(first.key().fingerprint(), second.key().fingerprint());
    let certificates = world
        .asked()
        .into_iter()
        .filter(|asked| asked.ends_with("cert.pem"));
    assert_eq!(certificates.count(), 2);
}

#[tokio::test]
async fn another_tenancy_is_refused() {
    let world = instance();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    world.answers(|request| answer(request, "leaf_other_tenancy.pem"));
    principal.invalidate(&first);
    let refusal = principal.credential().await.unwrap_err().to_string();

    assert_eq!(
        refusal,
        "the certificate of this instance names tenancy `ocid1.tenancy.oc1..b`, and named \
         `ocid1.tenancy.oc1..a` before: this is refused until the process is started anew"
    );
}

#[tokio::test]
async fn certificates_say_their_tenancy_in_one_of_two_ways_or_are_refused() {
    let world = instance();

    world.answers(|request| answer(request, "leaf_identity.pem"));
    assert_eq!(
        world.credential().await.tenancy(),
        Some("ocid1.tenancy.oc1..a")
    );

    for leaf in ["leaf_without_tenancy.pem", "make.sh"] {
        world.answers(move |request| answer(request, leaf));
        let refusal = world.refusal().await;
        assert!(
            refusal.contains("no certificate at `/identity/cert.pem`"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_not_that_of_the_certificate_is_refused() {
    let world = instance();
    world.answers(|request| match request.uri().path() {
        "/opc/v2/identity/key.pem" => status(200, KEYS[1]),
        _ => answer(request, "leaf.pem"),
    });

    let refusal = world.refusal().await;

    assert!(
        refusal.contains("is not that of the certificate"),
        "{refusal}"
    );
    assert!(!world.asked().iter().any(|asked| asked.contains("x509")));
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_that_is_not_there_is_said_within_two_seconds() {
    let refused = || {
        Err(TransportError::new(
            TransportErrorKind::Connect,
            "connection refused",
        ))
    };
    let world = instance();
    world.answers(move |_| refused());
    let begin = tokio::time::Instant::now();

    let refusal = world.refusal().await;

    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(
        refusal.starts_with("the instance metadata service at `http://169.254.169.254/opc/v2"),
        "{refusal}"
    );
    assert!(
        refusal.contains("choose another identity in `OCI_MCP_AUTH_TYPE`"),
        "{refusal}"
    );
    let asked = world.asked();
    assert!(
        asked
            .iter()
            .any(|asked| asked.contains("[fd00:c1::a9fe:a9fe]")),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_that_never_answers_is_given_up_within_two_seconds() {
    let world = instance();
    world.hangs();
    let begin = tokio::time::Instant::now();

    let refusal = world.refusal().await;

    assert!(begin.elapsed() < Duration::from_secs(2));
    let start =
        "the instance metadata service at `http://169.254.169.254/opc/v2` does not answer; it";
    assert!(refusal.starts_with(start), "{refusal}");
}

#[tokio::test]
async fn a_region_newer_than_this_crate_is_described_by_the_instance() {
    let world = instance();
    world.answers(|request| match request.uri().path() {
        "/opc/v2/instance/regionInfo" => ok(&json!({
            "realmKey": "oc99",
            "realmDomainComponent": "oraclecloud99.com",
            "regionKey": "NEW",
            "regionIdentifier": "xx-new-1",
        })),
        _ => answer(request, "leaf.pem"),
    });

    let credential = world.credential().await;

    assert_eq!(credential.region().unwrap().id(), "xx-new-1");
    let asked = world.asked();
    assert_eq!(
        asked.last().unwrap(),
        "POST https://auth.xx-new-1.oraclecloud99.com/v1/x509"
    );
}

#[tokio::test]
async fn the_operator_may_have_both_services_elsewhere() {
    for name in [
        "OCI_CLI_FEDERATION_ENDPOINT",
        "OCI_SDK_AUTH_CLIENT_REGION_URL",
    ] {
        for url in ["http://127.0.0.1:9000", "http://127.0.0.1:9000/v1/x509"] {
            let world = instance()
                .with(name, url)
                .with("OCI_METADATA_BASE_URL", "http://127.0.0.1:9001/opc/v2/");

            world.credential().await;

            let asked = world.asked();
            assert_eq!(
                asked[0],
                "GET http://127.0.0.1:9001/opc/v2/instance/regionInfo"
            );
            assert_eq!(asked.last().unwrap(), "POST http://127.0.0.1:9000/v1/x509");
        }
    }
}

#[tokio::test]
async fn a_refused_certificate_is_explained() {
    let world = instance();
    world.answers(|request| match request.uri().path() {
        "/v1/x509" => status(401, r#"{"code":"NotAuthenticated","message":"no"}"#),
        _ => answer(request, "leaf.pem"),
    });

    assert_eq!(
        world.refusal().await,
        format!(
            "the identity service at `{FEDERATION}` answered 401, NotAuthenticated: no; it does not \
             accept the certificate of this instance, which a terminated or cloned instance has"
        )
    );
}

#[tokio::test]
async fn a_user_may_be_acted_for() {
    let variables = [
        "OCI_MCP_DELEGATION_TOKEN_FILE",
        "OCI_CLI_DELEGATION_TOKEN_FILE",
    ];
    for auth in ["instance_principal_delegation", "instance_obo_user"] {
        for variable in variables {
            let world = instance().with("OCI_MCP_AUTH_TYPE", auth).with_file(
                variable,
                "obo",
                "token-of-user\n",
            );
            let principal = world.principal();

            let first = principal.credential().await.unwrap();
            world.replace("obo", "token-of-another");
            let second = principal.credential().await.unwrap();

            assert_eq!(principal.name(), "instance principal on behalf of a user");
            assert_eq!(first.delegation_token(), Some("token-of-user"));
            assert_eq!(second.delegation_token(), Some("token-of-another"));
        }
    }
}

#[tokio::test]
async fn a_delegation_without_a_token_says_where_it_would_be() {
    let world = instance().with("OCI_MCP_AUTH_TYPE", "instance_principal_delegation");
    let unset = world.refusal().await;
    let missing = world
        .with("OCI_MCP_DELEGATION_TOKEN_FILE", "/nowhere/obo")
        .refusal()
        .await;

    assert!(
        unset.contains("`OCI_MCP_DELEGATION_TOKEN_FILE` is not set"),
        "{unset}"
    );
    assert_eq!(
        missing,
        "`OCI_MCP_DELEGATION_TOKEN_FILE`, file `/nowhere/obo` cannot be read: there is no such file"
    );
}

#[tokio::test]
async fn a_profile_may_ask_for_the_instance() {
    let world = World::new().with_file(
        "OCI_CONFIG_FILE",
        "config",
        "[DEFAULT]\nauthentication_type = instance_principal\n",
    );

    assert_eq!(world.principal().name(), "instance principal");
}

#[tokio::test]
async fn version_1_1_is_vouched_for_by_the_instance() {
    let world = instance()
        .without("OCI_MCP_AUTH_TYPE")
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
            "https://things.example",
        );
    let named = [
        ("OCI_RESOURCE_PRINCIPAL_RPT_ID", "ocid1.thing.oc1..a"),
        (
            "OCI_RESOURCE_PRINCIPAL_RPT_PATH",
            "/20180711/resourcePrincipalToken/x/{id}",
        ),
        (
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT",
            "https://auth.example",
        ),
    ];

    let credential = world.credential().await;
    let by_default = world.asked();
    let world = named
        .iter()
        .fold(world, |world, (name, value)| world.with(name, value));
    world.requests.lock().unwrap().clear();
    world.credential().await;

    let exchange = "/v1/resourcePrincipalSessionToken";
    let id = "ocid1.instance.oc1.phx.a";
    let things = "GET https://things.example/20180711/resourcePrincipalToken";
    assert!(
        by_default.contains(&format!("{things}/{id}")),
        "{by_default:?}"
    );
    assert!(by_default.contains(&format!(
        "POST https://auth.us-phoenix-1.oraclecloud.com{exchange}"
    )));
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
    let asked = world.asked();
    assert!(
        asked.contains(&format!("{things}/x/ocid1.thing.oc1..a")),
        "{asked:?}"
    );
    assert!(
        asked.contains(&format!("POST https://auth.example{exchange}")),
        "{asked:?}"
    );
}
