//! What a token may say.

use std::time::Duration;

use oci_mcp_access::{
    Algorithm, IDENTITY_DOMAIN_ISSUER, Jwt, Keys, Reason, Requirements, identity_domain,
};
use serde_json::{Value, json};

use crate::support::{
    ALGORITHMS, AUDIENCE, ISSUER, Issuer, JWKS, Signer, claims, clock, noon, reason, refusal,
    requirements, seconds, url,
};

/// What comes of a token with these changes to its claims.
async fn verdict(changes: &Value) -> Result<String, Reason> {
    let signer = Signer::new("EdDSA");
    let jwt = Issuer::with(&[&signer]).jwt();
    let token = signer.token(&json!({}), &claims(changes));
    reason(jwt.verify(&token).await)
}

#[tokio::test(start_paused = true)]
async fn a_good_token_is_taken_with_every_algorithm() {
    for algorithm in ALGORITHMS {
        let signer = Signer::new(algorithm);
        let jwt = Issuer::with(&[&signer]).jwt();

        let identity = jwt.verify(&signer.good()).await.unwrap();

        assert_eq!(identity.subject(), "user-1", "{algorithm}");
        assert_eq!(identity.issuer(), Some(ISSUER));
        assert_eq!(identity.client(), Some("agent"));
        assert_eq!(identity.scopes().to_string(), "read:tools write:tools");
        assert_eq!(identity.expires(), Some(noon() + Duration::from_secs(300)));
    }
}

