//! `oci-mcp serve`: the tools of this binary, on the host it finds itself on.

use oci_mcp_hosts::{Error, environment};

use crate::app;
use crate::settings::Common;

/// Settings that override those of the environment.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The host: auto, functions, datascience or container (`OCI_MCP_HOST`)
    #[arg(long)]
    host: Option<String>,
    /// The address a container or model deployment listens on (`OCI_MCP_BIND`)
    #[arg(long)]
    bind: Option<String>,
    /// The port a container or model deployment listens on (`OCI_MCP_PORT`)
    #[arg(long)]
    port: Option<String>,
    /// How callers are known: platform, none, gateway, jwt, introspection or static (`OCI_MCP_ACCESS`)
    #[arg(long)]
    access: Option<String>,
    /// Where MCP is served (`OCI_MCP_PATH`)
    #[arg(long)]
    path: Option<String>,
    /// Comma-separated origins of web pages that may call (`OCI_MCP_ALLOWED_ORIGINS`)
    #[arg(long)]
    allowed_origins: Option<String>,
    /// Comma-separated names that the Host header may carry (`OCI_MCP_ALLOWED_HOSTS`)
    #[arg(long)]
    allowed_hosts: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Args {
    /// The value of the flag for the variable `name`, if there is such a flag and it was given.
    pub(crate) fn flag(&self, name: &str) -> Option<String> {
        match name {
            "OCI_MCP_ACCESS" => self.access.clone(),
            "OCI_MCP_ALLOWED_HOSTS" => self.allowed_hosts.clone(),
            "OCI_MCP_ALLOWED_ORIGINS" => self.allowed_origins.clone(),
            "OCI_MCP_BIND" => self.bind.clone(),
            "OCI_MCP_HOST" => self.host.clone(),
            "OCI_MCP_PATH" => self.path.clone(),
            "OCI_MCP_PORT" => self.port.clone(),
            _ => self.common.flag(name),
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Error> {
    oci_mcp_hosts::run(app, |name: &str| {
        args.flag(name).or_else(|| environment(name))
    })
}
