//! `oci-mcp stdio`: the tools of this binary, for a client that starts it as a command.

use oci_mcp::App;
use oci_mcp_hosts::{Error, environment};

/// Settings that override those of the environment.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The longest line in bytes (`OCI_MCP_MAX_BODY_BYTES`)
    #[arg(long)]
    max_body_bytes: Option<String>,
    /// The largest answer in bytes (`OCI_MCP_MAX_RESPONSE_BYTES`)
    #[arg(long)]
    max_response_bytes: Option<String>,
    /// What is logged to stderr: off, error, warn, info, debug or trace (`OCI_MCP_LOG`)
    #[arg(long)]
    log: Option<String>,
}

impl Args {
    fn flag(&self, name: &str) -> Option<String> {
        match name {
            "OCI_MCP_LOG" => self.log.clone(),
            "OCI_MCP_MAX_BODY_BYTES" => self.max_body_bytes.clone(),
            "OCI_MCP_MAX_RESPONSE_BYTES" => self.max_response_bytes.clone(),
            _ => None,
        }
    }
}

pub(crate) fn run(app: App, args: &Args) -> Result<(), Error> {
    oci_mcp_hosts::stdio(app, |name| args.flag(name).or_else(|| environment(name)))
}
