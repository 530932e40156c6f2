//! Accepts connections for ever, whatever accepting says.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::JoinSet;

/// Serves each connection that `poll_accept` gives in a task of its own. Dropping the future drops
/// the connections.
pub(crate) async fn accept<I, F>(
    mut poll_accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<I>>,
    serve: impl Fn(I) -> F,
) -> Infallible
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let next = poll_fn(|cx| {
            // A set keeps what is finished until it is asked for.
            while let Poll::Ready(Some(_)) = connections.poll_join_next(cx) {}
            poll_accept(cx)
        });
        match next.await {
            Ok(io) => {
                connections.spawn(serve(io));
            }
            Err(error) => {
                // Such as too many open files: not accepting is not a reason to stop, and asking
                // again at once would be a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

const RETRY_AFTER: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failed_accept_is_retried_after_a_pause() {
        let started = Instant::now();
        let served = Arc::new(Notify::new());
        let done = Arc::clone(&served);
        let mut results = VecDeque::from([
            Err(io::Error::from_raw_os_error(24)),
            Err(io::Error::from_raw_os_error(24)),
            Ok(()),
        ]);
        let next =
            move |_: &mut Context<'_>| results.pop_front().map_or(Poll::Pending, Poll::Ready);

        let accepting = tokio::spawn(async move {
            accept(next, |()| {
                let done = Arc::clone(&done);
                async move { done.notify_one() }
            })
            .await
        });
        served.notified().await;

        assert_eq!(started.elapsed(), RETRY_AFTER * 2);
        assert!(!accepting.is_finished());
    }

    #[tokio::test]
    async fn connections_are_served_at_once_and_dropped_with_the_future() {
        let alive = Arc::new(AtomicUsize::new(0));
        let held = Arc::clone(&alive);
        let mut left = 3;
        let next = move |_: &mut Context<'_>| {
            if left == 0 {
                return Poll::Pending;
            }
            left -= 1;
            Poll::Ready(Ok(()))
        };

        let accepting = tokio::spawn(async move {
            accept(next, |()| {
                let held = Arc::clone(&held);
                async move {
                    held.fetch_add(1, Ordering::Relaxed);
                    let _leave = Leave(held);
                    std::future::pending::<()>().await;
                }
            })
            .await
        });
        while alive.load(Ordering::Relaxed) < 3 {
            tokio::task::yield_now().await;
        }
        accepting.abort();
        while alive.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }

        assert!(accepting.await.unwrap_err().is_cancelled());
    }

    struct Leave(Arc<AtomicUsize>);

    impl Drop for Leave {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
