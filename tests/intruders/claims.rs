//! What a good signature does not make up for.

use oci_mcp_tests::RESOURCE;
use serde_json::json;

use crate::Told::Invalid;
use crate::{Attempt, call_with, claiming};

const MALFORMED: &str = "the token is malformed";
const WRONG_ISSUER: &str = "the token is from another issuer";
const WRONG_TYPE: &str = "the token is not an access token";
const FOR_ANOTHER: &str = "the token is for another server";
const INCOMPLETE: &str = "the token lacks a claim";
const EXPIRED: &str = "the token has expired";
const EARLY: &str = "the token is not valid yet";

pub(crate) const ATTEMPTS: [Attempt; 27] = [
    (
        "another issuer",
        |issuer| claiming(issuer, &json!({ "iss": "https://evil.example" })),
        Invalid(WRONG_ISSUER),
    ),
    (
        "the issuer with a slash",
        |issuer| claiming(issuer, &json!({ "iss": "https://issuer.example/" })),
        Invalid(WRONG_ISSUER),
    ),
    (
        "the issuer in capitals",
        |issuer| claiming(issuer, &json!({ "iss": "https://ISSUER.example" })),
        Invalid(WRONG_ISSUER),
    ),
    (
        "the issuer below another host",
        |issuer| {
            claiming(
                issuer,
                &json!({ "iss": "https://issuer.example.evil.example" }),
            )
        },
        Invalid(WRONG_ISSUER),
    ),
    (
        "two issuers",
        |issuer| {
            claiming(
                issuer,
                &json!({ "iss": ["https://issuer.example", "https://evil.example"] }),
            )
        },
        Invalid(MALFORMED),
    ),
    (
        "no issuer",
        |issuer| claiming(issuer, &json!({ "iss": null })),
        Invalid(INCOMPLETE),
    ),
    (
        "for another server",
        |issuer| claiming(issuer, &json!({ "aud": "https://other.example/mcp" })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for two other servers",
        |issuer| {
            claiming(
                issuer,
                &json!({ "aud": ["https://other.example/mcp", "urn:x"] }),
            )
        },
        Invalid(FOR_ANOTHER),
    ),
    (
        "for a path below the server's",
        |issuer| claiming(issuer, &json!({ "aud": "https://tools.example/mcp/more" })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for a path above the server's",
        |issuer| claiming(issuer, &json!({ "aud": "https://tools.example" })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for two in one text",
        |issuer| claiming(issuer, &json!({ "aud": format!("{RESOURCE} urn:x") })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for any server",
        |issuer| claiming(issuer, &json!({ "aud": "*" })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for no server in a list",
        |issuer| claiming(issuer, &json!({ "aud": [] })),
        Invalid(FOR_ANOTHER),
    ),
    (
        "for an object",
        |issuer| claiming(issuer, &json!({ "aud": { RESOURCE: true } })),
        Invalid(MALFORMED),
    ),
    (
        "for nobody",
        |issuer| claiming(issuer, &json!({ "aud": null })),
        Invalid(INCOMPLETE),
    ),
    (
        "expired in 2001",
        |issuer| claiming(issuer, &json!({ "exp": 1_000_000_000 })),
        Invalid(EXPIRED),
    ),
    (
        "expired before the epoch",
        |issuer| claiming(issuer, &json!({ "exp": -1 })),
        Invalid(MALFORMED),
    ),
    (
        "expires as text",
        |issuer| claiming(issuer, &json!({ "exp": "4102444800" })),
        Invalid(MALFORMED),
    ),
    (
        "expires never",
        |issuer| claiming(issuer, &json!({ "exp": null })),
        Invalid(INCOMPLETE),
    ),
    (
        "valid from 2100 on",
        |issuer| claiming(issuer, &json!({ "nbf": 4_102_444_800_u64 })),
        Invalid(EARLY),
    ),
    (
        "issued in 2100",
        |issuer| claiming(issuer, &json!({ "iat": 4_102_444_800_u64 })),
        Invalid(EARLY),
    ),
    (
        "nobody's",
        |issuer| claiming(issuer, &json!({ "sub": null })),
        Invalid(INCOMPLETE),
    ),
    (
        "a number's",
        |issuer| claiming(issuer, &json!({ "sub": 0 })),
        Invalid(MALFORMED),
    ),
    (
        "bound to a key",
        |issuer| claiming(issuer, &json!({ "cnf": { "jkt": "x" } })),
        Invalid(WRONG_TYPE),
    ),
    (
        "Keycloak's refresh token",
        |issuer| claiming(issuer, &json!({ "typ": "Refresh" })),
        Invalid(WRONG_TYPE),
    ),
    (
        "OCI's identity token",
        |issuer| claiming(issuer, &json!({ "tok_type": "IT" })),
        Invalid(WRONG_TYPE),
    ),
    (
        "two audiences of one name",
        |issuer| {
            let claims = format!(
                r#"{{"iss":"https://issuer.example","sub":"alice","exp":4102444800,"aud":"urn:x","aud":"{RESOURCE}"}}"#
            );
            call_with(&issuer.sealed(r#"{"alg":"RS256","kid":"key"}"#, &claims))
        },
        Invalid(MALFORMED),
    ),
];
