//! What the crate is given from outside: the time, and a way to the issuer.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// Tells the wall-clock time: `Arc::new(SystemTime::now)`, or what a test wants it to be.
///
/// Nothing here goes by a monotonic clock, which stands still while a function is frozen.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What sends requests to the issuer: an HTTPS client, or a function that stands for the issuer in a
/// test.
///
/// It takes a request with an absolute URI and gives back the whole answer, whatever its status. It
/// must follow no redirect, and must itself stop reading an answer that is too large: here it is
/// refused only once it is in memory.
pub type Transport = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Why a [`Transport`] has no answer. Its text goes to the log.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The URL of something of the issuer's: HTTPS, or plain HTTP to this machine.
///
/// Keys that came over plain HTTP are whoever's who is on the way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecureUrl(String);

impl SecureUrl {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] if it is not an absolute URL, is plain HTTP to another machine, or has a user,
    /// a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        // What is before an `@` may be a password.
        let shown = text
            .rsplit_once('@')
            .map_or_else(|| text.to_owned(), |(_, rest)| format!("...@{rest}"));
        let invalid = |why| InvalidUrl {
            url: shown.chars().take(SHOWN).collect(),
            why,
        };
        let uri: Uri = text.parse().map_err(|_cause| invalid("it is not a URL"))?;
        let host = uri.host().filter(|host| !host.is_empty());
        let Some(host) = host else {
            return Err(invalid("it has no host"));
        };
        if text.contains(['@', '?', '#']) {
            return Err(invalid("it may have no user, query or fragment"));
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(text.to_owned())),
            Some("http") if is_loopback(host) => Ok(Self(text.to_owned())),
            _ => Err(invalid(
                "it must begin with https://, unless it is of this machine",
            )),
        }
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of `path`, which begins with a slash, at the same server.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self(format!("{}{path}", self.split().0))
    }

    /// Scheme, host and port; and the path, without a slash at its end.
    pub(crate) fn split(&self) -> (&str, &str) {
        let authority = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(authority..).unwrap_or_default();
        let path = rest.find('/').map_or(self.0.len(), |at| authority + at);
        let (origin, path) = self.0.split_at_checked(path).unwrap_or((&self.0, ""));
        (origin, path.trim_end_matches('/'))
    }
}

impl fmt::Display for SecureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was to be a [`SecureUrl`] is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidUrl {
    url: String,
    why: &'static str,
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be used: {}", self.url, self.why)
    }
}

impl Error for InvalidUrl {}

/// Sends `request` and returns the body of a 200, within `patience`.
pub(crate) async fn exchange(
    transport: &Transport,
    request: Request<Bytes>,
    patience: Duration,
) -> Result<Bytes, String> {
    let url = request.uri().to_string();
    let response = send(transport, request, patience).await?;
    match response.status() {
        StatusCode::OK => Ok(response.into_body()),
        status => Err(format!("`{url}` answered {status}")),
    }
}

/// Sends `request` and returns whatever is answered within `patience`, if it is not too large.
pub(crate) async fn send(
    transport: &Transport,
    request: Request<Bytes>,
    patience: Duration,
) -> Result<Response<Bytes>, String> {
    let url = request.uri().to_string();
    let answer = tokio::time::timeout(patience, transport.clone().oneshot(request)).await;
    let response = answer
        .map_err(|_elapsed| format!("`{url}` gave no answer within {patience:?}"))?
        .map_err(|error| format!("`{url}` cannot be reached: {error}"))?;
    if response.body().len() > MAX_BYTES {
        return Err(format!("`{url}` answered with over {MAX_BYTES} bytes"));
    }
    Ok(response)
}

fn is_loopback(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let ip = bare.unwrap_or(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Of an answer, or a file. Sets of keys with their certificates are some tens of kilobytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Characters of a URL that an error repeats.
const SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_reached() {
        let taken = [
            "https://issuer.example",
            "https://issuer.example:8443/a/b",
            "http://127.0.0.1:19000/jwks",
            "http://[::1]/jwks",
            "http://localhost:80/jwks",
        ];
        let refused = [
            "",
            "issuer.example",
            "/jwks",
            "ftp://issuer.example",
            "file:///etc/passwd",
            "http://issuer.example/jwks",
            "http://127.0.0.1.example/jwks",
            "http://localhost.example/jwks",
            "http://10.0.0.1/jwks",
            "https://user:password@issuer.example/jwks",
            "https://issuer.example/jwks?a=b",
            "https://issuer.example/jwks#a",
            "https://issuer.example/a b",
            "https://issuer.example/a\r\nHost: b",
        ];

        for url in taken {
            assert!(SecureUrl::parse(url).is_ok(), "{url}");
        }
        for url in refused {
            let problem = SecureUrl::parse(url).unwrap_err().to_string();
            assert!(!problem.contains("password"), "{problem}");
        }
    }

    #[test]
    fn a_url_splits_into_origin_and_path() {
        let cases = [
            ("https://a.example", ("https://a.example", "")),
            ("https://a.example/", ("https://a.example", "")),
            ("https://a.example:1/b/c/", ("https://a.example:1", "/b/c")),
        ];

        for (url, expected) in cases {
            assert_eq!(SecureUrl::parse(url).unwrap().split(), expected, "{url}");
        }
    }
}
