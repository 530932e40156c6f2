//! A Data Science model deployment: the platform's limits, and plain HTTP beneath.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use oci_mcp::{App, AppService, ByteLimit, Config, Vars};
use oci_mcp_datascience::{DataScience, MAX_BYTES, Paths, Port, TIMEOUT};
use tower::util::Either;

use crate::access::Reach;
use crate::audit::Record;
use crate::http::Server;
use crate::{Error, http};

/// How the model deployment is served.
pub(crate) struct Settings {
    address: SocketAddr,
    is_on_platform: bool,
    max_response_bytes: usize,
    paths: Paths,
}

/// What a container serves, or what a model deployment does.
pub(crate) type Service = Either<AppService, DataScience<AppService>>;

/// The variable by which the platform says that it is there.
pub(crate) const PLATFORM: &str = "MODEL_DEPLOYMENT_OCID";

impl Settings {
    pub(crate) fn read(vars: &mut Vars<'_>, config: &Config) -> Option<Self> {
        // Only the platform's router reaches the container, and lets in whom IAM policies allow.
        let is_on_platform = vars.get(PLATFORM).is_some();
        let default = if is_on_platform {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        let bind = http::bind(vars).unwrap_or(IpAddr::V4(default));
        let port: Port = http::port(vars).unwrap_or_default();
        let max_response_bytes = vars
            .parse("OCI_MCP_MAX_RESPONSE_BYTES")
            .map_or(MAX_BYTES, |ByteLimit(bytes)| bytes);
        for (name, bytes) in [
            ("OCI_MCP_MAX_RESPONSE_BYTES", max_response_bytes),
            ("OCI_MCP_MAX_BODY_BYTES", config.max_body_bytes()),
        ] {
            if bytes > MAX_BYTES {
                vars.note(format_args!(
                    "`{name}` is `{bytes}`: model deployments pass on {MAX_BYTES} bytes at most"
                ));
            }
        }
        Some(Self {
            address: SocketAddr::new(bind, port.number()),
            is_on_platform,
            max_response_bytes,
            paths: paths(vars, config)?,
        })
    }

    pub(crate) fn reach(&self) -> Reach {
        Reach {
            is_platform: self.is_on_platform,
            address: Some(self.address),
        }
    }
}

fn paths(vars: &mut Vars<'_>, config: &Config) -> Option<Paths> {
    const REMAP: &str = "MODEL_DEPLOY_PREDICT_ENDPOINT";
    let paths = Paths::new(config.path());
    let paths = match vars.get(REMAP) {
        Some(endpoint) => paths
            .and_then(|paths| paths.with_predict_endpoint(&endpoint))
            .map_err(|error| format!("`{REMAP}` is `{}`: {error}", endpoint.escape_debug())),
        None => paths.map_err(|error| error.to_string()),
    };
    paths.map_err(|problem| vars.note(problem)).ok()
}

pub(crate) fn run(
    app: App,
    config: Config,
    settings: Settings,
    record: &Record,
) -> Result<(), Error> {
    let Settings {
        address,
        max_response_bytes,
        paths,
        ..
    } = settings;
    let server = Server {
        host: "datascience",
        address,
        max_body_bytes: config.max_body_bytes(),
        max_response_bytes: Some(max_response_bytes),
        timeout: Some(TIMEOUT),
    };
    let service = DataScience::new(http::service(app, config, address)?, paths);
    server.run(Service::Right(service), record)
}
