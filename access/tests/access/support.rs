//! What signs tokens, what stands for an issuer, and what stands for time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{Request, Response};
use oci_mcp_access::{
    BoxError, Clock, Identity, Jwt, Keys, Reason, Refusal, Requirements, SecureUrl, Transport,
};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaKeyPair,
};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://tools.example/mcp";
pub(crate) const JWKS: &str = "https://issuer.example/jwks";

pub(crate) const ALGORITHMS: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

/// A key pair, for one algorithm.
pub(crate) struct Signer {
    pub(crate) algorithm: &'static str,
    pub(crate) id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    /// The issuer's key for `algorithm`. Those with RSA are the same every time.
    pub(crate) fn new(algorithm: &'static str) -> Self {
        let issuer = include_str!("../keys/issuer.pem");
        Self::with_rsa(algorithm, issuer)
    }

    /// Somebody else's.
    pub(crate) fn stranger(algorithm: &'static str) -> Self {
        let stranger = include_str!("../keys/stranger.pem");
        Self::with_rsa(algorithm, stranger)
    }

    fn with_rsa(algorithm: &'static str, pem: &str) -> Self {
        let random = SystemRandom::new();
        let ec = |of| {
            let key = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
            Pair::Ec(EcdsaKeyPair::from_pkcs8(of, key.as_ref(), &random).unwrap())
        };
        let pair = match algorithm {
            "ES256" => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "EdDSA" => {
                let key = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Ed(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
            }
            _ => {
                let lines = pem.lines().filter(|line| !line.starts_with('-'));
                let key = BASE64.decode(lines.collect::<String>().as_bytes()).unwrap();
                Pair::Rsa(RsaKeyPair::from_pkcs8(&key).unwrap())
            }
        };
        Self {
            algorithm,
            id: format!("key-{algorithm}"),
            pair,
        }
    }

    pub(crate) fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        let (id, alg) = (&self.id, self.algorithm);
        match &self.pair {
            Pair::Rsa(pair) => {
                let key: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({ "kty": "RSA", "kid": id, "alg": alg, "use": "sig", "n": base64(&key.n), "e": base64(&key.e) })
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "kid": id, "alg": alg, "x": base64(x), "y": base64(y) })
            }
            Pair::Ed(pair) => {
                let x = base64(pair.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "alg": alg, "x": x })
            }
        }
    }

    pub(crate) fn sign(&self, signed: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let encoding: &dyn ring::signature::RsaEncoding = match self.algorithm {
                    "RS256" => &RSA_PKCS1_SHA256,
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    _ => &RSA_PSS_SHA512,
                };
                pair.sign(encoding, &random, signed.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair) => pair
                .sign(&random, signed.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Pair::Ed(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        }
    }

    /// A token with these header parameters, beside `alg` and `kid`, and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let own = json!({ "alg": self.algorithm, "kid": self.id });
        self.raw(&merged(&own, header).to_string(), &claims.to_string())
    }

    /// A token of these texts.
    pub(crate) fn raw(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            base64(header.as_bytes()),
            base64(claims.as_bytes())
        );
        format!("{signed}.{}", base64(&self.sign(&signed)))
    }

    /// An ordinary token.
    pub(crate) fn good(&self) -> String {
        self.token(&json!({ "typ": "at+jwt" }), &claims(&json!({})))
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// `value` with `changes`; those to null take away.
pub(crate) fn merged(value: &Value, changes: &Value) -> Value {
    let mut merged = value.clone();
    let object = merged.as_object_mut().unwrap();
    for (name, change) in changes.as_object().unwrap() {
        if change.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), change.clone());
        }
    }
    merged
}

/// Ordinary claims, with `changes`.
pub(crate) fn claims(changes: &Value) -> Value {
    let now = seconds(noon());
    let usual = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "agent",
        "scope": "read:tools write:tools", "iat": now, "exp": now + 300, "jti": "1",
    });
    merged(&usual, changes)
}

pub(crate) fn jwks(keys: &[&Signer]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// 2026-11-21, 12:00 UTC.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// Noon, going on with tokio's clock, which a test can stop and wind.
pub(crate) fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || noon() + start.elapsed())
}

pub(crate) async fn wait(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

pub(crate) fn url(text: &str) -> SecureUrl {
    SecureUrl::parse(text).unwrap()
}

pub(crate) fn requirements() -> Requirements {
    Requirements::new(ISSUER, [AUDIENCE]).unwrap()
}

/// A function that stands for the issuer.
#[derive(Clone, Default)]
pub(crate) struct Issuer {
    answers: Arc<Mutex<HashMap<String, (u16, String)>>>,
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_down: bool,
    delay: Duration,
}

impl Issuer {
    /// One that publishes these keys at [`JWKS`].
    pub(crate) fn with(keys: &[&Signer]) -> Self {
        let issuer = Self::default();
        issuer.publish(keys);
        issuer
    }

    pub(crate) fn publish(&self, keys: &[&Signer]) {
        self.answer(JWKS, 200, &jwks(keys).to_string());
    }

    pub(crate) fn answer(&self, url: &str, status: u16, body: &str) {
        let answer = (status, body.to_owned());
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    pub(crate) fn goes_down(&self, is_down: bool) {
        self.state.lock().unwrap().is_down = is_down;
    }

    pub(crate) fn takes(&self, seconds: u64) {
        self.state.lock().unwrap().delay = Duration::from_secs(seconds);
    }

    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn transport(&self) -> Transport {
        let issuer = self.clone();
        Transport::new(tower::service_fn(move |request: Request<Bytes>| {
            let issuer = issuer.clone();
            async move { issuer.exchange(request).await }
        }))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
        let url = request.uri().to_string();
        self.requests.lock().unwrap().push(request);
        let delay = self.state.lock().unwrap().delay;
        tokio::time::sleep(delay).await;
        if self.state.lock().unwrap().is_down {
            return Err("the network is broken".into());
        }
        let answer = self.answers.lock().unwrap().get(&url).cloned();
        let (status, body) = answer.unwrap_or((404, "not here".to_owned()));
        Ok(Response::builder().status(status).body(body.into())?)
    }

    /// What verifies this issuer's tokens.
    pub(crate) fn jwt(&self) -> Jwt {
        let clock = clock();
        let keys = Keys::from_url(url(JWKS), self.transport(), Arc::clone(&clock));
        Jwt::new(requirements(), keys, clock)
    }
}

/// Why `jwt` refuses `token`.
pub(crate) async fn refusal(jwt: &Jwt, token: &str) -> Refusal {
    match jwt.verify(token).await {
        Ok(identity) => panic!("taken as {identity:?}: {token}"),
        Err(refusal) => refusal,
    }
}

pub(crate) fn reason(result: Result<Arc<Identity>, Refusal>) -> Result<String, Reason> {
    match result {
        Ok(identity) => Ok(identity.subject().to_owned()),
        Err(refusal) => Err(refusal.reason()),
    }
}
