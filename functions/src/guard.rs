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
    /// Where short pieces are joined.
    joined: Vec<u8>,
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
            joined: Vec::new(),
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
        let size: usize = bufs.iter().map(|buf| buf.len()).sum();
        let Self { io, joined, .. } = &mut *self;
        if bufs.len() < 2 || size > SHORT {
            return Pin::new(io).poll_write_vectored(cx, bufs);
        }
        joined.clear();
        for buf in bufs {
            joined.extend_from_slice(buf);
        }
        Pin::new(io).poll_write(cx, joined)
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

/// So many bytes are sooner joined than written as a vector, which costs the kernel more than one
/// piece does.
const SHORT: usize = 2048;

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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Takes at most so many bytes at a time, and remembers in how many pieces they came.
    struct Writes {
        most: usize,
        pieces: Vec<usize>,
        bytes: Vec<u8>,
    }

    impl Writes {
        fn taking(most: usize) -> Self {
            Self {
                most,
                pieces: Vec::new(),
                bytes: Vec::new(),
            }
        }

        fn take(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
            self.pieces.push(bufs.len());
            let bytes = bufs.iter().flat_map(|buf| buf.iter());
            let before = self.bytes.len();
            self.bytes.extend(bytes.take(self.most));
            Poll::Ready(Ok(self.bytes.len() - before))
        }
    }

    impl Write for Writes {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.take(&[IoSlice::new(buf)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.take(bufs)
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl Read for Writes {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Writes `pieces` through a guard to what takes at most so many bytes at a time, as hyper does.
    async fn written(pieces: &[&[u8]], most: usize) -> Writes {
        let mut guarded = Guarded::new(
            Writes::taking(most),
            Answering::default(),
            Observer::default(),
        );
        let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut rest = &mut slices[..];
        while !rest.is_empty() {
            let count = poll_fn(|cx| Pin::new(&mut guarded).poll_write_vectored(cx, rest)).await;
            IoSlice::advance_slices(&mut rest, count.unwrap());
        }
        guarded.io
    }

    #[tokio::test]
    async fn short_pieces_are_written_as_one_and_long_ones_as_they_are() {
        let long = [b'x'; SHORT];
        for (pieces, written_as) in [
            (&[&b"head"[..], b"body"][..], 1),
            (&[b"head", &long], 2),
            (&[b"other"], 1),
        ] {
            let writes = written(pieces, usize::MAX).await;

            assert_eq!(writes.pieces, [written_as]);
            assert_eq!(writes.bytes, pieces.concat());
        }
    }

    #[tokio::test]
    async fn what_takes_less_than_it_is_given_gets_all_of_it_in_order() {
        let writes = written(&[b"head", b"body"], 3).await;

        assert_eq!(writes.bytes, b"headbody");
    }

    #[tokio::test]
    async fn a_refusal_of_hypers_own_is_replaced_in_short_pieces_too() {
        let writes = written(&[b"HTTP/1.1 431 \r\n", b"\r\n"], usize::MAX).await;

        assert_eq!(writes.bytes, REFUSAL.as_bytes());
    }
}
