//! One HTTP exchange with a container: a connection of its own, and nothing on it that belongs to
//! the client's.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header, request, response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use tokio::net::TcpStream;

use super::DeploymentBody;
use super::refusal::Refusal;
use crate::connection::Connection;
use crate::framing::strip_hop_by_hop;
use crate::id;

/// The client's request as the container gets it, but for the `Host`.
pub(super) fn request(
    parts: request::Parts,
    body: Bytes,
    uri: Uri,
    id: &HeaderValue,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = parts.method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    *headers = parts.headers;
    strip_connection(headers);
    // The one is the router's to check, the other was answered here.
    headers.remove(header::AUTHORIZATION);
    headers.remove(header::EXPECT);
    headers.insert(id::REQUEST_ID, id.clone());
    request
}

/// The container's answer as the client gets it.
pub(super) fn response(parts: response::Parts, body: DeploymentBody) -> Response<DeploymentBody> {
    let mut response = Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    strip_connection(response.headers_mut());
    response
}

/// Sends `request` on a new connection, which must be kept until the body is read.
///
/// # Errors
///
/// Returns why there is no answer, as when nobody listens.
pub(super) async fn send(
    address: SocketAddr,
    mut request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection<Full<Bytes>>), Box<dyn Error + Send + Sync>> {
    let host = HeaderValue::from_str(&address.to_string())?;
    request.headers_mut().insert(header::HOST, host);
    let mut connection = Connection::open(TcpStream::connect(address).await?).await?;
    let response = connection.sender.send_request(request).await?;
    Ok((response, connection))
}

/// Reads a whole answer.
///
/// # Errors
///
/// Refuses one that is larger than `limit` or breaks off.
pub(super) async fn collect(body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::AnswerTooLarge),
        Err(error) => {
            tracing::warn!(error = &*error, "an answer of the container broke off");
            Err(Refusal::Unavailable)
        }
    }
}

/// Whether an answer with these headers is one that the streaming path passes on.
pub(super) fn is_stream(headers: &HeaderMap) -> bool {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_chunked = |codings: &str| codings.to_ascii_lowercase().contains("chunked");
    let is_events = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/event-stream")
    };
    value(header::TRANSFER_ENCODING).is_some_and(is_chunked)
        || value(header::CONTENT_TYPE).is_some_and(is_events)
}

/// Removes what belongs to one connection; each side counts its bytes for itself.
fn strip_connection(headers: &mut HeaderMap) {
    strip_hop_by_hop(headers);
    headers.remove(header::CONTENT_LENGTH);
}
