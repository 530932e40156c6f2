//! Good tokens that allow something else.

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Forger, bearer, modern};
use serde_json::{Value, json};

use crate::Told::{Invalid, Lacks};
use crate::{Attempt, claiming, good};

const MALFORMED: &str = "the token is malformed";

/// What alice asks who may only read.
fn reader(issuer: &Forger, method: &str, params: &Value) -> Request<Bytes> {
    bearer(modern(method, params), &good(issuer))
}

/// What somebody asks who may do nothing.
fn idler(issuer: &Forger, method: &str, params: &Value) -> Request<Bytes> {
    let token = issuer.token(&json!({}), &json!({ "scope": "" }));
    bearer(modern(method, params), &token)
}

fn scoped(issuer: &Forger, scope: &str) -> Request<Bytes> {
    claiming(issuer, &json!({ "scope": scope }))
}

pub(crate) const ATTEMPTS: [Attempt; 26] = [
    (
        "no scope",
        |issuer| claiming(issuer, &json!({ "scope": null })),
        Lacks("read:tools"),
    ),
    (
        "an empty scope",
        |issuer| scoped(issuer, ""),
        Lacks("read:tools"),
    ),
    (
        "a scope that begins alike",
        |issuer| scoped(issuer, "read:toolsx"),
        Lacks("read:tools"),
    ),
    (
        "a scope that ends alike",
        |issuer| scoped(issuer, "xread:tools"),
        Lacks("read:tools"),
    ),
    (
        "a part of the scope",
        |issuer| scoped(issuer, "read:tool read read:"),
        Lacks("read:tools"),
    ),
    (
        "the scope in capitals",
        |issuer| scoped(issuer, "READ:TOOLS Read:Tools"),
        Lacks("read:tools"),
    ),
    (
        "a wildcard",
        |issuer| scoped(issuer, "* read:* *:tools"),
        Lacks("read:tools"),
    ),
    (
        "a regular expression",
        |issuer| scoped(issuer, "read:.+ ^read"),
        Lacks("read:tools"),
    ),
    (
        "scopes with commas",
        |issuer| scoped(issuer, "read:tools,write:tools"),
        Lacks("read:tools"),
    ),
    (
        "scopes with a semicolon",
        |issuer| scoped(issuer, "x;read:tools"),
        Lacks("read:tools"),
    ),
    (
        "writing implies no reading",
        |issuer| scoped(issuer, "write:tools"),
        Lacks("read:tools"),
    ),
    (
        "scopes with a tab",
        |issuer| scoped(issuer, "x\tread:tools"),
        Invalid(MALFORMED),
    ),
    (
        "scopes on two lines",
        |issuer| scoped(issuer, "x\nread:tools"),
        Invalid(MALFORMED),
    ),
    (
        "scopes with a no-break space",
        |issuer| scoped(issuer, "x\u{a0}read:tools"),
        Invalid(MALFORMED),
    ),
    (
        "a Cyrillic letter",
        |issuer| scoped(issuer, "r\u{435}ad:tools"),
        Invalid(MALFORMED),
    ),
    (
        "full-width letters",
        |issuer| scoped(issuer, "\u{ff52}ead:tools"),
        Invalid(MALFORMED),
    ),
    (
        "a zero-width space",
        |issuer| scoped(issuer, "read:tools\u{200b}"),
        Invalid(MALFORMED),
    ),
    (
        "a quotation mark for the challenge",
        |issuer| scoped(issuer, "\", scope=\"read:tools"),
        Invalid(MALFORMED),
    ),
    (
        "two scopes in one name of a list",
        |issuer| claiming(issuer, &json!({ "scope": ["x read:tools"] })),
        Invalid(MALFORMED),
    ),
    (
        "scopes that are an object",
        |issuer| claiming(issuer, &json!({ "scope": { "read:tools": true } })),
        Invalid(MALFORMED),
    ),
    (
        "a second claim for scopes",
        |issuer| claiming(issuer, &json!({ "scope": "", "scp": "read:tools" })),
        Lacks("read:tools"),
    ),
    (
        "the scope as a role",
        |issuer| claiming(issuer, &json!({ "scope": null, "roles": ["read:tools"] })),
        Lacks("read:tools"),
    ),
    (
        "a reader who writes",
        |issuer| reader(issuer, "tools/call", &json!({ "name": "fail" })),
        Lacks("write:tools"),
    ),
    (
        "a resource",
        |issuer| idler(issuer, "resources/read", &json!({ "uri": "test://poem" })),
        Lacks("read:tools"),
    ),
    (
        "a prompt",
        |issuer| idler(issuer, "prompts/get", &json!({ "name": "hello" })),
        Lacks("read:tools"),
    ),
    (
        "a completion",
        |issuer| {
            let reference = json!({ "type": "ref/prompt", "name": "review" });
            let argument = json!({ "name": "place", "value": "p" });
            idler(
                issuer,
                "completion/complete",
                &json!({ "ref": reference, "argument": argument }),
            )
        },
        Lacks("read:tools"),
    ),
];
