//! The endpoint on the nodes of OKE that gives tokens to pods: the proxymux.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::AUTHORIZATION;
use http::{Method, Request, Response};
use http_body_util::Full;
use rcgen::CertificateParams;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::federation::{SESSION, public_key, resource_session};
use super::received::Received;
use super::refusal::Refusal;
use super::value::field;
use super::{MAX_BODY, SimulatedOci, reply};
use crate::admission::{READ_TIMEOUT, read};
use crate::server;

/// Gives session tokens to the pods of a simulated cluster of OKE (workload identity), over TLS with
/// a certificate authority of its own.
///
/// OCI's tools look for it at port 12250 of `KUBERNETES_SERVICE_HOST`.
#[derive(Clone)]
pub struct Proxymux {
    oci: SimulatedOci,
    cluster: String,
    enhanced: bool,
    acceptor: TlsAcceptor,
    certificate: String,
}

impl Proxymux {
    /// That of the cluster with the OCID `cluster`. Only enhanced clusters have workload identity; the
    /// others answer 403.
    ///
    /// # Errors
    ///
    /// If no certificate can be made.
    pub fn new(oci: SimulatedOci, cluster: &str, enhanced: bool) -> io::Result<Self> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let params = CertificateParams::new(names).map_err(io::Error::other)?;
        let signing_key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
        let cert = params.self_signed(&signing_key).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .map_err(io::Error::other)?;
        Ok(Self {
            oci,
            cluster: cluster.to_owned(),
            enhanced,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: cert.pem(),
        })
    }

    /// The certificate that clients must trust, as PEM: the `ca.crt` of a pod.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A token of the service account `name`: the `token` of a pod.
    ///
    /// # Errors
    ///
    /// If it cannot be signed.
    pub fn service_account_token(
        &self,
        namespace: &str,
        name: &str,
        lifetime: Duration,
    ) -> io::Result<String> {
        let claims = json!({
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "aud": ["api"],
            "kubernetes.io": { "namespace": namespace, "serviceaccount": { "name": name } },
        });
        self.oci.authority().issue(claims, self.oci.now(), lifetime)
    }

    /// Answers one request.
    #[must_use]
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        self.token(request).unwrap_or_else(Refusal::into_response)
    }

    /// Serves TLS connections from `listener` until dropped.
    ///
    /// # Errors
    ///
    /// Refuses a listener that is not on loopback.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        server::accept(listener, move |stream, _: IpAddr| {
            let proxymux = self.clone();
            async move { proxymux.serve_connection(stream).await }
        })
        .await
    }

    async fn serve_connection(&self, stream: TcpStream) {
        let Ok(Ok(stream)) = timeout(READ_TIMEOUT, self.acceptor.accept(stream)).await else {
            tracing::debug!("a client does not shake hands");
            return;
        };
        server::serve_connection(stream, |request| async {
            let (parts, body) = request.into_parts();
            let response = match read(body, MAX_BODY).await {
                Ok(body) => self.answer(&Request::from_parts(parts, body)),
                Err(unfit) => reply::typed(unfit.status(), "text/plain", unfit.message()),
            };
            response.map(Full::new)
        })
        .await;
    }

    fn token(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let now = self.oci.now();
        if (request.method(), request.uri().path()) != (&Method::POST, PATH) {
            return Err(Refusal::missing(
                "NotFound",
                "the proxymux has one path only",
            ));
        }
        if !self.enhanced {
            return Err(Refusal::forbidden("the cluster is not an enhanced one"));
        }
        let bearer = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let bearer = bearer
            .ok_or_else(|| Refusal::not_authenticated("the service account's token is missing"))?;
        let authority = self.oci.authority();
        let claims = authority
            .read(bearer, now)
            .map_err(Refusal::not_authenticated)?;
        if !field(&claims, "sub")
            .as_str()
            .is_some_and(|subject| subject.starts_with("system:serviceaccount:"))
        {
            return Err(Refusal::not_authenticated(
                "the token is not that of a service account",
            ));
        }
        let (parts, body) = (request.clone().into_parts().0, request.body());
        let key = public_key(&Received::new(&parts, body, now).json()?, "podKey")?;
        let tenancy = self.oci.tenancy_id();
        let token = resource_session(
            authority,
            [&self.cluster, &tenancy, &tenancy],
            &key,
            now,
            SESSION,
        )?;
        let answer = json!({ "token": format!("ST${token}") }).to_string();
        // The body is a JSON string that holds base64.
        Ok(reply::ok(&json!(BASE64.encode(answer.as_bytes()))))
    }
}

impl std::fmt::Debug for Proxymux {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxymux")
            .field("cluster", &self.cluster)
            .finish_non_exhaustive()
    }
}

const PATH: &str = "/resourcePrincipalSessionTokens";
