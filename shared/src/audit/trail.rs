//! One chain of lines on its way into one sink.

use std::fmt::Write;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::AuditSink;

pub(super) struct Trail {
    sink: Box<dyn AuditSink>,
    chain: Mutex<Chain>,
}

/// The end of a chain.
struct Chain {
    seq: u64,
    /// The hash of the line before.
    prev: String,
    /// How many lines the sink has not taken since then.
    lost: u64,
    is_closed: bool,
}

/// What the first line has for the hash of the one before.
const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Trail {
    pub(super) fn new(sink: Box<dyn AuditSink>) -> Self {
        Self {
            sink,
            chain: Mutex::new(Chain {
                seq: 0,
                prev: NONE.to_owned(),
                lost: 0,
                is_closed: false,
            }),
        }
    }

    /// Whether the sink took a line with these `members`.
    pub(super) fn write(&self, instance: &str, members: &str) -> bool {
        let mut chain = self.chain();
        let written = if chain.is_closed {
            Err(io::Error::other("it is closed"))
        } else {
            let (line, hash) = chain.line(instance, members);
            self.sink.write(&line).map(|()| hash)
        };
        match written {
            Ok(hash) => {
                chain.seq += 1;
                chain.prev = hash;
                chain.lost = 0;
                true
            }
            Err(error) => {
                // Once, and not for each of what may be many.
                if chain.lost == 0 {
                    tracing::error!(%error, "a line of the audit is lost");
                }
                chain.lost += 1;
                false
            }
        }
    }

    /// Writes the last line, unless there is no other.
    pub(super) fn close(&self, instance: &str, members: &str) {
        let is_empty = {
            let chain = self.chain();
            chain.seq == 0 && chain.lost == 0
        };
        if !is_empty {
            self.write(instance, members);
        }
        self.chain().is_closed = true;
    }

    pub(super) async fn flush(&self) -> io::Result<()> {
        self.sink.flush().await
    }

    pub(super) fn holds_answers(&self) -> bool {
        self.sink.holds_answers()
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chain {
    /// The next line, and its hash.
    fn line(&self, instance: &str, members: &str) -> (String, String) {
        let Self {
            seq, prev, lost, ..
        } = self;
        let mut line = String::with_capacity(members.len() + 320);
        line.push('{');
        // A `String` takes whatever is written to it.
        let _written = write!(
            line,
            r#""seq":{seq},"instance":"{instance}","prev":"{prev}","#
        );
        if *lost > 0 {
            let _written = write!(line, r#""lost":{lost},"#);
        }
        line.push_str(members);
        let hash = HEXLOWER.encode(digest(&SHA256, line.as_bytes()).as_ref());
        line.push_str(r#","hash":""#);
        line.push_str(&hash);
        line.push_str("\"}\n");
        (line, hash)
    }
}
