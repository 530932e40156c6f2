//! What tokens say of themselves, in every form that OCI's authorities give them out.

#![cfg(test)]

use std::time::{Duration, SystemTime};

use data_encoding::BASE64URL_NOPAD;
use oci_rest::{PrivateKey, SecurityToken};
use proptest::proptest;
use serde_json::{Value, json};

fn token(claims: &Value) -> String {
    let claims = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    format!("eyJhbGciOiJSUzI1NiJ9.{claims}.c2lnbmF0dXJl")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_resources_token_tells_its_tenancy_its_compartment_and_its_times() {
    let token = token(&json!({
        "res_tenant": "ocid1.tenancy.oc1..a",
        "res_compartment": "ocid1.compartment.oc1..b",
        "iat": 1_763_640_000,
        "exp": 1_763_641_800,
    }));

    let parsed = SecurityToken::parse(&token).unwrap();

    assert_eq!(parsed.tenancy(), Some("ocid1.tenancy.oc1..a"));
    assert_eq!(parsed.compartment(), Some("ocid1.compartment.oc1..b"));
    assert_eq!(parsed.issued(), Some(at(1_763_640_000)));
    assert_eq!(parsed.expires(), Some(at(1_763_641_800)));
}

#[test]
fn an_instances_token_tells_its_compartment() {
    let token = token(&json!({ "opc-compartment": "ocid1.compartment.oc1..b" }));

    let parsed = SecurityToken::parse(&token).unwrap();

    assert_eq!(parsed.compartment(), Some("ocid1.compartment.oc1..b"));
}

#[test]
fn a_resources_token_tells_what_kind_it_is() {
    let parse = |claims: Value| SecurityToken::parse(&token(&claims)).unwrap();

    let function = parse(json!({ "res_type": "fnfunc" }));
    let instance = parse(json!({ "opc-compartment": "ocid1.compartment.oc1..b" }));

    assert_eq!(function.resource_type(), Some("fnfunc"));
    assert_eq!(instance.resource_type(), None);
}

#[test]
fn a_users_token_tells_the_tenancy() {
    let parsed =
        SecurityToken::parse(&token(&json!({ "tenant": "ocid1.tenancy.oc1..a" }))).unwrap();

    assert_eq!(parsed.tenancy(), Some("ocid1.tenancy.oc1..a"));
    assert_eq!(parsed.expires(), None);
}

#[test]
fn white_space_around_a_token_and_its_prefix_are_left_out() {
    let token = token(&json!({}));

    let parsed = SecurityToken::parse(&format!(" ST${token}\r\n")).unwrap();

    assert_eq!(parsed.as_str(), token);
}

#[test]
fn a_token_knows_its_key_whether_the_claim_is_text_or_an_object() {
    let key = PrivateKey::from_pem(include_bytes!("keys/pkcs8.pem"), None).unwrap();
    let (n, e) = key.public_components();
    let jwk = |n: &[u8], e: &[u8]| json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(n), "e": BASE64URL_NOPAD.encode(e) });
    let belongs = |claims: Value| {
        SecurityToken::parse(&token(&claims))
            .unwrap()
            .belongs_to(&key)
    };

    assert_eq!(belongs(json!({ "jwk": jwk(&n, &e) })), Some(true));
    assert_eq!(
        belongs(json!({ "jwk": jwk(&n, &e).to_string() })),
        Some(true)
    );
    assert_eq!(
        belongs(json!({ "jwk": jwk(&[&[0], &n[..]].concat(), &e) })),
        Some(true)
    );
    assert_eq!(belongs(json!({ "jwk": jwk(&n[1..], &e) })), Some(false));
    assert_eq!(belongs(json!({ "jwk": "unreadable" })), None);
    assert_eq!(belongs(json!({})), None);
}

#[test]
fn what_is_no_token_is_refused() {
    let whole = token(&json!({}));
    let with_text = |claims: &str| format!("a.{}.b", BASE64URL_NOPAD.encode(claims.as_bytes()));

    for text in [
        "",
        "a.b",
        "a.b.c",
        "{\"token\": \"a.b.c\"}",
        &whole[2..].replace('.', ""),
        &format!("{whole}.d"),
        &format!("{whole}\n{whole}"),
        &format!("{whole}\""),
        &with_text("[]"),
        &with_text("{\"exp\": \"tomorrow\"}"),
    ] {
        assert!(SecurityToken::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_time_out_of_range_is_none() {
    for exp in [-1.0, 1e300] {
        let parsed = SecurityToken::parse(&token(&json!({ "exp": exp }))).unwrap();

        assert_eq!(parsed.expires(), None);
    }
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(text in "\\PC{0,80}", claims in "[\\[\\]{}\":,0-9a-z. ]{0,40}") {
        drop(SecurityToken::parse(&text));
        drop(SecurityToken::parse(&format!("a.{}.b", BASE64URL_NOPAD.encode(claims.as_bytes()))));
        drop(PrivateKey::from_pem(format!("-----BEGIN PRIVATE KEY-----\n{text}").as_bytes(), None));
        drop(oci_rest::ConfigFile::parse("config", &text));
        drop(oci_rest::ConfigFile::parse("config", &format!("[A]\n{}", claims.replace(' ', "\n"))));
    }
}
