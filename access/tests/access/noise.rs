//! Tokens of which a byte is changed, and bytes that are no tokens at all.

use std::collections::BTreeSet;
use std::time::Duration;

use oci_mcp_access::{Jwt, Keys, StaticTokens};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Issuer, Signer, base64, claims, clock, jwks, noon, refusal, requirements};

#[tokio::test(start_paused = true)]
async fn a_token_of_which_any_byte_is_changed_left_out_or_doubled_is_refused() {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let signer = Signer::new(algorithm);
        let jwt = Issuer::with(&[&signer]).jwt();
        let good = signer.good();
        // Known by now, so that the cache is tried, too.
        assert!(jwt.verify(&good).await.is_ok());

        for at in 0..good.len() {
            let (before, after) = good.split_at(at);
            let (byte, rest) = after.split_at(1);
            let mut changed: BTreeSet<_> = ["A", "_", ".", "="]
                .iter()
                .filter(|other| **other != byte)
                .map(|other| format!("{before}{other}{rest}"))
                .collect();
            changed.insert(format!("{before}{rest}"));
            changed.insert(format!("{before}{byte}{byte}{rest}"));
            changed.insert(before.to_owned());
            changed.insert(after.to_owned());
            changed.remove(&good);

            for token in changed {
                refusal(&jwt, &token).await;
            }
        }
    }
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(future)
}

fn offline(set: &[u8]) -> (Jwt, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), set).unwrap();
    let keys = Keys::from_file(file.path(), clock());
    (Jwt::new(requirements(), keys, clock()), file)
}

proptest! {
    #[test]
    fn no_text_is_a_token_and_none_panics(token in ".*") {
        let refused = run(async {
            let set = jwks(&[&Signer::new("EdDSA")]).to_string();
            offline(set.as_bytes()).0.verify(&token).await.is_err()
        });

        prop_assert!(refused);
    }

    #[test]
    fn no_bytes_in_the_parts_of_a_token_panic(
        header in prop_oneof![any::<Vec<u8>>(), "\\{\"alg\":\"(RS256|ES256|EdDSA)\"(,\"[a-z]{1,4}\":.{0,9})?\\}".prop_map(String::into_bytes)],
        claims: Vec<u8>,
        signature: Vec<u8>,
    ) {
        let token = [header, claims, signature].map(|part| base64(&part)).join(".");

        let refused = run(async {
            let set = jwks(&[&Signer::new("EdDSA"), &Signer::new("RS256"), &Signer::new("ES256")]).to_string();
            offline(set.as_bytes()).0.verify(&token).await.is_err()
        });

        prop_assert!(refused);
    }

    #[test]
    fn whatever_claims_are_signed_none_panic(
        values in prop::collection::vec(prop_oneof![
            Just(json!(null)), any::<f64>().prop_map(|n| json!(n)), any::<i64>().prop_map(|n| json!(n)),
            ".*".prop_map(|text| json!(text)), Just(json!([])), Just(json!({})), Just(json!([1, "a"])),
        ], 9),
    ) {
        let names = ["iss", "aud", "exp", "nbf", "iat", "sub", "scope", "client_id", "tok_type"];
        let mut claims = claims(&json!({}));
        for (name, value) in names.iter().zip(values) {
            if value != json!(null) {
                claims[name] = value;
            }
        }
        let signer = Signer::new("EdDSA");
        let token = signer.token(&json!({}), &claims);

        let result = run(async {
            let (jwt, _file) = offline(jwks(&[&signer]).to_string().as_bytes());
            jwt.verify(&token).await
        });

        if let Ok(identity) = result {
            prop_assert_eq!(json!(identity.subject()), claims["sub"].clone());
            prop_assert!(identity.expires().unwrap() + Duration::from_secs(30) > noon());
        }
    }

    #[test]
    fn no_file_of_keys_or_tokens_panics(bytes: Vec<u8>) {
        let (jwt, _file) = offline(&bytes);

        let result = run(async { jwt.verify(&Signer::new("EdDSA").good()).await });

        prop_assert!(result.is_err());
        prop_assert!(StaticTokens::parse(&bytes).is_err());
    }
}
