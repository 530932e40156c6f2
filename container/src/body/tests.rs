use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream;
use http_body::Frame;
use http_body_util::{Full, StreamBody};

use super::*;
use crate::timed::deadline;

fn chunks(sizes: &'static [usize]) -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let frames = sizes
        .iter()
        .map(|size| Ok(Frame::data(vec![b'x'; *size].into())));
    StreamBody::new(stream::iter(frames))
}

fn soon() -> Instant {
    deadline(Duration::from_secs(30))
}

#[tokio::test]
async fn a_body_up_to_the_limit_is_whole_however_it_comes() {
    let budget = Budget::new(4096);

    for sizes in [&[][..], &[1], &[0, 9], &[10], &[3, 3, 4], &[1; 10]] {
        let received = budget.collect(chunks(sizes), 10, soon()).await.unwrap();

        assert_eq!(received.body, vec![b'x'; sizes.iter().sum()], "{sizes:?}");
        assert_eq!(received.undelivered, None);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_empty_and_holds_nothing() {
    let budget = Budget::new(4096);

    let announced = budget.collect(Full::new(Bytes::from("12345678901")), 10, soon());
    let counted = budget.collect(chunks(&[4, 4, 4, 4]), 10, soon());

    for (received, size) in [(announced.await.unwrap(), 11), (counted.await.unwrap(), 12)] {
        assert_eq!(received.undelivered, Some(size));
        assert!(received.body.is_empty());
        assert_eq!(budget.0.available_permits(), 4);
    }
}

#[tokio::test]
async fn a_body_holds_its_part_of_the_budget_until_it_is_dropped() {
    let budget = Budget::new(4096);

    let received = budget.collect(chunks(&[1000, 100]), 4096, soon()).await;
    assert_eq!(budget.0.available_permits(), 2);
    drop(received);

    assert_eq!(budget.0.available_permits(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_body_waits_for_room_and_gives_up_at_its_deadline() {
    let budget = Budget::new(4096);
    let first = budget.collect(chunks(&[4096]), 4096, soon()).await.unwrap();

    let second = budget.collect(chunks(&[1]), 4096, soon()).await;
    assert_eq!(second.err(), Some(Refusal::Full));
    let (third, ()) = tokio::join!(budget.collect(chunks(&[1]), 4096, soon()), async move {
        drop(first);
    },);

    assert_eq!(third.unwrap().body, "x");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_slow_and_gives_everything_back() {
    let budget = Budget::new(4096);
    let stops = StreamBody::new(stream::StreamExt::chain(
        stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from("x")))]),
        stream::pending(),
    ));
    let started = Instant::now();

    let received = budget.collect(stops, 4096, soon()).await;

    assert_eq!(received.err(), Some(Refusal::Slow));
    assert_eq!(started.elapsed(), Duration::from_secs(30));
    assert_eq!(budget.0.available_permits(), 4);
}
