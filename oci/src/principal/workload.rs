//! Workload identity: the service account of a pod in OKE, exchanged for a token.

use std::error::Error;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::federation::{Service, TokenAnswer, wipe};
use super::pair::check_expiry;
use super::renewal::{Fetched, Source};
use super::session_key::session_key;
use super::stamp::Stamp;
use super::value::Value;
use super::{PrincipalError, Surroundings};
use crate::credential::Credential;
use crate::environment::Environment;
use crate::file;
use crate::key::PrivateKey;
use crate::region::{Region, Regions};
use crate::token::SecurityToken;
use crate::transport::{TransportError, TransportErrorKind};

/// Workload identity.
#[derive(Debug)]
pub(super) struct Workload {
    surroundings: Surroundings,
    url: Uri,
    account: Value,
    authorities: PathBuf,
    region: Region,
}

impl Workload {
    /// The principal of the pod that this process runs in.
    pub(super) fn new(
        environment: &Environment,
        regions: &Regions,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let (url, region) = (url(environment), region(environment, regions));
        let (url, region) = match (url, region) {
            (Ok(url), Ok(region)) => (url, region),
            (url, region) => {
                let problems: Vec<String> =
                    [url.err(), region.err()].into_iter().flatten().collect();
                return Err(PrincipalError::new(format!(
                    "{NAME} is not configured: {}",
                    problems.join("; ")
                )));
            }
        };
        let account = if let Some(token) = environment.var(TOKEN_STRING) {
            Value::literal(format!("`{TOKEN_STRING}`"), &Zeroizing::new(token))
        } else if let Some((name, path)) = environment.first(&TOKEN_PATHS) {
            Value::file(format!("`{name}`"), environment.path(path.trim()))
        } else {
            Value::file("the service account".to_owned(), TOKEN_PATH.into())
        };
        let authorities = environment.var(AUTHORITIES).map_or_else(
            || AUTHORITIES_PATH.into(),
            |path| environment.path(path.trim()),
        );
        Ok(Self {
            surroundings: surroundings.clone(),
            url,
            account,
            authorities,
            region,
        })
    }

    async fn renew(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let account = self.account.token()?;
        check_expiry(&account, now, &self.account, EXPIRED)?;
        let authorities = file::read(&self.authorities).map_err(|error| {
            PrincipalError::new(format!(
                "the authorities of the cluster, `{}`, cannot be read: {}; mount the service \
                 account (`automountServiceAccountToken: true`), or name the file in `{AUTHORITIES}`",
                self.authorities.display(),
                error.problem()
            ))
        })?;
        let transport = (self.surroundings.cluster)(&authorities).map_err(|error| {
            PrincipalError::new(format!("`{}`: {error}", self.authorities.display()))
                .with_source(error)
        })?;
        let session = session_key().await?;
        let service = Service {
            transport: &transport,
            clock: &self.surroundings.clock,
            name: CLUSTER,
            hint,
        };
        let body = Bytes::from(
            serde_json::json!({ "podKey": BASE64.encode(&session.public_key_der()) }).to_string(),
        );
        let response = service
            .ask(|_| request(&self.url, &account, &body))
            .await
            .map_err(|error| self.explain(error))?;
        let answer = answer(response.body());
        wipe(response.into_body());
        let token = answer?.token(&session, CLUSTER)?;
        Ok(Fetched {
            due: half_life(&token, now, &session),
            credential: Credential::token(&token, session).with_region(self.region.clone()),
            stamp: Stamp::default(),
        })
    }

    /// Names the file with the authorities if they are what is wrong.
    fn explain(&self, error: PrincipalError) -> PrincipalError {
        let transport = error.source().and_then(<dyn Error>::downcast_ref);
        if transport.is_some_and(|error: &TransportError| error.kind() == TransportErrorKind::Tls) {
            let path = self.authorities.display();
            let problem = format!(
                "{error}; the cluster is trusted through the authorities in `{path}` alone: they must \
                 be those of this cluster"
            );
            return PrincipalError::new(problem).with_source(error);
        }
        error
    }
}

impl Source for Workload {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(self.renew(now))
    }
}

fn url(environment: &Environment) -> Result<Uri, String> {
    let host = environment.var(HOST).ok_or_else(|| {
        format!("`{HOST}` is not set; Kubernetes sets it in every pod: is this one?")
    })?;
    let host = host.trim().trim_matches(['[', ']']);
    let is_name = |host: &str| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let url = match host.parse::<Ipv6Addr>() {
        Ok(address) => Some(format!("https://[{address}]:{PORT}{PATH}")),
        Err(_) => is_name(host).then(|| format!("https://{host}:{PORT}{PATH}")),
    };
    url.and_then(|url| url.parse().ok())
        .ok_or_else(|| format!("`{HOST}` is `{}`, which is not a host", host.escape_debug()))
}

