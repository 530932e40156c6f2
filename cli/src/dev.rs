//! `oci-mcp dev`: a real function binary under a real Fn contract, behind a stand-in for OCI API
//! Gateway, on this machine.

mod client;
mod welcome;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use oci_emulator::{Agent, Function, Limits};
use oci_mcp_hosts::environment;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

/// What to run, and where to answer.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// A function of your own, instead of this program. Of the environment it gets the variables
    /// that begin with `OCI_`, as a function's configuration, and `PATH`
    #[arg(long, value_name = "PATH")]
    command: Option<PathBuf>,
    /// Seconds a call may take, as a function's timeout in OCI
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=300))]
    timeout: u16,
    /// Arguments of the function
    #[arg(last = true, requires = "command", value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

pub(crate) fn run(args: Args) -> ExitCode {
    // What the emulated platform has against a function: why it did not start, why it was killed.
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(play(args))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to tell if stderr is closed.
            let _written = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(args: Args) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .map_err(|error| {
            let why = format!(
                "cannot listen on 127.0.0.1:{}: {error}; --port N takes another (`make run ARGS='--port N'`)",
                args.port
            );
            io::Error::new(error.kind(), why)
        })?;
    let address = listener.local_addr()?;
    let path = environment("OCI_MCP_PATH").unwrap_or_else(|| "/mcp".to_owned());
    let limits = Limits {
        timeout: Duration::from_secs(args.timeout.into()),
        ..Limits::default()
    };
    let agent = Agent::new(function(args)?, limits)?;
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let served = async {
        let gateway = oci_emulator::serve(listener, agent.clone());
        tokio::try_join!(gateway, welcome::show(address, &path)).map(drop)
    };
    let outcome = tokio::select! {
        outcome = served => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    agent.shutdown().await;
    outcome
}

/// The function as a container would run it: with its own configuration, not with everything that
/// this shell happens to have set.
fn function(args: Args) -> io::Result<Function> {
    let mut function = match args.command {
        Some(command) => Function::new(found(command)?),
        None => Function::new(std::env::current_exe()?),
    };
    function.args = args.arguments;
    let is_configuration = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("OCI_")
            || ["ALLOW_MUTATIONS", "COMPARTMENT_OCID", "RUST_BACKTRACE"].contains(&&*name)
    };
    // Whoever sits in front of it wants to see each request; what is set later wins.
    let log = ("OCI_MCP_LOG".into(), "info,oci_mcp=debug".into());
    let given = std::env::vars_os().filter(|(name, _)| is_configuration(name));
    function.env = std::iter::once(log).chain(given).collect();
    Ok(function)
}

/// `command`, if it has a folder or is in one of `PATH`. Without this a bare name would be missed
/// only when the first call starts it.
fn found(command: PathBuf) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |folder: PathBuf| folder.join(&command).is_file();
    if command.parent() != Some(Path::new("")) || std::env::split_paths(&path).any(is_here) {
        return Ok(command);
    }
    let name = command.display();
    let why = format!("there is no program `{name}` in PATH; `./{name}` is one in this folder");
    Err(io::Error::new(io::ErrorKind::NotFound, why))
}
