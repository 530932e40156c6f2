use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream;
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;

/// What the service saw is what it answers: path, body, and what was not delivered.
async fn echo(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    let arrival = *request.extensions().get::<Arrival>().unwrap();
    assert_eq!(arrival.peer, Ipv4Addr::LOCALHOST);
    assert!(request.uri().path() != "/panic", "asked to");
    let mut response = Response::new(Full::from(match arrival.undelivered_bytes {
        Some(size) => format!("{size} of {}", request.body().len()),
        None => format!("{} {:?}", request.uri().path(), request.body()),
    }));
    if arrival.undelivered_bytes.is_some() {
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    }
    Ok(response)
}

/// A connection from the client's side.
struct Client {
    io: DuplexStream,
    host: Arc<Host>,
    serving: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

impl Client {
    fn of<S, B>(config: Config, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (io, server) = duplex(1024);
        let host = Arc::new(Host::new(config));
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let peer = Ipv4Addr::LOCALHOST.into();
        let serving = serve_connection(Arc::clone(&host), server, peer, service, stopped);
        Self {
            io,
            host,
            serving: tokio::spawn(serving),
            stop: Some(stop),
        }
    }

    fn echo() -> Self {
        let config = Config::default().with_max_body_bytes(10);
        Self::of(config, tower::service_fn(echo))
    }

    async fn send(&mut self, bytes: &str) {
        self.io.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Reads to `end`, which must be the end of the answer.
    async fn read_to(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let count = self.io.read_buf(&mut read).await.unwrap();
            assert!(
                count > 0,
                "no {end:?} in {:?}",
                String::from_utf8_lossy(&read)
            );
        }
        String::from_utf8(read).unwrap()
    }

