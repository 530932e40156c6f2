//! `oci-mcp render`: what an operator puts into OCI, made of what this program knows.

mod policy;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;

/// What can be rendered.
#[derive(Subcommand)]
pub(crate) enum Target {
    /// The dynamic group and the policy that let the server do what its tools need, and no more
    Policy(policy::Args),
}

pub(crate) fn run(target: &Target) -> ExitCode {
    let rendered = match target {
        Target::Policy(args) => policy::render(args),
    };
    match rendered {
        Ok(text) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_nobody_reads) => ExitCode::FAILURE,
        },
        Err(error) => oci_mcp_hosts::Error::from(error).report(),
    }
}
