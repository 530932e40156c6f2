//! The Fn contract, as an agent sees it.

#![cfg(test)]

mod support;

use std::convert::Infallible;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Either, Full};
use oci_mcp_functions::{Config, Intent, Invocation, Mode, run, serve, serve_connection};
use support::{Agent, Answer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::UnixStream;
use tower::service_fn;

type Reply = Response<Either<Full<Bytes>, Broken>>;

fn config(listener: &Path) -> Config {
    let listener = format!("unix:{}", listener.display());
    Config::from_vars(|name| (name == "FN_LISTENER").then(|| listener.clone())).unwrap()
}

fn connect_with(config: Config) -> DuplexStream {
    let (agent, function) = tokio::io::duplex(1024);
    tokio::spawn(serve_connection(
        Arc::new(config),
        function,
        service_fn(echo),
    ));
    agent
}

fn connect() -> Agent<DuplexStream> {
    Agent::new(connect_with(config(Path::new("/unused"))))
}

/// Tells what it got, unless its path asks for something else.
async fn echo(request: Request<Bytes>) -> Result<Reply, Infallible> {
    let response = Response::builder();
    let whole = |text: String| Either::Left(Full::from(text));
    let response = match request.uri().path() {
        "/panic" => panic!("as asked"),
        "/broken" => response.body(Either::Right(Broken)),
        "/large" => response.body(whole("x".repeat(1000))),
        "/accepted" => response
            .status(202)
            .header("x-many", "1")
            .header("x-many", "2")
            .body(whole(String::new())),
        _ => response
            .header("content-type", "text/plain")
            .body(whole(described(&request))),
    };
    Ok(response.unwrap())
}

fn described(request: &Request<Bytes>) -> String {
    let headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
        .collect();
    format!(
        "{} {} [{}] {}",
        request.method(),
        request.uri(),
        headers.join(" "),
        String::from_utf8_lossy(request.body())
    )
}

struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("as asked"))))
    }
}

/// An HTTP request of a gateway's client, as the agent passes it on.
fn http(path: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /call HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Go-http-client/1.1\r\n\
         Accept-Encoding: gzip\r\nFn-Intent: httprequest\r\nFn-Http-Method: POST\r\n\
         Fn-Http-Request-Url: {path}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn numbered_headers(count: usize) -> String {
    let headers = (0..count).map(|n| format!("Fn-Http-H-X-{n}: {n}\r\n"));
    headers.collect::<Vec<_>>().concat()
}

fn error(answer: &Answer) -> &str {
    assert_eq!(answer.header("content-type").unwrap(), "application/json");
    let message = answer.body.strip_prefix(r#"{"error":""#).unwrap();
    message.strip_suffix("\"}").unwrap()
}

#[tokio::test]
async fn an_http_request_is_the_clients_and_the_answer_is_framed() {
    let more = "fn-http-h-accept: a/b\r\nFn-Http-H-X-Two: 1\r\nFN-HTTP-H-X-TWO: 2\r\n\
                Content-Type: application/json\r\n";

    let answer = connect()
        .call(&http("http://h/v1/mcp?x=1", more, "{}"))
        .await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("fn-http-status").unwrap(), "200");
    assert_eq!(answer.header("content-type").unwrap(), "text/plain");
    assert!(
        answer
            .header("fn-fdk-version")
            .unwrap()
            .starts_with("oci-mcp-functions/")
    );
    assert_eq!(
        answer.body,
        "POST /v1/mcp?x=1 [accept=a/b x-two=1 x-two=2 content-type=application/json] {}"
    );
}

#[tokio::test]
async fn the_clients_status_and_repeated_headers_are_in_the_answer() {
    let answer = connect().call(&http("/accepted", "", "")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("fn-http-status").unwrap(), "202");
    assert_eq!(answer.header("fn-http-h-x-many").unwrap(), "1, 2");
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(answer.body, "");
}

#[tokio::test]
async fn a_chunked_body_arrives_whole() {
    let request = b"POST /call HTTP/1.1\r\nFn-Intent: httprequest\r\nTransfer-Encoding: chunked\
                    \r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n";

    let answer = connect().call(request).await;

    assert_eq!(answer.body, "POST / [] abcde");
}

#[tokio::test]
async fn a_client_may_wait_to_be_told_to_continue() {
    let answer = connect()
        .call(&http("/", "Expect: 100-continue\r\n", "abc"))
        .await;

    assert_eq!(answer.body, "POST / [] abc");
}

#[tokio::test]
async fn a_plain_invoke_is_answered_without_framing() {
    let request = b"POST /call HTTP/1.1\r\nContent-Type: text/plain\r\nAccept: */*\r\n\
                    Content-Length: 2\r\n\r\nhi";

    let answer = connect().call(request).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("fn-http-status"), None);
    assert_eq!(answer.header("content-type").unwrap(), "text/plain");
    assert_eq!(answer.body, "POST / [content-type=text/plain] hi");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let mut agent = connect();

    for body in ["one", "two", "three"] {
        let answer = agent.call(&http("/", "", body)).await;

        assert_eq!(answer.body, format!("POST / [] {body}"));
    }
}

