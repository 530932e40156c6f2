//! `oci-mcp connect`: stdio for a client that cannot sign, HTTP for the server that wants it.

mod answer;
mod bridge;
mod era;
mod events;
mod handshake;
mod header;
mod message;
mod mirror;
mod problem;
mod target;
#[cfg(test)]
mod tests;
mod upstream;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use oci_mcp_hosts::environment;
use oci_rest::{Endpoints, Environment};
use tracing_subscriber::filter::LevelFilter;

use crate::now;
use crate::oci::{self, Oci};
use bridge::Bridge;
pub(crate) use target::Target;
use upstream::{Signer, Upstream};

/// Where to, and how.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where MCP is served: the invoke endpoint of a function, a path of a model deployment, or any
    /// other `https` address; plain `http` on this machine
    url: String,
    /// Signs requests although the host is none of OCI's that is known. Whoever answers there gets
    /// your signature, and with a session your token
    #[arg(long)]
    sign: bool,
    /// What is logged to stderr: off, error, warn, info, debug or trace (`OCI_MCP_LOG`)
    #[arg(long)]
    log: Option<String>,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let environment = Environment::new(environment);
    let bridge = log(args, &environment).and_then(|()| open(args, &environment));
    let bridge = match bridge {
        Ok(bridge) => bridge,
        Err(error) => return fail(&*error, 2),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = runtime.and_then(|runtime| {
        let outcome = runtime.block_on(bridge.serve(tokio::io::stdin(), tokio::io::stdout()));
        // If stdout is gone, a read of stdin may be under way: it cannot be ended, only left behind.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn log(args: &Args, environment: &Environment) -> Result<(), Box<dyn Error>> {
    let set = args.log.clone().or_else(|| environment.var("OCI_MCP_LOG"));
    let level = match &set {
        None => LevelFilter::INFO,
        Some(level) => level.trim().parse().map_err(|_unknown| {
            format!(
                "`--log`, or `OCI_MCP_LOG`, is `{}`; here it is off, error, warn, info, debug or trace",
                level.escape_debug()
            )
        })?,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    Ok(())
}

fn open(args: &Args, environment: &Environment) -> Result<Bridge, Box<dyn Error>> {
    let endpoints = Endpoints::from_environment(environment)?;
    let target = Target::choose(&args.url, args.sign, &endpoints)?;
    let signer = if target.is_signed() {
        let oci = Oci::over_network(environment, Arc::new(now))
            .map_err(|error| -> Box<dyn Error> { error })?;
        let signer = Signer::new(Arc::clone(oci.client.principal()), Arc::new(now));
        tracing::info!(url = %target.url(), identity = signer.name(), "signing");
        Some(signer)
    } else {
        tracing::info!(url = %target.url(), "not signing, for the host is none of OCI's");
        None
    };
    let https = oci::https(environment).map_err(|error| -> Box<dyn Error> { error })?;
    let transport = https.timeout(target.patience()).build_streaming()?;
    Ok(Bridge::new(Upstream::new(target, transport, signer)))
}

fn fail(why: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // There is nobody left to tell if stderr is closed.
    let _written = writeln!(io::stderr(), "error: {why}");
    ExitCode::from(code)
}
