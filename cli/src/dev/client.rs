//! The smallest MCP client: what `dev` asks through the whole path before it says that it is up.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Sends a request to `path` of the server at `address` and returns its result.
///
/// # Errors
///
/// What came back instead of a result.
pub(super) async fn ask(
    address: SocketAddr,
    path: &str,
    method: &str,
    params: &Value,
) -> io::Result<Value> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let request = Request::post(path)
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(io::Error::other)?;
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = response.status();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    connection.abort();
    let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(io::Error::other(format!(
            "{status} {}",
            String::from_utf8_lossy(&body)
        ))),
    }
}