    async fn read_to_end(mut self) -> String {
        let mut read = String::new();
        self.io.read_to_string(&mut read).await.unwrap();
        self.serving.await.unwrap();
        assert_eq!(self.host.unfinished.load(Ordering::Relaxed), 0);
        read
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

#[tokio::test]
async fn requests_come_one_after_the_other_with_their_bodies() {
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi")
        .await;
    client.read_to("/a b\"hi\"").await;
    client
        .send("POST /b HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\no\r\n0\r\n\r\n")
        .await;
    client.read_to("/b b\"ho\"").await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let mut client = Client::echo();

    client
        .send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
        .await;
    let answers = client.read_to("/3 b\"\"").await;

    assert!(answers.find("/1 b\"\"").unwrap() < answers.find("/2 b\"\"").unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_head_has_no_body() {
    let mut client = Client::echo();

    client.send("HEAD /a HTTP/1.1\r\n\r\n").await;
    let head = client.read_to("\r\n\r\n").await;
    client
        .send("GET /b HTTP/1.1\r\nconnection: close\r\n\r\n")
        .await;

    assert!(head.contains("content-length: 6"), "{head}");
    assert!(client.read_to_end().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        .await;
    client.read_to("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send("hi").await;

    client.read_to("/a b\"hi\"").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_announced_as_too_large_is_not_asked_for_and_the_service_answers() {
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 11\r\n\r\n")
        .await;
    let answer = client.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("11 of 0"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_found_to_be_too_large_is_the_same() {
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    client.send("8\r\n12345678\r\n3\r\n901\r\n").await;
    let answer = client.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("11 of 0"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_all_of_a_too_large_body_before_it_reads_gets_its_answer() {
    let mut client = Client::echo();
    let body = "x".repeat(100_000);

    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 100000\r\n\r\n")
        .await;
    client.send(&body).await;
    let answer = client.read_to_end().await;

    assert!(answer.ends_with("100000 of 0"), "{answer}");
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_goes_on() {
    let mut client = Client::echo();

    client.send("GET /panic HTTP/1.1\r\n\r\n").await;
    let answer = client.read_to(r#"{"error":"the service failed"}"#).await;
    client.send("GET /a HTTP/1.1\r\n\r\n").await;
    client.read_to("/a b\"\"").await;

    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.contains("content-type: application/json"),
        "{answer}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_ends_after_the_header_timeout() {
    for sent in ["", "GET /a HTT", "GET /a HTTP/1.1\r\nhost: x\r\n"] {
        let started = Instant::now();
        let mut client = Client::echo();

        client.send(sent).await;
        let mut read = Vec::new();
        client.io.read_to_end(&mut read).await.unwrap();

        assert!(read.is_empty());
        assert_eq!(started.elapsed(), Duration::from_secs(10), "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_between_requests_for_the_idle_timeout() {
    let started = Instant::now();
    let mut client = Client::echo();

    for _ in 0..3 {
        client.send("GET /a HTTP/1.1\r\n\r\n").await;
        client.read_to("/a b\"\"").await;
        tokio::time::sleep(Duration::from_secs(70)).await;
    }
    let mut read = Vec::new();
    client.io.read_to_end(&mut read).await.unwrap();

    assert!(read.is_empty());
    assert_eq!(started.elapsed(), Duration::from_secs(2 * 70 + 75));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_a_408() {
    let started = Instant::now();
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
        .await;
    let answer =
        client.read_to(r#"{"error":"the body of the request did not arrive within 30 s"}"#);
    let answer = answer.await;

    assert_eq!(started.elapsed(), Duration::from_secs(30));
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn a_body_that_is_malformed_is_a_400() {
    let mut client = Client::echo();

    client
        .send("POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
        .await;
    client.io.shutdown().await.unwrap();
    let answer = client.read_to_end().await;

    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn half_a_request_does_not_reach_the_service() {
    let (called, mut calls) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |request: Request<Bytes>| {
        called.send(()).unwrap();
        echo(request)
    });
    let mut client = Client::of(Config::default(), service);

    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
        .await;
    client.io.shutdown().await.unwrap();
    client.read_to_end().await;

    assert_eq!(calls.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_room_for_its_body_is_a_503_to_be_tried_again() {
    let config = Config::default()
        .with_max_body_bytes(1024)
        .with_max_buffered_bytes(1024);
    let mut client = Client::of(config, tower::service_fn(echo));
    let host = Arc::clone(&client.host);
    let far = deadline(Duration::MAX);
    let other = host.budget.collect(Full::from("x"), 1, far).await.unwrap();

    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi")
        .await;
    let answer = client.read_to_end().await;
    drop(other);

    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("1024 bytes"), "{answer}");
}

/// Answers with one event, then with nothing for ever; tells when the answer is dropped.
fn events(
    held: mpsc::UnboundedSender<()>,
) -> impl Future<
    Output = Result<
        Response<impl Body<Data = Bytes, Error = Infallible> + Send + 'static>,
        Infallible,
    >,
> + Send
+ 'static {
    let first = stream::iter([Ok(Frame::data(Bytes::from("data: 1\n\n")))]);
    let rest = stream::once(async move {
        std::future::pending::<()>().await;
        drop(held);
        Ok(Frame::data(Bytes::new()))
    });
    let body = StreamBody::new(stream::StreamExt::chain(first, rest));
    async { Ok(Response::new(body)) }
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_with_nothing_to_say_goes_on_until_its_client_leaves() {
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |_: Request<Bytes>| events(dropped.clone()));
    let mut client = Client::of(Config::default(), service);

    client.send("GET /events HTTP/1.1\r\n\r\n").await;
    client.read_to("data: 1\n\n\r\n").await;
    tokio::time::sleep(Duration::from_secs(7200)).await;
    assert_eq!(client.host.unfinished.load(Ordering::Relaxed), 1);
    assert!(drops.try_recv().is_err());
    drop(client.io);

    assert_eq!(drops.recv().await, None);
    client.serving.await.unwrap();
    assert_eq!(client.host.unfinished.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_an_idle_connection() {
    let mut client = Client::echo();
    client.send("GET /a HTTP/1.1\r\n\r\n").await;
    client.read_to("/a b\"\"").await;
    let started = Instant::now();

    client.stop();

    assert_eq!(client.read_to("").await, "");
    let mut read = Vec::new();
    client.io.read_to_end(&mut read).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_what_was_begun() {
    let service = tower::service_fn(|request| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        echo(request).await
    });
    let mut client = Client::of(Config::default(), service);
    client
        .send("POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    client.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.send("i").await;
    let answer = client.read_to_end().await;

    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("/a b\"hi\""), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_here_when_the_host_stops_is_served() {
    let mut client = Client::echo();

    client.stop();
    client.send("GET /a HTTP/1.1\r\n\r\n").await;

    assert!(client.read_to_end().await.ends_with("/a b\"\""));
}

#[tokio::test(start_paused = true)]
async fn what_the_service_never_sees_is_told_with_the_reason() {
    let (sender, mut told) = mpsc::unbounded_channel();
    let config = Config::default()
        .with_max_body_bytes(10)
        .on_refusal(move |status, reason| sender.send((status.as_u16(), reason)).unwrap());

    for request in [
        "POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\nh",
        "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
        "POST /a HTTP/1.1\r\nno header\r\n\r\n",
        "POST /a HTTP/1.1\r\ncontent-length: 11\r\n\r\n",
        "GET /panic HTTP/1.1\r\nconnection: close\r\n\r\n",
    ] {
        let mut client = Client::of(config.clone(), tower::service_fn(echo));
        client.send(request).await;
        client.read_to_end().await;
    }

    assert_eq!(told.recv().await, Some((408, "slow_body")));
    assert_eq!(told.recv().await, Some((400, "broken_body")));
    assert_eq!(told.recv().await, Some((400, "unreadable_head")));
    assert!(told.is_empty());
}
