//! The transport that goes over the network.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::connector::{self, Connector};
use super::{StreamingTransport, Transport, TransportError, TransportErrorKind};

/// HTTP/1.1 over TLS, with a pool of connections.
///
/// It trusts the authorities that Mozilla does, which are built in, so that an image needs no files.
/// Plain HTTP goes to this machine alone. Nothing is connected before the first request.
///
/// ```
/// use std::time::Duration;
///
/// use oci_rest::Https;
///
/// let transport = Https::new().timeout(Duration::from_secs(20)).build()?;
/// # drop(transport);
/// # Ok::<_, oci_rest::HttpsError>(())
/// ```
///
/// # Connections that died while nobody looked
///
/// A function is frozen between calls, and servers close idle connections meanwhile. Such a connection
/// is mostly noticed before anything is written to it, and another one takes its place. If it is
/// noticed only afterwards, the request is sent once more if that is safe: if its method is
/// idempotent (RFC 9110, section 9.2.2), or if it has an `opc-retry-token`, by which OCI knows it
/// again. Any other gets [`TransportErrorKind::Closed`], because it may have been carried out.
#[derive(Clone, Debug)]
pub struct Https {
    public_authorities: bool,
    bundles: Vec<Vec<u8>>,
    connect_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
    metadata_service: bool,
}

impl Https {
    /// The defaults: 5 s for a connection, 60 s for an answer of at most 10 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            public_authorities: true,
            bundles: Vec::new(),
            // A lost first packet is sent again after 1 s and 3 s.
            connect_timeout: Duration::from_secs(5),
            // What the official SDKs wait for an answer.
            timeout: Duration::from_secs(60),
            max_response_bytes: 10 * 1024 * 1024,
            metadata_service: false,
        }
    }

    /// Trusts the authorities of this PEM bundle, too: the content of the file that
    /// `OCI_CLI_CERT_BUNDLE` or `SSL_CERT_FILE` names. Private realms need it.
    #[must_use]
    pub fn trust(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.bundles.push(bundle.into());
        self
    }

    /// Trusts the authorities of this PEM bundle and no others, as a Kubernetes cluster wants it.
    #[must_use]
    pub fn trust_only(mut self, bundle: impl Into<Vec<u8>>) -> Self {
        self.public_authorities = false;
        self.bundles = vec![bundle.into()];
        self
    }

    /// How long a connection may take, from looking up the name to the end of the TLS handshake.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may take, from looking for a connection to the last byte of the answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How large the body of an answer may be.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Allows plain HTTP to the instance metadata service, too, which is 169.254.169.254 or
    /// `fd00:c1::a9fe:a9fe` and speaks no TLS.
    #[must_use]
    pub fn allow_metadata_service(mut self) -> Self {
        self.metadata_service = true;
        self
    }

    /// The transport. Its clones share one pool of connections.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] if a bundle holds no certificate, or one that cannot be used.
    pub fn build(self) -> Result<Transport, HttpsError> {
        let exchange = Exchange {
            client: self.client()?,
            max_response_bytes: self.max_response_bytes,
        };
        let (limit, metadata_service) = (self.timeout, self.metadata_service);
        Ok(Transport::new(tower::service_fn(
            move |request: Request<Bytes>| {
                let exchange = exchange.clone();
                async move {
                    connector::check(request.uri(), metadata_service)?;
                    let answer = tokio::time::timeout(limit, exchange.send(request));
                    answer.await.unwrap_or_else(|_| {
                        let problem = format!("no whole answer within {limit:?}");
                        Err(TransportError::new(TransportErrorKind::Timeout, problem))
                    })
                }
            },
        )))
    }

    /// The transport for answers that are read while they come. No request is sent twice.
    ///
    /// [`Https::timeout`] is then that for the head of an answer; how long and how large the rest may
    /// become is for whoever reads it to bound.
    ///
    /// # Errors
    ///
    /// As [`Https::build`].
    pub fn build_streaming(self) -> Result<StreamingTransport, HttpsError> {
        let client = self.client()?;
        let (limit, metadata_service) = (self.timeout, self.metadata_service);
        Ok(StreamingTransport::new(tower::service_fn(
            move |request: Request<Bytes>| {
                let client = client.clone();
                async move {
                    connector::check(request.uri(), metadata_service)?;
                    let head = client.request(request.map(Full::new));
                    match tokio::time::timeout(limit, head).await {
                        Ok(Ok(response)) => Ok(response.map(|body| {
                            body.map_err(|error| closed().with_source(error))
                                .boxed_unsync()
                        })),
                        Ok(Err(error)) => Err(explain(error)),
                        Err(_) => {
                            let problem = format!("no answer within {limit:?}");
                            Err(TransportError::new(TransportErrorKind::Timeout, problem))
                        }
                    }
                }
            },
        )))
    }

    fn client(&self) -> Result<Client<Connector, Full<Bytes>>, HttpsError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let connector = Connector {
            inner: HttpsConnector::from((http, self.tls()?)),
            timeout: self.connect_timeout,
        };
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .build(connector))
    }

    fn tls(&self) -> Result<ClientConfig, HttpsError> {
        let mut roots = RootCertStore::empty();
        if self.public_authorities {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for bundle in &self.bundles {
            let mut count = 0;
            for certificate in CertificateDer::pem_slice_iter(bundle) {
                count += 1;
                let certificate = certificate.map_err(|error| Problem::Pem(count, error))?;
                roots
                    .add(certificate)
                    .map_err(|error| Problem::Certificate(count, error))?;
            }
            if count == 0 {
                return Err(Problem::Empty.into());
            }
        }
        // The provider is passed, because a default for the whole process is not this crate's to set.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(Problem::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(config)
    }
}

