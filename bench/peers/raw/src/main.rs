//! The limit: hyper, and nothing else. Reads each request to its end and answers as many bytes as
//! the first argument says, as a function (`FN_LISTENER`) or on a port of this machine (`PORT`).

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::net::Ipv4Addr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::{env, io};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

fn main() -> Result<(), Box<dyn Error>> {
    let size = env::args()
        .nth(1)
        .ok_or("an argument is needed: the size of the answer")?;
    let answer = Bytes::from(vec![b' '; size.parse()?]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        if let Some(listener) = variable("FN_LISTENER") {
            let listener = announce(listener.trim_start_matches("unix:").as_ref())?;
            accept(async || Ok(listener.accept().await?.0), &answer).await
        } else {
            let port = variable("PORT").ok_or("FN_LISTENER or PORT must be set")?;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse()?)).await?;
            accept(async || Ok(listener.accept().await?.0), &answer).await
        }
    })
}

fn variable(name: &str) -> Option<String> {
    env::var_os(name)?.into_string().ok()
}

/// Listens beside `path` first and links to it then, as every FDK must.
fn announce(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path.with_file_name("raw.sock"))?;
    symlink("raw.sock", path)?;
    Ok(listener)
}

async fn accept<S>(
    next: impl AsyncFn() -> io::Result<S>,
    answer: &Bytes,
) -> Result<(), Box<dyn Error>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    loop {
        tokio::spawn(serve(next().await?, answer.clone()));
    }
}

fn serve<S>(stream: S, answer: Bytes) -> impl Future<Output = ()> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let echo = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            // As much as it takes to be ready for the next request, whatever came.
            let _read = request.into_body().collect().await;
            let mut response = Response::new(Full::new(answer));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), echo);
    async move {
        // The driver hangs up without ceremony.
        let _ended = connection.await;
    }
}
