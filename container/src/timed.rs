//! A transport that ends when its client takes too long, and that ends without losing an answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Config;
use crate::turn::Turn;

/// A transport that ends when its client takes too long.
///
/// hyper has one timeout for an idle connection and for a head that is not complete, and none for
/// a client that does not read.
pub(crate) struct Timed<I> {
    io: I,
    turn: Arc<Turn>,
    header_timeout: Duration,
    idle_timeout: Duration,
    body_timeout: Duration,
    /// Whether a part of the next head is here, or is due because the connection is new.
    in_head: bool,
    is_shut: bool,
    reading: Timer,
    writing: Timer,
}

impl<I> Timed<I> {
    pub(crate) fn new(io: I, turn: Arc<Turn>, config: &Config) -> Self {
        Self {
            io,
            turn,
            header_timeout: config.header_timeout,
            idle_timeout: config.idle_timeout,
            body_timeout: config.body_timeout,
            in_head: true,
            is_shut: false,
            reading: Timer::armed(config.header_timeout),
            writing: Timer::default(),
        }
    }

    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing.disarm();
            return written;
        }
        self.writing.arm_unless_armed(self.idle_timeout);
        ready!(self.writing.poll(cx));
        tracing::debug!("a client did not read its answer in time");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<I: AsyncRead + Unpin> Timed<I> {
    // A TCP socket that is closed while something is unread resets its peer, which may then lose
    // the answer that it has not read yet; a client that is sending a body too large for us reads
    // nothing until it has sent it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.writing.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut space = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut space);
            match Pin::new(&mut self.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.reading.arm(LINGER),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.reading.poll(cx),
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Timed<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if !self.turn.is_clients() {
            return read;
        }
        if read.is_ready() {
            if buf.filled().len() > before && !self.in_head {
                self.in_head = true;
                let timeout = self.header_timeout;
                self.reading.arm(timeout);
            }
            return read;
        }
        ready!(self.reading.poll(cx));
        tracing::debug!(in_head = self.in_head, "a client did not send in time");
        // As if the client had left, which ends an idle connection without an error.
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.poll_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.poll_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        // hyper flushes when it has written all it had.
        if self.turn.sent() {
            self.in_head = false;
            let timeout = self.idle_timeout;
            self.reading.arm(timeout);
            // hyper may be waiting for a read already, which it then does not ask for again.
            if self.reading.poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.is_shut = true;
            let most = self.body_timeout;
            self.writing.arm(most);
            self.reading.arm(LINGER);
        }
        self.poll_linger(cx).map(Ok)
    }
}

/// A moment in the future, or none.
#[derive(Default)]
struct Timer {
    is_armed: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn armed(after: Duration) -> Self {
        let mut timer = Self::default();
        timer.arm(after);
        timer
    }

    fn arm(&mut self, after: Duration) {
        self.is_armed = true;
        let then = deadline(after);
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(then),
            None => self.sleep = Some(Box::pin(sleep_until(then))),
        }
    }

    fn arm_unless_armed(&mut self, after: Duration) {
        if !self.is_armed {
            self.arm(after);
        }
    }

    fn disarm(&mut self) {
        self.is_armed = false;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.sleep {
            Some(sleep) if self.is_armed => sleep.as_mut().poll(cx),
            _ => Poll::Pending,
        }
    }
}

/// The moment that is `after` from now, or long after everything if there is no such moment.
pub(crate) fn deadline(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after)
        .or_else(|| now.checked_add(CENTURY))
        .unwrap_or(now)
}

/// How long a client that was answered may be silent before the connection is closed on it.
const LINGER: Duration = Duration::from_secs(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cfg(test)]
mod tests;
