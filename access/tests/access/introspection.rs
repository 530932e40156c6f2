//! Opaque tokens, and what the issuer may say of them.

use std::time::Duration;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use oci_mcp_access::{ClientCredentials, Introspection, Reason, Requirements};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, ISSUER, Issuer, clock, merged, noon, reason, requirements, seconds, url, wait,
};

const ENDPOINT: &str = "https://issuer.example/introspect";

fn introspection(issuer: &Issuer) -> Introspection {
    with(issuer, requirements())
}

fn with(issuer: &Issuer, requirements: Requirements) -> Introspection {
    let credentials = ClientCredentials::new("mcp server", "s3cret:+/ä");
    let transport = issuer.transport();
    Introspection::new(url(ENDPOINT), credentials, requirements, transport, clock())
}

/// What the issuer says of an ordinary token, with `changes`.
fn answer(changes: &Value) -> Value {
    let usual = json!({
        "active": true, "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "agent",
        "scope": "read:tools", "token_type": "Bearer", "exp": seconds(noon()) + 600,
    });
    merged(&usual, changes)
}

fn saying(changes: &Value) -> Issuer {
    let issuer = Issuer::default();
    issuer.answer(ENDPOINT, 200, &answer(changes).to_string());
    issuer
}

#[tokio::test(start_paused = true)]
async fn the_question_is_a_form_with_the_servers_own_credentials() {
    let issuer = saying(&json!({}));

    let identity = introspection(&issuer).verify("aB-._~+/9==").await.unwrap();

    let request = issuer.requests().remove(0);
    assert_eq!(request.method(), Method::POST);
    assert_eq!(
        request.headers()[CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        request.body(),
        "token=aB-._%7E%2B%2F9%3D%3D&token_type_hint=access_token",
    );
    // mcp+server:s3cret%3A%2B%2F%C3%A4
    assert_eq!(
        request.headers()[AUTHORIZATION],
        "Basic bWNwK3NlcnZlcjpzM2NyZXQlM0ElMkIlMkYlQzMlQTQ=",
    );
    assert_eq!(identity.subject(), "user-1");
    assert_eq!(identity.client(), Some("agent"));
    assert_eq!(identity.scopes().to_string(), "read:tools");
}

#[tokio::test(start_paused = true)]
async fn answers_that_let_nobody_in_have_each_its_reason() {
    let cases = [
        (json!({ "active": false }), Reason::Inactive),
        (json!({ "active": null }), Reason::Unavailable),
        (json!({ "active": "true" }), Reason::Unavailable),
        (json!({ "active": 1 }), Reason::Unavailable),
        (
            json!({ "iss": "https://evil.example" }),
            Reason::WrongIssuer,
        ),
        (json!({ "aud": null }), Reason::ClaimMissing),
        (
            json!({ "aud": "https://other.example" }),
            Reason::WrongAudience,
        ),
        (json!({ "exp": seconds(noon()) - 30 }), Reason::Expired),
        (json!({ "nbf": seconds(noon()) + 31 }), Reason::NotYetValid),
        (
            json!({ "sub": null, "client_id": null }),
            Reason::ClaimMissing,
        ),
        (json!({ "token_type": "DPoP" }), Reason::WrongType),
        (json!({ "token_type": "refresh_token" }), Reason::WrongType),
        (json!({ "token_type": 1 }), Reason::WrongType),
        (json!({ "cnf": { "x5t#S256": "a" } }), Reason::WrongType),
        (json!({ "scope": 1 }), Reason::Malformed),
    ];

    for (changes, expected) in cases {
        let issuer = saying(&changes);
        let introspection = introspection(&issuer);
        for asked in 1..=2 {
            let result = reason(introspection.verify("token").await);
            assert_eq!(result, Err(expected), "{changes}");
            assert_eq!(issuer.asked(), asked, "a refusal is not kept");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_a_kind_that_the_issuer_does_not_look_up_is_not_active() {
    let cases = [
        (400, "unsupported_token_type", Reason::Inactive),
        (400, "invalid_request", Reason::Unavailable),
        (401, "unsupported_token_type", Reason::Unavailable),
    ];

    for (status, error, expected) in cases {
        let issuer = Issuer::default();
        issuer.answer(ENDPOINT, status, &json!({ "error": error }).to_string());
        let result = introspection(&issuer).verify("token").await;
        assert_eq!(reason(result), Err(expected), "{status} {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_cannot_be_asked_lets_nobody_in() {
    let active = answer(&json!({})).to_string();
    let huge = format!("{active}{}", " ".repeat(300_000));
    let twice = active.replacen('{', r#"{"active":false,"#, 1);
    let answers = [
        (500, active.as_str()),
        (401, active.as_str()),
        (204, ""),
        (302, active.as_str()),
        (200, ""),
        (200, "active"),
        (200, "[]"),
        (200, &huge),
        (200, &twice),
    ];

    for (status, body) in answers {
        let issuer = Issuer::default();
        issuer.answer(ENDPOINT, status, body);
        let result = introspection(&issuer).verify("token").await;
        assert_eq!(
            reason(result),
            Err(Reason::Unavailable),
            "{status} {body:.60}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_or_slow_is_not_waited_for_and_nothing_secret_is_said() {
    for is_down in [true, false] {
        let issuer = saying(&json!({}));
        issuer.goes_down(is_down);
        issuer.takes(60);
        let introspection = introspection(&issuer);
        let start = tokio::time::Instant::now();

        let refusal = introspection.verify("hunter2").await.unwrap_err();

        assert_eq!(refusal.reason(), Reason::Unavailable);
        assert_eq!(start.elapsed().as_secs(), 5);
        let said = format!("{refusal} {refusal:?} {introspection:?}");
        for secret in ["hunter2", "s3cret"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_minute_so_that_a_revoked_token_ends_with_it() {
    let issuer = saying(&json!({}));
    let introspection = introspection(&issuer);
    introspection.verify("token").await.unwrap();
    issuer.answer(ENDPOINT, 200, r#"{"active":false}"#);

    wait(59).await;
    let kept = reason(introspection.verify("token").await);
    wait(1).await;
    let revoked = reason(introspection.verify("token").await);

    assert_eq!(kept, Ok("user-1".to_owned()));
    assert_eq!(revoked, Err(Reason::Inactive));
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_no_longer_than_the_token_lives() {
    let issuer = saying(&json!({ "exp": seconds(noon()) + 10 }));
    let introspection = with(&issuer, requirements().leeway(Duration::ZERO).unwrap());
    introspection.verify("token").await.unwrap();

    wait(10).await;

    let result = introspection.verify("token").await;
    assert_eq!(reason(result), Err(Reason::Expired));
}

#[tokio::test(start_paused = true)]
async fn with_a_ttl_of_zero_every_request_is_asked_about() {
    let issuer = saying(&json!({ "exp": null, "iss": null }));
    let introspection = introspection(&issuer).ttl(Duration::ZERO);

    for asked in 1..=3 {
        introspection.verify("token").await.unwrap();
        assert_eq!(issuer.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_made_up_tokens_is_no_flood_for_the_issuer() {
    let issuer = saying(&json!({ "active": false }));
    issuer.takes(60);
    let introspection = std::sync::Arc::new(introspection(&issuer));
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..500 {
        let introspection = std::sync::Arc::clone(&introspection);
        flood.spawn(async move { introspection.verify(&format!("token-{number}")).await });
    }

    let results = flood.join_all().await;

    let unavailable = |result| reason(result) == Err(Reason::Unavailable);
    assert!(results.into_iter().all(unavailable));
    assert_eq!(issuer.asked(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_too_long_is_not_asked_about() {
    let issuer = saying(&json!({}));

    let result = introspection(&issuer)
        .verify(&"a".repeat(16 * 1024 + 1))
        .await;

    assert_eq!(reason(result), Err(Reason::TooLong));
    assert_eq!(issuer.asked(), 0);
}
