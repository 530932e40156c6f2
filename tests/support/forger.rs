//! Tokens: of an issuer whose keys a server has, and of whoever would like to be one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

/// Who signs tokens with an RSA key. The key is the same every time.
#[derive(Debug)]
pub struct Forger(KeyPair);

/// Who issues tokens.
pub const ISSUER: &str = "https://issuer.example";
/// For which server.
pub const RESOURCE: &str = "https://tools.example/mcp";
/// When they expire, unless a test says otherwise: in 2100, so that no test needs to know the time.
const NEVER: u64 = 4_102_444_800;

impl Forger {
    /// Who has the key that a server knows.
    #[must_use]
    pub fn issuer() -> Self {
        Self::with(include_str!("../../access/tests/keys/issuer.pem"))
    }

    /// Who has a key of their own.
    #[must_use]
    pub fn stranger() -> Self {
        Self::with(include_str!("../../access/tests/keys/stranger.pem"))
    }

    fn with(pem: &str) -> Self {
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let key = STANDARD.decode(lines.collect::<String>()).unwrap();
        Self(KeyPair::from_pkcs8(&key).unwrap())
    }

    /// The public key as a JWK (RFC 7517).
    #[must_use]
    pub fn jwk(&self) -> Value {
        let key: PublicKeyComponents<Vec<u8>> = self.0.public().into();
        let (n, e) = (base64url(&key.n), base64url(&key.e));
        json!({ "kty": "RSA", "kid": "key", "use": "sig", "n": n, "e": e })
    }

    /// The public key as DER (RFC 8017, appendix A.1.1).
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// A token of alice, who may read, with these changes to its header and its claims. `null` removes.
    #[must_use]
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        self.sealed(&usual_header(header), &usual_claims(claims))
    }

    /// A token of these texts, signed as it should be.
    #[must_use]
    pub fn sealed(&self, header: &str, claims: &str) -> String {
        signed(header, claims, |text| {
            let mut signature = vec![0; self.0.public().modulus_len()];
            let random = SystemRandom::new();
            let done = self
                .0
                .sign(&RSA_PKCS1_SHA256, &random, text, &mut signature);
            done.unwrap();
            signature
        })
    }
}

/// A token of alice with another signature.
#[must_use]
pub fn forged(header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    signed(&usual_header(header), &usual_claims(&json!({})), sign)
}

fn signed(header: &str, claims: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", base64url(header), base64url(claims));
    let signature = sign(text.as_bytes());
    format!("{text}.{}", base64url(&signature))
}

fn usual_header(changes: &Value) -> String {
    let usual = json!({ "alg": "RS256", "kid": "key", "typ": "at+jwt" });
    changed(usual, changes).to_string()
}

fn usual_claims(changes: &Value) -> String {
    let usual = json!({
        "iss": ISSUER, "aud": RESOURCE, "sub": "alice", "exp": NEVER, "scope": "read:tools",
    });
    changed(usual, changes).to_string()
}

fn changed(mut usual: Value, changes: &Value) -> Value {
    let members = usual.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    usual
}

/// As the parts of a token are written.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
