//! Signatures that are not the issuer's, and headers that say so.

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Forger, forged};
use ring::hmac::{HMAC_SHA256, Key, sign};
use serde_json::{Value, json};

use crate::Told::Invalid;
use crate::{Attempt, call_with, headed};

const MALFORMED: &str = "the token is malformed";
const NO_KEY: &str = "the token was signed with a key that is not known";
const WRONG_ALGORITHM: &str = "the algorithm of the token is not accepted";
const WRONG_HEADER: &str = "the token has header parameters that are not accepted";
const WRONG_SIGNATURE: &str = "the signature of the token is wrong";
const WRONG_TYPE: &str = "the token is not an access token";

/// A token that `issuer` has signed with its public key as the secret that it is not.
fn confused(secret: &[u8]) -> Request<Bytes> {
    let key = Key::new(HMAC_SHA256, secret);
    let sign = |text: &[u8]| sign(&key, text).as_ref().to_vec();
    call_with(&forged(&json!({ "alg": "HS256" }), sign))
}

fn by_stranger(header: &Value) -> Request<Bytes> {
    headed(&Forger::stranger(), header)
}

pub(crate) const ATTEMPTS: [Attempt; 22] = [
    (
        "signed by a stranger",
        |_| by_stranger(&json!({})),
        Invalid(WRONG_SIGNATURE),
    ),
    (
        "signed by a stranger, no kid",
        |_| by_stranger(&json!({ "kid": null })),
        Invalid(WRONG_SIGNATURE),
    ),
    (
        "signed by a stranger, unknown kid",
        |_| by_stranger(&json!({ "kid": "other" })),
        Invalid(NO_KEY),
    ),
    (
        "kid that is a path",
        |_| by_stranger(&json!({ "kid": "../../../dev/null" })),
        Invalid(NO_KEY),
    ),
    (
        "kid that is SQL",
        |_| by_stranger(&json!({ "kid": "x' UNION SELECT 'key" })),
        Invalid(NO_KEY),
    ),
    (
        "kid that is a list",
        |issuer| headed(issuer, &json!({ "kid": ["key"] })),
        Invalid(MALFORMED),
    ),
    (
        "the stranger's key in the header",
        |_| by_stranger(&json!({ "jwk": Forger::stranger().jwk() })),
        Invalid(WRONG_HEADER),
    ),
    (
        "the issuer's own key in the header",
        |issuer| headed(issuer, &json!({ "jwk": issuer.jwk() })),
        Invalid(WRONG_HEADER),
    ),
    (
        "jku",
        |_| by_stranger(&json!({ "jku": "https://evil.example/jwks" })),
        Invalid(WRONG_HEADER),
    ),
    (
        "x5u",
        |_| by_stranger(&json!({ "x5u": "https://evil.example/x5" })),
        Invalid(WRONG_HEADER),
    ),
    (
        "x5c",
        |_| by_stranger(&json!({ "x5c": ["MIIB"] })),
        Invalid(WRONG_HEADER),
    ),
    (
        "crit",
        |issuer| headed(issuer, &json!({ "crit": ["exp"] })),
        Invalid(WRONG_HEADER),
    ),
    (
        "compressed",
        |issuer| headed(issuer, &json!({ "zip": "DEF" })),
        Invalid(WRONG_HEADER),
    ),
    (
        "alg none",
        |_| call_with(&forged(&json!({ "alg": "none" }), |_| Vec::new())),
        Invalid(WRONG_ALGORITHM),
    ),
    (
        "alg nOnE",
        |_| call_with(&forged(&json!({ "alg": "nOnE" }), |_| Vec::new())),
        Invalid(WRONG_ALGORITHM),
    ),
    (
        "no alg",
        |issuer| headed(issuer, &json!({ "alg": null })),
        Invalid(MALFORMED),
    ),
    (
        "alg in lower case",
        |issuer| headed(issuer, &json!({ "alg": "rs256" })),
        Invalid(WRONG_ALGORITHM),
    ),
    (
        "alg of another kind of key",
        |issuer| headed(issuer, &json!({ "alg": "ES256" })),
        Invalid(NO_KEY),
    ),
    (
        "HS256 with the public key as DER",
        |issuer| confused(issuer.der()),
        Invalid(WRONG_ALGORITHM),
    ),
    (
        "HS256 with the public key as JWK",
        |issuer| confused(issuer.jwk().to_string().as_bytes()),
        Invalid(WRONG_ALGORITHM),
    ),
    (
        "typ of a logout token",
        |issuer| headed(issuer, &json!({ "typ": "logout+jwt" })),
        Invalid(WRONG_TYPE),
    ),
    (
        "typ of a DPoP proof",
        |issuer| headed(issuer, &json!({ "typ": "dpop+jwt" })),
        Invalid(WRONG_TYPE),
    ),
];
