//! `oci-mcp`: serves MCP tools from OCI's serverless hosts, and plays those hosts on a laptop.

#[cfg(feature = "server")]
mod audit;
#[cfg(feature = "dev")]
mod dev;
mod oci;
mod ping;
#[cfg(feature = "access")]
mod policy;
mod serve;
mod settings;
#[cfg(feature = "stdio")]
mod stdio;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use clap::{Parser, Subcommand};
use oci_mcp::App;
use oci_mcp_hosts::environment;
use oci_rest::Environment;

use oci::Oci;

/// MCP tools, served from OCI's serverless hosts.
#[derive(Parser)]
#[command(name = "oci-mcp", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the tools on the host this runs on (what happens without a command).
    Serve(serve::Args),
    /// Serves the tools on stdin and stdout, to a client that starts this as a command.
    #[cfg(feature = "stdio")]
    Stdio(settings::Common),
    /// Plays a host of OCI on this machine, with what stands in front of it.
    #[cfg(feature = "dev")]
    Dev(dev::Args),
    /// Tries a policy of who may call what.
    #[cfg(feature = "access")]
    #[command(subcommand)]
    Policy(policy::Command),
    /// Looks at a record of requests.
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Audit(audit::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let served = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::run(app(), &args),
        #[cfg(feature = "stdio")]
        Command::Stdio(settings) => stdio::run(app(), &settings),
        #[cfg(feature = "dev")]
        Command::Dev(args) => return dev::run(args),
        #[cfg(feature = "access")]
        Command::Policy(command) => return policy::run(&app(), &command),
        #[cfg(feature = "server")]
        Command::Audit(command) => return audit::run(&command),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn app() -> App {
    App::new("oci-mcp", env!("CARGO_PKG_VERSION"))
        .title("OCI")
        .tool(ping::Ping::new(
            Instant::now(),
            Environment::new(environment),
            Box::new(|environment| Oci::over_network(environment, Arc::new(now))),
        ))
}

#[expect(clippy::disallowed_methods, reason = "from here it is passed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
