//! One HTTP exchange over a function's unix socket.

use std::error::Error;
use std::path::PathBuf;

use http::header::{ACCEPT_ENCODING, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::net::UnixStream;

use crate::call::{Call, Reply};
use crate::connection::{Chunked, Connection};
use crate::failure::Failure;
use crate::framing::strip_hop_by_hop;

/// An exchange without an answer, and whether the instance may serve on.
#[derive(Debug)]
pub(crate) enum Fault {
    Survived(Failure),
    Fatal(Failure),
}

/// The agent's side of a function's socket: at most one connection, kept between calls.
#[derive(Debug)]
pub(crate) struct Client {
    socket: PathBuf,
    connection: Option<Connection<Chunked>>,
}

impl Client {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            connection: None,
        }
    }

    pub(crate) fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Sends `call` and awaits the whole answer.
    ///
    /// # Errors
    ///
    /// Returns a fatal fault if the connection breaks or the status is not one of the contract,
    /// and one that the function survives if it reports a failure or answers too much.
    pub(crate) async fn exchange(
        &mut self,
        call: Call,
        deadline: Timestamp,
    ) -> Result<Reply, Fault> {
        let response = self.send(request(call, deadline)).await.map_err(|error| {
            tracing::warn!(error = &*error, "a function's connection broke");
            let too_large = error
                .downcast_ref()
                .is_some_and(hyper::Error::is_parse_too_large);
            Fault::Fatal(if too_large {
                Failure::HeaderTooLarge
            } else {
                Failure::Broken
            })
        })?;
        let reply = read(response).await;
        if reply.is_err() {
            // Its body is not read to the end, so nothing can follow on this connection.
            self.disconnect();
        }
        reply
    }

    async fn send(
        &mut self,
        mut request: Request<Chunked>,
    ) -> Result<Response<Incoming>, Box<dyn Error + Send + Sync>> {
        if let Some(mut connection) = self.connection.take()
            && connection.sender.ready().await.is_ok()
        {
            match connection.sender.try_send_request(request).await {
                Ok(response) => {
                    self.connection = Some(connection);
                    return Ok(response);
                }
                // The function closed it while idle, which it may; the request is still ours.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        let mut connection = Connection::open(UnixStream::connect(&self.socket).await?).await?;
        let response = connection.sender.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }
}

fn request(call: Call, deadline: Timestamp) -> Request<Chunked> {
    let mut request = Request::new(Chunked::from(call.body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static("/call");
    let headers = request.headers_mut();
    *headers = call.headers;
    headers.insert(HOST, HeaderValue::from_static("localhost"));
    headers.insert(USER_AGENT, HeaderValue::from_static("Go-http-client/1.1"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers
        .entry("fn-invoke-type")
        .or_insert(HeaderValue::from_static("sync"));
    // Whole seconds, rounded down, as Go's `time.RFC3339` has them.
    let deadline = Timestamp::from_second(deadline.as_second()).unwrap_or(deadline);
    for (name, value) in [
        ("fn-call-id", call.id),
        ("fn-deadline", deadline.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    request
}

async fn read(response: Response<Incoming>) -> Result<Reply, Fault> {
    let (parts, body) = response.into_parts();
    match parts.status {
        StatusCode::OK => {}
        StatusCode::BAD_GATEWAY => return Err(Fault::Survived(Failure::Failed)),
        StatusCode::GATEWAY_TIMEOUT => return Err(Fault::Survived(Failure::TimedOut)),
        status => {
            tracing::warn!(%status, "a function may answer only 200, 502 and 504");
            return Err(Fault::Fatal(Failure::Invalid));
        }
    }
    let mut headers = parts.headers;
    strip_hop_by_hop(&mut headers);
    match Limited::new(body, MAX_RESPONSE_BYTES).collect().await {
        Ok(body) => Ok(Reply {
            status: StatusCode::OK,
            headers,
            body: body.to_bytes(),
            failure: None,
        }),
        Err(error) if error.is::<LengthLimitError>() => Err(Fault::Survived(Failure::BodyTooLarge)),
        Err(error) => {
            tracing::warn!(error = &*error, "a function's answer is incomplete");
            Err(Fault::Fatal(Failure::Broken))
        }
    }
}

const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;
