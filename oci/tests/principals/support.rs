//! A world for principals: a clock, variables, files, and services that are functions.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{Method, Request, Response};
use oci_rest::{
    Credential, Environment, Payload, Principal, PrincipalError, PrivateKey, Regions, Surroundings,
    Target, Transport, TransportError, find_principal, sign,
};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const KEYS: [&str; 2] = [
    include_str!("../keys/pkcs8.pem"),
    include_str!("../golden/key.pem"),
];

/// The time at which every test starts.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub(crate) fn key(index: usize) -> PrivateKey {
    PrivateKey::from_pem(KEYS[index].as_bytes(), None).unwrap()
}

/// A token for `key` that lives for `life` from now on.
pub(crate) fn token(key: &PrivateKey, now: SystemTime, life: Duration) -> String {
    let (n, e) = key.public_components();
    let jwk =
        json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&n), "e": BASE64URL_NOPAD.encode(&e) });
    jwt(&json!({
        "iat": seconds(now),
        "exp": seconds(now + life),
        "jwk": jwk.to_string(),
        "res_tenant": "ocid1.tenancy.oc1..token",
    }))
}

pub(crate) fn jwt(claims: &Value) -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.c2ln", part("{}"), part(&claims.to_string()))
}

#[cfg(feature = "session-keys")]
/// A token for the DER public key that a request holds in base64.
pub(crate) fn token_for(public: &str, now: SystemTime, life: Duration) -> String {
    // The modulus of a key of 2048 bits and the exponent have fixed places in the DER.
    let der = BASE64.decode(public.as_bytes()).unwrap();
    let (n, e) = (&der[33..289], &der[291..294]);
    let jwk = json!({ "n": BASE64URL_NOPAD.encode(n), "e": BASE64URL_NOPAD.encode(e) });
    jwt(&json!({ "iat": seconds(now), "exp": seconds(now + life), "jwk": jwk }))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

type Answer = dyn Fn(&Request<Bytes>) -> Result<Response<Bytes>, TransportError> + Send + Sync;

/// What a principal finds around it.
pub(crate) struct World {
    folder: TempDir,
    now: Arc<Mutex<SystemTime>>,
    variables: HashMap<String, String>,
    pub(crate) requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    pub(crate) authorities: Arc<Mutex<Vec<Vec<u8>>>>,
    answer: Arc<Mutex<Arc<Answer>>>,
    delay: Arc<Mutex<Duration>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            now: Arc::new(Mutex::new(start())),
            variables: HashMap::new(),
            requests: Arc::default(),
            authorities: Arc::default(),
            answer: Arc::new(Mutex::new(Arc::new(|request| {
                panic!("nothing was to be asked, but {} was", request.uri())
            }))),
            // As long as a network takes, so that others come in between.
            delay: Arc::new(Mutex::new(Duration::from_millis(5))),
        }
        .with("HOME", "/nowhere")
    }

    /// The same with a variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same without a variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// The same with a variable that names a file.
    pub(crate) fn with_file(self, name: &str, file: &str, content: &str) -> Self {
        let path = self.write(file, content);
        self.with(name, path.to_str().unwrap())
    }

    /// What answers to every request from now on.
    pub(crate) fn answers(
        &self,
        answer: impl Fn(&Request<Bytes>) -> Result<Response<Bytes>, TransportError>
        + Send
        + Sync
        + 'static,
    ) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// Never answers anything from now on.
    pub(crate) fn hangs(&self) {
        *self.delay.lock().unwrap() = minutes(60 * 24);
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Writes a file.
    pub(crate) fn write(&self, file: &str, content: &str) -> PathBuf {
        let path = self.path(file);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file in place, in which it is empty for a moment.
    pub(crate) fn overwrite(&self, file: &str, content: &str) {
        self.write(file, content);
    }

    /// Puts a new file in the place of an old one.
    pub(crate) fn replace(&self, file: &str, content: &str) {
        let new = self.write("new", content);
        std::fs::rename(new, self.path(file)).unwrap();
    }

    pub(crate) fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    pub(crate) fn find(&self) -> Result<Arc<dyn Principal>, PrincipalError> {
        let variables = self.variables.clone();
        let environment = Environment::new(move |name| variables.get(name).cloned());
        let regions = Regions::from_environment(&environment).unwrap();
        find_principal(&environment, &regions, &self.surroundings())
    }

    pub(crate) fn principal(&self) -> Arc<dyn Principal> {
        self.find().map_err(|error| error.to_string()).unwrap()
    }

    pub(crate) async fn credential(&self) -> Arc<Credential> {
        let credential = self.principal().credential().await;
        credential.map_err(|error| error.to_string()).unwrap()
    }

    /// Why there is no principal, or no credential.
    pub(crate) async fn refusal(&self) -> String {
        let error = match self.find() {
            Ok(principal) => principal.credential().await.unwrap_err(),
            Err(error) => error,
        };
        error.to_string()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method(), request.uri()))
            .collect()
    }

    fn surroundings(&self) -> Surroundings {
        let transport = self.transport();
        let (now, authorities) = (Arc::clone(&self.now), Arc::clone(&self.authorities));
        Surroundings {
            clock: Arc::new(move || *now.lock().unwrap()),
            services: transport.clone(),
            metadata: transport.clone(),
            cluster: Arc::new(move |bundle| {
                authorities.lock().unwrap().push(bundle.to_vec());
                Ok(transport.clone())
            }),
        }
    }

    fn transport(&self) -> Transport {
        let (requests, answer) = (Arc::clone(&self.requests), Arc::clone(&self.answer));
        let delay = Arc::clone(&self.delay);
        Transport::new(tower::service_fn(move |request: Request<Bytes>| {
            let answer = Arc::clone(&answer.lock().unwrap());
            let requests = Arc::clone(&requests);
            let delay = *delay.lock().unwrap();
            async move {
                tokio::time::sleep(delay).await;
                let response = answer(&request);
                requests.lock().unwrap().push(request);
                response
            }
        }))
    }
}

