//! Many clients at once, slow ones among them, and what becomes of them when the container ends.

#![cfg(test)]

use std::iter::repeat_with;
use std::path::Path;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use oci_mcp_tests::{Container, Raw, add, head, legacy, until};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::net::unix::pipe;
use tokio::net::{TcpSocket, TcpStream};

const CLIENTS: usize = 1_000;
/// How many of them wait for an answer, and how many send slowly.
const SOME: usize = 250;
/// How many of them do not read what they are sent, which takes long to make in a debug build.
const FEW: usize = 50;
const LARGE: usize = 512 * 1024;

#[tokio::test]
async fn no_answer_is_lost_when_a_container_with_a_thousand_clients_ends() {
    allow_open_files(4 * CLIENTS as u64);
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("gate");
    let gate = gate(&pipe);
    let pipe = pipe.to_str().unwrap();
    let binary = env!("CARGO_BIN_EXE_function");
    let mut container = Container::start(binary, &[("GATE", pipe)]).await;
    let mut clients = connect(&container).await;
    assert!(container.process().sockets() > CLIENTS);

    let mut reading = clients.split_off(clients.len() - FEW);
    for client in &mut reading {
        send(client, &call("large", &json!({ "bytes": LARGE }))).await;
    }
    for client in &mut reading {
        client.answer_until("\r\n\r\n").await;
    }
    let mut waiting = clients.split_off(clients.len() - SOME);
    for client in &mut waiting {
        send(client, &call("gate", &json!({}))).await;
    }
    let mut sending = clients.split_off(clients.len() - SOME);
    for client in &mut sending {
        send_half(client, &add()).await;
    }
    until(|| container.process().open_files(pipe) == SOME).await;
    let (status, sum) = container.send(&add()).await;
    assert!(status == 200 && sum.contains("42"), "{sum}");

    container.terminate();
    until(|| std::net::TcpStream::connect(container.address()).is_err()).await;

    for client in clients {
        assert_eq!(client.answer().await, "", "of a client that asked nothing");
    }
    for mut client in sending {
        let body = add().into_body();
        client.send(&body[body.len() / 2..]).await;
        let answer = client.answer().await;
        assert!(answer.contains(r#"{\"sum\":42}"#), "{answer}");
    }
    for client in reading {
        let body = client.answer().await;
        assert!(body.len() > LARGE && body.ends_with("}}"), "{}", body.len());
    }
    drop(gate);
    for client in waiting {
        let answer = client.answer().await;
        assert!(answer.contains(r#""text":"open""#), "{answer}");
    }
    assert!(container.ended().await.success());
}

/// A thousand connections, on each of which a request was answered. They take little at a time, so
/// that an answer that is not read waits in the container.
async fn connect(container: &Container) -> Vec<Raw<TcpStream>> {
    let address = container.address().parse().unwrap();
    let clients = repeat_with(|| async move {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut client = Raw::new(socket.connect(address).await.unwrap());
        send(&mut client, &add()).await;
        let answer = client.body().await;
        assert!(answer.contains(r#"{\"sum\":42}"#), "{answer}");
        client
    });
    join_all(clients.take(CLIENTS)).await
}

async fn send(client: &mut Raw<TcpStream>, request: &Request<Bytes>) {
    client.send(head(request, "keep-alive").as_bytes()).await;
    client.send(request.body()).await;
}

/// Sends half of a body, once the container is waiting for it.
async fn send_half(client: &mut Raw<TcpStream>, request: &Request<Bytes>) {
    let head = head(request, "keep-alive\r\nExpect: 100-continue");
    client.send(head.as_bytes()).await;
    client.answer_until("100 Continue\r\n\r\n").await;
    client
        .send(&request.body()[..request.body().len() / 2])
        .await;
}

fn call(tool: &str, arguments: &serde_json::Value) -> Request<Bytes> {
    let params = json!({ "name": tool, "arguments": arguments });
    legacy("2025-11-25", "tools/call", &params)
}

/// Makes a pipe at `path`, and holds it open for writing.
fn gate(path: &Path) -> pipe::Sender {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut options = pipe::OpenOptions::new();
    options.read_write(true).open_sender(path).unwrap()
}

/// Raises the soft limit of open files, which the container inherits.
fn allow_open_files(files: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit
        .maximum
        .map_or(Some(files), |maximum| Some(maximum.min(files)));
    setrlimit(Resource::Nofile, limit).unwrap();
}
