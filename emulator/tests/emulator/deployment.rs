//! What clients of a model deployment see of a container, and it of them.

use std::time::Duration;

use http::Version;
use http_body_util::BodyExt;
use oci_emulator::{Container, DeploymentLimits, Endpoint, ModelDeployment};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::deployed::{
    Unsized, ask, deploy, deploy_with, exchange, next, order, pid, post, seen, send,
};
use crate::fake::{arrival, container, ended, number, port, watch};

#[tokio::test]
async fn a_container_has_the_platforms_environment_and_its_own_alone() {
    let Some(deployment) = deploy("good").await else {
        return;
    };

    let seen = seen(&deployment, "").await;

    let env = seen["env"].as_object().unwrap();
    let mut names: Vec<_> = env.keys().collect();
    // Python's own, for want of a locale.
    names.retain(|name| *name != "LC_CTYPE");
    names.sort();
    let expected = [
        "COLOUR",
        "MODEL_DEPLOYMENT_OCID",
        "OCI_MCP_BIND",
        "OCI_MCP_PORT",
        "PATH",
    ];
    assert_eq!(names, expected);
    assert_eq!(env["MODEL_DEPLOYMENT_OCID"], ModelDeployment::OCID);
    assert_eq!(env["OCI_MCP_BIND"], "127.0.0.1");
}

#[tokio::test]
async fn a_container_sees_the_request_without_what_is_the_routers() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let mut request = post("/predict/mcp?a=b", "hello");
    for (name, value) in [
        ("authorization", "Signature keyId=\"secret\""),
        ("connection", "close, x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("expect", "100-continue"),
        ("accept", "text/event-stream"),
        ("x-content-sha256", "abc"),
        ("opc-request-id", "mine"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }

    let answer = send(&deployment, request).await;

    let seen = answer.json();
    assert_eq!(seen["line"], "POST /mcp?a=b HTTP/1.1");
    assert_eq!(seen["body"], "hello");
    let headers = seen["headers"].as_array().unwrap();
    for expected in [
        json!(["Content-Length", "5"]),
        json!(["Accept", "text/event-stream"]),
        json!(["X-Content-Sha256", "abc"]),
        json!(["Opc-Request-Id", "mine"]),
        json!([
            "Host",
            format!(
                "127.0.0.1:{}",
                seen["env"]["OCI_MCP_PORT"].as_str().unwrap()
            )
        ]),
    ] {
        assert!(headers.contains(&expected), "no {expected} in {headers:?}");
    }
    assert_eq!(headers.len(), 5, "{headers:?}");
}

#[tokio::test]
async fn a_client_sees_the_containers_status_and_headers_and_the_whole_answer() {
    let Some(deployment) = deploy("good").await else {
        return;
    };

    let answer = ask(&deployment, "/predict/mcp", "headers").await;

    assert_eq!(answer.status, 201);
    let two: Vec<_> = answer.headers.get_all("x-two").iter().collect();
    assert_eq!(two, ["a", "b"]);
    assert_eq!(answer.headers["content-type"], "application/json");
    for hop in ["connection", "keep-alive", "x-hop"] {
        assert!(!answer.headers.contains_key(hop), "{:?}", answer.headers);
    }
    let ids: Vec<_> = answer.headers.get_all("opc-request-id").iter().collect();
    assert!(ids.len() == 1 && ids[0] != "its", "{ids:?}");
}

#[tokio::test]
async fn a_container_of_http_1_0_is_not_told_from_others() {
    let Some(deployment) = deploy("good").await else {
        return;
    };

    let response = deployment.answer(order("/predict/mcp", "old")).await;

    assert_eq!(response.version(), Version::HTTP_11);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "old");
}

#[tokio::test]
async fn predict_is_what_the_containers_environment_says() {
    let Some(mut container) = container("good") else {
        return;
    };
    let remap = ("MODEL_DEPLOY_PREDICT_ENDPOINT".into(), "/mcp/".into());
    container.env.push(remap);
    let deployment = ModelDeployment::start(container, Vec::new(), DeploymentLimits::default());
    let deployment = deployment.await.unwrap();

    let whole = ask(&deployment, "/predict", "").await;
    let streamed = ask(&deployment, "/predictWithResponseStream", "chunks").await;
    let unregistered = ask(&deployment, "/predict/mcp/", "").await;

    assert_eq!(whole.json()["line"], "POST /mcp/ HTTP/1.1");
    assert_eq!(streamed.json()["line"], "POST /mcp/ HTTP/1.1");
    assert_eq!(unregistered.status, 404);
}

