#![doc = include_str!("../README.md")]

mod arrival;
mod body;
mod config;
mod connection;
mod error;
mod observer;
mod refusal;
mod server;
mod signals;
mod timed;
mod turn;

use std::convert::Infallible;
use std::future::{Future, pending};
use std::num::NonZero;
use std::thread;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::net::TcpListener;
use tokio::runtime;
use tower::{BoxError, Service};

pub use self::arrival::Arrival;
pub use self::config::Config;
pub use self::error::Error;

/// Serves `service` until the process is told to end, on a runtime made for it.
///
/// SIGTERM and SIGINT begin the drain, also in process 1, which the kernel ends for neither unless
/// it asks to hear of them. A second SIGINT ends the drain.
///
/// # Errors
///
/// Returns what is wrong with `config`, why the runtime or the listener could not be made, or how
/// many requests were unfinished in the end.
pub fn run<S, B>(config: Config, service: S) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let runtime = runtime::Builder::new_multi_thread()
        // A container's share of the processors counts, not the machine's.
        .worker_threads(thread::available_parallelism().map_or(1, NonZero::get))
        .enable_all()
        .build()
        .map_err(|source| Error::Runtime { source })?;
    let served = runtime.block_on(async {
        let signals = signals::Signals::install()?;
        config.check()?;
        let listener = server::bind(config.address)?;
        server::serve(listener, config, service, signals.stop, signals.hurry).await
    });
    // Dropping the runtime would wait for blocking work that nobody waits for any more.
    runtime.shutdown_background();
    served
}

/// Serves `service` at the address of `config` until `stop` resolves, then drains.
///
/// Dropping the future drops the connections.
///
/// # Errors
///
/// Returns what is wrong with `config`, why the address could not be listened on, or how many
/// requests were unfinished when the grace period ended.
pub async fn serve<S, B>(
    config: Config,
    service: S,
    stop: impl Future<Output = ()>,
) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    config.check()?;
    let listener = server::bind(config.address)?;
    server::serve(listener, config, service, stop, pending()).await
}

/// Like [`serve`], on a listener that is there already; the address of `config` is not used.
///
/// # Errors
///
/// Returns what is wrong with `config`, or how many requests were unfinished when the grace period
/// ended.
pub async fn serve_listener<S, B>(
    listener: TcpListener,
    config: Config,
    service: S,
    stop: impl Future<Output = ()>,
) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    config.check()?;
    server::serve(listener, config, service, stop, pending()).await
}
