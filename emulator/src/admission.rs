//! What is refused before a program under the emulator hears of it.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::timeout;

/// Why a request is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It does not name this machine.
    ForeignHost,
    /// Its body is over the limit.
    TooLarge,
    /// Its body breaks off.
    Incomplete,
    /// Its body takes longer than [`READ_TIMEOUT`].
    Slow,
}

impl Unfit {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::ForeignHost => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::ForeignHost => {
                "the emulator answers only to localhost, 127.0.0.1 and [::1]; set the Host header to one of them"
            }
            Self::TooLarge => "Request content too large",
            Self::Incomplete => "the request body is incomplete",
            Self::Slow => "the request body did not arrive within 30 seconds",
        }
    }
}

/// Reads a whole body.
///
/// # Errors
///
/// Refuses one that is larger than `limit`, takes too long or breaks off.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Bytes, Unfit>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    // Known at once if the client declared it.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|declared| declared > limit) {
        return Err(Unfit::TooLarge);
    }
    match timeout(READ_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unfit::TooLarge),
        Ok(Err(_broken)) => Err(Unfit::Incomplete),
        Err(_elapsed) => Err(Unfit::Slow),
    }
}

/// Checks that the client names this machine: a page whose name was rebound to 127.0.0.1 does not.
///
/// # Errors
///
/// Refuses every other name, and a request with none or several.
pub(crate) fn check_host(parts: &Parts) -> Result<(), Unfit> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (Some(Ok(host)), None) = (hosts.next().map(HeaderValue::to_str), hosts.next()) else {
        return Err(Unfit::ForeignHost);
    };
    let authority = parts.uri.authority().map(Authority::as_str);
    if is_local(host) && authority.is_none_or(is_local) {
        Ok(())
    } else {
        Err(Unfit::ForeignHost)
    }
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|local| name.eq_ignore_ascii_case(local))
}

/// How long a client may take to send the head of a request, and then its body.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);
