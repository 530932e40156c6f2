//! `oci-mcp`: serves MCP tools from OCI's serverless hosts, and plays those hosts on a laptop.

#[cfg(feature = "client")]
mod audit;
#[cfg(feature = "client")]
mod connect;
#[cfg(feature = "dev")]
mod dev;
#[cfg(feature = "doctor")]
mod doctor;
mod oci;
mod ping;
#[cfg(feature = "client")]
mod policy;
#[cfg(feature = "client")]
mod print_config;
#[cfg(all(feature = "dev", feature = "oci"))]
mod render;
mod serve;
mod settings;
#[cfg(feature = "stdio")]
mod stdio;
#[cfg(any(feature = "client", feature = "doctor", feature = "oci"))]
mod stdout;
#[cfg(feature = "oci")]
mod terminal;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use clap::{Parser, Subcommand};
use oci_mcp::{App, Vars};
use oci_mcp_hosts::environment;
use oci_rest::Environment;

use oci::{Oci, Once, Unavailable};

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
    Serve(Box<serve::Args>),
    /// Serves the tools on stdin and stdout, to a client that starts this as a command.
    #[cfg(feature = "stdio")]
    Stdio(Box<settings::Common>),
    /// Passes stdin and stdout on to a server at a URL, and signs the requests if it is OCI's.
    #[cfg(feature = "client")]
    Connect(connect::Args),
    /// Prints what to paste into the configuration of a client.
    #[cfg(feature = "client")]
    PrintConfig(print_config::Args),
    /// Plays a host of OCI on this machine, with what stands in front of it.
    #[cfg(feature = "dev")]
    Dev(dev::Args),
    /// Lists the tools that would be served in this environment.
    #[cfg(feature = "oci")]
    Tools(terminal::List),
    /// Calls a tool, without a host.
    #[cfg(feature = "oci")]
    Call(terminal::Call),
    /// Looks for what is wrong, from here: settings, identity, clock, network, permissions, and the
    /// way through a gateway.
    #[cfg(feature = "doctor")]
    Doctor(Box<doctor::Args>),
    /// Prints what OCI needs to run this: requests for the OCI CLI or kubectl, and the IAM policy.
    #[cfg(all(feature = "dev", feature = "oci"))]
    Render(Box<render::Args>),
    /// Tries a policy of who may call what.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Policy(policy::Command),
    /// Looks at a record of requests.
    #[cfg(feature = "client")]
    #[command(subcommand)]
    Audit(audit::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let served = match cli.command.unwrap_or(Command::Serve(Box::new(cli.serve))) {
        Command::Serve(args) => serve::run(&args),
        #[cfg(feature = "stdio")]
        Command::Stdio(settings) => stdio::run(&settings),
        #[cfg(feature = "client")]
        Command::Connect(args) => return connect::run(&args),
        #[cfg(feature = "client")]
        Command::PrintConfig(args) => return print_config::run(&args),
        #[cfg(feature = "dev")]
        Command::Dev(args) => return dev::run(args),
        #[cfg(feature = "oci")]
        Command::Tools(args) => return with_app(|app| terminal::list(app, &args)),
        #[cfg(feature = "oci")]
        Command::Call(args) => return with_app(|app| terminal::call(app, &args)),
        #[cfg(feature = "doctor")]
        Command::Doctor(args) => return doctor::run(&args),
        #[cfg(all(feature = "dev", feature = "oci"))]
        Command::Render(args) => return render::run(&args),
        #[cfg(feature = "client")]
        Command::Policy(command) => return with_app(|app| policy::run(&app, &command)),
        #[cfg(feature = "client")]
        Command::Audit(command) => return audit::run(&command),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// Does something with the tools as they would be served in this environment.
#[cfg(any(feature = "client", feature = "oci"))]
fn with_app(run: impl FnOnce(App) -> ExitCode) -> ExitCode {
    match configured() {
        Ok(app) => run(app),
        Err(error) => error.report(),
    }
}

#[cfg(any(feature = "client", feature = "oci"))]
fn configured() -> Result<App, oci_mcp_hosts::Error> {
    let mut vars = Vars::new(environment);
    let app = app(&mut vars);
    oci_mcp_hosts::note_unknown(&mut vars);
    Ok(vars.finish(Some(app))?)
}

fn app(vars: &mut Vars<'_>) -> App {
    app_over(vars, Once::default())
}

/// The app, whose tools ask OCI by the way that `once` is.
fn app_over(vars: &mut Vars<'_>, once: Once) -> App {
    let shared = once.clone();
    let app = App::new("oci-mcp", env!("CARGO_PKG_VERSION"))
        .title("OCI")
        .tool(ping::Ping::new(
            Instant::now(),
            Environment::new(environment),
            Box::new(move |environment| shared.connect(environment, over_network)),
        ));
    with_oci(app, vars, once)
}

#[cfg(feature = "oci")]
fn with_oci(app: App, vars: &mut Vars<'_>, once: Once) -> App {
    let connect = move || {
        let Oci {
            client,
            endpoints,
            region,
        } = once.connect(&Environment::new(environment), over_network)?;
        Ok(oci_mcp_tools::Connection {
            client,
            endpoints,
            region,
        })
    };
    oci_mcp_tools::OciTools::read(vars, Box::new(connect)).add_to(app)
}

#[cfg(not(feature = "oci"))]
fn with_oci(app: App, _: &mut Vars<'_>, _: Once) -> App {
    app
}

fn over_network(environment: &Environment) -> Result<Oci, Unavailable> {
    Oci::over_network(environment, Arc::new(now))
}

#[expect(clippy::disallowed_methods, reason = "from here it is passed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
