//! Everything between the crate and the network.

#[cfg(feature = "client")]
mod connector;
#[cfg(feature = "client")]
mod https;

#[cfg(feature = "client")]
pub use self::https::{Https, HttpsError};

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tower::util::BoxCloneSyncService;

/// What sends requests: a [`Https`], or a function that stands for OCI in a test.
///
/// It takes a request with an absolute URI, and gives back the whole answer, whatever its status. It
/// follows no redirect, because a signed request must not go where a stranger sends it.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use oci_rest::{Transport, TransportError};
///
/// let oci = Transport::new(tower::service_fn(|_: Request<Bytes>| async {
///     Ok::<_, TransportError>(Response::new(Bytes::from_static(b"[]")))
/// }));
/// # drop(oci);
/// ```
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, TransportError>;

/// What sends requests whose answers are read while they come: [`Https::build_streaming`], or a function.
///
/// It gives back the head of the answer, whatever its status, and a body that ends with an error if
/// the connection does before it is whole. As [`Transport`], it follows no redirect.
#[cfg(feature = "client")]
pub type StreamingTransport = BoxCloneSyncService<
    Request<Bytes>,
    Response<http_body_util::combinators::UnsyncBoxBody<Bytes, TransportError>>,
    TransportError,
>;

/// Why there is no answer.
///
/// It can be cloned, because all who wait for one connection or one renewal get its error.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    problem: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kinds of [`TransportError`], which differ in whether the request may have been carried out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request may not be sent at all, such as one over plain HTTP to another machine.
    Refused,
    /// There is no connection.
    Connect,
    /// There was no connection in time.
    ConnectTimeout,
    /// The server has no certificate that is trusted, or speaks no TLS that is.
    Tls,
    /// There was no whole answer in time.
    Timeout,
    /// The connection ended before there was a whole answer.
    Closed,
    /// The answer is larger than the transport takes.
    TooLarge,
    /// The answer is not HTTP.
    Malformed,
}

impl TransportErrorKind {
    /// Whether the server may have got the request, so that sending it again may do it twice.
    #[must_use]
    pub fn may_have_been_sent(self) -> bool {
        match self {
            Self::Refused | Self::Connect | Self::ConnectTimeout | Self::Tls => false,
            Self::Timeout | Self::Closed | Self::TooLarge | Self::Malformed => true,
        }
    }
}

impl TransportError {
    /// `problem` in words; it must hold no secret.
    pub fn new(kind: TransportErrorKind, problem: impl Into<String>) -> Self {
        Self {
            kind,
            problem: problem.into(),
            source: None,
        }
    }

    /// The same, with its cause, which is not repeated in the text.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(Arc::from(source.into())),
            ..self
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

/// Whether `host`, as it stands in a URL, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip(host).is_some_and(|ip| ip.is_loopback())
}

/// The address that `host` is, as it stands in a URL.
fn ip(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}
