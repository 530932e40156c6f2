//! The log: one line a record on stderr, which every host collects.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging what `filter` lets through, which is `info` and above unless told otherwise.
pub(crate) fn start(filter: Option<Targets>) {
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .with_writer(stderr)
        .with_filter(filter);
    // A program that has set up its own log keeps it.
    if let Err(already_set) = tracing_subscriber::registry().with(lines).try_init() {
        tracing::debug!(%already_set, "the log was set up already");
    }
}
