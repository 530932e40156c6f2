//! What the hosts over plain HTTP have in common: where they listen, and what their server tells of
//! a request.

use std::convert::Infallible;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use oci_mcp::{App, AppService, Body, Delivery, Vars};
use oci_mcp_container::{Arrival, Config};
use tower::{Service, ServiceBuilder};

use crate::Error;
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

/// The service of `app`, for whoever reaches `address`.
///
/// # Errors
///
/// What is wrong with the app.
pub(crate) fn service(
    app: App,
    config: oci_mcp::Config,
    address: SocketAddr,
) -> Result<AppService, Error> {
    let config = if address.ip().is_loopback() {
        // A page that rebinds its name to this machine still sends that name as the host.
        config.for_loopback()
    } else {
        config
    };
    Ok(app.into_service(config)?)
}

/// A server of plain HTTP.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) host: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_response_bytes: Option<usize>,
    /// How long the platform waits for an answer.
    pub(crate) timeout: Option<Duration>,
}

impl Server {
    /// Serves `service` until the process is told to end.
    pub(crate) fn run<S>(self, service: S, record: &Record) -> Result<(), Error>
    where
        S: Service<Request<Bytes>, Response = Response<Body>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
    {
        let (host, record) = (self.host, record.clone());
        let config = Config::default()
            .with_address(self.address)
            .with_max_body_bytes(self.max_body_bytes)
            // Room for some bodies at a time, however large one may be.
            .with_max_buffered_bytes(self.max_body_bytes.saturating_mul(16))
            .on_refusal(move |status, reason| record.refused(host, status, reason));
        let service = ServiceBuilder::new()
            .map_request(move |mut request| {
                let delivery = self.delivery(&mut request);
                request.extensions_mut().insert(delivery);
                request
            })
            .service(service);
        Ok(oci_mcp_container::run(config, service)?)
    }

    /// How the answer to `request` is delivered.
    fn delivery(&self, request: &mut Request<Bytes>) -> Delivery {
        let arrival = request.extensions_mut().remove::<Arrival>();
        let mut delivery = Delivery::http(self.host);
        delivery.is_live = true;
        delivery.outlives_client = true;
        delivery.max_response_bytes = self.max_response_bytes;
        delivery.undelivered_bytes = arrival.and_then(|arrival| arrival.undelivered_bytes);
        delivery.deadline = arrival.and_then(|arrival| Some(arrival.arrived + self.timeout?));
        delivery
    }
}