#[tokio::test(start_paused = true)]
async fn claims_that_are_unusual_and_right_are_taken() {
    let now = seconds(noon());
    let cases = [
        json!({ "aud": [AUDIENCE] }),
        json!({ "aud": ["https://other.example", AUDIENCE] }),
        serde_json::from_str(&format!(r#"{{ "exp": {now}.5 }}"#)).unwrap(),
        json!({ "exp": now - 29 }),
        json!({ "exp": 253_402_300_800_u64 }),
        json!({ "nbf": now + 30, "iat": now + 30 }),
        json!({ "nbf": 0, "iat": null }),
        json!({ "scope": null, "client_id": null }),
        json!({ "tok_type": "AT" }),
        json!({ "typ": "Bearer" }),
    ];

    for changes in cases {
        assert_eq!(
            verdict(&changes).await,
            Ok("user-1".to_owned()),
            "{changes}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_not_exactly_the_one_is_refused() {
    let cases = [
        (json!(null), Reason::ClaimMissing),
        (json!(format!("{ISSUER}/")), Reason::WrongIssuer),
        (json!("https://ISSUER.example"), Reason::WrongIssuer),
        (json!("https://issuer.example.evil"), Reason::WrongIssuer),
        (json!(""), Reason::WrongIssuer),
        (json!([ISSUER]), Reason::Malformed),
    ];

    for (iss, expected) in cases {
        assert_eq!(
            verdict(&json!({ "iss": iss })).await,
            Err(expected),
            "{iss}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_audience_without_exactly_this_server_is_refused() {
    let cases = [
        (json!(null), Reason::ClaimMissing),
        (json!("https://other.example"), Reason::WrongAudience),
        (json!("https://tools.example"), Reason::WrongAudience),
        (json!(format!("{AUDIENCE}/admin")), Reason::WrongAudience),
        (json!("https://TOOLS.example/mcp"), Reason::WrongAudience),
        (json!(""), Reason::WrongAudience),
        (json!([]), Reason::WrongAudience),
        (json!(["a", "b"]), Reason::WrongAudience),
        (json!(format!("a {AUDIENCE}")), Reason::WrongAudience),
        (json!([AUDIENCE, 1]), Reason::Malformed),
        (json!([[AUDIENCE]]), Reason::Malformed),
        (json!({ "a": AUDIENCE }), Reason::Malformed),
    ];

    for (aud, expected) in cases {
        assert_eq!(
            verdict(&json!({ "aud": aud })).await,
            Err(expected),
            "{aud}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refused_before_and_after_its_time_and_if_it_has_none() {
    let now = seconds(noon());
    let cases = [
        (json!({ "exp": null }), Reason::ClaimMissing),
        (json!({ "exp": now - 30 }), Reason::Expired),
        (json!({ "exp": 0 }), Reason::Expired),
        (json!({ "exp": -1 }), Reason::Malformed),
        (json!({ "exp": 1e300 }), Reason::Malformed),
        (json!({ "exp": (now + 300).to_string() }), Reason::Malformed),
        (json!({ "exp": true }), Reason::Malformed),
        (json!({ "exp": [now + 300] }), Reason::Malformed),
        (json!({ "nbf": now + 31 }), Reason::NotYetValid),
        (json!({ "nbf": "0" }), Reason::Malformed),
        (json!({ "iat": now + 31 }), Reason::NotYetValid),
    ];

    for (changes, expected) in cases {
        assert_eq!(verdict(&changes).await, Err(expected), "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_claims_that_are_wrong_are_refused() {
    let cases = [
        (json!({ "sub": null }), Reason::ClaimMissing),
        (json!({ "sub": "" }), Reason::ClaimMissing),
        (json!({ "sub": 1 }), Reason::Malformed),
        (json!({ "client_id": 1 }), Reason::Malformed),
        (json!({ "scope": 1 }), Reason::Malformed),
        (json!({ "scope": ["a b"] }), Reason::Malformed),
        (json!({ "scope": "a\nb" }), Reason::Malformed),
        (json!({ "scope": { "a": true } }), Reason::Malformed),
        (json!({ "tok_type": "IT" }), Reason::WrongType),
        (json!({ "tok_type": "RT" }), Reason::WrongType),
        (json!({ "typ": "ID" }), Reason::WrongType),
        (json!({ "typ": "Refresh" }), Reason::WrongType),
        (json!({ "cnf": { "jkt": "a" } }), Reason::WrongType),
    ];

    for (changes, expected) in cases {
        assert_eq!(verdict(&changes).await, Err(expected), "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn scopes_are_found_where_issuers_put_them_and_in_one_place_only() {
    let signer = Signer::new("EdDSA");
    let jwt = Issuer::with(&[&signer]).jwt();
    let cases = [
        (json!({ "scope": "b a" }), "a b"),
        (json!({ "scope": ["b", "a"] }), "a b"),
        (json!({ "scope": null, "scp": "a" }), "a"),
        (json!({ "scope": null, "scp": ["a", "b"] }), "a b"),
        (json!({ "scope": null, "scopes": ["a"] }), "a"),
        (json!({ "scope": "a", "scp": "b", "scopes": "c" }), "a"),
        (json!({ "scope": "", "scp": "b" }), ""),
    ];

    for (changes, expected) in cases {
        let token = signer.token(&json!({}), &claims(&changes));
        let identity = jwt.verify(&token).await.unwrap();
        assert_eq!(identity.scopes().to_string(), expected, "{changes}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_claims_that_were_asked_for_are_kept() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let keys = Keys::from_url(url(JWKS), issuer.transport(), clock());
    let jwt = Jwt::new(requirements().keep(["tenant", "absent"]), keys, clock());
    let changes = json!({ "tenant": { "id": 1 }, "email": "user@example.com" });
    let token = signer.token(&json!({}), &claims(&changes));

    let identity = jwt.verify(&token).await.unwrap();

    assert_eq!(identity.claim("tenant"), Some(&json!({ "id": 1 })));
    assert_eq!(identity.claim("absent"), None);
    assert!(!format!("{identity:?}").contains("example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_algorithm_that_was_not_allowed_is_refused_however_good_the_token() {
    let signer = Signer::new("ES256");
    let issuer = Issuer::with(&[&signer]);
    let only = |algorithms: &[Algorithm]| issuer.jwt().algorithms(algorithms.iter().copied());

    let refused = only(&[Algorithm::Rs256, Algorithm::Es384]);
    let taken = only(&[Algorithm::Es256]);

    let refusal = refusal(&refused, &signer.good()).await;
    assert_eq!(refusal.reason(), Reason::AlgorithmRefused);
    assert!(taken.verify(&signer.good()).await.is_ok());
    assert_eq!(issuer.asked(), 1, "a refused algorithm needs no key");
}

#[tokio::test(start_paused = true)]
async fn where_access_tokens_must_say_so_others_are_refused() {
    let signer = Signer::new("EdDSA");
    let jwt = Issuer::with(&[&signer]).jwt().access_tokens_only();
    let typed = |header| signer.token(&header, &claims(&json!({})));

    for kind in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert!(jwt.verify(&typed(json!({ "typ": kind }))).await.is_ok());
    }
    for header in [json!({ "typ": "JWT" }), json!({})] {
        let refusal = refusal(&jwt, &typed(header)).await;
        assert_eq!(refusal.reason(), Reason::WrongType);
    }
}

#[test]
fn requirements_that_would_let_everybody_in_cannot_be_made() {
    let none: [&str; 0] = [];

    assert!(Requirements::new("", [AUDIENCE]).is_err());
    assert!(Requirements::new(ISSUER, none).is_err());
    assert!(Requirements::new(ISSUER, [AUDIENCE, ""]).is_err());
    assert!(requirements().leeway(Duration::from_secs(301)).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_leeway_is_what_was_set() {
    let signer = Signer::new("EdDSA");
    let issuer = Issuer::with(&[&signer]);
    let expired = signer.token(&json!({}), &claims(&json!({ "exp": seconds(noon()) - 1 })));
    let with = |leeway| {
        let requirements = requirements().leeway(Duration::from_secs(leeway));
        let keys = Keys::from_url(url(JWKS), issuer.transport(), clock());
        Jwt::new(requirements.unwrap(), keys, clock())
    };

    assert_eq!(refusal(&with(0), &expired).await.reason(), Reason::Expired);
    assert_eq!(refusal(&with(1), &expired).await.reason(), Reason::Expired);
    assert!(with(2).verify(&expired).await.is_ok());
}

/// The forms of key and token are those that Oracle's documentation and its samples show.
#[tokio::test(start_paused = true)]
async fn a_token_of_an_identity_domain_is_taken_by_its_own_keys_alone() {
    let domain = "https://idcs-1.identity.oraclecloud.com:443";
    let jwk = |signer: &Signer| {
        let mut jwk = signer.jwk();
        jwk["key_ops"] = json!(["encrypt", "sign"]);
        jwk.as_object_mut().unwrap().remove("use");
        json!({ "keys": [jwk] }).to_string()
    };
    let ours = Signer::new("RS256").named("SIGNING_KEY");
    let theirs = Signer::stranger("RS256").named("SIGNING_KEY");
    let issuer = Issuer::default();
    issuer.answer(
        &format!("{domain}/admin/v1/SigningCert/jwk"),
        200,
        &jwk(&ours),
    );
    let requirements = Requirements::new(IDENTITY_DOMAIN_ISSUER, [AUDIENCE]).unwrap();
    let domain = url(&format!("{domain}/"));
    let jwt = identity_domain(&domain, requirements, issuer.transport(), clock());
    let claims =
        claims(&json!({ "iss": IDENTITY_DOMAIN_ISSUER, "tok_type": "AT", "sub_type": "client" }));
    let header = json!({ "x5t": "IRbmlD-hR3X5vYxfkSu3jrzuh3Y", "x5t#S256": "88znNYQZ0Dv69zMHvQsbK08JhKi4zwDlQCTWnGlxUTU" });

    let taken = jwt.verify(&ours.token(&header, &claims)).await;
    let refused = jwt.verify(&theirs.token(&header, &claims)).await;

    assert_eq!(reason(taken), Ok("user-1".to_owned()));
    assert_eq!(reason(refused), Err(Reason::BadSignature));
}

#[tokio::test(start_paused = true)]
async fn an_identity_domain_that_keeps_its_keys_to_itself_is_a_setting_to_change() {
    let domain = url("https://idcs-1.identity.oraclecloud.com");
    let issuer = Issuer::default();
    let keys = format!("{domain}/admin/v1/SigningCert/jwk");
    issuer.answer(&keys, 401, "{}");
    let requirements = Requirements::new(IDENTITY_DOMAIN_ISSUER, [AUDIENCE]).unwrap();
    let jwt = identity_domain(&domain, requirements, issuer.transport(), clock());

    let refusal = refusal(&jwt, &Signer::new("RS256").good()).await;

    assert_eq!(refusal.reason(), Reason::Unavailable);
    assert_eq!(
        refusal.detail(),
        format!(
            "the issuer's keys cannot be had: `{keys}` answered 401 Unauthorized; without \
             `Configure client access` in its settings, an identity domain answers 401"
        ),
    );
}
