//! Plain HTTP: a Container Instance, an OKE pod, a hosted application, a laptop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use oci_mcp::{App, ByteLimit, Config, Vars};

use crate::access::Reach;
use crate::audit::Record;
use crate::http::Server;
use crate::{Error, http};

/// Where the container listens.
pub(crate) struct Settings {
    address: SocketAddr,
    max_response_bytes: Option<usize>,
}

/// What the guides' clients and every platform's examples expect.
const DEFAULT_PORT: u16 = 8080;

impl Settings {
    pub(crate) fn read(vars: &mut Vars<'_>, _: &Config) -> Self {
        // Nobody but this machine, until the operator says otherwise.
        let bind = http::bind(vars).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let port = http::port(vars).map_or(DEFAULT_PORT, |Port(port)| port);
        let limit = vars.parse("OCI_MCP_MAX_RESPONSE_BYTES");
        Self {
            address: SocketAddr::new(bind, port),
            max_response_bytes: limit.map(|ByteLimit(bytes)| bytes),
        }
    }

    pub(crate) fn reach(&self) -> Reach {
        Reach {
            is_platform: false,
            address: Some(self.address),
        }
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

pub(crate) fn run(
    app: App,
    config: Config,
    settings: &Settings,
    record: &Record,
) -> Result<(), Error> {
    let Settings {
        address,
        max_response_bytes,
    } = *settings;
    let server = Server {
        host: "container",
        address,
        max_body_bytes: config.max_body_bytes(),
        max_response_bytes,
        timeout: None,
    };
    let service = http::service(app, config, address)?;
    // The other host's type, so that one HTTP server is compiled for both.
    #[cfg(feature = "datascience")]
    let service = crate::datascience::Service::Left(service);
    server.run(service, record)
}
