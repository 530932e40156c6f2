//! No request takes longer than its caller waits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use oci_rest::{Client, Fixed, OciErrorKind, Transport, TransportError};
use tokio::time::{Instant, sleep};

use crate::support::{Oci, client, credential, endpoint, failure, get, post, send, status, within};

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_given_up_at_the_deadline() {
    let start = Instant::now();

    let error = slow()
        .send(&endpoint(), &get(), &within(7))
        .await
        .unwrap_err();

    assert_eq!(start.elapsed().as_secs(), 7);
    assert_eq!(error.kind(), OciErrorKind::Deadline);
    assert!(!error.to_string().contains("carried out"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_carried_out_is_said_to() {
    let late = slow().send(&endpoint(), &post(), &within(7)).await;
    let closed = Oci::answering([failure(oci_rest::TransportErrorKind::Closed)]);
    let closed = send(&closed.client(), &post()).await;
    let broken = Oci::answering([status(500, "")]);
    let broken = send(&broken.client(), &post()).await;

    for error in [late, closed, broken].map(Result::unwrap_err) {
        assert!(error.hint().unwrap().contains("may have been carried out"));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_deadline() {
    let oci = Oci::default();

    let error = oci.client().send(&endpoint(), &post(), &within(0)).await;

    assert_eq!(error.unwrap_err().kind(), OciErrorKind::Deadline);
    assert!(oci.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn there_is_no_retry_that_the_deadline_leaves_no_time_for() {
    let oci = Oci::answering([status(503, ""), status(503, "")]);
    let start = Instant::now();

    let error = oci
        .client()
        .send(&endpoint(), &get(), &within(1))
        .await
        .unwrap_err();

    // The first wait is half a second, the second would be one.
    assert_eq!(oci.requests().len(), 2);
    assert_eq!(start.elapsed().as_millis(), 500);
    assert_eq!(error.status().unwrap(), 503);
    assert!(error.hint().unwrap().contains("deadline"));
}

#[tokio::test(start_paused = true)]
async fn an_error_at_the_deadline_tells_what_happened_before() {
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let transport = Transport::new(tower::service_fn(move |_: Request<Bytes>| {
        let first = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        async move {
            if first {
                return failure(oci_rest::TransportErrorKind::Connect);
            }
            sleep(Duration::from_secs(600)).await;
            status(200, "")
        }
    }));
    let client = client(transport, Arc::new(Fixed::new("key", credential("key"))));

    let error = client
        .send(&endpoint(), &get(), &within(5))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), OciErrorKind::Deadline);
    assert!(
        error.to_string().contains("the network is broken"),
        "{error}"
    );
}

/// A client of a service that answers after ten minutes.
fn slow() -> Client {
    let transport = Transport::new(tower::service_fn(|_: Request<Bytes>| async {
        sleep(Duration::from_secs(600)).await;
        Ok::<_, TransportError>(Response::new(Bytes::new()))
    }));
    client(transport, Arc::new(Fixed::new("key", credential("key"))))
}
