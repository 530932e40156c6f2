#![doc = include_str!("../README.md")]

mod accept;
mod body;
mod config;
mod connection;
mod error;
mod guard;
mod invocation;
mod log_frame;
mod observer;
mod request;
mod response;
mod socket;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::runtime;
use tower::{BoxError, Service};

pub use self::config::{Config, ConfigError};
pub use self::connection::serve_connection;
pub use self::error::Error;
pub use self::invocation::{CallId, Intent, Invocation, Mode, Subject};

/// Serves `service` as a function until the process ends, on a runtime made for it.
///
/// # Errors
///
/// Returns why the runtime or the socket could not be made.
pub fn run<S, B>(config: Config, service: S) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    runtime::Builder::new_current_thread()
        .enable_all()
        // A container has one request at a time, a fraction of a core, and few process ids.
        .max_blocking_threads(4)
        .build()
        .map_err(|source| Error {
            attempt: "cannot start the runtime".to_owned(),
            source,
        })?
        .block_on(serve(config, service))
}

/// Serves `service` as a function. Dropping the future ends it and takes the socket away.
///
/// # Errors
///
/// Returns why the socket could not be made. Once it is, this never returns.
pub async fn serve<S, B>(config: Config, service: S) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let socket = socket::Socket::bind(&config.listener)?;
    let config = Arc::new(config);
    let never = accept::accept(
        move |cx| socket.poll_accept(cx),
        move |io| serve_connection(Arc::clone(&config), io, service.clone()),
    );
    match never.await {}
}
