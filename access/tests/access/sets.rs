//! Sets of keys: which keys of one verify anything, and what is no set.

use oci_mcp_access::Reason;
use serde_json::json;

use crate::support::{ALGORITHMS, Issuer, JWKS, Signer, base64, claims, jwks, merged, refusal};

#[tokio::test(start_paused = true)]
async fn a_key_of_the_set_that_is_weak_private_or_for_something_else_verifies_nothing() {
    let signer = Signer::new("RS256");
    let jwk = signer.jwk();
    let weak = base64(&[0xc5; 128]);
    let changes = [
        (json!({ "n": weak }), "less than 2048 bits"),
        (
            json!({ "n": base64(&[&[0; 128][..], &[0xc5; 128]].concat()) }),
            "less than 2048 bits",
        ),
        (json!({ "n": base64(&[0xc5; 1025]) }), "over 8192 bits"),
        (json!({ "n": "" }), "less than 2048 bits"),
        (json!({ "n": null }), "not an RSA key"),
        (json!({ "e": "AQAB=" }), "not an RSA key"),
        (json!({ "d": "AQAB" }), "private"),
        (json!({ "use": "enc" }), "not for signatures"),
        (
            json!({ "use": null, "key_ops": ["wrapKey"] }),
            "not for signatures",
        ),
        (json!({ "alg": "RSA-OAEP" }), "another algorithm"),
        (json!({ "alg": "HS256" }), "another algorithm"),
        (json!({ "alg": "none" }), "another algorithm"),
        (json!({ "kty": "oct", "k": "AAAA" }), "not supported"),
        (json!({ "kty": "EC", "crv": "P-521" }), "not supported"),
        (
            json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
            "coordinates",
        ),
    ];
    let good = Signer::new("EdDSA");

    for (change, expected) in changes {
        let issuer = Issuer::default();
        let set = json!({ "keys": [merged(&jwk, &change), good.jwk(), 1] });
        issuer.answer(JWKS, 200, &set.to_string());
        let jwt = issuer.jwt();

        let refusal = refusal(&jwt, &signer.good()).await;

        assert_eq!(refusal.reason(), Reason::UnknownKey, "{change}");
        assert!(
            refusal.detail().contains(expected),
            "{change}: {}",
            refusal.detail()
        );
        assert!(jwt.verify(&good.good()).await.is_ok(), "{change}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_key_id_is_tried_with_the_keys_for_its_algorithm() {
    let signers = ALGORITHMS.map(|algorithm| {
        let signer = Signer::new(algorithm);
        (
            signer.token(&json!({ "kid": null }), &claims(&json!({}))),
            signer,
        )
    });
    let keys: Vec<_> = signers.iter().map(|(_, signer)| signer).collect();
    let jwt = Issuer::with(&keys).jwt();

    for (token, signer) in &signers {
        assert!(jwt.verify(token).await.is_ok(), "{}", signer.algorithm);
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_that_is_none_lets_nobody_in() {
    let signer = Signer::new("EdDSA");
    let jwk = signer.jwk();
    let sets = [
        String::new(),
        "null".to_owned(),
        jwk.to_string(),
        json!([jwk]).to_string(),
        json!({ "keys": {} }).to_string(),
        json!({ "keys": [] }).to_string(),
        json!({ "keys": vec![jwk.clone(); 51] }).to_string(),
        format!(r#"{{"keys":[{jwk}],"keys":[{jwk}]}}"#),
        format!("{}{}", jwks(&[&signer]), " ".repeat(300_000)),
    ];

    for set in sets {
        let issuer = Issuer::default();
        issuer.answer(JWKS, 200, &set);
        let refusal = refusal(&issuer.jwt(), &signer.good()).await;
        assert_eq!(refusal.reason(), Reason::Unavailable, "{set:.80}");
    }
}
