//! Whose turn it is on a connection: the client's, to send a request, or the host's, to answer it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Whose turn it is on one connection, as its service and its transport both need to know.
#[derive(Debug)]
pub(crate) struct Turn {
    whose: AtomicU8,
    unfinished: Arc<AtomicUsize>,
}

/// The client has to send a request, or the rest of its head.
const CLIENT: u8 = 0;
/// A request is being received or answered.
const HOST: u8 = 1;
/// The answer is complete but perhaps not sent.
const SENDING: u8 = 2;

impl Turn {
    /// The first turn is the client's. `unfinished` counts the turns of hosts.
    pub(crate) fn new(unfinished: Arc<AtomicUsize>) -> Self {
        let whose = AtomicU8::new(CLIENT);
        Self { whose, unfinished }
    }

    /// Begins the host's turn, which lasts until what is returned is dropped and all is sent.
    pub(crate) fn begin(self: &Arc<Self>) -> Answering {
        if self.whose.swap(HOST, Ordering::Relaxed) == CLIENT {
            self.unfinished.fetch_add(1, Ordering::Relaxed);
        }
        Answering(Arc::clone(self))
    }

    pub(crate) fn is_clients(&self) -> bool {
        self.whose.load(Ordering::Relaxed) == CLIENT
    }

    /// Notes that all there was to send is sent. Returns whether that ended the host's turn.
    pub(crate) fn sent(&self) -> bool {
        let order = Ordering::Relaxed;
        let ended = self.whose.compare_exchange(SENDING, CLIENT, order, order);
        if ended.is_ok() {
            self.unfinished.fetch_sub(1, order);
        }
        ended.is_ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_clients() {
            self.unfinished.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The host's turn: it is over when this is dropped and the transport has sent everything.
#[derive(Debug)]
pub(crate) struct Answering(Arc<Turn>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.whose.store(SENDING, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_turn_lasts_until_the_answer_is_complete_and_sent() {
        let unfinished = Arc::new(AtomicUsize::new(0));
        let turn = Arc::new(Turn::new(Arc::clone(&unfinished)));

        let answering = turn.begin();
        assert!(!turn.sent());
        drop(answering);
        assert!(!turn.is_clients());
        assert_eq!(unfinished.load(Ordering::Relaxed), 1);

        assert!(turn.sent());
        assert!(turn.is_clients());
        assert_eq!(unfinished.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_connection_that_ends_in_the_hosts_turn_is_not_counted_for_ever() {
        let unfinished = Arc::new(AtomicUsize::new(0));
        let turn = Arc::new(Turn::new(Arc::clone(&unfinished)));

        drop(turn.begin());
        drop(turn);

        assert_eq!(unfinished.load(Ordering::Relaxed), 0);
    }
}
