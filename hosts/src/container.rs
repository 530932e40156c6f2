//! Plain HTTP: a Container Instance, an OKE pod, a hosted application, a laptop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, Config, Delivery, Vars};
use oci_mcp_container::Arrival;
use tower::ServiceBuilder;

use crate::Error;

/// Where the container listens.
pub(crate) struct Settings {
    address: SocketAddr,
}

/// What the guides' clients and every platform's examples expect.
const DEFAULT_PORT: u16 = 8080;

impl Settings {
    pub(crate) fn read<F: Fn(&str) -> Option<String>>(vars: &mut Vars<F>) -> Self {
        // Nobody but this machine, until the operator says otherwise.
        let bind = vars
            .parse("OCI_MCP_BIND")
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = match vars.get("OCI_MCP_PORT") {
            Some(_) => vars.parse("OCI_MCP_PORT"),
            // The name that guides for MCP on OCI use.
            None => vars.parse("MCP_PORT"),
        };
        Self {
            address: SocketAddr::new(bind, port.unwrap_or(DEFAULT_PORT)),
        }
    }
}

pub(crate) fn run(app: App, config: Config, settings: &Settings) -> Result<(), Error> {
    let Settings { address } = settings;
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
        .map_request(deliver)
        .service(app.into_service(config)?);
    let container = oci_mcp_container::Config::default()
        .with_address(*address)
        .with_max_body_bytes(max_body_bytes)
        // Room for some bodies at a time, however large one may be.
        .with_max_buffered_bytes(max_body_bytes.saturating_mul(16));
    Ok(oci_mcp_container::run(container, service)?)
}

/// Adds what the app should know of the request.
fn deliver(mut request: Request<Bytes>) -> Request<Bytes> {
    let mut delivery = Delivery::http("container");
    if let Some(arrival) = request.extensions_mut().remove::<Arrival>() {
        delivery.undelivered_bytes = arrival.undelivered_bytes;
    }
    request.extensions_mut().insert(delivery);
    request
}
