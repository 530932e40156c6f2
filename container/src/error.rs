//! Why a host did not serve, or not to the end.

use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

/// Why a host did not serve, or not to the end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot work.
    #[non_exhaustive]
    Config {
        /// What is wrong, one problem each.
        problems: Vec<String>,
    },
    /// The address cannot be listened on.
    #[non_exhaustive]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Threads or signal handlers could not be had.
    #[non_exhaustive]
    Runtime {
        /// What the system said.
        source: io::Error,
    },
    /// The host stopped before every request was answered.
    #[non_exhaustive]
    Unfinished {
        /// How many requests were in flight.
        requests: usize,
        /// How long they were given.
        grace: Duration,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { problems } => {
                write!(f, "invalid configuration; {}", problems.join("; "))
            }
            Self::Listen { address, source } => {
                write!(f, "cannot listen on `{address}`{}", remedy(source.kind()))
            }
            Self::Runtime { .. } => f.write_str("cannot start the runtime"),
            Self::Unfinished { requests, grace } => write!(
                f,
                "{requests} of the requests in flight were unfinished when the host stopped, \
                 within a grace period of {} s",
                grace.as_secs_f64()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Runtime { source } => Some(source),
            Self::Config { .. } | Self::Unfinished { .. } => None,
        }
    }
}

fn remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => ": stop what listens there, or choose another port",
        io::ErrorKind::AddrNotAvailable => {
            ": choose an address of this machine, or `0.0.0.0` for all of them"
        }
        io::ErrorKind::PermissionDenied => ": choose a port from 1024 on",
        _ => "",
    }
}
