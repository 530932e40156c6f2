//! A container's answer, passed on as it comes.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::connection::Connection;

/// Breaks off when its time is over.
#[derive(Debug)]
pub(super) struct Streamed {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
    // Closed with the stream.
    _connection: Connection<Full<Bytes>>,
}

impl Streamed {
    pub(super) fn new(
        body: Incoming,
        connection: Connection<Full<Bytes>>,
        deadline: Instant,
    ) -> Self {
        Self {
            body,
            deadline: Box::pin(sleep_until(deadline)),
            _connection: connection,
        }
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.deadline.as_mut().poll(cx).is_ready() {
            tracing::warn!("broke off a stream that outlasted its time");
            return Poll::Ready(Some(Err("the stream outlasted its time".into())));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
