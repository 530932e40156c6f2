//! The services that give out tokens.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Request, Response, StatusCode};
use oci_emulator::{Proxymux, Session};
use ring::signature::{KeyPair, RsaKeyPair};
use serde_json::{Value, json};

use crate::fixture::{Fixture, header, json as parsed};
use crate::sign::Signer;

const RESOURCE: &str = "ocid1.fnfunc.oc1.phx.child";
const PARENT: &str = "ocid1.fnapp.oc1.phx.parent";

#[test]
fn a_resource_that_signs_for_itself_gets_a_session_of_its_own() {
    let fixture = Fixture::new();
    let key = fixture.oci.resource_key(RESOURCE).unwrap();
    let signer = Signer::new(format!("resource/v2.1/{RESOURCE}"), &key);

    let tokens = ask(
        &fixture,
        &signer,
        &format!("/20180711/resourcePrincipalTokenV2/{RESOURCE}"),
    );
    let session = exchange(&fixture, &signer, &parsed(&tokens), &key);

    let signer = Signer::of_session(&session);
    let request = signer.request("GET", "/n", b"", fixture.now());
    assert_eq!(fixture.oci.answer(request).status(), 200);
    let other = ask(
        &fixture,
        &signer,
        "/20180711/resourcePrincipalTokenV2/ocid1.fnfunc.oc1.phx.other",
    );
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

#[test]
fn a_nested_resource_is_led_to_its_parent_and_becomes_it() {
    let fixture = Fixture::new();
    fixture.oci.nest(RESOURCE, PARENT);
    let leaf = fixture
        .oci
        .resource_session(RESOURCE, Duration::from_secs(60))
        .unwrap();
    let signer = Signer::of_session(&leaf);

    let own = ask(
        &fixture,
        &signer,
        &format!("/20180711/resourcePrincipalTokenV2/{RESOURCE}"),
    );
    let url: http::Uri = header(&own, "opc-parent-rpt-url").parse().unwrap();
    let parents = ask(&fixture, &signer, url.path());
    let session = exchange(&fixture, &signer, &parsed(&parents), &leaf.private_key);

    assert!(!parents.headers().contains_key("opc-parent-rpt-url"));
    let claims = session.token.split('.').nth(1).unwrap();
    let claims = data_encoding::BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], PARENT);
    assert_eq!(claims["res_tenant"], fixture.oci.tenancy_id());
}

#[test]
fn the_tokens_of_an_exchange_cannot_stand_for_each_other() {
    let fixture = Fixture::new();
    let key = fixture.oci.resource_key(RESOURCE).unwrap();
    let signer = Signer::new(format!("resource/v2.1/{RESOURCE}"), &key);
    let tokens = parsed(&ask(
        &fixture,
        &signer,
        &format!("/20180711/resourcePrincipalTokenV2/{RESOURCE}"),
    ));
    let body = json!({
        "resourcePrincipalToken": tokens["servicePrincipalSessionToken"],
        "servicePrincipalSessionToken": tokens["resourcePrincipalToken"],
        "sessionPublicKey": public_key(&key),
    });

    let request = signer.request("POST", EXCHANGE, body.to_string().as_bytes(), fixture.now());

    assert_eq!(
        fixture.oci.answer(request).status(),
        StatusCode::UNAUTHORIZED
    );
}

#[test]
fn a_pod_gets_base64_in_a_json_string_and_its_token_is_taken() {
    let fixture = Fixture::new();
    let proxymux = Proxymux::new(fixture.oci.clone(), "ocid1.cluster.oc1.phx.a", true).unwrap();
    let key = fixture.oci.resource_key(RESOURCE).unwrap();
    let token = proxymux
        .service_account_token("default", "mcp", Duration::from_secs(60))
        .unwrap();

    let response = proxymux.answer(&pod_request(&token, &key));

    let text: String = serde_json::from_slice(response.body()).unwrap();
    let body: Value = serde_json::from_slice(&BASE64.decode(text.as_bytes()).unwrap()).unwrap();
    let signer = Signer::new(body["token"].as_str().unwrap().to_owned(), &key);
    let request = signer.request("GET", "/n", b"", fixture.now());
    assert_eq!(fixture.oci.answer(request).status(), 200);
}

#[test]
fn a_pod_of_a_basic_cluster_or_with_an_old_token_is_refused() {
    let fixture = Fixture::new();
    let [enhanced, basic] = [true, false].map(|enhanced| {
        Proxymux::new(fixture.oci.clone(), "ocid1.cluster.oc1.phx.a", enhanced).unwrap()
    });
    let key = fixture.oci.resource_key(RESOURCE).unwrap();
    let token = enhanced
        .service_account_token("default", "mcp", Duration::from_secs(60))
        .unwrap();
    let request = pod_request(&token, &key);

    assert_eq!(basic.answer(&request).status(), StatusCode::FORBIDDEN);
    fixture.wait(60);
    assert_eq!(enhanced.answer(&request).status(), StatusCode::UNAUTHORIZED);
}

fn ask(fixture: &Fixture, signer: &Signer, target: &str) -> Response<Bytes> {
    fixture
        .oci
        .answer(signer.request("GET", target, b"", fixture.now()))
}

fn exchange(fixture: &Fixture, signer: &Signer, tokens: &Value, key: &str) -> Session {
    let mut body = tokens.clone();
    body["sessionPublicKey"] = json!(public_key(key));
    let request = signer.request("POST", EXCHANGE, body.to_string().as_bytes(), fixture.now());
    let answer = parsed(&fixture.oci.answer(request));
    Session {
        token: answer["token"].as_str().unwrap().to_owned(),
        private_key: key.to_owned(),
    }
}

fn pod_request(token: &str, key: &str) -> Request<Bytes> {
    let body = json!({ "podKey": public_key(key) }).to_string();
    Request::post("/resourcePrincipalSessionTokens")
        .header("authorization", format!("Bearer {token}"))
        .body(body.into())
        .unwrap()
}

/// The `SubjectPublicKeyInfo` in base64.
fn public_key(pem: &str) -> String {
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let der = BASE64.decode(lines.collect::<String>().as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(&der).unwrap();
    // What stands before every RSA key of 2048 bits.
    let head = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00";
    BASE64.encode(&[head, key.public_key().as_ref()].concat())
}

const EXCHANGE: &str = "/v1/resourcePrincipalSessionToken";
