//! A connection to a function's socket, and the bodies sent on it.

use std::convert::Infallible;
use std::error::Error;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::task::Task;

/// Closed when dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Chunked>,
    _driver: Task,
}

impl Connection {
    /// Connects to `socket`.
    ///
    /// # Errors
    ///
    /// Returns what connecting returns, as when nobody listens any more.
    pub(crate) async fn open(socket: &Path) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let stream = UnixStream::connect(socket).await?;
        let (sender, driver) = Builder::new()
            // As Go writes them; hyper's own lower case would hide a function that relies on it.
            .title_case_headers(true)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = Task::spawn(async {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a function's connection ended");
            }
        });
        Ok(Self {
            sender,
            _driver: driver,
        })
    }
}

/// A body of unknown length, even when empty: Fn's agent sends from a pipe, so always in chunks.
#[derive(Debug)]
pub(crate) struct Chunked(Option<Bytes>);

impl From<Bytes> for Chunked {
    fn from(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = self.0.take().filter(|bytes| !bytes.is_empty());
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