#[tokio::test]
async fn what_is_not_registered_is_a_404_or_a_405() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let request = |method: &str, path: &str| {
        let mut request = post(path, "");
        *request.method_mut() = method.parse().unwrap();
        request
    };

    let path = send(&deployment, request("POST", "/predict/other")).await;
    let method = send(&deployment, request("PUT", "/predict/mcp")).await;

    assert_eq!(path.refusal(), (404, "NotAuthorizedOrNotFound".into()));
    assert_eq!(method.refusal(), (405, "MethodNotAllowed".into()));
    assert_eq!(method.headers["allow"], "POST, GET, DELETE");
    assert!(path.headers.contains_key("opc-request-id"));
}

#[tokio::test]
async fn endpoints_that_the_platform_does_not_take_are_refused_before_anything_is_run() {
    let container = Container::new("/nowhere");
    let endpoint = Endpoint {
        suffix: "mcp".to_owned(),
        methods: Vec::new(),
    };

    let started = ModelDeployment::start(container, vec![endpoint], DeploymentLimits::default());

    let error = started.await.unwrap_err().to_string();
    assert!(error.contains("`mcp` is not a path"), "{error}");
}

#[tokio::test]
async fn a_body_of_unstated_length_is_a_411() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for (method, rest, expected) in [
        ("POST", chunked, 411),
        ("GET", chunked, 411),
        ("POST", "\r\n", 411),
        ("POST", "Content-Length: 2\r\n\r\nhi", 200),
        ("POST", "Content-Length: 0\r\n\r\n", 200),
        ("GET", "\r\n", 200),
        ("DELETE", "\r\n", 200),
    ] {
        let line = format!("{method} /{}/predict/mcp", ModelDeployment::OCID);

        let (status, body) = exchange(&deployment, &line, rest).await;

        assert_eq!(status, expected, "{method} {rest}");
        let refused = body.contains(r#""code":"LengthRequired""#);
        assert_eq!(refused, expected == 411, "{body}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_declared_or_not() {
    let limits = DeploymentLimits {
        max_payload_bytes: 4096,
        ..DeploymentLimits::default()
    };
    let Some(deployment) = deploy_with("good", limits).await else {
        return;
    };
    let line = format!("POST /{}/predict/mcp", ModelDeployment::OCID);

    // Nothing of the body is ever sent.
    let (status, body) = exchange(&deployment, &line, "Content-Length: 4097\r\n\r\n").await;
    let sent = post("/predict/mcp", "").map(|_| Unsized(Some("x".repeat(4097).into())));
    let sent = send(&deployment, sent).await;
    let fits = deployment
        .answer(post("/predict/mcp", &"x".repeat(2048)))
        .await;

    assert_eq!(status, 413);
    assert!(body.contains(r#""code":"PayloadTooLarge""#), "{body}");
    assert_eq!(sent.refusal(), (413, "PayloadTooLarge".into()));
    assert_eq!(fits.status(), 200);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_a_500() {
    let limits = DeploymentLimits {
        max_payload_bytes: 4096,
        ..DeploymentLimits::default()
    };
    let Some(deployment) = deploy_with("good", limits).await else {
        return;
    };

    let fits = ask(&deployment, "/predict/mcp", "big/4096").await;
    let too_large = ask(&deployment, "/predict/mcp", "big/4097").await;

    assert_eq!((fits.status, fits.body.len()), (200, 4096));
    assert_eq!(too_large.refusal(), (500, "InternalServerError".into()));
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_a_minute_is_a_500() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    tokio::time::pause();

    let answer = ask(&deployment, "/predict/mcp", "hang").await;

    assert_eq!(answer.refusal(), (500, "InternalServerError".into()));
    let message = answer.json()["message"].to_string();
    assert!(message.contains("60s"), "{message}");
}

#[tokio::test]
async fn a_stream_is_passed_on_event_by_event() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let (listener, port) = port().await;
    let request = order(
        "/predictWithResponseStream/mcp/stream",
        &format!("events/{port}"),
    );

    let response = deployment.answer(request).await;

    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("content-length"));
    let mut body = response.into_body();
    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    // The second event is made only now, when the container no longer waits.
    drop(arrival(&listener).await);
    assert_eq!(next(&mut body).await.unwrap(), "data: 2\n\n");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_stream_may_outlast_the_minute_but_not_its_own_time() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let (listener, port) = port().await;
    let request = order(
        "/predictWithResponseStream/mcp/stream",
        &format!("events/{port}"),
    );
    let mut body = deployment.answer(request).await.into_body();
    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    let _held = arrival(&listener).await;
    tokio::time::pause();

    let begin = Instant::now();
    let end = body.frame().await.unwrap();

    assert!(end.is_err());
    let took = begin.elapsed();
    assert!(took > Duration::from_secs(290), "{took:?}");
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_a_409_where_a_stream_was_asked_for() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let path = "/predictWithResponseStream/mcp";

    let whole = ask(&deployment, path, "").await;
    let accepted = ask(&deployment, path, "empty/202").await;
    let chunks = ask(&deployment, path, "chunks").await;

    assert_eq!(
        whole.refusal(),
        (409, "ExternalServerIncorrectState".to_owned())
    );
    let message = whole.json()["message"].to_string();
    assert!(
        message.contains("Unexpected nonstreaming response detected"),
        "{message}"
    );
    assert_eq!((accepted.status, accepted.body.len()), (202, 0));
    assert_eq!(chunks.json()["line"], "POST /mcp HTTP/1.1");
}

#[tokio::test]
async fn an_event_stream_on_predict_is_sent_in_one_piece() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let (listener, port) = port().await;

    let action = format!("events/{port}");
    let answer = ask(&deployment, "/predict/mcp/stream", &action);
    let (answer, ()) = tokio::join!(answer, async { drop(arrival(&listener).await) });

    assert_eq!(answer.body, "data: 1\n\ndata: 2\n\n");
}

#[tokio::test]
async fn a_container_that_dies_is_a_503_and_started_again_by_the_next_request() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let first = pid(&deployment).await;
    let process = watch(first);

    let died = ask(&deployment, "/predict/mcp", "exit/1").await;

    assert_eq!(died.refusal(), (503, "ModelServerUnavailable".into()));
    ended(process).await;
    let second = pid(&deployment).await;
    assert_ne!(first, second);
    assert_eq!(pid(&deployment).await, second);
}

#[tokio::test]
async fn a_container_that_dies_leaves_nothing_running() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let child = watch(number(&seen(&deployment, "child").await["child"]));

    ask(&deployment, "/predict/mcp", "exit/1").await;

    ended(child).await;
}

