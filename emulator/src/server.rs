//! HTTP/1.1 on loopback, for whoever answers.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::admission::READ_TIMEOUT;

/// Has `serve` serve each connection from `listener`, until dropped.
///
/// # Errors
///
/// Refuses a listener that is not on loopback: nothing here asks who is calling.
pub(crate) async fn accept<F>(
    listener: TcpListener,
    serve: impl Fn(TcpStream, IpAddr) -> F,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let message = format!("the emulator serves loopback only, not `{address}`");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer.ip()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Most likely out of file descriptors, which only time mends.
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// Serves one connection with `answer`, until either side ends it.
pub(crate) async fn serve_connection<IO, F, B>(io: IO, answer: impl Fn(Request<Incoming>) -> F)
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Response<B>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .serve_connection(TokioIo::new(io), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a client's connection broke");
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
