//! Accepts connections until it is time to stop, then lets them finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tower::{BoxError, Service};

use crate::config::Config;
use crate::connection::{Host, serve_connection};
use crate::error::Error;

/// Listens on `address`.
///
/// # Errors
///
/// Returns why it cannot be listened on.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        // A host that is started again must not wait for its last connections to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| Error::Listen { address, source })
}

/// Serves until `stop` resolves, then drains until the grace period ends or `hurry` resolves.
///
/// # Errors
///
/// Returns how many requests were unfinished in the end.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    config: Config,
    service: S,
    stop: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) -> Result<(), Error>
where
    S: Service<Request<Bytes>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "listening");
    }
    let room = config.max_connections.min(Semaphore::MAX_PERMITS);
    let (room, host) = (Arc::new(Semaphore::new(room)), Arc::new(Host::new(config)));
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        // `stop` is first, so that no rush of clients can keep the host from it.
        let next = pin!(accept(&listener, &room));
        let Either::Right(((place, io, peer), _)) = select(stop.as_mut(), next).await else {
            break;
        };
        while let Some(ended) = connections.try_join_next() {
            note(ended);
        }
        let (host, service, mut stopped) = (Arc::clone(&host), service.clone(), stopped.clone());
        connections.spawn(async move {
            let stopping = async { stopped.changed().await.unwrap_or_default() };
            serve_connection(host, io, peer.ip().to_canonical(), service, stopping).await;
            drop(place);
        });
    }
    drop(listener);
    stopping.send_replace(());
    drain(connections, &host, hurry).await
}

async fn drain(
    mut connections: JoinSet<()>,
    host: &Host,
    hurry: impl Future<Output = ()>,
) -> Result<(), Error> {
    let grace = host.config.grace;
    let unfinished = || host.unfinished.load(Ordering::Relaxed);
    tracing::info!(
        connections = connections.len(),
        requests = unfinished(),
        "stopping"
    );
    let drained = timeout(grace, async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
    });
    select(pin!(drained), pin!(hurry)).await;
    match unfinished() {
        0 => Ok(()),
        requests => Err(Error::Unfinished { requests, grace }),
    }
}

/// Accepts one connection as soon as there is room for it, whatever accepting says.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr) {
    // The semaphore is never closed, the only error there is.
    let place = Arc::clone(room).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((io, peer)) => {
                if let Err(error) = io.set_nodelay(true) {
                    tracing::debug!(%error, "small answers may be delayed");
                }
                return (place, io, peer);
            }
            Err(error) => {
                // Such as too many open files: not accepting is not a reason to stop, and asking
                // again at once would be a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(RETRY_AFTER).await;
            }
        }
    }
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection panicked");
    }
}

/// How many connections wait to be accepted, which the system may lower. Over it, clients are not
/// answered and try again after a second, then two, then four.
const BACKLOG: u32 = 4096;
const RETRY_AFTER: Duration = Duration::from_millis(50);