#[tokio::test]
async fn a_container_that_dies_breaks_its_streams_off() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let request = order("/predictWithResponseStream/mcp/stream", "break");

    let mut body = deployment.answer(request).await.into_body();

    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn a_container_that_hangs_up_is_a_503_and_lives_on() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let before = pid(&deployment).await;

    let answer = ask(&deployment, "/predict/mcp", "hangup").await;

    assert_eq!(answer.refusal(), (503, "ModelServerUnavailable".into()));
    assert_eq!(pid(&deployment).await, before);
}

#[tokio::test]
async fn a_status_that_ends_no_answer_is_a_503() {
    let Some(deployment) = deploy("good").await else {
        return;
    };

    let answer = ask(&deployment, "/predict/mcp", "status/101").await;

    assert_eq!(answer.refusal(), (503, "ModelServerUnavailable".into()));
}

#[tokio::test]
async fn a_deployment_that_is_shut_down_starts_nothing() {
    let Some(deployment) = deploy("good").await else {
        return;
    };

    deployment.shutdown().await;

    let answer = ask(&deployment, "/predict/mcp", "").await;
    assert_eq!(answer.refusal(), (503, "ModelServerUnavailable".into()));
}

#[tokio::test]
async fn a_page_that_rebinds_its_name_is_refused() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    for (host, expected) in [("localhost:80", 200), ("evil.example", 403)] {
        let mut request = post("/predict/mcp", "");
        request.headers_mut().insert("host", host.parse().unwrap());

        let answer = deployment.answer(request).await;

        assert_eq!(answer.status(), expected, "{host}");
    }
}

#[tokio::test]
async fn the_router_serves_loopback_and_nothing_else() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let everywhere = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let loopback = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut client = TcpStream::connect(loopback.local_addr().unwrap())
        .await
        .unwrap();
    let other = deployment.clone();
    let server = tokio::spawn(async move { other.serve(loopback).await });

    let refused = deployment.serve(everywhere).await;
    let head = format!(
        "POST /{}/predict HTTP/1.1\r\nHost: localhost\r\n",
        ModelDeployment::OCID
    );
    let request = format!("{head}Connection: close\r\nContent-Length: 2\r\n\r\nhi");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();

    assert!(refused.unwrap_err().to_string().contains("loopback"));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\ncontent-length: "), "{answer}");
    server.abort();
}
