//! The signals that end a process.

use std::future::Future;

use futures_util::future::select;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::Error;

/// What signals ask for.
pub(crate) struct Signals<T, H> {
    /// Resolves with the first SIGTERM or SIGINT.
    pub(crate) stop: T,
    /// Resolves with the second SIGINT: somebody at a terminal does not want to wait.
    pub(crate) hurry: H,
}

impl Signals<(), ()> {
    /// Listens from now on, so that none of them has its default effect any more.
    ///
    /// # Errors
    ///
    /// Returns why a handler could not be installed.
    pub(crate) fn install()
    -> Result<Signals<impl Future<Output = ()>, impl Future<Output = ()>>, Error> {
        let listen = |kind| signal(kind).map_err(|source| Error::Runtime { source });
        let mut terminate = listen(SignalKind::terminate())?;
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut repeated = listen(SignalKind::interrupt())?;
        Ok(Signals {
            stop: async move {
                let terminate = std::pin::pin!(terminate.recv());
                let interrupt = std::pin::pin!(interrupt.recv());
                select(terminate, interrupt).await;
            },
            hurry: async move {
                repeated.recv().await;
                repeated.recv().await;
            },
        })
    }
}
