//! Resource principals 2.1, 2.1.1, 2.1.2 and 3.0.

use bytes::Bytes;
use http::{Request, Response};
use oci_rest::TransportError;
use serde_json::json;

use crate::support::{
    KEYS, World, body, function, key, minutes, ok, signed_by, start, status, token,
};

const THINGS: &str = "https://things.us-phoenix-1.oraclecloud.com";
const AUTH: &str = "https://auth.us-phoenix-1.oraclecloud.com";

fn resource(version: &str, suffix: &str) -> World {
    let mut world = World::new();
    for (stem, value) in [
        ("VERSION", version),
        ("RESOURCE_ID", "ocid1.thing.oc1..a/b"),
        ("TENANCY_ID", "ocid1.tenancy.oc1..a"),
        ("RPT_ENDPOINT", THINGS),
        ("RPST_ENDPOINT", AUTH),
        ("PRIVATE_PEM", KEYS[0]),
        ("REGION", "phx"),
    ] {
        world = world.with(&format!("OCI_RESOURCE_PRINCIPAL_{stem}{suffix}"), value);
    }
    world.answers(identity);
    world
}

/// Gives every resource a token, and every session one for key 0.
fn identity(request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    if request.method() == "GET" {
        let resource = request.uri().path();
        return ok(&json!({
            "resourcePrincipalToken": format!("rpt of {resource}"),
            "servicePrincipalSessionToken": "spst",
        }));
    }
    ok(&json!({ "token": token(&key(0), start(), minutes(20)) }))
}

#[tokio::test]
async fn each_version_has_its_path_and_its_key_id() {
    let cases = [
        (
            "2.1",
            "/20180711/resourcePrincipalTokenV2/",
            "resource/v2.1/",
        ),
        (
            "2.1.1",
            "/20180711/resourcePrincipalTokenV2/",
            "resource/v2.1.1/ocid1.tenancy.oc1..a/",
        ),
        (
            "2.1.2",
            "/20180711/resourcePrincipalTokenV212/",
            "resource/v2.1.2/ocid1.tenancy.oc1..a/",
        ),
    ];

    for (version, path, key_id) in cases {
        let world = resource(version, "");

        let credential = world.credential().await;

        assert_eq!(
            world.asked(),
            [
                format!("GET {THINGS}{path}ocid1.thing.oc1..a%2Fb"),
                format!("POST {AUTH}/v1/resourcePrincipalSessionToken"),
            ]
        );
        let requests = world.requests.lock().unwrap();
        for request in requests.iter() {
            assert_eq!(
                signed_by(request, &key(0)),
                format!("{key_id}ocid1.thing.oc1..a/b")
            );
            let host = request.uri().host().unwrap();
            assert_eq!(request.headers()["host"], host);
        }
        assert_eq!(
            body(&requests[1]),
            json!({
                "resourcePrincipalToken": format!("rpt of {path}ocid1.thing.oc1..a%2Fb"),
                "servicePrincipalSessionToken": "spst",
                "sessionPublicKey": data_encoding::BASE64.encode(&key(0).public_key_der()),
            })
        );
        assert_eq!(
            credential.key_id(),
            format!("ST${}", token(&key(0), start(), minutes(20)))
        );
        assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
    }
}

#[tokio::test]
async fn version_2_1_2_has_a_path_and_a_context_of_its_own() {
    let cases = [
        ("/my/{}", "/my/ocid1.thing.oc1..a%2Fb"),
        ("/my", "/my/ocid1.thing.oc1..a%2Fb"),
        ("my/", "/my/ocid1.thing.oc1..a%2Fb"),
    ];

    for (path, whole) in cases {
        let world = resource("2.1.2", "")
            .with("OCI_RESOURCE_PRINCIPAL_RPT_PATH", path)
            .with("OCI_RESOURCE_PRINCIPAL_SECURITY_CONTEXT", "context");

        world.credential().await;

        assert_eq!(world.asked()[0], format!("GET {THINGS}{whole}"));
        let requests = world.requests.lock().unwrap();
        assert_eq!(requests[0].headers()["security-context"], "context");
        assert!(!requests[1].headers().contains_key("security-context"));
    }
}

#[tokio::test]
async fn without_an_endpoint_the_identity_service_of_the_region_is_asked() {
    let world = resource("2.1", "").without("OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT");

    world.credential().await;

    assert_eq!(
        world.asked()[1],
        format!("POST {AUTH}/v1/resourcePrincipalSessionToken")
    );
}

