//! `oci-mcp stdio`: the tools of this binary, for a client that starts it as a command.

use oci_mcp_hosts::{Error, environment};

use crate::app;
use crate::settings::Common;

pub(crate) fn run(settings: &Common) -> Result<(), Error> {
    oci_mcp_hosts::stdio(app, |name: &str| {
        settings.flag(name).or_else(|| environment(name))
    })
}
