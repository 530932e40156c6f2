//! What HTTP clients see of a function, and it of them.

use std::net::{IpAddr, Ipv4Addr};

use oci_emulator::{Agent, Gateway, Limits, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

use crate::fake::{agent, arrival, call, number, patient, pid, port};

#[tokio::test]
async fn a_function_sees_the_clients_request() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let request = "PUT /v1/x?y=z HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close, x-hop\r\n\
        X-Hop: 1\r\nX-Two: a\r\nX-Two: b\r\nFn-Intent: forged\r\nContent-Type: text/plain\r\n\
        Content-Length: 2\r\nOpc-Request-Id: mine\r\n\r\nhi";

    let response = exchange(&agent, request).await;

    let seen = response.json();
    let headers: Vec<(&str, &str)> = seen["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| (header[0].as_str().unwrap(), header[1].as_str().unwrap()))
        .collect();
    for expected in [
        ("Fn-Intent", "httprequest"),
        ("Fn-Http-Method", "PUT"),
        ("Fn-Http-Request-Url", "/v1/x?y=z"),
        ("Fn-Http-H-Host", "localhost:8080"),
        ("Fn-Http-H-X-Two", "a"),
        ("Fn-Http-H-X-Two", "b"),
        ("Fn-Http-H-Fn-Intent", "forged"),
        ("Fn-Http-H-Content-Length", "2"),
        ("Fn-Http-H-X-Forwarded-For", "127.0.0.1"),
        ("Fn-Http-H-X-Real-Ip", "127.0.0.1"),
        ("Fn-Http-H-Forwarded", "for=127.0.0.1"),
        ("Content-Type", "text/plain"),
        ("Oci-Subject-Id", "ocid1.apigateway.oc1..emulator"),
        ("Oci-Subject-Type", "resource"),
        ("Opc-Request-Id", "mine"),
    ] {
        assert!(
            headers.contains(&expected),
            "{expected:?} is not in {headers:?}"
        );
    }
    assert!(
        !headers
            .iter()
            .any(|(name, _)| name.ends_with("-Hop") || name.ends_with("-Connection"))
    );
    assert_eq!(seen["body"], "hi");
    assert_eq!(response.header("opc-request-id"), Some("mine"));
}

#[tokio::test]
async fn a_client_sees_the_functions_status_and_headers() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let response = exchange(&agent, &get("/headers")).await;

    assert_eq!(response.status, 201);
    assert_eq!(response.header("x-two"), Some("2"));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("fn-fdk-version"), None);
    assert_eq!(response.header("fn-http-status"), None);
    assert!(response.header("opc-request-id").is_some());
    assert_eq!(
        response.header("content-length"),
        Some(&*response.body.len().to_string())
    );
    assert!(
        response.json()["headers"]
            .to_string()
            .contains(r#"["Content-Type","application/octet-stream"]"#)
    );
}

#[tokio::test]
async fn statuses_are_mapped() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    for (url, expected) in [
        ("/", 200),
        ("/http/404", 404),
        ("/http/204", 204),
        ("/http/99", 502),
        ("/http/abc", 502),
        ("/status/502", 502),
        ("/status/504", 504),
        ("/status/500", 502),
    ] {
        let response = exchange(&agent, &get(url)).await;

        assert_eq!(response.status, expected, "{url}");
        if expected >= 502 {
            assert_eq!(response.json()["code"], expected, "{url}");
        }
    }
    let failed = exchange(&agent, &get("/status/502")).await;
    assert_eq!(
        failed.json(),
        json!({ "code": 502, "message": "function failed" })
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413() {
    let limits = Limits {
        max_request_bytes: 4,
        ..patient()
    };
    let Some(agent) = agent("good", limits) else {
        return;
    };
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    for (framing, expected) in [
        ("Content-Length: 4\r\n\r\n1234", 200),
        ("Content-Length: 5\r\n\r\n", 413),
        (
            "Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n0\r\n\r\n",
            200,
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n1\r\n5\r\n",
            413,
        ),
    ] {
        let response = exchange(&agent, &format!("{head}{framing}")).await;

        assert_eq!(response.status, expected, "{framing:?}");
        if expected == 413 {
            assert_eq!(response.json()["code"], 413);
        }
    }
}

#[tokio::test]
async fn only_this_machines_names_are_answered() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: localhost", 200),
        ("GET / HTTP/1.1\r\nHost: LOCALHOST:1234", 200),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:80", 200),
        ("GET / HTTP/1.1\r\nHost: [::1]:80", 200),
        ("GET / HTTP/1.1\r\nHost: [::1]", 200),
        ("GET / HTTP/1.1\r\nHost: evil.example", 403),
        ("GET / HTTP/1.1\r\nHost: localhost.evil.example", 403),
        ("GET / HTTP/1.1\r\nHost: evil.example:localhost", 403),
        ("GET / HTTP/1.1\r\nHost: localhost:80@evil.example", 403),
        ("GET / HTTP/1.1\r\nHost: ", 403),
        ("GET / HTTP/1.1\r\nX-Host: localhost", 403),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost", 403),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost", 403),
        ("GET http://localhost/ HTTP/1.1\r\nHost: localhost", 200),
    ] {
        let response = exchange(&agent, &format!("{head}\r\nConnection: close\r\n\r\n")).await;

        assert_eq!(response.status, expected, "{head}");
    }
}