#[tokio::test]
async fn every_variable_that_is_missing_or_wrong_is_named() {
    let name = |stem: &str| format!("OCI_RESOURCE_PRINCIPAL_{stem}");
    for stem in ["RESOURCE_ID", "TENANCY_ID", "PRIVATE_PEM"] {
        let refusal = resource("2.1.1", "").without(&name(stem)).refusal().await;

        assert!(
            refusal.contains(&format!("`{}` is not set", name(stem))),
            "{refusal}"
        );
    }
    for (stem, value) in [
        ("RPT_ENDPOINT", "http://things.example"),
        ("RPT_ENDPOINT", "https://user@things.example"),
        ("RPST_ENDPOINT", "auth.example"),
        ("RPST_ENDPOINT", "ftp://auth.example"),
    ] {
        let refusal = resource("2.1.1", "")
            .with(&name(stem), value)
            .refusal()
            .await;

        let message = format!("`{}` is `{value}`; it must be an https URL", name(stem));
        assert!(refusal.contains(&message), "{refusal}");
    }
}

#[tokio::test]
async fn a_simulator_on_this_machine_needs_no_tls() {
    for url in [
        "http://localhost:8080",
        "http://127.0.0.1:1/x",
        "http://[::1]:8080",
    ] {
        let world = resource("2.1", "").with("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT", url);

        world.credential().await;

        assert!(world.asked()[0].starts_with(&format!("GET {url}/20180711/")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_service_is_told_without_secrets_or_control_characters() {
    let world = resource("2.1", "");
    let error = json!({ "code": "NotAuthenticated", "message": "no\u{1b}[31m such key" });
    world.answers(move |_| {
        let mut response = status(401, &error.to_string())?;
        let id = "A/B/C".parse().unwrap();
        response.headers_mut().insert("opc-request-id", id);
        Ok(response)
    });
    let plain = world.refusal().await;
    world.answers(|_| {
        status(
            401,
            r#"{"code":"X","message":"token eyJhbGciOi.x.y is bad"}"#,
        )
    });
    let echo = world.refusal().await;
    world.answers(|_| status(200, "eyJhbGciOi"));
    let garbage = world.refusal().await;

    let place = format!(
        "the service of the resource at `{THINGS}/20180711/resourcePrincipalTokenV2/\
         ocid1.thing.oc1..a%2Fb` answered"
    );
    assert_eq!(
        plain,
        format!("{place} 401, NotAuthenticated: no\\u{{1b}}[31m such key (opc-request-id A/B/C)")
    );
    assert_eq!(echo, format!("{place} 401"));
    assert_eq!(
        garbage,
        "the service of the resource answered 200 without `resourcePrincipalToken` and \
         `servicePrincipalSessionToken`"
    );
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_by_the_date_of_the_answer() {
    let world = resource("2.1", "");
    world.answers(|_| {
        let mut response = status(401, "{}")?;
        let date = httpdate::fmt_http_date(start() + minutes(17));
        response.headers_mut().insert("date", date.parse().unwrap());
        Ok(response)
    });

    let refusal = world.refusal().await;

    let message =
        "the clock of this machine is 1020 s behind that of OCI, which allows 300 s: set it";
    assert!(refusal.ends_with(message), "{refusal}");
}

#[tokio::test]
async fn a_token_for_another_key_is_refused() {
    let world = resource("2.1", "");
    world.answers(|request| match request.method().as_str() {
        "GET" => identity(request),
        _ => ok(&json!({ "token": token(&key(1), start(), minutes(20)) })),
    });

    assert_eq!(
        world.refusal().await,
        "the identity service gave a token for another key than the one it was asked for"
    );
}

/// A leaf of version 2.2 in a resource.
fn nested() -> World {
    let world = function()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")
        .with("OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE", "2.2")
        .with(
            "OCI_RESOURCE_PRINCIPAL_REGION_FOR_LEAF_RESOURCE",
            "us-phoenix-1",
        )
        .with(
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_FOR_LEAF_RESOURCE",
            KEYS[0],
        )
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE",
            "https://parent.example/1",
        )
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE",
            "https://auth.example",
        );
    let token = token(&key(0), start(), minutes(30));
    world.with("OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE", &token)
}

/// Announces a parent of every resource whose path has a successor in `parents`.
fn announce(world: &World, parents: &'static [(&'static str, &'static str)]) {
    world.answers(move |request| {
        let mut response = identity(request)?;
        let parent = parents
            .iter()
            .find(|(path, _)| *path == request.uri().path());
        if let Some((_, parent)) = parent {
            response
                .headers_mut()
                .insert("opc-parent-rpt-url", parent.parse().unwrap());
        }
        Ok(response)
    });
}

#[tokio::test]
async fn a_nested_resource_acts_as_the_outermost_one() {
    let world = nested();
    announce(
        &world,
        &[
            ("/1", "https://two.us-phoenix-1.oraclecloud.com/2"),
            ("/2", "https://parent.example/3"),
        ],
    );

    let principal = world.principal();
    let credential = principal.credential().await.unwrap();

    assert_eq!(
        principal.name(),
        "resource principal 3.0 of resource principal 2.2"
    );
    let exchange = "POST https://auth.example/v1/resourcePrincipalSessionToken";
    assert_eq!(
        world.asked(),
        [
            "GET https://parent.example/1",
            exchange,
            "GET https://two.us-phoenix-1.oraclecloud.com/2",
            exchange,
            "GET https://parent.example/3",
            exchange,
        ]
    );
    let requests = world.requests.lock().unwrap();
    let leaf = &*format!("ST${}", token(&key(0), start(), minutes(30)));
    let parent = &*format!("ST${}", token(&key(0), start(), minutes(20)));
    let signers: Vec<String> = requests
        .iter()
        .map(|request| signed_by(request, &key(0)))
        .collect();
    assert_eq!(signers, [leaf, leaf, parent, parent, parent, parent]);
    assert_eq!(credential.key_id(), parent);
    assert_eq!(credential.region().unwrap().id(), "us-phoenix-1");
}

#[tokio::test]
async fn a_parent_that_announces_itself_is_the_outermost() {
    let world = nested();
    announce(&world, &[("/1", "https://parent.example/1")]);

    world.credential().await;

    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn parents_that_go_in_a_circle_end_after_ten() {
    let world = nested();
    announce(
        &world,
        &[
            ("/1", "https://parent.example/2"),
            ("/2", "https://parent.example/1"),
        ],
    );

    let refusal = world.refusal().await;

    assert!(
        refusal.contains("more than 10 parents, or they go in a circle"),
        "{refusal}"
    );
    assert_eq!(world.asked().len(), 20);
}

#[tokio::test]
async fn a_parent_outside_the_realm_gets_no_signed_request() {
    for url in [
        "https://evil.example/2",
        "http://two.us-phoenix-1.oraclecloud.com/2",
        "https://two.us-phoenix-1.oraclecloud.com:8443/2",
        "https://user@two.us-phoenix-1.oraclecloud.com/2",
        "https://evil-oraclecloud.com/2",
        "https://oraclecloud.com.evil.example/2",
        "https://oraclecloud.com/2",
        "http://parent.example/2",
        "https://parent.example:444/2",
        "two.us-phoenix-1.oraclecloud.com/2",
        "",
    ] {
        let world = nested();
        world.answers(move |request| {
            let mut response = identity(request)?;
            response
                .headers_mut()
                .insert("opc-parent-rpt-url", url.parse().unwrap());
            Ok(response)
        });

        let refusal = world.refusal().await;

        assert!(
            refusal.starts_with("the parent resource is announced at"),
            "{refusal}"
        );
        assert!(refusal.contains("`oraclecloud.com`"), "{refusal}");
        assert!(!world.asked().iter().any(|asked| asked.ends_with("/2")));
    }
}

#[tokio::test]
async fn a_leaf_of_version_2_1_vouches_for_itself_with_its_own_version() {
    let world = resource("2.1.1", "_FOR_LEAF_RESOURCE")
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "3.0")
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE",
            "https://parent.example/1",
        );

    world.credential().await;

    let requests = world.requests.lock().unwrap();
    assert_eq!(requests.len(), 4);
    assert!(signed_by(&requests[0], &key(0)).starts_with("resource/v2.1.1/"));
    assert_eq!(
        requests[3].uri().host(),
        Some("auth.us-phoenix-1.oraclecloud.com")
    );
}

#[tokio::test]
async fn what_is_missing_of_leaf_and_parent_is_named() {
    let version = "OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE";
    let parent = "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE";
    let token = "OCI_RESOURCE_PRINCIPAL_RPST_FOR_LEAF_RESOURCE";

    for name in [version, parent, token] {
        let refusal = nested().without(name).refusal().await;

        assert!(
            refusal.contains(&format!("`{name}` is not set")),
            "{refusal}"
        );
    }
    let refusal = nested().with(version, "3.0").refusal().await;
    assert!(
        refusal.contains(&format!("`{version}` is `3.0`")),
        "{refusal}"
    );
}
