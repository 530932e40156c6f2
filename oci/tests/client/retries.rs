//! When a request is sent again, and when it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use oci_rest::{Client, Fixed, OciErrorKind, Request, Transport, TransportErrorKind};
use tokio::time::{Instant, sleep};

use crate::support::{
    Oci, answer, client, credential, endpoint, endpoint_in, failure, get, post, refusal, send,
    status, within,
};

#[tokio::test(start_paused = true)]
async fn what_fails_for_a_passing_reason_is_tried_again() {
    let passing = || {
        [
            status(429, &refusal("TooManyRequests")),
            status(500, &refusal("InternalServerError")),
            status(502, "<html>bad gateway</html>"),
            status(503, ""),
            status(504, ""),
            status(409, &refusal("IncorrectState")),
            status(409, &refusal("LockConflict")),
            failure(TransportErrorKind::Connect),
            failure(TransportErrorKind::ConnectTimeout),
            failure(TransportErrorKind::Timeout),
            failure(TransportErrorKind::Closed),
        ]
    };

    for passing in passing() {
        let oci = Oci::answering([passing]);

        let answer = send(&oci.client(), &get()).await;

        assert_eq!(answer.unwrap().status(), 200);
        assert_eq!(oci.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_will_not_be_different_is_not_tried_again() {
    let lasting = [
        status(400, &refusal("InvalidParameter")),
        status(404, &refusal("NotAuthorizedOrNotFound")),
        status(409, &refusal("NotAuthorizedOrResourceAlreadyExists")),
        status(412, &refusal("NoEtagMatch")),
        status(501, &refusal("MethodNotImplemented")),
        failure(TransportErrorKind::Refused),
        failure(TransportErrorKind::Tls),
        failure(TransportErrorKind::TooLarge),
        failure(TransportErrorKind::Malformed),
    ];

    for lasting in lasting {
        let oci = Oci::answering([lasting]);

        assert!(send(&oci.client(), &get()).await.is_err());

        assert_eq!(oci.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_twice_that_oci_could_carry_out_twice() {
    let in_doubt = || {
        [
            status(503, ""),
            failure(TransportErrorKind::Timeout),
            failure(TransportErrorKind::Closed),
        ]
    };

    for in_doubt in in_doubt() {
        let oci = Oci::answering([in_doubt]);
        assert!(send(&oci.client(), &post()).await.is_err());
        assert_eq!(oci.requests().len(), 1);
    }
    for in_doubt in in_doubt() {
        let oci = Oci::answering([in_doubt]);
        send(&oci.client(), &post().accept_retry_token())
            .await
            .unwrap();
        assert_eq!(oci.requests().len(), 2);
    }
    for in_doubt in in_doubt() {
        let oci = Oci::answering([in_doubt]);
        send(&oci.client(), &post().read_only()).await.unwrap();
        assert_eq!(oci.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_surely_not_sent_is_sent_again_whatever_it_is() {
    let oci = Oci::answering([failure(TransportErrorKind::Connect)]);

    send(&oci.client(), &post()).await.unwrap();

    assert_eq!(oci.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_has_the_same_token_a_new_signature_and_says_that_it_is_one() {
    let busy = || answer(503, &[("retry-after", "7")], "");
    let oci = Oci::answering([busy(), busy()]);

    send(&oci.client(), &post().accept_retry_token())
        .await
        .unwrap();

    let tokens = oci.headers("opc-retry-token");
    assert_eq!(tokens[0].len(), 32);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(
        oci.headers("date"),
        [
            "Sat, 21 Nov 2026 12:00:00 GMT",
            "Sat, 21 Nov 2026 12:00:07 GMT",
            "Sat, 21 Nov 2026 12:00:14 GMT",
        ]
    );
    let signatures = oci.headers("authorization");
    assert_ne!(signatures[0], signatures[1]);
    assert_eq!(oci.headers("opc-client-retries"), ["", "true", "true"]);
}

#[tokio::test(start_paused = true)]
async fn there_are_three_attempts_with_waits_below_one_and_two_seconds() {
    let oci = Oci::answering([status(503, ""), status(503, ""), status(503, "")]);
    let start = Instant::now();

    let error = send(&oci.client(), &get()).await.unwrap_err();

    assert_eq!(oci.requests().len(), 3);
    assert_eq!(error.status().unwrap(), 503);
    assert!(error.hint().unwrap().contains("3 attempts were made"));
    // The chance of these tests is one half, always.
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(1_500), "{waited:?}");
    assert!(waited < Duration::from_millis(1_510), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_without_retries_gets_one_attempt() {
    let oci = Oci::answering([status(503, "")]);

    assert!(send(&oci.client(), &get().without_retries()).await.is_err());

    assert_eq!(oci.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_service_asks_for_as_a_date_counts_by_its_own_clock() {
    let headers = [
        ("date", "Sat, 21 Nov 2026 11:58:00 GMT"),
        ("retry-after", "Sat, 21 Nov 2026 11:58:09 GMT"),
    ];
    let oci = Oci::answering([answer(429, &headers, "")]);
    let start = Instant::now();

    send(&oci.client(), &get()).await.unwrap();

    assert_eq!(start.elapsed().as_secs(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_fails_at_once_and_says_how_long_it_is() {
    let oci = Oci::answering([answer(
        429,
        &[("retry-after", "90")],
        &refusal("TooManyRequests"),
    )]);
    let start = Instant::now();

    let error = send(&oci.client(), &get()).await.unwrap_err();

    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(oci.requests().len(), 1);
    let hint = error.hint().unwrap();
    assert!(hint.contains("try again in 90 s"), "{hint}");
    assert!(hint.contains("deadline"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn the_retries_of_all_requests_share_one_budget() {
    let oci = Oci::answering((0..40).map(|_| status(503, "")));
    let client = oci.client();
    // Each service is asked once, so that no breaker has a part in it.
    let regions = [
        "phx", "iad", "fra", "lhr", "zrh", "nrt", "icn", "bom", "syd", "mel",
    ];

    let mut last = None;
    for region in regions {
        let sent = client.send(&endpoint_in(region), &get(), &within(60)).await;
        last = sent.err();
    }

    assert_eq!(oci.requests().len(), regions.len() + 10);
    let last = last.unwrap().to_string();
    assert!(last.contains("too many requests have failed"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_ten_times_in_a_row_is_left_alone_for_thirty_seconds() {
    let oci = Oci::answering((0..10).map(|_| status(503, "")));
    let client = oci.client();
    let single = get().without_retries();
    for _ in 0..10 {
        assert!(send(&client, &single).await.is_err());
    }

    let refused = send(&client, &single).await.unwrap_err();
    let other = client.send(&endpoint_in("iad"), &single, &within(9)).await;
    tokio::time::advance(Duration::from_secs(30)).await;
    let probe = send(&client, &single).await;

    assert_eq!(refused.kind(), OciErrorKind::CircuitOpen);
    assert!(
        refused.to_string().contains("tried again in 30 s"),
        "{refused}"
    );
    assert!(other.is_ok());
    assert!(probe.is_ok());
    assert_eq!(oci.requests().len(), 12);
}

#[tokio::test(start_paused = true)]
async fn one_request_tries_whether_a_service_is_back_and_no_other_does_meanwhile() {
    let client = failing_then(Duration::from_secs(1)).await;
    let single = get().without_retries();

    let (first, second) = tokio::join!(send(&client, &single), send(&client, &single));
    let third = send(&client, &single).await;

    assert!(first.is_ok() && third.is_ok());
    assert_eq!(second.unwrap_err().kind(), OciErrorKind::CircuitOpen);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_back_is_left_alone_again() {
    let oci = Oci::answering((0..11).map(|_| status(503, "")));
    let client = oci.client();
    let single = get().without_retries();
    for _ in 0..10 {
        assert!(send(&client, &single).await.is_err());
    }
    tokio::time::advance(Duration::from_secs(30)).await;

    let probe = send(&client, &single).await;
    tokio::time::advance(Duration::from_secs(29)).await;
    let refused = send(&client, &single).await;

    assert_eq!(probe.unwrap_err().status().unwrap(), 503);
    assert_eq!(refused.unwrap_err().kind(), OciErrorKind::CircuitOpen);
    assert_eq!(oci.requests().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_given_up_does_not_keep_a_breaker_open() {
    let client = failing_then(Duration::from_secs(600)).await;
    let single = get().without_retries();

    let given_up = client.send(&endpoint(), &single, &within(1)).await;
    let after = send(&client, &single).await;

    assert_eq!(given_up.unwrap_err().kind(), OciErrorKind::Deadline);
    assert!(after.is_ok());
}

#[tokio::test(start_paused = true)]
async fn refusals_do_not_open_the_breaker() {
    let oci = Oci::answering((0..20).map(|_| status(404, &refusal("NotAuthorizedOrNotFound"))));
    let client = oci.client();

    for _ in 0..20 {
        assert!(send(&client, &get()).await.is_err());
    }

    assert!(send(&client, &get()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_idempotent_method_is_tried_again() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let oci = Oci::answering([status(503, "")]);
        let request = Request::new(method, "a.b", "/c");

        send(&oci.client(), &request).await.unwrap();

        assert_eq!(oci.requests().len(), 2);
    }
}

/// A client of a service that failed ten times, half a minute ago, and whose next answer takes `time`.
async fn failing_then(time: Duration) -> Client {
    let count = Arc::new(AtomicU32::new(0));
    let transport = Transport::new(tower::service_fn(move |_: http::Request<Bytes>| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            if number == 10 {
                sleep(time).await;
            }
            status(if number < 10 { 503 } else { 200 }, "")
        }
    }));
    let client = client(transport, Arc::new(Fixed::new("key", credential("key"))));
    for _ in 0..10 {
        assert!(send(&client, &get().without_retries()).await.is_err());
    }
    tokio::time::advance(Duration::from_secs(30)).await;
    client
}
