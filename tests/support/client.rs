//! A client that sends what it is given.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::schemas::Sent;
use crate::{Reply, with};

/// Sends `request` to the server that `url` names, for the path that it names.
pub async fn ask(url: &str, mut request: Request<Bytes>) -> Reply {
    let url: Uri = url.parse().unwrap();
    *request.uri_mut() = url.path_and_query().unwrap().as_str().parse().unwrap();
    send_to(url.authority().unwrap().as_str(), request).await
}

/// Sends `request` to the server at `authority`, on a connection of its own.
pub async fn send_to(authority: &str, request: Request<Bytes>) -> Reply {
    let sent = Sent::anything(&request);
    let request = with(request, "host", authority).map(Full::new);
    let stream = TokioIo::new(TcpStream::connect(authority).await.unwrap());
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let reply = Reply {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    };
    sent.judge(&reply);
    reply
}

/// `request` with a token.
#[must_use]
pub fn bearer(request: Request<Bytes>, token: &str) -> Request<Bytes> {
    with(request, "authorization", &format!("Bearer {token}"))
}

/// A port that was free a moment ago, for a server whose URL must be known before it starts.
pub async fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}
