//! When the issuer is asked for its keys, and what holds while it cannot be.

use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use oci_mcp_access::{Clock, Jwt, Keys, Reason, Verifier};
use serde_json::json;

use crate::support::{
    ISSUER, Issuer, JWKS, Signer, claims, clock, jwks, noon, reason, refusal, requirements,
    seconds, url, wait,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// A token that is good for two days.
fn lasting(signer: &Signer) -> String {
    let exp = seconds(noon()) + 48 * HOUR;
    signer.token(&json!({}), &claims(&json!({ "exp": exp })))
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_before_a_token_needs_it_and_then_once() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let jwt = issuer.jwt();
    let before = issuer.asked();

    for _ in 0..3 {
        jwt.verify(&signer.good()).await.unwrap();
    }

    assert_eq!((before, issuer.asked()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn many_who_come_at_once_wait_for_one_answer() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    issuer.takes(2);
    let (jwt, token) = (issuer.jwt(), signer.good());

    let (one, two, three) =
        tokio::join!(jwt.verify(&token), jwt.verify(&token), jwt.verify(&token));

    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_goes_away_while_fetching_leaves_the_turn_to_the_next() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    issuer.takes(2);
    let (jwt, token) = (issuer.jwt(), signer.good());

    let gone = tokio::time::timeout(Duration::from_secs(1), jwt.verify(&token)).await;
    let next = jwt.verify(&token).await;

    assert!(gone.is_err());
    assert!(next.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_at_its_first_token() {
    let (old, new) = (
        Signer::new("EdDSA").named("old"),
        Signer::new("EdDSA").named("new"),
    );
    let issuer = Issuer::with(&[&old]);
    let jwt = issuer.jwt();
    jwt.verify(&old.good()).await.unwrap();
    issuer.publish(&[&old, &new]);
    wait(31).await;

    let taken = jwt.verify(&new.good()).await;

    assert!(taken.is_ok());
    assert!(jwt.verify(&old.good()).await.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_of_the_same_name_is_found_too() {
    let (old, new) = (Signer::new("EdDSA"), Signer::new("EdDSA"));
    let issuer = Issuer::with(&[&old]);
    let jwt = issuer.jwt();
    jwt.verify(&old.good()).await.unwrap();
    issuer.publish(&[&new]);
    wait(31).await;

    assert!(jwt.verify(&new.good()).await.is_ok());
    assert_eq!(
        refusal(&jwt, &old.good()).await.reason(),
        Reason::BadSignature
    );
}

#[tokio::test(start_paused = true)]
async fn tokens_with_made_up_keys_have_the_issuer_asked_every_30_seconds_at_most() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let jwt = issuer.jwt();
    jwt.verify(&signer.good()).await.unwrap();

    for second in 0..60 {
        let thief = Signer::new("EdDSA").named(&format!("made-up-{second}"));
        let refusal = refusal(&jwt, &thief.good()).await;
        assert_eq!(refusal.reason(), Reason::UnknownKey);
        wait(1).await;
    }

    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_rate_holds_for_thieves_who_hang_up_while_the_issuer_is_asked() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let jwt = issuer.jwt();
    jwt.verify(&signer.good()).await.unwrap();
    issuer.takes(4);
    wait(31).await;

    for _ in 0..20 {
        let token = Signer::new("EdDSA").named("made-up").good();
        let _hung_up = tokio::time::timeout(Duration::from_secs(1), jwt.verify(&token)).await;
    }

    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_anew_every_ten_minutes() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let (jwt, token) = (issuer.jwt(), lasting(&signer));
    jwt.verify(&token).await.unwrap();

    for _ in 0..60 {
        wait(MINUTE).await;
        jwt.verify(&token).await.unwrap();
    }

    assert_eq!(issuer.asked(), 1 + 6);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_recognized_at_once_after_it_was_verified_and_while_its_keys_are_fresh() {
    let (old, new) = (Signer::new("EdDSA"), Signer::new("ES256"));
    let issuer = Issuer::with(&[&old]);
    let verifier = Verifier::Jwt(Box::new(issuer.jwt()));
    let headers = |token: &str| {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    };
    let is_known = |token: &str| verifier.recognize(&headers(token)).unwrap().is_some();
    let token = lasting(&old);
    let before = is_known(&token);
    verifier.identify(&headers(&token)).await.unwrap();

    let after = is_known(&token);
    let other = is_known(&lasting(&new));
    wait(11 * MINUTE).await;
    let with_old_keys = is_known(&token);
    issuer.publish(&[&new]);
    let withdrawn = verifier.identify(&headers(&token)).await;

    assert_eq!((before, after, other), (false, true, false));
    assert!(!with_old_keys, "the issuer was not asked whether they hold");
    assert_eq!(withdrawn.unwrap_err().reason(), Reason::UnknownKey);
    assert!(!is_known(&token));
    let nobody = verifier.recognize(&HeaderMap::new()).unwrap_err();
    assert_eq!(nobody.reason(), Reason::NoToken);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_withdrawn_takes_the_tokens_with_it_that_are_known() {
    let (stays, goes) = (
        Signer::new("EdDSA").named("a"),
        Signer::new("EdDSA").named("b"),
    );
    let issuer = Issuer::with(&[&stays, &goes]);
    let jwt = issuer.jwt();
    let (good, stolen) = (lasting(&stays), lasting(&goes));
    jwt.verify(&good).await.unwrap();
    jwt.verify(&stolen).await.unwrap();
    issuer.publish(&[&stays]);

    wait(10 * MINUTE).await;

    assert_eq!(refusal(&jwt, &stolen).await.reason(), Reason::UnknownKey);
    assert!(jwt.verify(&good).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_down_the_keys_at_hand_serve_for_a_day() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let (jwt, token) = (issuer.jwt(), lasting(&signer));
    jwt.verify(&token).await.unwrap();
    issuer.goes_down(true);

    wait(23 * HOUR).await;
    let stale = reason(jwt.verify(&token).await);
    let other = reason(jwt.verify(&lasting(&signer)).await);
    wait(HOUR).await;
    let too_old = reason(jwt.verify(&token).await);
    issuer.goes_down(false);
    wait(5).await;
    let back = reason(jwt.verify(&token).await);

    assert_eq!(stale, Ok("user-1".to_owned()));
    assert_eq!(other, Ok("user-1".to_owned()));
    assert_eq!(too_old, Err(Reason::Unavailable));
    assert_eq!(back, Ok("user-1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_slow_issuer_keeps_one_caller_for_three_seconds_and_no_other() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let (jwt, token) = (issuer.jwt(), lasting(&signer));
    jwt.verify(&token).await.unwrap();
    issuer.takes(60);
    wait(11 * MINUTE).await;
    let start = tokio::time::Instant::now();
    let timed = async || {
        jwt.verify(&token).await.unwrap();
        start.elapsed().as_secs()
    };

    let (first, second, third) = tokio::join!(timed(), timed(), timed());
    let next = timed().await;

    assert_eq!((first, second, third), (3, 0, 0));
    assert_eq!(next, 3, "nobody waits again for half a minute");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_keys_those_who_wait_fail_together_and_the_issuer_gets_a_rest() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    issuer.takes(60);
    let (jwt, token) = (issuer.jwt(), signer.good());
    let start = tokio::time::Instant::now();

    let (one, two) = tokio::join!(jwt.verify(&token), jwt.verify(&token));
    let three = jwt.verify(&token).await;

    assert_eq!(
        [one, two, three].map(reason),
        [const { Err(Reason::Unavailable) }; 3]
    );
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(issuer.asked(), 1);
    wait(5).await;
    issuer.takes(0);
    assert!(jwt.verify(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_keys_do_not_replace_keys() {
    let signer = Signer::new("EdDSA");
    let answers = [
        (500, "{}"),
        (200, "<html>"),
        (200, r#"{"keys":[]}"#),
        (401, ""),
        (302, ""),
    ];

    for (status, body) in answers {
        let issuer = Issuer::with(&[&signer]);
        let (jwt, token) = (issuer.jwt(), lasting(&signer));
        jwt.verify(&token).await.unwrap();
        issuer.answer(JWKS, status, body);
        wait(11 * MINUTE).await;

        assert!(jwt.verify(&token).await.is_ok(), "{status} {body}");
        assert_eq!(issuer.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_token_is_refused_once_it_expires() {
    let signer = Signer::new("EdDSA");
    let jwt = Issuer::with(&[&signer]).jwt();
    let token = signer.good();
    jwt.verify(&token).await.unwrap();

    wait(300 + 29).await;
    assert!(jwt.verify(&token).await.is_ok(), "within the leeway");
    wait(1).await;

    assert_eq!(refusal(&jwt, &token).await.reason(), Reason::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_put_back_stops_nothing() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let now = std::sync::Arc::new(std::sync::Mutex::new(noon()));
    let shown = std::sync::Arc::clone(&now);
    let clock: Clock = std::sync::Arc::new(move || *shown.lock().unwrap());
    let keys = Keys::from_url(url(JWKS), issuer.transport(), Clock::clone(&clock));
    let jwt = Jwt::new(requirements(), keys, clock);
    let token = signer.token(&json!({}), &claims(&json!({ "iat": 0 })));
    jwt.verify(&token).await.unwrap();

    *now.lock().unwrap() = SystemTime::UNIX_EPOCH + Duration::from_secs(9);

    assert!(jwt.verify(&token).await.is_ok());
    let thief = Signer::new("EdDSA").named("made-up");
    assert_eq!(
        refusal(&jwt, &thief.good()).await.reason(),
        Reason::UnknownKey
    );
}

fn discovering(issuer: &Issuer) -> Jwt {
    let keys = Keys::from_issuer(url(ISSUER), issuer.transport(), clock());
    Jwt::new(requirements(), keys, clock())
}

const OAUTH: &str = "https://issuer.example/.well-known/oauth-authorization-server";
const OIDC: &str = "https://issuer.example/.well-known/openid-configuration";

#[tokio::test(start_paused = true)]
async fn the_keys_are_found_by_either_metadata_document_of_the_issuer() {
    let signer = Signer::new("EdDSA");
    let document = json!({ "issuer": ISSUER, "jwks_uri": JWKS }).to_string();

    for place in [OAUTH, OIDC] {
        let issuer = Issuer::with(&[&signer]);
        issuer.answer(place, 200, &document);

        assert!(
            discovering(&issuer).verify(&signer.good()).await.is_ok(),
            "{place}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_of_another_issuer_or_with_keys_over_plain_http_is_refused() {
    let signer = Signer::new("EdDSA");
    let documents = [
        json!({ "issuer": "https://evil.example", "jwks_uri": JWKS }).to_string(),
        json!({ "issuer": "https://issuer.example/", "jwks_uri": JWKS }).to_string(),
        json!({ "jwks_uri": JWKS }).to_string(),
        json!({ "issuer": ISSUER }).to_string(),
        json!({ "issuer": ISSUER, "jwks_uri": "http://issuer.example/jwks" }).to_string(),
        json!({ "issuer": ISSUER, "jwks_uri": "file:///etc/jwks" }).to_string(),
        json!({ "issuer": ISSUER, "jwks_uri": ["https://issuer.example/jwks"] }).to_string(),
        format!(r#"{{"issuer":"https://evil.example","issuer":"{ISSUER}","jwks_uri":"{JWKS}"}}"#),
        "[]".to_owned(),
    ];

    for document in documents {
        let issuer = Issuer::with(&[&signer]);
        issuer.answer(OAUTH, 200, &document);
        issuer.answer(
            "http://issuer.example/jwks",
            200,
            &jwks(&[&signer]).to_string(),
        );

        let refusal = refusal(&discovering(&issuer), &signer.good()).await;

        assert_eq!(refusal.reason(), Reason::Unavailable, "{document}");
        let asked: Vec<_> = issuer
            .requests()
            .iter()
            .map(|request| request.uri().to_string())
            .collect();
        assert_eq!(asked, [OAUTH, OIDC], "{document}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_in_a_file_are_read_when_needed_and_again_when_it_changes() {
    let (old, new) = (
        Signer::new("EdDSA").named("old"),
        Signer::new("EdDSA").named("new"),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let clock = clock();
    let jwt = Jwt::new(
        requirements(),
        Keys::from_file(&file, Clock::clone(&clock)),
        clock,
    );
    let missing = refusal(&jwt, &old.good()).await;
    std::fs::write(&file, jwks(&[&old]).to_string()).unwrap();
    wait(5).await;
    let first = jwt.verify(&old.good()).await;
    std::fs::write(&file, jwks(&[&new]).to_string()).unwrap();
    wait(31).await;

    let second = jwt.verify(&new.good()).await;

    assert_eq!(missing.reason(), Reason::Unavailable);
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(
        refusal(&jwt, &old.good()).await.reason(),
        Reason::UnknownKey
    );
}