#[tokio::test]
async fn what_the_client_got_wrong_is_its_own_400() {
    let mut agent = connect();
    for (path, more, expected) in [
        ("no path", "", "`Fn-Http-Request-Url` is `no path`"),
        ("/", "Fn-Http-H-: x\r\n", "`Fn-Http-H-` is followed by no"),
    ] {
        let answer = agent.call(&http(path, more, "")).await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("fn-http-status").unwrap(), "400");
        assert!(error(&answer).starts_with(expected), "{answer:?}");
    }
}

#[tokio::test]
async fn anything_but_post_call_is_a_502_on_a_connection_that_lives() {
    let mut agent = connect();
    for line in ["GET /call", "POST /other", "PUT /call", "POST /"] {
        let request = format!("{line} HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");

        let answer = agent.call(request.as_bytes()).await;

        assert_eq!(answer.status, 502, "{line}");
        assert_eq!(error(&answer), "only `POST /call` is served here");
    }
    assert_eq!(agent.call(&http("/", "", "")).await.status, 200);
}

#[tokio::test]
async fn a_service_that_breaks_is_a_502_and_the_next_request_is_served() {
    let mut agent = connect();
    for (path, expected) in [
        ("/panic", "the function failed"),
        ("/broken", "the function failed while it answered"),
    ] {
        let answer = agent.call(&http(path, "", "")).await;

        assert_eq!(answer.status, 502);
        assert_eq!(answer.header("fn-http-status").unwrap(), "502");
        assert_eq!(error(&answer), expected);
        assert_eq!(agent.call(&http("/", "", "")).await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_read_to_its_end_and_answered_with_413() {
    let config = config(Path::new("/unused")).with_max_request_bytes(100);
    let mut agent = Agent::new(connect_with(config));

    let answer = agent.call(&http("/", "", &"x".repeat(50_000))).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("fn-http-status").unwrap(), "413");
    assert_eq!(
        error(&answer),
        "the request body is 50000 bytes, over the limit of 100 bytes"
    );
    assert_eq!(agent.call(&http("/", "", "")).await.status, 200);
}

#[tokio::test]
async fn a_response_that_is_too_large_is_an_error_that_names_the_limit() {
    let config = config(Path::new("/unused")).with_max_response_bytes(999);
    let mut agent = Agent::new(connect_with(config));

    let answer = agent.call(&http("/large", "", "")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("fn-http-status").unwrap(), "502");
    let error = error(&answer);
    for part in [
        "1000 bytes",
        "limit of 999 bytes",
        "`Config::with_max_response_bytes`",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn as_many_headers_as_a_gateway_passes_on_are_no_problem() {
    let answer = connect().call(&http("/", &numbered_headers(90), "")).await;

    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("x-89=89"), "{}", answer.body);
}

#[tokio::test]
async fn what_hyper_would_refuse_with_a_4xx_is_a_502_that_arrives() {
    let long = format!("Fn-Http-H-X: {}\r\n", "x".repeat(3 * 1024 * 1024));
    for headers in [numbered_headers(500), long] {
        let io = connect_with(config(Path::new("/unused")));
        let (mut read, mut write) = tokio::io::split(io);
        let request = http("/", &headers, &"x".repeat(10_000));

        let sending = tokio::spawn(async move { write.write_all(&request).await.map(|()| write) });
        let mut answer = Vec::new();
        read.read_to_end(&mut answer).await.unwrap();
        // All of it is taken, so that the agent is not reset before it has read the answer.
        sending.await.unwrap().unwrap();

        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"),
            "{answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert!(head.contains("fn-fdk-version: oci-mcp-functions/"));
    }
}

#[tokio::test]
async fn what_is_not_http_ends_its_connection_only() {
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"[..],
        b"hello\r\n\r\n",
        b"",
    ] {
        let mut io = connect_with(config(Path::new("/unused")));

        io.write_all(garbage).await.unwrap();
        io.shutdown().await.unwrap();
        let mut answer = Vec::new();
        io.read_to_end(&mut answer).await.unwrap();

        assert!(!answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
}

#[tokio::test]
async fn an_old_http_version_is_served_once() {
    let mut io = connect_with(config(Path::new("/unused")));

    let request = b"POST /call HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi";
    io.write_all(request).await.unwrap();
    let mut answer = String::new();
    io.read_to_string(&mut answer).await.unwrap();

    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("POST / [] hi"), "{answer}");
}

#[tokio::test]
async fn the_service_is_told_what_fn_says_beyond_http() {
    let (agent, function) = tokio::io::duplex(4096);
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let service = service_fn(move |request: Request<Bytes>| {
        let invocation: &Invocation = request.extensions().get().unwrap();
        told.send(invocation.clone()).unwrap();
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
    });
    let config = config(Path::new("/unused"))
        .with_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_592_874_620));
    tokio::spawn(serve_connection(Arc::new(config), function, service));
    let before = Instant::now();

    let more = "Fn-Call-Id: 01C\r\nFn-Deadline: 2020-06-23T01:10:21Z\r\n\
                Fn-Invoke-Type: detached\r\nOci-Subject-Id: ocid1.apigateway.oc1..a\r\n\
                Fn-Http-H-Oci-Subject-Id: ocid1.user.oc1..evil\r\n";
    Agent::new(agent).call(&http("/", more, "")).await;

    let invocation = heard.recv().await.unwrap();
    assert_eq!(invocation.call_id.unwrap().as_str(), "01C");
    assert_eq!(invocation.intent, Intent::HttpRequest);
    assert_eq!(invocation.mode, Mode::Detached);
    assert_eq!(invocation.subject.unwrap().id, "ocid1.apigateway.oc1..a");
    let left = invocation.deadline.unwrap().duration_since(before);
    assert!(
        (Duration::from_secs(1)..Duration::from_secs(6)).contains(&left),
        "{left:?}"
    );
}

#[tokio::test]
async fn a_call_the_agent_gave_up_is_cancelled() {
    let (mut agent, function) = tokio::io::duplex(4096);
    let (started, mut running) = tokio::sync::mpsc::unbounded_channel();
    let service = service_fn(move |_: Request<Bytes>| {
        let started = started.clone();
        async move {
            started.send(()).unwrap();
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let config = Arc::new(config(Path::new("/unused")));
    let serving = tokio::spawn(serve_connection(config, function, service));

    agent.write_all(&http("/", "", "")).await.unwrap();
    running.recv().await.unwrap();
    drop(agent);

    serving.await.unwrap();
    assert_eq!(running.recv().await, None);
}

#[tokio::test]
async fn the_real_socket_serves_several_connections_and_goes_with_the_future() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lsnr.sock");
    std::os::unix::fs::symlink("gone", &path).unwrap();
    let serving = tokio::spawn(serve(config(&path), service_fn(echo)));
    // The socket is bound when the future is polled first, which this thread now does.
    tokio::task::yield_now().await;

    let mut first = Agent::new(UnixStream::connect(&path).await.unwrap());
    let mut second = Agent::new(UnixStream::connect(&path).await.unwrap());
    for _ in 0..2 {
        for agent in [&mut first, &mut second] {
            assert_eq!(agent.call(&http("/", "", "hi")).await.body, "POST / [] hi");
        }
    }
    serving.abort();

    assert!(serving.await.unwrap_err().is_cancelled());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_function_that_cannot_listen_says_where_and_why() {
    let config = config(Path::new("/proc/absent/lsnr.sock"));

    let error = run(config, service_fn(echo)).unwrap_err();

    assert!(
        error.to_string().contains("`/proc/absent/phonylsnr.sock`"),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn a_body_may_be_boxed() {
    let boxed = |_: Request<Bytes>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hi")).boxed()))
    };
    let (agent, function) = tokio::io::duplex(1024);
    let config = Arc::new(config(Path::new("/unused")));
    tokio::spawn(serve_connection(config, function, service_fn(boxed)));

    assert_eq!(Agent::new(agent).call(&http("/", "", "")).await.body, "hi");
}

#[tokio::test]
async fn what_the_service_never_sees_is_told_with_the_reason() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let config = config(Path::new("/unused"))
        .with_max_request_bytes(10)
        .on_refusal(move |status, reason| sink.lock().unwrap().push((status.as_u16(), reason)));

    for request in [
        http("/a", "", "more than ten bytes"),
        http("/a b", "", ""),
        http("/a", &numbered_headers(200), ""),
        b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        http("/a", "", "fits"),
        http("/panic", "", ""),
    ] {
        Agent::new(connect_with(config.clone()))
            .call(&request)
            .await;
    }

    assert_eq!(
        *told.lock().unwrap(),
        [
            (413, "too_large"),
            (400, "malformed_request"),
            (502, "unreadable_head"),
            (502, "not_a_call"),
        ]
    );
}
