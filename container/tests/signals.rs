//! The host as a process that is told to end.

#![cfg(test)]

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use oci_mcp_container::{Config, run};
use tower::service_fn;

const ADDRESS: &str = "OCI_MCP_CONTAINER_TEST_ADDRESS";

/// The process: this file's tests again, of which only this one runs.
#[test]
#[ignore = "the other tests run it in a process of its own"]
fn host() {
    let address = std::env::var_os(ADDRESS).unwrap().into_string().unwrap();
    let config = Config::default().with_address(address.parse().unwrap());

    run(config, service_fn(answer)).unwrap();
}

async fn answer(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/endless" {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(Response::new(Full::from("whole")))
}

/// Starts the process and sends it a request that it has begun when this returns.
fn begin(path: &str) -> (Child, TcpStream) {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "host", "--ignored"])
        .env(ADDRESS, address.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut client = loop {
        match TcpStream::connect(address) {
            Ok(client) => break client,
            Err(_refused) => thread::yield_now(),
        }
    };
    // Being asked to go on is the sign that the request has begun.
    let head = format!("POST {path} HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n");
    client.write_all(head.as_bytes()).unwrap();
    client
        .read_exact(&mut [0; "HTTP/1.1 100 Continue\r\n\r\n".len()])
        .unwrap();
    client.write_all(b"x").unwrap();
    (process, client)
}

fn signal(process: &Child, name: &str) {
    let command = format!("kill -{name} {}", process.id());
    assert!(
        Command::new("sh")
            .args(["-c", &command])
            .status()
            .unwrap()
            .success()
    );
}

#[test]
fn a_process_that_is_told_to_end_finishes_what_it_has_begun() {
    for name in ["TERM", "INT"] {
        let (mut process, mut client) = begin("/");

        signal(&process, name);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        drop(client);

        assert!(answer.ends_with("whole"), "{name}: {answer}");
        assert!(process.wait().unwrap().success(), "{name}");
    }
}

#[test]
fn a_second_interrupt_ends_a_process_that_would_wait() {
    let (mut process, mut client) = begin("/endless");

    // Two that come at once count as one, so more are sent until one is the second.
    let status = loop {
        signal(&process, "INT");
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
    };
    let mut answer = String::new();
    let ended = client.read_to_string(&mut answer);

    assert!(!status.success());
    assert_eq!(ended.unwrap_or(0), 0, "{answer}");
}
