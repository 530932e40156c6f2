//! The transport against a server on this machine, with authorities made here.

mod server;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt;
use oci_rest::{Https, Transport, TransportErrorKind};
use tower::ServiceExt;

use self::server::{Authority, Reply, Server};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

#[tokio::test]
async fn a_server_with_a_certificate_of_the_given_authority_is_answered() {
    let authority = Authority::new();
    let server = Server::start(&authority, vec![vec![Reply::Text(OK)]]).await;
    let mut post = request(Method::POST, &server.url("/a?b=c"));
    post.headers_mut().insert("content-length", 0.into());

    let answer = only(&authority).oneshot(post).await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body(), "hello");
    let head = &server.heads()[0];
    assert!(head.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{head}");
    assert_eq!(head.matches("host: ").count(), 1, "{head}");
    assert_eq!(head.matches("content-length: 0").count(), 1, "{head}");
}

#[tokio::test]
async fn a_bundle_adds_to_the_public_authorities() {
    let authority = Authority::new();
    let server = Server::start(&authority, vec![vec![Reply::Text(OK)]]).await;
    let transport = Https::new().trust(authority.pem()).build().unwrap();

    let answer = transport.oneshot(get(&server.url("/"))).await;

    assert!(answer.is_ok());
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused_at_once_and_the_error_says_why() {
    let authority = Authority::new();
    let server = Server::start(&authority, vec![vec![Reply::Text(OK)]]).await;
    let transports = [
        only(&Authority::new()),
        only(&Authority::named("another")),
        public(),
    ];

    for transport in transports {
        let start = Instant::now();
        let error = transport.oneshot(get(&server.url("/"))).await.unwrap_err();

        assert!(start.elapsed() < Duration::from_secs(2));
        assert_eq!(error.kind(), TransportErrorKind::Tls);
        assert!(
            error
                .to_string()
                .contains("an authority that is not trusted"),
            "{error}"
        );
    }
    assert!(server.heads().is_empty());
}

#[tokio::test]
async fn a_certificate_that_has_expired_or_is_for_another_name_is_refused() {
    let rows = [
        (Authority::new().expired(), "has expired"),
        (
            Authority::new().for_name("example.com"),
            "is for another name",
        ),
    ];

    for (authority, expected) in rows {
        let server = Server::start(&authority, vec![vec![Reply::Text(OK)]]).await;

        let error = only(&authority).oneshot(get(&server.url("/"))).await;

        let error = error.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Tls);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let authority = Authority::new();
    let replies = vec![vec![Reply::Text(OK), Reply::Text(OK)]];
    let server = Server::start(&authority, replies).await;
    let transport = only(&authority);

    for _ in 0..2 {
        let answer = transport.clone().oneshot(get(&server.url("/"))).await;
        assert_eq!(answer.unwrap().body(), "hello");
    }

    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_does_no_harm() {
    for method in [Method::GET, Method::POST] {
        let authority = Authority::new();
        let replies = vec![vec![Reply::Text(OK)], vec![Reply::Text(OK)]];
        let mut server = Server::start(&authority, replies).await;
        let transport = only(&authority);
        transport
            .clone()
            .oneshot(get(&server.url("/")))
            .await
            .unwrap();
        server.first_connection_closed().await;

        let again = request(method, &server.url("/"));
        let answer = transport.oneshot(again).await;

        assert_eq!(answer.unwrap().body(), "hello");
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_dies_under_a_request_is_replaced_if_that_is_safe() {
    let mut with_token = request(Method::POST, "/");
    let token = "opc-retry-token";
    with_token.headers_mut().insert(token, "a".parse().unwrap());
    let rows = [
        (request(Method::GET, "/"), true),
        (request(Method::PUT, "/"), true),
        (with_token, true),
        (request(Method::POST, "/"), false),
    ];

    for (mut again, is_safe) in rows {
        let authority = Authority::new();
        let replies = vec![vec![Reply::Text(OK), Reply::HangUp], vec![Reply::Text(OK)]];
        let server = Server::start(&authority, replies).await;
        let transport = only(&authority);
        transport
            .clone()
            .oneshot(get(&server.url("/")))
            .await
            .unwrap();

        *again.uri_mut() = server.url("/").parse().unwrap();
        let answer = transport.oneshot(again).await;

        if is_safe {
            assert_eq!(answer.unwrap().body(), "hello");
            assert_eq!(server.heads().len(), 3);
        } else {
            assert_eq!(answer.unwrap_err().kind(), TransportErrorKind::Closed);
            assert_eq!(server.heads().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_server_that_always_hangs_up_gets_a_request_twice_at_most() {
    let authority = Authority::new();
    let replies = vec![
        vec![Reply::HangUp],
        vec![Reply::HangUp],
        vec![Reply::HangUp],
    ];
    let server = Server::start(&authority, replies).await;

    let error = only(&authority).oneshot(get(&server.url("/"))).await;

    assert_eq!(error.unwrap_err().kind(), TransportErrorKind::Closed);
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let authority = Authority::new();
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(&authority, vec![vec![Reply::Text(redirect)]]).await;

    let answer = only(&authority).oneshot(get(&server.url("/"))).await;

    assert_eq!(answer.unwrap().status(), 307);
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_announced_or_not() {
    let answers = [
        "HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n2\r\n56\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n123456",
    ];

    for answer in answers {
        let authority = Authority::new();
        let server = Server::start(&authority, vec![vec![Reply::Text(answer)]]).await;
        let transport = Https::new()
            .trust_only(authority.pem())
            .max_response_bytes(5);

        let error = transport
            .build()
            .unwrap()
            .oneshot(get(&server.url("/")))
            .await;

        let error = error.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        assert!(error.to_string().contains("larger than 5 bytes"), "{error}");
    }
}

#[tokio::test]
async fn the_answer_to_head_may_announce_more_than_the_limit() {
    let authority = Authority::new();
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n";
    let server = Server::start(&authority, vec![vec![Reply::Text(head)]]).await;

    let answer = only(&authority)
        .oneshot(request(Method::HEAD, &server.url("/")))
        .await;

    assert_eq!(answer.unwrap().headers()["content-length"], "999999999");
}

#[tokio::test]
async fn what_is_not_http_is_told_from_a_closed_connection() {
    let authority = Authority::new();
    let server = Server::start(&authority, vec![vec![Reply::Text("SSH-2.0-x\r\n\r\n")]]).await;

    let error = only(&authority)
        .oneshot(get(&server.url("/")))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), TransportErrorKind::Malformed);
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_given_up() {
    let server = Server::start_plain(vec![vec![Reply::Silence]]).await;
    let transport = Https::new().timeout(Duration::from_millis(100));

    let error = transport
        .build()
        .unwrap()
        .oneshot(get(&server.url("/")))
        .await;

    let error = error.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert!(error.to_string().contains("within 100ms"), "{error}");
}

// Time stands still until nothing else can happen, so that this takes none.
#[tokio::test(start_paused = true)]
async fn a_connection_must_be_there_in_time_with_its_handshake() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let transport = Https::new().connect_timeout(Duration::from_secs(1));

    let error = transport
        .build()
        .unwrap()
        .oneshot(get(&url))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), TransportErrorKind::ConnectTimeout);
    assert!(error.to_string().contains("within 1s"), "{error}");
}

#[tokio::test]
async fn no_connection_says_to_where_and_why() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);

    let error = public().oneshot(get(&format!("https://{address}/"))).await;

    let error = error.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert_eq!(
        error.to_string(),
        format!("no connection to `{address}`: nothing listens there")
    );
}

#[tokio::test]
async fn plain_http_goes_to_this_machine_alone() {
    let server = Server::start_plain(vec![vec![Reply::Text(OK)]]).await;
    let local = public().oneshot(get(&server.url("/"))).await;

    let elsewhere = public()
        .oneshot(get("http://iaas.us-phoenix-1.oraclecloud.com/"))
        .await;

    assert_eq!(local.unwrap().body(), "hello");
    assert_eq!(elsewhere.unwrap_err().kind(), TransportErrorKind::Refused);
}

#[test]
fn a_bundle_that_is_none_is_refused() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let rows = [
        ("", "has no certificate"),
        ("hello", "has no certificate"),
        (broken, "certificate 1 of the bundle"),
    ];

    for (bundle, expected) in rows {
        let error = Https::new().trust(bundle).build().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_answer_can_be_read_before_it_has_ended() {
    let authority = Authority::new();
    let head = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n4\r\n1234\r\n";
    let server = Server::start(&authority, vec![vec![Reply::Text(head), Reply::Silence]]).await;
    let transport = Https::new().trust_only(authority.pem()).build_streaming();

    let answer = transport.unwrap().oneshot(get(&server.url("/"))).await;

    let mut answer = answer.unwrap();
    assert_eq!(answer.status(), 404);
    let first = answer.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "1234");
}

#[tokio::test]
async fn an_answer_that_ends_too_soon_is_an_error_of_its_body() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1234";
    let server = Server::start_plain(vec![vec![Reply::Text(cut)]]).await;
    let transport = Https::new().build_streaming().unwrap();

    let answer = transport.oneshot(get(&server.url("/"))).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();

    assert_eq!(error.kind(), TransportErrorKind::Closed);
}

#[tokio::test]
async fn the_head_of_an_answer_must_be_there_in_time() {
    let server = Server::start_plain(vec![vec![Reply::Silence]]).await;
    let transport = Https::new().timeout(Duration::from_millis(20));

    let answer = transport
        .build_streaming()
        .unwrap()
        .oneshot(get(&server.url("/")))
        .await;

    assert_eq!(answer.unwrap_err().kind(), TransportErrorKind::Timeout);
}

fn only(authority: &Authority) -> Transport {
    Https::new().trust_only(authority.pem()).build().unwrap()
}

fn public() -> Transport {
    Https::new().build().unwrap()
}

fn get(url: &str) -> Request<Bytes> {
    request(Method::GET, url)
}

fn request(method: Method, url: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = url.parse().unwrap();
    request
}