/// The region that the pod is told of. Nothing in a pod tells of it by itself.
fn region(environment: &Environment, regions: &Regions) -> Result<Region, String> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(rename = "regionIdentifier")]
        id: String,
    }
    let names = [REGION, "OCI_REGION", "OCI_CLI_REGION"];
    let described = || {
        let text = environment.var("OCI_REGION_METADATA")?;
        let metadata: Metadata = serde_json::from_str(&text).ok()?;
        Some(("OCI_REGION_METADATA", metadata.id))
    };
    let (name, value) = environment
        .first(&names)
        .or_else(described)
        .ok_or_else(|| {
            format!(
                "`{REGION}` is not set; set it to the region of the cluster, such as \
                 `us-phoenix-1`, in the pod's `env`"
            )
        })?;
    regions
        .configured(&value)
        .map_err(|error| format!("`{name}`: {error}"))
}

fn request(
    url: &Uri,
    account: &SecurityToken,
    body: &Bytes,
) -> Result<Request<Bytes>, PrincipalError> {
    let bearer = Zeroizing::new(["Bearer ", account.as_str()].concat());
    let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| {
        PrincipalError::new("the service account has no token").with_source(error)
    })?;
    bearer.set_sensitive(true);
    let id = HeaderValue::try_from(request_id()?)
        .map_err(|error| PrincipalError::new(error.to_string()))?;

    let mut request = Request::new(body.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.clone();
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, bearer);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("opc-request-id", id);
    Ok(request)
}

/// Three parts, as the service wants it.
fn request_id() -> Result<String, PrincipalError> {
    let mut bytes = [0; 48];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|ring::error::Unspecified| {
            PrincipalError::new("the system gave no random bytes")
        })?;
    let parts: Vec<String> = bytes.chunks(16).map(|part| HEXLOWER.encode(part)).collect();
    Ok(parts.join("/"))
}

/// Reads the answer: base64 of JSON, and all of it a JSON string.
fn answer(body: &[u8]) -> Result<TokenAnswer, PrincipalError> {
    let read = || {
        let text = std::str::from_utf8(body).ok()?;
        let base64 = text.trim().trim_matches('"');
        let json = Zeroizing::new(BASE64.decode(base64.as_bytes()).ok()?);
        serde_json::from_slice(&json).ok()
    };
    read().ok_or_else(|| {
        PrincipalError::new(format!(
            "{CLUSTER} answered 200 with something else than a token; is the port {PORT} of the \
             cluster's API server that of OKE?"
        ))
    })
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::FORBIDDEN => {
            Some("the cluster must be ENHANCED: workload identity is not in basic clusters")
        }
        StatusCode::UNAUTHORIZED => {
            Some("it does not accept the token of the service account; is it that of this cluster?")
        }
        _ => None,
    }
}

/// Half of the token's life, give or take 5 % so that pods started together do not all ask together.
/// What to give or take is drawn from the key, which is random enough.
fn half_life(token: &SecurityToken, now: SystemTime, key: &PrivateKey) -> Option<SystemTime> {
    let issued = token.issued().unwrap_or(now).min(now);
    let life = token.expires()?.duration_since(issued).ok()?;
    let (modulus, _) = key.public_components();
    let draw = f64::from(modulus.get(8).copied().unwrap_or_default()) / 255.0;
    let spread = Duration::try_from_secs_f64(life.as_secs_f64() * 0.05 * draw).ok()?;
    issued.checked_add((life / 2 + spread).checked_sub(life / 40)?)
}

const NAME: &str = "OKE workload identity";
const CLUSTER: &str = "the identity proxy of the cluster";

/// Of the proxy for OCI on the cluster's API server.
const PORT: u16 = 12250;
const PATH: &str = "/resourcePrincipalSessionTokens";

const HOST: &str = "KUBERNETES_SERVICE_HOST";
const REGION: &str = "OCI_RESOURCE_PRINCIPAL_REGION";
const AUTHORITIES: &str = "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH";
const AUTHORITIES_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
const TOKEN_STRING: &str = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING";
const TOKEN_PATHS: [&str; 2] = [
    "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",
    "OCI_MCP_OKE_SERVICE_ACCOUNT_TOKEN_PATH",
];
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const EXPIRED: &str = "Kubernetes replaces it every hour in the file that it mounts: do not copy it, \
    or set the clock";
