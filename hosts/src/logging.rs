//! The log: one line a record on stderr, which every host collects.

use std::io::{IsTerminal, stderr};
use std::str::FromStr;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged.
pub(crate) struct Filter(Targets);

impl Default for Filter {
    fn default() -> Self {
        Self(Targets::new().with_default(LevelFilter::INFO))
    }
}

impl FromStr for Filter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a level is off, error, warn, info, debug or trace, for everything or as \
                            in `info,oci_mcp=debug` for a crate";
        // `Targets` takes a word that is no level for a crate, and would then log nothing else.
        let is_clear = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        if !text.split(',').all(|part| is_clear(part.trim())) {
            return Err(FORM);
        }
        text.parse().map(Self).map_err(|_invalid| FORM)
    }
}

/// Starts logging what `filter` lets through.
pub(crate) fn start(filter: Filter) {
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .with_writer(stderr)
        .with_filter(filter.0);
    // A program that has set up its own log keeps it.
    if let Err(already_set) = tracing_subscriber::registry().with(lines).try_init() {
        tracing::debug!(%already_set, "the log was set up already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_refused() {
        for (text, is_filter) in [
            ("off", true),
            ("WARN", true),
            ("info,oci_mcp=debug", true),
            ("oci_mcp=debug", true),
            ("warning", false),
            ("inof", false),
            ("info,oci_mcp", false),
            ("oci_mcp=loud", false),
            ("foo bar", false),
        ] {
            assert_eq!(text.parse::<Filter>().is_ok(), is_filter, "{text}");
        }
    }
}
