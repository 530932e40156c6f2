//! The host over real sockets: what a duplex in memory cannot show.

#![cfg(test)]

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{Full, StreamBody};
use oci_mcp_container::{Arrival, Config, Error, serve, serve_listener};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tower::{Service, service_fn};

/// A host on a free port of this machine.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), Error>>,
}

impl Server {
    fn start<S, B>(config: Config, service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        // A client that finds no room here would try again after a second.
        let listener = socket.listen(4096).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let serving = tokio::spawn(serve_listener(listener, config, service, stopped));
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stop(self) -> Result<(), Error> {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap()
    }
}

async fn echo(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    let arrival = *request.extensions().get::<Arrival>().unwrap();
    assert!(arrival.peer.is_loopback());
    let mut response = Response::new(Full::new(request.into_body()));
    if arrival.undelivered_bytes.is_some() {
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    }
    Ok(response)
}

async fn read_to_end(mut client: TcpStream) -> String {
    let mut read = String::new();
    client.read_to_string(&mut read).await.unwrap();
    read
}

/// Sends a request and returns its answer: none if the connection ended before it began.
async fn call(client: &mut TcpStream, body: &str) -> Option<String> {
    let head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all((head + body).as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(body.as_bytes()) {
        match client.read_buf(&mut answer).await {
            Ok(count) if count > 0 => {}
            ended if answer.is_empty() => return ended.ok().and(None),
            ended => panic!(
                "{ended:?} after a part: {}",
                String::from_utf8_lossy(&answer)
            ),
        }
    }
    Some(String::from_utf8(answer).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_under_load_loses_no_answer() {
    let begun = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&begun);
    let enough = Arc::new(Notify::new());
    let reached = Arc::clone(&enough);
    let server = Server::start(
        Config::default(),
        service_fn(move |request| {
            if counted.fetch_add(1, Ordering::Relaxed) == 1000 {
                reached.notify_one();
            }
            async {
                tokio::task::yield_now().await;
                echo(request).await
            }
        }),
    );
    let address = server.address;
    let mut clients = JoinSet::new();
    for id in 0..50 {
        clients.spawn(async move {
            let mut answers = 0;
            while let Ok(mut client) = TcpStream::connect(address).await {
                while call(&mut client, &format!("body of {id}")).await.is_some() {
                    answers += 1;
                }
            }
            answers
        });
    }

    enough.notified().await;
    server.stop().await.unwrap();
    let answers: usize = clients.join_all().await.into_iter().sum();

    assert_eq!(answers, begun.load(Ordering::Relaxed));
    assert!(answers > 1000);
}

#[tokio::test]
async fn a_request_that_outlasts_the_grace_period_is_dropped_and_counted() {
    let begun = Arc::new(Notify::new());
    let notify = Arc::clone(&begun);
    let service = service_fn(move |_: Request<Bytes>| {
        notify.notify_one();
        pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let config = Config::default().with_grace(Duration::from_millis(20));
    let server = Server::start(config, service);
    let mut client = server.connect().await;
    let _idle = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    begun.notified().await;

    let error = server.stop().await.unwrap_err();

    assert!(
        matches!(error, Error::Unfinished { requests: 1, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("0.02 s"), "{error}");
    assert_eq!(read_to_end(client).await, "");
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let brief = Duration::from_millis(20);
    let config = Config::default()
        .with_header_timeout(brief)
        .with_body_timeout(brief);
    let server = Server::start(config, service_fn(echo));
    let (mut head, mut body) = (server.connect().await, server.connect().await);

    head.write_all(b"GET / HTTP/1.1\r\nhos").await.unwrap();
    body.write_all(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
        .await
        .unwrap();

    let mut nothing = Vec::new();
    // Something unread resets the connection.
    assert_eq!(head.read_to_end(&mut nothing).await.unwrap_or(0), 0);
    assert!(read_to_end(body).await.starts_with("HTTP/1.1 408 "));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn half_a_request_and_no_more_is_no_harm() {
    let server = Server::start(Config::default(), service_fn(echo));
    let mut client = server.connect().await;
    client
        .write_all(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
        .await
        .unwrap();
    drop(client);

    let answer = call(&mut server.connect().await, "hi").await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_sends_a_too_large_body_reads_its_answer() {
    let server = Server::start(Config::default(), service_fn(echo));
    let mut client = server.connect().await;
    let body = "x".repeat(16 * 1024 * 1024);

    let head = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all((head + &body).as_bytes()).await.unwrap();

    assert!(read_to_end(client).await.starts_with("HTTP/1.1 413 "));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_answer_is_dropped_when_its_client_leaves() {
    let (held, dropped) = oneshot::channel::<()>();
    let held = Arc::new(held);
    let service = service_fn(move |_: Request<Bytes>| {
        let held = Arc::clone(&held);
        let events = stream::unfold(held, |held| async {
            pending::<()>().await;
            Some((
                Ok::<Frame<Bytes>, Infallible>(Frame::data(Bytes::new())),
                held,
            ))
        });
        async { Ok(Response::new(StreamBody::new(events))) }
    });
    let server = Server::start(Config::default(), service);
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    client.read_u8().await.unwrap();

    drop(client);

    // Stopping waits for the answer, if it is still there.
    server.stop().await.unwrap();
    assert!(dropped.await.is_err());
}

#[tokio::test]
async fn connections_over_the_cap_wait_until_there_is_room() {
    let config = Config::default().with_max_connections(100);
    let server = Server::start(config, service_fn(echo));
    let mut first = Vec::new();
    for _ in 0..100 {
        let mut client = server.connect().await;
        call(&mut client, "first").await.unwrap();
        first.push(client);
    }

    let mut more = JoinSet::new();
    for _ in 0..900 {
        let address = server.address;
        more.spawn(async move {
            let mut client = TcpStream::connect(address).await.unwrap();
            let request = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
            client.write_all(request).await.unwrap();
            read_to_end(client).await
        });
    }
    let waiting = tokio::time::timeout(Duration::from_millis(100), more.join_next()).await;
    drop(first);

    assert!(waiting.is_err());
    for answer in more.join_all().await {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_the_remedy() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = taken.local_addr().unwrap();
    let config = Config::default().with_address(address);

    let error = serve(config, service_fn(echo), pending())
        .await
        .unwrap_err()
        .to_string();

    assert!(
        error.contains(&format!("cannot listen on `{address}`: stop")),
        "{error}"
    );
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_before_anything_starts() {
    let config = Config::default().with_max_connections(0);

    let error = serve(config, service_fn(echo), pending())
        .await
        .unwrap_err();

    assert!(matches!(error, Error::Config { .. }), "{error:?}");
}
