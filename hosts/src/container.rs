//! Plain HTTP: a Container Instance, an OKE pod, a hosted application, a laptop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, ByteLimit, Config, Delivery, Vars};
use oci_mcp_container::Arrival;
use tower::ServiceBuilder;

use crate::Error;

/// Where the container listens.
pub(crate) struct Settings {
    address: SocketAddr,
    max_response_bytes: Option<usize>,
}

/// What the guides' clients and every platform's examples expect.
const DEFAULT_PORT: u16 = 8080;

impl Settings {
    pub(crate) fn read<F: Fn(&str) -> Option<String>>(vars: &mut Vars<F>) -> Self {
        let bind = vars.parse("OCI_MCP_BIND");
        let port = match vars.get("OCI_MCP_PORT") {
            Some(_) => vars.parse("OCI_MCP_PORT"),
            // The name that guides for MCP on OCI use.
            None => vars.parse("MCP_PORT"),
        };
        // Nobody but this machine, until the operator says otherwise.
        let bind = bind.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Bind(address)| address);
        let port = port.map_or(DEFAULT_PORT, |Port(port)| port);
        let limit = vars.parse("OCI_MCP_MAX_RESPONSE_BYTES");
        Self {
            address: SocketAddr::new(bind, port),
            max_response_bytes: limit.map(|ByteLimit(bytes)| bytes),
        }
    }
}

struct Bind(IpAddr);

impl FromStr for Bind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an address is in numbers, such as 127.0.0.1, or 0.0.0.0 for every one";
        text.parse().map(Self).map_err(|_invalid| FORM)
    }
}

struct Port(u16);

impl FromStr for Port {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a port is a number from 1 to 65535, or 0 for any free one";
        text.parse().map(Self).map_err(|_invalid| FORM)
    }
}

pub(crate) fn run(app: App, config: Config, settings: &Settings) -> Result<(), Error> {
    let Settings {
        address,
        max_response_bytes,
    } = *settings;
    let max_body_bytes = config.max_body_bytes();
    let config = if address.ip().is_loopback() {
        // A page that rebinds its name to this machine still sends that name as the host.
        config.for_loopback()
    } else {
        tracing::warn!(
            "whoever reaches this address may call; let a gateway or network rules decide"
        );
        config
    };
    let service = ServiceBuilder::new()
        .map_request(move |request| deliver(request, max_response_bytes))
        .service(app.into_service(config)?);
    let container = oci_mcp_container::Config::default()
        .with_address(address)
        .with_max_body_bytes(max_body_bytes)
        // Room for some bodies at a time, however large one may be.
        .with_max_buffered_bytes(max_body_bytes.saturating_mul(16));
    Ok(oci_mcp_container::run(container, service)?)
}

/// Adds what the app should know of the request.
fn deliver(mut request: Request<Bytes>, max_response_bytes: Option<usize>) -> Request<Bytes> {
    let mut delivery = Delivery::http("container");
    delivery.max_response_bytes = max_response_bytes;
    if let Some(arrival) = request.extensions_mut().remove::<Arrival>() {
        delivery.undelivered_bytes = arrival.undelivered_bytes;
    }
    request.extensions_mut().insert(delivery);
    request
}
