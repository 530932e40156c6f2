//! The classic attacks on tokens.

use oci_mcp_access::Reason;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Issuer, Signer, base64, claims, refusal};

/// Name, token, and why it is refused.
type Attack = (String, String, Reason);

fn attack(name: &str, token: String, reason: Reason) -> Attack {
    (name.to_owned(), token, reason)
}

fn usual() -> Value {
    claims(&json!({}))
}

/// A token with this header and signature.
fn forged(header: &Value, signature: &[u8]) -> String {
    let (header, claims) = (header.to_string(), usual().to_string());
    let signed = format!(
        "{}.{}",
        base64(header.as_bytes()),
        base64(claims.as_bytes())
    );
    format!("{signed}.{}", base64(signature))
}

/// No signature, or one that everybody can make.
fn unsigned(rsa: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", "", "null"] {
        let header = json!({ "alg": none, "kid": rsa.id });
        attacks.push(attack(
            "no signature",
            forged(&header, b""),
            Reason::AlgorithmRefused,
        ));
        let signature = forged(&header, b"signature");
        attacks.push(attack(
            "alg none, with a signature",
            signature,
            Reason::AlgorithmRefused,
        ));
    }
    let jwk = rsa.jwk();
    let secrets = [jwk["n"].to_string(), jwk.to_string(), String::new()];
    let hashes = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ];
    for secret in secrets {
        for (name, hash) in hashes {
            let header = json!({ "alg": name, "kid": rsa.id });
            let signed = forged(&header, b"").trim_end_matches('.').to_owned();
            let tag = hmac::sign(&hmac::Key::new(hash, secret.as_bytes()), signed.as_bytes());
            let token = format!("{signed}.{}", base64(tag.as_ref()));
            attacks.push(attack(
                "the public key as a secret",
                token,
                Reason::AlgorithmRefused,
            ));
        }
    }
    attacks
}

/// Algorithms that are none, or not for this key.
fn algorithms(rsa: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for alg in [
        json!("rs256"),
        json!("RS256 "),
        json!("ES256K"),
        json!("ES512"),
        json!("RSA-OAEP"),
        json!("dir"),
    ] {
        let token = rsa.token(&json!({ "alg": alg }), &usual());
        attacks.push(attack("another algorithm", token, Reason::AlgorithmRefused));
    }
    for alg in [
        json!(1),
        json!(["RS256"]),
        json!({ "alg": "RS256" }),
        json!(true),
    ] {
        let token = rsa.token(&json!({ "alg": alg }), &usual());
        attacks.push(attack("alg of another type", token, Reason::Malformed));
    }
    let token = rsa.token(&json!({ "alg": null }), &usual());
    attacks.push(attack("no alg", token, Reason::Malformed));
    for alg in ["RS384", "PS256", "ES256", "EdDSA"] {
        let token = rsa.token(&json!({ "alg": alg }), &usual());
        attacks.push(attack(
            "an algorithm that the key is not for",
            token,
            Reason::UnknownKey,
        ));
    }
    attacks
}

/// Headers that would have the verifier do what the thief wants.
fn headers(rsa: &Signer) -> Vec<Attack> {
    let thief = Signer::stranger("RS256").named(&rsa.id);
    let mut attacks = Vec::new();
    let forbidden = [
        json!({ "jwk": thief.jwk() }),
        json!({ "jku": "https://evil.example/jwks" }),
        json!({ "x5u": "https://evil.example/cert" }),
        json!({ "x5c": ["MIIB"] }),
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": [] }),
        json!({ "b64": false, "crit": ["b64"] }),
        json!({ "b64": false }),
        json!({ "zip": "DEF" }),
        json!({ "enc": "A256GCM" }),
        json!({ "epk": {} }),
    ];
    for header in forbidden {
        for signer in [&thief, rsa] {
            let token = signer.token(&header, &usual());
            attacks.push(attack(&header.to_string(), token, Reason::HeaderRefused));
        }
    }
    attacks
}

