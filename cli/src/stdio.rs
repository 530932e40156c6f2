//! `oci-mcp stdio`: the tools of this binary, for a client that starts it as a command.

use oci_mcp::App;
use oci_mcp_hosts::{Error, environment};

use crate::settings::Common;

pub(crate) fn run(app: App, settings: &Common) -> Result<(), Error> {
    oci_mcp_hosts::stdio(app, |name| {
        settings.flag(name).or_else(|| environment(name))
    })
}