/// A world with the resource principal 2.2 of key 0, in files.
pub(crate) fn function() -> World {
    let world = World::new()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
        .with("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1")
        .with_file("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "private.pem", KEYS[0]);
    let token = token(&key(0), start(), minutes(20));
    world.with_file("OCI_RESOURCE_PRINCIPAL_RPST", "rpst", &token)
}

#[expect(clippy::unnecessary_wraps, reason = "as a transport answers")]
pub(crate) fn ok(body: &Value) -> Result<Response<Bytes>, TransportError> {
    Ok(Response::new(Bytes::from(body.to_string())))
}

#[expect(clippy::unnecessary_wraps, reason = "as a transport answers")]
pub(crate) fn status(code: u16, body: &str) -> Result<Response<Bytes>, TransportError> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = code.try_into().unwrap();
    Ok(response)
}

pub(crate) fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// Signs a request, and checks that the token and the key of the signature belong together.
pub(crate) fn sign_and_check(credential: &Credential, now: SystemTime) {
    let target = Target {
        method: &Method::GET,
        path_and_query: &"/20160918/instances".parse().unwrap(),
        host: Some("iaas.us-phoenix-1.oraclecloud.com"),
    };
    sign(credential, now, &target, Payload::None).unwrap();
    let token = oci_rest::SecurityToken::parse(credential.key_id()).unwrap();
    assert_eq!(token.belongs_to(credential.key()), Some(true));
}

/// The key id of a signed request, whose signature must be that of `key`.
pub(crate) fn signed_by(request: &Request<Bytes>, key: &PrivateKey) -> String {
    let header = request.headers()["authorization"].to_str().unwrap();
    let parts: HashMap<&str, &str> = header
        .strip_prefix("Signature ")
        .unwrap()
        .split(',')
        .map(|part| part.split_once('=').unwrap())
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let lines: Vec<String> = parts["headers"]
        .split(' ')
        .map(|name| match name {
            "(request-target)" => format!(
                "(request-target): {} {}",
                request.method().as_str().to_lowercase(),
                request.uri().path_and_query().unwrap()
            ),
            name => format!("{name}: {}", request.headers()[name].to_str().unwrap()),
        })
        .collect();
    let (n, e) = key.public_components();
    let signature = BASE64.decode(parts["signature"].as_bytes()).unwrap();
    RsaPublicKeyComponents { n, e }
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            lines.join("\n").as_bytes(),
            &signature,
        )
        .unwrap();
    parts["keyId"].to_owned()
}

/// The error and its causes, in every form that may end in a log.
pub(crate) fn every_form(error: &PrincipalError) -> String {
    let mut text = format!("{error:?} {error:#?} {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text} {error:?} {error}");
        cause = error.source();
    }
    text
}

#[cfg(any(feature = "encrypted-keys", feature = "session-keys"))]
pub(crate) fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(path);
    std::fs::read_to_string(path).unwrap()
}
