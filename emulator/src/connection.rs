//! A connection to a program under the emulator, and the bodies that Fn's agent sends on it.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::task::Task;

/// Closed when dropped.
#[derive(Debug)]
pub(crate) struct Connection<B> {
    pub(crate) sender: SendRequest<B>,
    _driver: Task,
}

impl<B> Connection<B>
where
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    /// Speaks HTTP/1.1 over `stream`.
    ///
    /// # Errors
    ///
    /// Returns what hyper's handshake returns.
    pub(crate) async fn open<IO>(stream: IO) -> hyper::Result<Self>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, driver) = Builder::new()
            // As Go writes them; hyper's own lower case would hide a program that relies on it.
            .title_case_headers(true)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = Task::spawn(async {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection to a program ended");
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
