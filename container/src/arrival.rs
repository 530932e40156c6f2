//! What the host knows of a request beyond HTTP.

use std::net::IpAddr;
use std::time::Instant;

/// What the host knows of a request beyond HTTP; every request the service gets has it as an
/// extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The other end of the connection: a client, or the proxy or load balancer in front.
    pub peer: IpAddr,
    /// If the body was larger than [`Config::with_max_body_bytes`](crate::Config) allows: its
    /// size, or for a body without `Content-Length` what was read until then. The request's body
    /// is then empty, so that the service can answer 413 and put that on record.
    pub undelivered_bytes: Option<u64>,
    /// When the head of the request was read.
    pub arrived: Instant,
}
