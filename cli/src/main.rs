//! `oci-mcp`: serves MCP tools from OCI's serverless hosts, and plays those hosts on a laptop.

mod dev;
mod ping;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// MCP tools, served from OCI's serverless hosts.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
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
    /// Plays an OCI Function behind an API gateway on this machine.
    Dev(dev::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::run(&args),
        Command::Dev(args) => dev::run(args),
    }
}
