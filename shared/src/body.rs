//! The body of a response: whole, or a stream of events.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt};
use http_body::{Frame, SizeHint};

/// A response's body.
///
/// Hosts that live long send events as they come; hosts that answer in one piece (Functions)
/// collect them first. An event stream owns the work that makes its events, so dropping it cancels
/// that work, and polling it is the only thing that drives it: backpressure needs no buffer.
///
/// ```
/// use http_body::Body as _;
/// use oci_mcp::Body;
///
/// assert_eq!(Body::from("{}").size_hint().exact(), Some(2));
/// ```
pub enum Body {
    /// All of it, in two pieces, of which the second is mostly empty: long answers that end alike
    /// share their end.
    Whole(Bytes, Bytes),
    /// JSON-RPC messages, each of which is sent as an event (HTML Standard, 9.2.6).
    Events(Events),
}

/// Messages, made by the work that the stream owns.
pub type Events = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

impl Body {
    /// No bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Whole(Bytes::new(), Bytes::new())
    }

    /// The messages of `stream`, as they are polled.
    pub fn events(stream: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self::Events(Box::pin(stream))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes, Bytes::new())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<(Vec<u8>, Bytes)> for Body {
    fn from((bytes, rest): (Vec<u8>, Bytes)) -> Self {
        Self::Whole(bytes.into(), rest)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.get_mut() {
            Self::Whole(bytes, rest) => {
                if bytes.is_empty() {
                    std::mem::swap(bytes, rest);
                }
                let piece = std::mem::take(bytes);
                (!piece.is_empty()).then_some(piece)
            }
            Self::Events(events) => {
                std::task::ready!(events.poll_next_unpin(cx)).map(|json| event(&json))
            }
        };
        Poll::Ready(frame.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes, rest) if bytes.is_empty() && rest.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes, rest) => SizeHint::with_exact((bytes.len() + rest.len()) as u64),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// Two pieces as one. One that stands alone is not copied.
pub(crate) fn join(bytes: Bytes, rest: Bytes) -> Bytes {
    if rest.is_empty() {
        return bytes;
    }
    [bytes, rest].concat().into()
}

/// One JSON-RPC message as an event.
pub(crate) fn event(json: &[u8]) -> Bytes {
    const BEFORE: &[u8] = b"event: message\ndata: ";
    const AFTER: &[u8] = b"\n\n";
    let mut event = Vec::with_capacity(BEFORE.len() + json.len() + AFTER.len());
    event.extend_from_slice(BEFORE);
    // A line break would end the data; in JSON it stands only where any white space does.
    event.extend(json.iter().map(|&byte| match byte {
        b'\n' | b'\r' => b' ',
        byte => byte,
    }));
    event.extend_from_slice(AFTER);
    event.into()
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes, rest) => {
                let mut whole = f.debug_tuple("Whole");
                whole.field(&bytes.len()).field(&rest.len()).finish()
            }
            Self::Events(_) => f.write_str("Events"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::stream;
    use http_body::Body as _;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_whole_body_is_one_frame() {
        let collected = Body::from("hello").collect().await.unwrap().to_bytes();

        assert_eq!(collected, "hello");
    }

    #[tokio::test]
    async fn a_body_of_two_pieces_is_a_frame_of_each_that_has_bytes() {
        let piece = Bytes::from_static;
        for (body, frames, length) in [
            (Body::Whole(piece(b"ab"), piece(b"c")), vec!["ab", "c"], 3),
            (Body::Whole(piece(b"ab"), piece(b"")), vec!["ab"], 2),
            (Body::Whole(piece(b""), piece(b"c")), vec!["c"], 1),
            (Body::empty(), vec![], 0),
        ] {
            let mut body = body;
            let hint = body.size_hint().exact();

            let mut sent = Vec::new();
            while let Some(frame) = body.frame().await {
                sent.push(frame.unwrap().into_data().unwrap());
            }

            assert_eq!(sent, frames);
            assert_eq!(hint, Some(length));
            assert!(body.is_end_stream());
        }
    }

    #[tokio::test]
    async fn events_are_made_only_when_they_are_polled_and_dropped_with_the_body() {
        let work = Arc::new(());
        let held = Arc::clone(&work);
        let mut made = 0;
        let mut body = Body::events(stream::repeat_with(move || {
            made += 1;
            Bytes::from(format!("[{made},{}]", Arc::strong_count(&held)))
        }));

        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let second = body.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(body);

        assert_eq!(
            (&first[..], &second[..]),
            (
                &b"event: message\ndata: [1,2]\n\n"[..],
                &b"event: message\ndata: [2,2]\n\n"[..]
            )
        );
        assert_eq!(Arc::strong_count(&work), 1);
    }
}
