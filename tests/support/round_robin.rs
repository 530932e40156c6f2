//! A load balancer that knows nothing of sessions.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{client, server};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::Container;

/// A proxy that gives each request to the next of some containers, whoever sends it.
#[derive(Debug)]
pub struct RoundRobin {
    address: SocketAddr,
    turns: Arc<AtomicUsize>,
    // Killed when dropped.
    _containers: Vec<Container>,
}

impl RoundRobin {
    /// Puts a proxy before `containers`.
    pub async fn new(containers: Vec<Container>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let backends: Arc<[String]> = containers.iter().map(|c| c.address().to_owned()).collect();
        let turns = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&turns);
        // Ends with the test's runtime.
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (backends, turns) = (Arc::clone(&backends), Arc::clone(&counted));
                let pass = service_fn(move |request| {
                    let turn = turns.fetch_add(1, Ordering::Relaxed);
                    let backend = backends[turn % backends.len()].clone();
                    async move { Ok::<_, Infallible>(pass(&backend, request).await.unwrap()) }
                });
                let server = server::conn::http1::Builder::new();
                tokio::spawn(server.serve_connection(TokioIo::new(client), pass));
            }
        });
        Self {
            address,
            turns,
            _containers: containers,
        }
    }

    /// Where clients find it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has passed on.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.turns.load(Ordering::Relaxed)
    }
}

async fn pass(backend: &str, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let stream = TokioIo::new(TcpStream::connect(backend).await?);
    let handshake = client::conn::http1::handshake(stream).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await;
    let (head, body) = response.map_err(io::Error::other)?.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Response::from_parts(head, Full::new(body)))
}
