//! What the hosts over plain HTTP have in common: where they listen, and what their server tells of
//! a request.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use bytes::Bytes;
use http::Request;
use oci_mcp::{Delivery, Vars};
use oci_mcp_container::{Arrival, Config};

use crate::audit::Record;
use crate::kubernetes::is_service_link;

/// The address to listen on, if it is set.
pub(crate) fn bind(vars: &mut Vars<'_>) -> Option<IpAddr> {
    vars.parse("OCI_MCP_BIND").map(|Bind(address)| address)
}

/// The port to listen on, if it is set.
pub(crate) fn port<T: FromStr<Err: Display>>(vars: &mut Vars<'_>) -> Option<T> {
    // The second is the name that guides for MCP on OCI use.
    let mut names = ["OCI_MCP_PORT", "MCP_PORT"].into_iter();
    let set = names.find(|name| vars.get(name).is_some() && !is_service_link(vars, name));
    vars.parse(set?)
}

struct Bind(IpAddr);

impl FromStr for Bind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an address is in numbers, such as 127.0.0.1, or 0.0.0.0 for every one";
        text.parse().map(Self).map_err(|_invalid| FORM)
    }
}

/// A server of `host` at `address`.
pub(crate) fn server(
    host: &'static str,
    address: SocketAddr,
    max_body_bytes: usize,
    record: &Record,
) -> Config {
    let record = record.clone();
    Config::default()
        .with_address(address)
        .with_max_body_bytes(max_body_bytes)
        // Room for some bodies at a time, however large one may be.
        .with_max_buffered_bytes(max_body_bytes.saturating_mul(16))
        .on_refusal(move |status, reason| record.refused(host, status, reason))
}

/// Takes out of `request` what its server says of it.
pub(crate) fn delivery(
    host: &'static str,
    request: &mut Request<Bytes>,
) -> (Delivery, Option<Arrival>) {
    let mut delivery = Delivery::http(host);
    delivery.is_live = true;
    delivery.outlives_client = true;
    let arrival = request.extensions_mut().remove::<Arrival>();
    delivery.undelivered_bytes = arrival.and_then(|arrival| arrival.undelivered_bytes);
    (delivery, arrival)
}