#[tokio::test]
async fn the_invoke_endpoint_calls_the_function_without_http() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let response = exchange(&agent, &invoke("Content-Type: text/plain\r\nX-Two: 2")).await;

    assert_eq!(response.status, 200);
    let seen = response.json();
    assert_eq!(seen["body"], "hi");
    let headers = seen["headers"].to_string();
    assert!(
        headers.contains(r#"["Content-Type","text/plain"]"#),
        "{headers}"
    );
    assert!(
        headers.contains(response.header("fn-call-id").unwrap()),
        "{headers}"
    );
    for absent in ["Fn-Intent", "Fn-Http-", "X-Two"] {
        assert!(!headers.contains(absent), "{absent} in {headers}");
    }
}

#[tokio::test]
async fn the_invoke_endpoint_names_failures_as_the_service_does() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let request = invoke("Fn-Intent: httprequest\r\nFn-Http-Request-Url: /status/502");

    let response = exchange(&agent, &request).await;

    assert_eq!(response.status, 502);
    let expected = json!({ "code": "FunctionInvokeExecutionFailed", "message": "function failed" });
    assert_eq!(response.json(), expected);
}

#[tokio::test]
async fn a_detached_call_is_accepted_at_once_and_runs_on() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let (listener, port) = port().await;
    let wait = format!("/wait/{port}");
    let headers = format!("Fn-Invoke-Type: detached\r\nFn-Http-Request-Url: {wait}");

    let response = exchange(&agent, &invoke(&headers)).await;

    assert_eq!((response.status, &*response.body), (202, ""));
    assert!(response.header("fn-call-id").is_some());
    drop(arrival(&listener).await);
}

#[tokio::test]
async fn a_client_that_hangs_up_costs_neither_the_call_nor_the_instance() {
    let limits = Limits {
        max_instances: 1,
        ..patient()
    };
    let Some(agent) = agent("good", limits) else {
        return;
    };
    let (listener, port) = port().await;
    let wait = format!("/wait/{port}");
    let mut client = connect(&agent);
    client.write_all(get(&wait).as_bytes()).await.unwrap();
    let held = arrival(&listener).await;
    let busy = agent.instances()[0].pid;

    drop(client);
    drop(held);

    assert_eq!(pid(&agent).await, busy);
}

#[tokio::test]
async fn a_head_request_has_no_body_but_its_length() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };

    let response = exchange(&agent, &get("/").replace("GET", "HEAD")).await;

    assert_eq!((response.status, &*response.body), (200, ""));
    assert!(response.header("content-length").unwrap() > "0");
}

#[tokio::test]
async fn the_gateway_serves_loopback_and_nothing_else() {
    let Some(agent) = agent("good", patient()) else {
        return;
    };
    let everywhere = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let loopback = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = loopback.local_addr().unwrap();
    let server = tokio::spawn(serve(loopback, agent.clone()));

    let refused = serve(everywhere, agent.clone()).await;
    let response = read(TcpStream::connect(address).await.unwrap(), &get("/")).await;

    assert!(refused.unwrap_err().to_string().contains("loopback"));
    assert_eq!(number(&response.json()["pid"]), agent.instances()[0].pid);
    assert_eq!(agent.invoke(call("/")).await.status, 200);
    server.abort();
}

struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Response {
    fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = fields.filter(|(field, _)| *field == name);
        found.next().map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}{}", self.head, self.body))
    }
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

fn invoke(headers: &str) -> String {
    format!(
        "POST /20181201/functions/ocid1.fnfunc.oc1..x/actions/invoke HTTP/1.1\r\n\
        Host: localhost\r\nConnection: close\r\nContent-Length: 2\r\n{headers}\r\n\r\nhi"
    )
}

fn connect(agent: &Agent) -> impl AsyncRead + AsyncWrite + Unpin + use<> {
    let (client, server) = duplex(64 * 1024);
    let gateway = Gateway::new(agent.clone());
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    tokio::spawn(async move { gateway.serve_connection(server, peer).await });
    client
}

async fn exchange(agent: &Agent, request: &str) -> Response {
    read(connect(agent), request).await
}

async fn read(mut connection: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Response {
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Response {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