/// Headers that name no key, are for something else, or say two things.
fn names(rsa: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for id in [
        "../../../dev/null",
        "' OR 1=1 --",
        "key-rs256",
        "",
        "https://evil.example/jwks",
        &"k".repeat(4000),
    ] {
        let token = Signer::stranger("RS256").named(id).good();
        attacks.push(attack("a key id that is none", token, Reason::UnknownKey));
    }
    for id in [json!(1), json!(["key-RS256"]), json!({}), json!(false)] {
        let token = rsa.token(&json!({ "kid": id }), &usual());
        attacks.push(attack("a key id of another type", token, Reason::Malformed));
    }
    for kind in [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "JOSE",
        "at+jwt ",
        "",
    ] {
        let token = rsa.token(&json!({ "typ": kind }), &usual());
        attacks.push(attack(
            "a token for something else",
            token,
            Reason::WrongType,
        ));
    }
    let (name, claims) = (&rsa.id, usual().to_string());
    for header in [
        format!(r#"{{"alg":"none","alg":"RS256","kid":"{name}"}}"#),
        format!(r#"{{"alg":"RS256","\u0061lg":"RS256","kid":"{name}"}}"#),
        format!("\u{feff}{{\"alg\":\"RS256\",\"kid\":\"{name}\"}}"),
        format!(r#"{{"alg":"RS256","kid":"{name}"}} "#) + "x",
        format!(r#"[{{"alg":"RS256","kid":"{name}"}}]"#),
        r#""RS256""#.to_owned(),
        String::new(),
    ] {
        let token = rsa.raw(&header, &claims);
        attacks.push(attack(&header, token, Reason::Malformed));
    }
    attacks
}

/// Signatures that are not, or not of this.
fn signatures(rsa: &Signer, ec: &Signer, ed: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    for signer in [rsa, ec, ed] {
        let header = json!({ "alg": signer.algorithm, "kid": signer.id });
        let good = signer.good();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(signature.as_bytes())
            .unwrap();
        let length = bytes.len();
        let thief = Signer::stranger(signer.algorithm).named(&signer.id).good();
        let (_, others) = thief.rsplit_once('.').unwrap();
        let admin = base64(claims(&json!({ "sub": "admin" })).to_string().as_bytes());
        let header_of_good = signed.split_once('.').unwrap().0;
        let wrong = [
            ("a stranger's signature", thief.clone()),
            (
                "the signature of another token",
                format!("{signed}.{others}"),
            ),
            (
                "other claims",
                format!("{header_of_good}.{admin}.{signature}"),
            ),
            ("all zero", forged(&header, &vec![0; length])),
            ("all one", forged(&header, &vec![255; length])),
            ("cut", format!("{signed}.{}", base64(&bytes[..length - 1]))),
            (
                "longer",
                format!("{signed}.{}", base64(&[&bytes[..], &[0]].concat())),
            ),
            (
                "a zero in front",
                format!("{signed}.{}", base64(&[&[0], &bytes[..]].concat())),
            ),
            ("none", format!("{signed}.")),
        ];
        for (name, token) in wrong {
            attacks.push(attack(name, token, Reason::BadSignature));
        }
        let spelled = [
            ("padding", format!("{good}=")),
            ("white space", format!("{good} ")),
            ("a line's end", format!("{good}\n")),
            ("another alphabet", format!("{signed}.+{}", &signature[1..])),
        ];
        for (name, token) in spelled {
            attacks.push(attack(name, token, Reason::Malformed));
        }
    }
    let signed = ec.good().rsplit_once('.').unwrap().0.to_owned();
    // ECDSA as X.509 has it, which some libraries take as well.
    let der = [&[0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01][..]].concat();
    attacks.push(attack(
        "DER",
        format!("{signed}.{}", base64(&der)),
        Reason::BadSignature,
    ));
    attacks
}

/// What is no token, or whose claims are none.
fn forms(rsa: &Signer) -> Vec<Attack> {
    let good = rsa.good();
    let parts: Vec<_> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let mut attacks = Vec::new();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!("{good}.{signature}.{signature}"),
        format!(".{payload}.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        good.replacen('.', "%2E", 1),
        format!("\u{0}{good}"),
        format!("ä{good}"),
    ] {
        attacks.push(attack("no token", token, Reason::Malformed));
    }
    let token = format!("{header}.{payload}.{}", "A".repeat(17_000));
    attacks.push(attack("too long", token, Reason::TooLong));
    let header = json!({ "alg": "RS256", "kid": rsa.id }).to_string();
    let usual = usual().to_string();
    let twice = |more: &str| format!("{{{more},{}", &usual[1..]);
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    for claims in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        r#""text""#.to_owned(),
        good.clone(),
        format!("{usual}{usual}"),
        twice(r#""sub":"admin""#),
        twice(r#""\u0073ub":"admin""#),
        twice(r#""a":{"b":1,"b":2}"#),
        twice(r#""sub2":"\ud800""#),
        deep,
    ] {
        attacks.push(attack(
            &claims,
            rsa.raw(&header, &claims),
            Reason::Malformed,
        ));
    }
    attacks
}

#[tokio::test(start_paused = true)]
async fn every_attack_is_refused_for_its_reason_and_nothing_of_the_token_is_repeated() {
    let signers = ["RS256", "ES256", "EdDSA"].map(Signer::new);
    let [rsa, ec, ed] = &signers;
    let issuer = Issuer::with(&[rsa, ec, ed]);
    let jwt = issuer.jwt();
    let attacks = [
        unsigned(rsa),
        algorithms(rsa),
        headers(rsa),
        names(rsa),
        signatures(rsa, ec, ed),
        forms(rsa),
    ]
    .concat();
    assert!(attacks.len() >= 120, "{}", attacks.len());

    for (name, token, expected) in &attacks {
        let refusal = refusal(&jwt, token).await;

        assert_eq!(
            refusal.reason(),
            *expected,
            "{name}: {token}: {}",
            refusal.detail()
        );
        let said = format!("{refusal} {refusal:?} {jwt:?}");
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!said.contains(part), "{name}: {said}");
        }
        assert!(refusal.detail().len() < 300, "{name}: {}", refusal.detail());
        assert!(!refusal.detail().contains('\n'), "{name}");
    }
    assert!(
        jwt.verify(&rsa.good()).await.is_ok(),
        "they spoil it for nobody"
    );
    assert_eq!(issuer.asked(), 1, "they cost the issuer nothing");
}
