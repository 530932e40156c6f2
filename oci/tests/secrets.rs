//! Nothing that is secret is shown by `Debug`, nor by an error.

#![cfg(test)]

use std::sync::Arc;
use std::time::SystemTime;

use data_encoding::BASE64URL_NOPAD;
use http::Method;
use oci_rest::{
    ConfigFile, Credential, Environment, Fixed, Payload, PrivateKey, SecurityToken, Target, sign,
};

const PEM: &[u8] = include_bytes!("keys/pkcs8.pem");
const SECRET: &str = "hunter2";

/// Holds the secret in its signature.
fn token() -> String {
    let claims =
        BASE64URL_NOPAD.encode(br#"{"exp": 4000000000, "res_tenant": "ocid1.tenancy.oc1..a"}"#);
    format!("eyJhbGciOiJSUzI1NiJ9.{claims}.{SECRET}")
}

fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_pem(PEM, None).unwrap())
}

#[test]
fn no_debug_shows_a_secret() {
    let parsed = SecurityToken::parse(&token()).unwrap();
    let session = Credential::token(&parsed, key())
        .with_delegation_token(SECRET)
        .unwrap();
    let text = format!("[DEFAULT]\npass_phrase={SECRET}\n");
    let file = ConfigFile::parse("config", &text).unwrap();
    let environment = Environment::new(|_| Some(SECRET.to_owned()));
    let target = Target {
        method: &Method::POST,
        path_and_query: &"/".parse().unwrap(),
        host: Some("host"),
    };
    let body = Payload::Bytes(SECRET.as_bytes());
    let headers = sign(&session, SystemTime::UNIX_EPOCH, &target, body).unwrap();

    let shown = [
        format!("{:?}", key()),
        format!("{parsed:?}"),
        format!("{session:?}"),
        format!("{:?}", Fixed::new("name", session)),
        format!("{file:?}"),
        format!("{:?}", file.profile("DEFAULT", &environment).unwrap()),
        format!("{environment:?}"),
        format!("{body:?} {:?}", Payload::Typed("a/b", SECRET.as_bytes())),
        format!("{headers:?}"),
    ];

    let pem = std::str::from_utf8(PEM).unwrap();
    let digits = format!("{:?}", SECRET.as_bytes());
    for shown in shown {
        assert!(!shown.contains(SECRET), "{shown}");
        assert!(!shown.contains(digits.trim_matches(['[', ']'])), "{shown}");
        assert!(
            pem.lines().skip(1).all(|line| !shown.contains(line)),
            "{shown}"
        );
    }
}

#[test]
fn debug_still_tells_keys_and_credentials_apart() {
    let credential =
        Credential::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", key()).unwrap();
    let fingerprint = include_str!("keys/fingerprint.txt").trim();

    assert!(format!("{:?}", key()).contains(fingerprint));
    assert!(format!("{credential:?}").contains("ocid1.user.oc1..b"));
    assert_eq!(
        credential.key_id(),
        format!("ocid1.tenancy.oc1..a/ocid1.user.oc1..b/{fingerprint}"),
    );
}

#[test]
fn no_error_shows_the_secret_that_it_is_about() {
    let broken = format!("\"{SECRET}\n");

    let errors = [
        SecurityToken::parse(&broken).unwrap_err().to_string(),
        Credential::new(&broken, key()).unwrap_err().to_string(),
        Credential::new("id", key())
            .unwrap()
            .with_delegation_token(&broken)
            .unwrap_err()
            .to_string(),
        PrivateKey::from_pem(broken.as_bytes(), Some(SECRET))
            .unwrap_err()
            .to_string(),
        ConfigFile::parse("config", &broken)
            .unwrap_err()
            .to_string(),
    ];

    for error in errors {
        assert!(!error.contains(SECRET), "{error}");
    }
}
