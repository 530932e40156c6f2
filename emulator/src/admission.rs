//! What the gateway refuses before a function hears of it.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::timeout;

/// An answer of the gateway's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

impl Refusal {
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let Self(status, message) = self;
        let code = status.as_u16();
        let mut response = Response::new(Full::from(format!(
            r#"{{"code":{code},"message":"{message}"}}"#
        )));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// Reads a whole body.
///
/// # Errors
///
/// Refuses one that is larger than `limit`, takes too long or breaks off.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    // Known at once if the client declared it.
    if usize::try_from(body.size_hint().lower()).is_ok_and(|declared| declared > limit) {
        return Err(TOO_LARGE);
    }
    match timeout(READ_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(TOO_LARGE),
        Ok(Err(_broken)) => Err(BAD_BODY),
        Err(_elapsed) => Err(SLOW_BODY),
    }
}

/// Checks that the client names this machine: a page whose name was rebound to 127.0.0.1 does not.
///
/// # Errors
///
/// Refuses every other name, and a request with none or several.
pub(crate) fn check_host(parts: &Parts) -> Result<(), Refusal> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (Some(Ok(host)), None) = (hosts.next().map(HeaderValue::to_str), hosts.next()) else {
        return Err(FOREIGN_HOST);
    };
    let authority = parts.uri.authority().map(Authority::as_str);
    if is_local(host) && authority.is_none_or(is_local) {
        Ok(())
    } else {
        Err(FOREIGN_HOST)
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

const FOREIGN_HOST: Refusal = Refusal(
    StatusCode::FORBIDDEN,
    "the emulator answers only to localhost, 127.0.0.1 and [::1]; set the Host header to one of them",
);
const TOO_LARGE: Refusal = Refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request content too large");
const BAD_BODY: Refusal = Refusal(StatusCode::BAD_REQUEST, "the request body is incomplete");
const SLOW_BODY: Refusal = Refusal(
    StatusCode::REQUEST_TIMEOUT,
    "the request body did not arrive within 30 seconds",
);
