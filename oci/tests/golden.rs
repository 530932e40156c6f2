//! Signatures against those of the official Python SDK, and against the standard.
//!
//! `golden/make.py` wrote the cases with the SDK's own signers.

#![cfg(test)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use data_encoding::BASE64;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use oci_rest::{Credential, Payload, PrivateKey, Target, sign};
use proptest::prelude::{any, prop};
use proptest::{prop_assert, prop_assume, proptest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    now: u64,
    fingerprint: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    key_id: String,
    method: String,
    path_and_query: String,
    host: Option<String>,
    body: Option<String>,
    media_type: Option<String>,
    payload: String,
    delegation_token: Option<String>,
    headers: serde_json::Map<String, serde_json::Value>,
}

#[test]
fn every_request_is_signed_byte_for_byte_as_the_official_sdk_signs_it() {
    let golden = golden();

    let signed: Vec<_> = golden
        .cases
        .iter()
        .map(|case| (case, signed(case, golden.now)))
        .collect();

    assert_eq!(signed.len(), 17);
    for (case, headers) in signed {
        assert_eq!(headers.len(), case.headers.len(), "{}", case.name);
        for (name, value) in &case.headers {
            assert_eq!(
                headers[name],
                value.as_str().unwrap(),
                "{}: {name}",
                case.name
            );
        }
    }
}

#[test]
fn the_fingerprint_is_the_one_that_the_official_sdk_signs_with() {
    assert_eq!(key().fingerprint(), golden().fingerprint);
}

#[test]
fn what_is_secret_in_a_signed_request_is_marked_so_that_no_log_shows_it() {
    let golden = golden();
    let case = golden
        .cases
        .iter()
        .find(|case| case.name == "post on behalf");

    let headers = signed(case.unwrap(), golden.now);

    assert!(headers["authorization"].is_sensitive());
    assert!(headers["opc-obo-token"].is_sensitive());
}

proptest! {
    #[test]
    fn any_request_verifies_with_the_public_key(
        method in prop::sample::select(vec!["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"]),
        path in "/([a-zA-Z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2}){0,40}(\\?[a-zA-Z0-9._~!$&'()*+,;=:@/?-]{0,40})?",
        host in "[a-z]{1,10}(\\.[a-z]{1,5}){0,3}(:[0-9]{1,4})?",
        body in prop::collection::vec(any::<u8>(), 0..300),
        seconds in 0_u64..4_000_000_000,
    ) {
        prop_assume!(path.parse::<PathAndQuery>().is_ok());
        let method: Method = method.parse().unwrap();
        let path = path.parse().unwrap();
        let target = Target { method: &method, path_and_query: &path, host: Some(&host) };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let key = Arc::new(key());
        let credential = Credential::new("tenancy/user/fingerprint", Arc::clone(&key)).unwrap();

        let headers = sign(&credential, now, &target, Payload::Bytes(&body)).unwrap();

        let signature = parameter(&headers, "signature");
        let signature = BASE64.decode(signature.as_bytes()).unwrap();
        let message = as_received(&headers, &target);
        prop_assert!(verifies(&key, message.as_bytes(), &signature));
        let other = message.replace("host: ", "host: x");
        prop_assert!(!verifies(&key, other.as_bytes(), &signature));
    }
}

/// The text that a server rebuilds from the request it got, as the specification tells it to.
fn as_received(headers: &HeaderMap, target: &Target<'_>) -> String {
    let lines: Vec<_> = parameter(headers, "headers")
        .split(' ')
        .map(|name| match name {
            "(request-target)" => {
                let method = target.method.as_str().to_lowercase();
                format!("{name}: {method} {}", target.path_and_query)
            }
            _ => format!("{name}: {}", headers[name].to_str().unwrap()),
        })
        .collect();
    lines.join("\n")
}

fn verifies(key: &PrivateKey, message: &[u8], signature: &[u8]) -> bool {
    let (n, e) = key.public_components();
    RsaPublicKeyComponents { n, e }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        .is_ok()
}

fn parameter<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let authorization = headers["authorization"].to_str().unwrap();
    let (_, rest) = authorization.split_once(&format!("{name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

fn signed(case: &Case, now: u64) -> HeaderMap {
    let mut credential = Credential::new(&case.key_id, Arc::new(key())).unwrap();
    if let Some(token) = &case.delegation_token {
        credential = credential.with_delegation_token(token).unwrap();
    }
    let target = Target {
        method: &case.method.parse().unwrap(),
        path_and_query: &case.path_and_query.parse().unwrap(),
        host: case.host.as_deref(),
    };
    let body = case
        .body
        .as_ref()
        .map(|body| BASE64.decode(body.as_bytes()).unwrap());
    let payload = match (case.payload.as_str(), &body, &case.media_type) {
        ("unsigned", _, _) => Payload::Unsigned,
        (_, None, _) => Payload::None,
        (_, Some(body), None) => Payload::Bytes(body),
        (_, Some(body), Some(media_type)) => Payload::Typed(media_type, body),
    };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    sign(&credential, now, &target, payload).unwrap()
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/cases.json")).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_pem(include_bytes!("golden/key.pem"), None).unwrap()
}
