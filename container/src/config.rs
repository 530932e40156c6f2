//! Where to listen, how much to take in and how long to wait for it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::StatusCode;

use crate::error::Error;
use crate::observer::Observer;

/// Where to listen, how much to take in and how long to wait for it.
///
/// The default listens to this machine only. A container must be reached from outside:
///
/// ```
/// use oci_mcp_container::Config;
///
/// let config = Config::default().with_address(([0, 0, 0, 0], 8080).into());
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) address: SocketAddr,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_connections: usize,
    pub(crate) max_buffered_bytes: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 8080).into(),
            max_body_bytes: 4 * 1024 * 1024,
            max_connections: 1024,
            max_buffered_bytes: 64 * 1024 * 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            // Longer than the 60 s after which load balancers drop a connection they keep, so that
            // they and not the host decide, and no request meets a closed connection.
            idle_timeout: Duration::from_secs(75),
            // Below the 30 s that Kubernetes and Container Instances give by default.
            grace: Duration::from_secs(25),
            observer: Observer::default(),
        }
    }
}

impl Config {
    /// Sets where to listen; `127.0.0.1:8080` unless set. Port 0 is any free port.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Sets the size above which a request body is not delivered; 4 MiB unless set.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets how many connections are open at once; 1,024 unless set. More wait to be accepted.
    #[must_use]
    pub fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets how many bytes of request bodies are in memory at once, whether they are being read or
    /// answered; 64 MiB unless set. A request that has to wait for longer than the body timeout is
    /// answered with 503.
    #[must_use]
    pub fn with_max_buffered_bytes(mut self, bytes: usize) -> Self {
        self.max_buffered_bytes = bytes;
        self
    }

    /// Sets how long a request may take to send its head, from its first byte or, for the first
    /// request, from the start of the connection; 10 seconds unless set.
    #[must_use]
    pub fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets how long a request may take to send its whole body; 30 seconds unless set.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        self.body_timeout = timeout;
        self
    }

    /// Sets how long a connection is kept between requests, or while its client takes nothing of
    /// what it is sent; 75 seconds unless set. An answer that has nothing to send is not idle.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how long requests in flight may go on once the host is to stop; 25 seconds unless set.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Has `observe` told of each request that the service never sees, with the status of its answer
    /// and the reason: `slow_body`, `no_room`, `broken_body` or `unreadable_head`.
    #[must_use]
    pub fn on_refusal(
        mut self,
        observe: impl Fn(StatusCode, &'static str) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Observer::new(observe);
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut problems = Vec::new();
        if self.max_connections == 0 {
            problems.push("`max_connections` is 0: allow at least one".to_owned());
        }
        if self.max_buffered_bytes < self.max_body_bytes {
            problems.push(format!(
                "`max_buffered_bytes` is {}, which has no room for one body of `max_body_bytes`, \
                 {}: raise the one or lower the other",
                self.max_buffered_bytes, self.max_body_bytes
            ));
        }
        for (name, timeout) in [
            ("header_timeout", self.header_timeout),
            ("body_timeout", self.body_timeout),
            ("idle_timeout", self.idle_timeout),
        ] {
            if timeout.is_zero() {
                problems.push(format!("`{name}` is 0: no request can be that fast"));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Config { problems })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_listens_to_this_machine_only_and_is_valid() {
        let config = Config::default();

        assert_eq!(config.address.to_string(), "127.0.0.1:8080");
        assert!(config.check().is_ok());
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_value_and_remedy() {
        let error = Config::default()
            .with_max_connections(0)
            .with_max_body_bytes(2048)
            .with_max_buffered_bytes(1024)
            .with_idle_timeout(Duration::ZERO)
            .check()
            .unwrap_err()
            .to_string();

        for part in [
            "invalid configuration; ",
            "`max_connections` is 0",
            "`max_buffered_bytes` is 1024",
            "2048",
            "`idle_timeout` is 0",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
