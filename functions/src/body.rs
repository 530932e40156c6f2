//! Bodies, collected whole but never more than allowed.

use std::pin::pin;

use bytes::buf::Chain;
use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;

/// A whole body. What came in two pieces stays in two, of which the second is mostly empty.
pub(crate) type Whole = Chain<Bytes, Bytes>;

/// A body, as far as it was allowed.
#[derive(Debug)]
pub(crate) enum Collected {
    Whole(Whole),
    /// The body has at least this many bytes, which is too many.
    TooLarge(u64),
}

/// What to do with the rest of a body that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// Read it and keep nothing, so that the connection can be used again.
    Drain,
    /// Leave it.
    Stop,
}

/// Collects `body` if it has at most `limit` bytes. Trailers are ignored.
///
/// # Errors
///
/// Returns the body's own error.
pub(crate) async fn collect<B>(body: B, limit: usize, excess: Excess) -> Result<Collected, B::Error>
where
    B: Body<Data = Bytes>,
{
    let announced = body.size_hint().lower();
    let limit = limit as u64;
    if announced > limit && excess == Excess::Stop {
        return Ok(Collected::TooLarge(announced));
    }
    let mut body = pin!(body);
    let mut kept = Kept::default();
    let mut seen: u64 = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        seen += data.len() as u64;
        if seen.max(announced) <= limit {
            kept.push(data, announced);
        } else if excess == Excess::Drain {
            kept = Kept::default();
        } else {
            return Ok(Collected::TooLarge(seen.max(announced)));
        }
    }
    Ok(if seen <= limit {
        Collected::Whole(kept.into_whole())
    } else {
        Collected::TooLarge(seen)
    })
}

/// Data frames. One or two, which is nearly every body, are kept as they come.
#[derive(Default)]
struct Kept {
    first: Bytes,
    second: Bytes,
    joined: BytesMut,
}

impl Kept {
    fn push(&mut self, data: Bytes, announced: u64) {
        let Self {
            first,
            second,
            joined,
        } = self;
        if joined.is_empty() {
            if first.is_empty() {
                *first = data;
                return;
            }
            if second.is_empty() {
                *second = data;
                return;
            }
            let together = first.len() + second.len() + data.len();
            let announced = usize::try_from(announced).unwrap_or(0);
            joined.reserve(together.max(announced));
            joined.extend_from_slice(first);
            joined.extend_from_slice(second);
        }
        joined.extend_from_slice(&data);
    }

    fn into_whole(self) -> Whole {
        if self.joined.is_empty() {
            self.first.chain(self.second)
        } else {
            self.joined.freeze().chain(Bytes::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::*;

    fn chunks(
        chunks: &'static [&'static str],
    ) -> (
        Arc<AtomicUsize>,
        impl Body<Data = Bytes, Error = Infallible>,
    ) {
        let polled = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&polled);
        let frames = chunks.iter().map(move |chunk| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Frame::data(Bytes::from_static(chunk.as_bytes())))
        });
        (polled, StreamBody::new(stream::iter(frames)))
    }

    async fn whole(body: impl Body<Data = Bytes, Error = Infallible>) -> Whole {
        match collect(body, 4, Excess::Stop).await {
            Ok(Collected::Whole(whole)) => whole,
            collected => panic!("{collected:?}"),
        }
    }

    #[tokio::test]
    async fn frames_are_joined_in_order() {
        for (given, expected) in [
            (&[][..], ""),
            (&["abc"], "abc"),
            (&["ab", "c"], "abc"),
            (&["", "a", "", "bc", "d"], "abcd"),
        ] {
            let (_, body) = chunks(given);

            let mut whole = whole(body).await;

            assert_eq!(whole.copy_to_bytes(whole.remaining()), expected);
        }
    }

    #[tokio::test]
    async fn a_body_of_one_or_two_frames_is_not_copied() {
        let bytes = Bytes::from_static(b"abc");
        let (_, frames) = chunks(&["ab", "c"]);

        let mut one = whole(Full::new(bytes.clone())).await;
        let (first, second) = whole(frames).await.into_inner();

        assert_eq!(one.copy_to_bytes(3).as_ptr(), bytes.as_ptr());
        assert_eq!([first, second], ["ab", "c"]);
    }

    #[tokio::test]
    async fn a_response_is_left_at_the_first_byte_too_many() {
        let (polled, body) = chunks(&["ab", "cd", "ef", "gh"]);

        let collected = collect(body, 3, Excess::Stop).await.unwrap();

        assert!(matches!(collected, Collected::TooLarge(4)), "{collected:?}");
        assert_eq!(polled.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_request_is_read_to_its_end_even_if_it_is_too_large() {
        let (polled, body) = chunks(&["ab", "cd", "ef", "gh"]);

        let collected = collect(body, 3, Excess::Drain).await.unwrap();

        assert!(matches!(collected, Collected::TooLarge(8)), "{collected:?}");
        assert_eq!(polled.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn an_announced_size_is_enough_to_refuse() {
        let body = Full::new(Bytes::from_static(b"abcdef"));

        let collected = collect(body, 3, Excess::Stop).await.unwrap();

        assert!(matches!(collected, Collected::TooLarge(6)), "{collected:?}");
    }
}
