//! Headers that only a gateway may set, and static tokens.

use bytes::Bytes;
use http::{HeaderValue, Request};
use oci_mcp_tests::{add, list, with};

use crate::Attempt;
use crate::Told::GetAToken;
use crate::doors::{Door, file};

/// What a gateway would say of alice, and what the platform would say of a gateway.
fn introduced(mut request: Request<Bytes>, headers: &[(&'static str, &str)]) -> Request<Bytes> {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(*name, value);
    }
    request
}

/// Where tokens are asked for, headers of gateways and platforms say nothing.
pub(crate) const AT_ANOTHER_DOOR: [Attempt; 6] = [
    (
        "a gateway's headers",
        |_| {
            introduced(
                add(),
                &[
                    ("oci-mcp-gateway-secret", SECRET),
                    ("oci-mcp-subject", "alice"),
                    ("oci-mcp-scope", "read:tools"),
                ],
            )
        },
        GetAToken,
    ),
    (
        "the platform's headers",
        |_| {
            introduced(
                add(),
                &[
                    ("oci-subject-id", "ocid1.user.oc1..a"),
                    ("oci-subject-type", "user"),
                ],
            )
        },
        GetAToken,
    ),
    (
        "the platform's headers, as Functions prefix them",
        |_| introduced(add(), &[("fn-http-h-oci-subject-id", "ocid1.user.oc1..a")]),
        GetAToken,
    ),
    (
        "a token, as Functions prefix it",
        |_| introduced(add(), &[("fn-http-h-authorization", "Bearer x")]),
        GetAToken,
    ),
    (
        "a plain invoke, it says",
        |_| {
            introduced(
                add(),
                &[("fn-intent", "cloudevent"), ("fn-invoke-type", "sync")],
            )
        },
        GetAToken,
    ),
    (
        "what other gateways send",
        |_| {
            introduced(
                add(),
                &[
                    ("x-auth-sub", "alice"),
                    ("x-forwarded-user", "alice"),
                    ("remote-user", "alice"),
                ],
            )
        },
        GetAToken,
    ),
];

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// What is tried, with which headers, and the status with whether there is a challenge.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    (u16, bool),
);

const ALICE: (&str, &str) = ("oci-mcp-subject", "alice");
const READS: (&str, &str) = ("oci-mcp-scope", "read:tools");

const fn key(value: &'static str) -> (&'static str, &'static str) {
    ("oci-mcp-gateway-secret", value)
}

const ATTEMPTS: [Case; 17] = [
    ("no secret", &[ALICE, READS], (403, false)),
    ("an empty secret", &[ALICE, READS, key("")], (403, false)),
    (
        "a part of it",
        &[ALICE, READS, key("0123456789abcdef0123456789abcde")],
        (403, false),
    ),
    (
        "more than it",
        &[ALICE, READS, key("0123456789abcdef0123456789abcdef0")],
        (403, false),
    ),
    (
        "in capitals",
        &[ALICE, READS, key("0123456789ABCDEF0123456789ABCDEF")],
        (403, false),
    ),
    (
        "in quotation marks",
        &[ALICE, READS, key("\"0123456789abcdef0123456789abcdef\"")],
        (403, false),
    ),
    (
        "twice",
        &[ALICE, READS, key(SECRET), key(SECRET)],
        (403, false),
    ),
    (
        "a wrong one before it",
        &[ALICE, READS, key("x"), key(SECRET)],
        (403, false),
    ),
    (
        "with underscores",
        &[ALICE, READS, ("oci_mcp_gateway_secret", SECRET)],
        (403, false),
    ),
    (
        "as a token",
        &[
            ALICE,
            READS,
            ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ],
        (403, false),
    ),
    (
        "as Functions prefix it",
        &[ALICE, READS, ("fn-http-h-oci-mcp-gateway-secret", SECRET)],
        (403, false),
    ),
    (
        "the gateway's OCID",
        &[
            ALICE,
            READS,
            ("oci-subject-id", "ocid1.apigateway.oc1..emulator"),
        ],
        (403, false),
    ),
    ("the secret and nobody", &[READS, key(SECRET)], (401, true)),
    (
        "the secret and an empty name",
        &[("oci-mcp-subject", ""), READS, key(SECRET)],
        (401, true),
    ),
    (
        "the secret and two names",
        &[ALICE, ("oci-mcp-subject", "root"), READS, key(SECRET)],
        (403, false),
    ),
    (
        "the secret and two lists of scopes",
        &[ALICE, READS, ("oci-mcp-scope", "write:tools"), key(SECRET)],
        (403, false),
    ),
    (
        "the secret and no scopes",
        &[ALICE, key(SECRET)],
        (403, true),
    ),
];

#[tokio::test]
async fn a_gateway_is_known_by_its_secret_and_nothing_else_on_any_host() {
    let secret = file(SECRET);
    let settings = [
        ("OCI_MCP_ACCESS", "gateway"),
        (
            "OCI_MCP_ACCESS_SECRET_FILE",
            secret.path().to_str().unwrap(),
        ),
    ];
    // Only of a function the platform says who invoked it.
    let of_function = [("OCI_MCP_ACCESS_GATEWAY", "ocid1.apigateway.oc1..emulator")];
    let [_, container, deployment] = Door::each(&settings).await;
    let function = Door::function(&[&settings[..], &of_function].concat());

    for door in [function, container, deployment] {
        for (what, headers, expected) in ATTEMPTS {
            let reply = door.send(introduced(add(), headers)).await;

            let has_challenge = reply.headers.contains_key("www-authenticate");
            assert_eq!(
                (reply.status.as_u16(), has_challenge),
                expected,
                "{what} on {door:?}"
            );
        }
        let alice = door
            .send(introduced(add(), &[ALICE, READS, key(SECRET)]))
            .await;
        assert_eq!(alice.status, 200, "{door:?}");
    }
}