impl Default for Https {
    fn default() -> Self {
        Self::new()
    }
}

/// Why there is no transport.
#[derive(Debug)]
pub struct HttpsError {
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Empty,
    Pem(usize, rustls::pki_types::pem::Error),
    Certificate(usize, rustls::Error),
    Tls(rustls::Error),
}

impl From<Problem> for HttpsError {
    fn from(problem: Problem) -> Self {
        Self { problem }
    }
}

impl fmt::Display for HttpsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Empty => f.write_str(
                "the bundle of authorities has no certificate; it must be PEM, with lines \
                 `-----BEGIN CERTIFICATE-----`",
            ),
            Problem::Pem(number, _) => {
                write!(
                    f,
                    "certificate {number} of the bundle of authorities is not PEM"
                )
            }
            Problem::Certificate(number, _) => write!(
                f,
                "certificate {number} of the bundle of authorities cannot be used; \
                 `openssl x509 -text` tells more"
            ),
            Problem::Tls(_) => f.write_str("TLS cannot be set up"),
        }
    }
}

impl Error for HttpsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Empty => None,
            Problem::Pem(_, source) => Some(source),
            Problem::Certificate(_, source) | Problem::Tls(source) => Some(source),
        }
    }
}

#[derive(Clone)]
struct Exchange {
    client: Client<Connector, Full<Bytes>>,
    max_response_bytes: usize,
}

impl Exchange {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let again = is_safe_to_repeat(&request).then(|| request.clone());
        match (self.send_once(request).await, again) {
            (Err(error), Some(request)) if error.kind() == TransportErrorKind::Closed => {
                tracing::debug!(
                    host = request.uri().host(),
                    "connection closed, sent once more"
                );
                self.send_once(request).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn send_once(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let response = self.client.request(request.map(Full::new)).await;
        let (head, body) = response.map_err(explain)?.into_parts();
        let announced = head.headers.get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
        // The answer to HEAD announces what there is, and has no body.
        if !hyper::body::Body::is_end_stream(&body) && announced > Some(self.max_response_bytes) {
            return Err(self.too_large());
        }
        match Limited::new(body, self.max_response_bytes).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(self.too_large()),
            Err(error) => Err(closed().with_source(error)),
        }
    }

    fn too_large(&self) -> TransportError {
        let problem = format!(
            "the answer is larger than {} bytes; ask for less of it, such as a smaller page",
            self.max_response_bytes
        );
        TransportError::new(TransportErrorKind::TooLarge, problem)
    }
}

fn is_safe_to_repeat(request: &Request<Bytes>) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(OPC_RETRY_TOKEN)
}

fn explain(error: hyper_util::client::legacy::Error) -> TransportError {
    for cause in connector::causes(&error) {
        // The connector has said it already.
        if let Some(error) = cause.downcast_ref::<TransportError>() {
            return error.clone();
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>()
            && error.is_parse()
        {
            let problem = "the answer is not HTTP/1.1";
            return TransportError::new(TransportErrorKind::Malformed, problem)
                .with_source(error.to_string());
        }
    }
    closed().with_source(error)
}

fn closed() -> TransportError {
    TransportError::new(
        TransportErrorKind::Closed,
        "the connection ended before there was a whole answer",
    )
}

const OPC_RETRY_TOKEN: HeaderName = HeaderName::from_static("opc-retry-token");

/// Less than the minute or so after which load balancers forget an idle connection.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// Idle connections for one service: about as many as one agent asks at a time.
const POOL_SIZE: usize = 8;
