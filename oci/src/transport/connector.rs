//! Connections: bounded in time, encrypted unless they stay on this machine.

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use super::{TransportError, TransportErrorKind, ip, is_loopback};

/// Connects within `timeout`, from looking up the name to the end of the TLS handshake.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) inner: HttpsConnector<HttpConnector>,
    pub(super) timeout: Duration,
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = TransportError;
    type Future = BoxFuture<'static, Result<Self::Response, TransportError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.inner.poll_ready(cx).map_err(|error| {
            TransportError::new(TransportErrorKind::Connect, "no connection can be opened")
                .with_source(error)
        })
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let host = url.authority().map(ToString::to_string).unwrap_or_default();
        let limit = self.timeout;
        let connecting = tokio::time::timeout(limit, self.inner.call(url));
        Box::pin(async move {
            match connecting.await {
                Ok(Ok(connection)) => Ok(connection),
                Ok(Err(error)) => Err(explain(&host, error)),
                Err(_) => Err(TransportError::new(
                    TransportErrorKind::ConnectTimeout,
                    format!("no connection to `{host}` within {limit:?}"),
                )),
            }
        })
    }
}

/// Whether a request may go to `url`: over TLS anywhere, in plain text only to this machine and, if
/// asked for, to the instance metadata service, which has no TLS.
pub(super) fn check(url: &Uri, metadata_service: bool) -> Result<(), TransportError> {
    let refuse = |problem| Err(TransportError::new(TransportErrorKind::Refused, problem));
    let (Some(scheme), Some(host)) = (url.scheme(), url.host()) else {
        return refuse("a request needs a whole URL to be sent to".to_owned());
    };
    if *scheme == Scheme::HTTPS {
        return Ok(());
    }
    if *scheme != Scheme::HTTP {
        return refuse(format!(
            "`{scheme}` is not a scheme that requests are sent over; use `https`"
        ));
    }
    if is_loopback(host) || metadata_service && is_metadata_service(host) {
        return Ok(());
    }
    refuse(format!(
        "a request to `{host}` must go over `https`; plain `http` is for this machine alone"
    ))
}

/// An error, and everything behind it.
pub(super) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        // An `io::Error` around another error passes over it when asked for its source.
        match cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => cause.source(),
        }
    })
}

fn is_metadata_service(host: &str) -> bool {
    let addresses = [
        IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
    ];
    ip(host).is_some_and(|ip| addresses.contains(&ip))
}

fn explain(host: &str, error: Box<dyn Error + Send + Sync>) -> TransportError {
    let known = causes(&*error).find_map(|cause| {
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Some((TransportErrorKind::Tls, tls(error)));
        }
        let reason = match cause.downcast_ref::<io::Error>()?.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens there",
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "it hung up",
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                "the network has no way there"
            }
            _ => return None,
        };
        Some((TransportErrorKind::Connect, reason.to_owned()))
    });
    let (kind, reason) = known.unwrap_or_else(|| {
        let reason = "the name is not known, or the network does not work";
        (TransportErrorKind::Connect, reason.to_owned())
    });
    TransportError::new(kind, format!("no connection to `{host}`: {reason}")).with_source(error)
}

fn tls(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;

    let rustls::Error::InvalidCertificate(problem) = error else {
        return format!("TLS failed: {error}");
    };
    let reason = match problem {
        // A bad signature is that of an authority of the same name with another key: all clusters call
        // theirs `kubernetes`.
        Certificate::UnknownIssuer | Certificate::BadSignature => {
            "its certificate is of an authority that is not trusted; a private one must be \
             configured as a PEM bundle"
        }
        Certificate::Expired | Certificate::ExpiredContext { .. } => {
            "its certificate has expired, or the clock of this machine is ahead"
        }
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "its certificate is not valid yet: the clock of this machine may be behind"
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        _ => return format!("its certificate is not valid: {problem}"),
    };
    reason.to_owned()
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::check;
    use crate::transport::TransportErrorKind;

    #[test]
    fn plain_http_goes_to_the_metadata_service_only_if_asked_for() {
        let metadata = [
            "http://169.254.169.254/opc/v2/instance/region",
            "http://[fd00:c1::a9fe:a9fe]/opc/v2/instance/region",
        ];
        let others = [
            "http://169.254.169.253/",
            "http://169.254.169.254.evil.example/",
            "http://iaas.us-phoenix-1.oraclecloud.com/",
            "http://localhost.evil.example/",
            "ftp://127.0.0.1/",
            "/no/host",
        ];

        let kind = |url: &str, allowed| {
            let url: Uri = url.parse().unwrap();
            check(&url, allowed).err().map(|error| error.kind())
        };

        let refused = Some(TransportErrorKind::Refused);
        for url in metadata {
            assert_eq!(
                (kind(url, true), kind(url, false)),
                (None, refused),
                "{url}"
            );
        }
        for url in others {
            assert_eq!(
                (kind(url, true), kind(url, false)),
                (refused, refused),
                "{url}"
            );
        }
    }
}
