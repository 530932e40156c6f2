//! Keeps hyper's own answers from the agent.
//!
//! hyper answers a head it cannot read (more headers than it holds, say) with a 4xx by itself. The
//! agent destroys a container that answers with any 4xx, so a client that sends enough headers
//! could destroy one container after the other. Such an answer is replaced by a 502, which says
//! that this call failed and nothing more.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::StatusCode;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use crate::observer::Observer;

/// Whether what hyper writes next is an answer of ours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answering(Arc<AtomicBool>);

impl Answering {
    pub(crate) fn set(&self, answering: bool) {
        self.0.store(answering, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection on which nobody but us says 4xx.
#[derive(Debug)]
pub(crate) struct Guarded<I> {
    io: I,
    answering: Answering,
    observer: Observer,
    refusal: Refusal,
}

#[derive(Debug)]
enum Refusal {
    No,
    /// What is still to be written.
    Writing(&'static [u8]),
    Draining,
}

impl<I> Guarded<I> {
    pub(crate) fn new(io: I, answering: Answering, observer: Observer) -> Self {
        Self {
            io,
            answering,
            observer,
            refusal: Refusal::No,
        }
    }
}

impl<I: Write + Unpin> Guarded<I> {
    // hyper flattens what it writes by itself, so its status line begins the first slice.
    fn refuses(&mut self, first: &[u8]) -> bool {
        if matches!(self.refusal, Refusal::No)
            && !self.answering.get()
            && first.starts_with(b"HTTP/1.1 4")
        {
            tracing::warn!("the head of a request could not be read; it is answered with 502");
            self.observer
                .tell(StatusCode::BAD_GATEWAY, "unreadable_head");
            self.refusal = Refusal::Writing(REFUSAL.as_bytes());
        }
        !matches!(self.refusal, Refusal::No)
    }

    fn poll_refuse(&mut self, cx: &mut Context<'_>, replaced: usize) -> Poll<io::Result<usize>> {
        while let Refusal::Writing(rest) = self.refusal {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
            self.refusal = match rest.get(written..) {
                _ if written == 0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Some(rest) if !rest.is_empty() => Refusal::Writing(rest),
                _ => Refusal::Draining,
            };
        }
        Poll::Ready(Ok(replaced))
    }
}

impl<I: Read + Unpin> Guarded<I> {
    // A unix socket that is closed while something is unread resets its peer, which would then
    // lose the answer. Nothing is kept, and the agent ends it by closing its side.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.io).poll_read(cx, buf.unfilled())) {
                Ok(()) if !buf.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl<I: Read + Unpin> Read for Guarded<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<I: Read + Write + Unpin> Write for Guarded<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refuses(buf) {
            return self.poll_refuse(cx, buf.len());
        }
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.first().is_some_and(|first| self.refuses(first)) {
            return self.poll_refuse(cx, bufs.iter().map(|buf| buf.len()).sum());
        }
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written all it had, and an answer of ours is one piece.
        self.answering.set(false);
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        if matches!(self.refusal, Refusal::Draining) {
            ready!(self.poll_drain(cx));
        }
        Poll::Ready(Ok(()))
    }
}

const REFUSAL: &str = concat!(
    "HTTP/1.1 502 Bad Gateway\r\n",
    "connection: close\r\n",
    "content-type: application/json\r\n",
    "fn-fdk-version: oci-mcp-functions/",
    env!("CARGO_PKG_VERSION"),
    "\r\n",
    "fn-http-status: 502\r\n",
    "content-length: 55\r\n",
    "\r\n",
    r#"{"error":"the head of the request could not be parsed"}"#
);