#[tokio::test]
async fn each_caller_behind_a_gateway_has_a_limit_of_its_own() {
    let secret = file(SECRET);
    let settings = [
        ("OCI_MCP_ACCESS", "gateway"),
        (
            "OCI_MCP_ACCESS_SECRET_FILE",
            secret.path().to_str().unwrap(),
        ),
        ("OCI_MCP_CALLS_PER_MINUTE", "2"),
    ];
    let of_function = [("OCI_MCP_ACCESS_GATEWAY", "ocid1.apigateway.oc1..emulator")];
    let [_, container, deployment] = Door::each(&settings).await;
    let function = Door::function(&[&settings[..], &of_function].concat());
    let bob = ("oci-mcp-subject", "bob");

    for door in [function, container, deployment] {
        let call = |who| door.send(introduced(add(), &[who, READS, key(SECRET)]));
        let twice = [call(ALICE).await.status, call(ALICE).await.status];
        let refused = call(ALICE).await;
        let other = call(bob).await;

        assert_eq!(twice, [200, 200], "{door:?}");
        assert_eq!(refused.status, 429, "{door:?}");
        assert!(refused.headers.contains_key("retry-after"), "{door:?}");
        assert_eq!(other.status, 200, "{door:?}");
    }
}

#[tokio::test]
async fn a_function_takes_nothing_that_did_not_come_through_its_own_gateway() {
    let secret = file(SECRET);
    let behind = |gateway| {
        Door::function(&[
            ("OCI_MCP_ACCESS", "gateway"),
            (
                "OCI_MCP_ACCESS_SECRET_FILE",
                secret.path().to_str().unwrap(),
            ),
            ("OCI_MCP_ACCESS_GATEWAY", gateway),
        ])
    };
    let known = |request| {
        let alice = [
            ("oci-mcp-gateway-secret", SECRET),
            ("oci-mcp-subject", "alice"),
            ("oci-mcp-scope", "read:tools"),
            // Prefixed by the gateway, so that it says nothing.
            ("oci-subject-id", "ocid1.apigateway.oc1..other"),
        ];
        introduced(request, &alice)
    };
    let invoke = || {
        let mut request = list();
        let path = "/20181201/functions/ocid1.fnfunc.oc1..a/actions/invoke";
        *request.uri_mut() = path.parse().unwrap();
        let forged = with(request, "fn-intent", "httprequest");
        let forged = with(forged, "fn-http-request-url", "/mcp");
        let forged = with(forged, "fn-http-h-oci-mcp-gateway-secret", SECRET);
        let forged = with(forged, "fn-http-h-oci-mcp-subject", "alice");
        with(
            forged,
            "fn-http-h-oci-subject-id",
            "ocid1.apigateway.oc1..emulator",
        )
    };

    let through_another = behind("ocid1.apigateway.oc1..other")
        .send(known(add()))
        .await;
    let own = behind("ocid1.apigateway.oc1..emulator");
    let through_its_own = own.send(known(add())).await;
    let past_it = own.send(invoke()).await;

    assert_eq!(through_another.status, 403);
    assert_eq!(through_its_own.status, 200);
    assert_eq!(past_it.headers["fn-http-status"], "403");
}

#[tokio::test]
async fn a_static_token_is_taken_as_it_is_or_not_at_all_on_any_host() {
    // What `printf %s "$TOKEN" | sha256sum` prints is in the file.
    let hash = "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9";
    let tokens = file(&format!(
        r#"{{"tokens": [{{"name": "ci", "sha256": "{hash}", "scopes": ["read:tools"]}}]}}"#
    ));
    let settings = [
        ("OCI_MCP_ACCESS", "static"),
        (
            "OCI_MCP_ACCESS_TOKENS_FILE",
            tokens.path().to_str().unwrap(),
        ),
    ];
    let longer = format!("Bearer {SECRET}0");
    let cases = [
        ("none", None, 401),
        ("its hash", Some(format!("Bearer {hash}")), 401),
        ("its name", Some("Bearer ci".to_owned()), 401),
        (
            "a part of it",
            Some(format!("Bearer {}", &SECRET[..31])),
            401,
        ),
        ("more than it", Some(longer), 401),
        (
            "in capitals",
            Some(format!("Bearer {}", SECRET.to_uppercase())),
            401,
        ),
        (
            "as Basic",
            Some("Basic Y2k6MDEyMzQ1Njc4OWFiY2RlZg==".to_owned()),
            401,
        ),
        (
            "two of them",
            Some(format!("Bearer {SECRET} {SECRET}")),
            400,
        ),
        ("as it is", Some(format!("bearer {SECRET}")), 200),
    ];

    for door in Door::each(&settings).await {
        for (what, authorization, status) in &cases {
            let request = match authorization {
                Some(authorization) => with(add(), "authorization", authorization),
                None => add(),
            };

            let reply = door.send(request).await;

            assert_eq!(reply.status, *status, "{what} on {door:?}");
            let has_challenge = reply.headers.contains_key("www-authenticate");
            assert_eq!(has_challenge, *status != 200, "{what} on {door:?}");
        }
    }
}
