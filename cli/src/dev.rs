//! `oci-mcp dev`: a real program under the contract of a real host, with what stands in front of it
//! in OCI, on this machine.

mod client;
mod container;
mod datascience;
mod functions;
mod program;
mod stop;
mod tenancy;
mod welcome;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;

use oci_mcp::{Config, Vars};
use oci_mcp_hosts::environment;
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use program::Program;
use stop::Stop;
use tenancy::{ROTATION, Simulated};

/// What to run, and where to answer.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is played
    #[arg(long, value_enum, default_value_t)]
    host: Host,
    /// The port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// A program of your own, instead of this one. Of the environment it gets `PATH`, and what
    /// `--live` says
    #[arg(long, value_name = "PATH")]
    command: Option<PathBuf>,
    /// Lets the program ask the real OCI: it gets your variables that begin with `OCI_`, and `HOME`.
    /// Otherwise it has an identity in a simulated tenancy, and of these variables gets only those
    /// that begin with `OCI_MCP_` and choose no identity; not `OCI_REGION`, for that tenancy has one
    #[arg(long)]
    live: bool,
    /// Seconds a call may take, as a function's timeout in OCI; 30 unless set, and only for functions
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=300))]
    timeout: Option<u16>,
    /// Arguments of the program
    #[arg(last = true, requires = "command", value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// A host that can be played.
#[derive(Clone, Copy, Default, PartialEq, clap::ValueEnum)]
enum Host {
    /// An OCI Function behind an API gateway
    #[default]
    Functions,
    /// A Data Science model deployment behind its router
    #[value(name = "datascience")]
    DataScience,
    /// A container, with nothing in front of it
    Container,
}

/// Where a host is played, and what there is to say of it.
struct Stage<'a> {
    /// Where clients come in.
    listener: TcpListener,
    /// Where MCP is.
    path: &'a str,
    /// Whose tenancy the program asks, in a line.
    tenancy: &'a str,
}

pub(crate) fn run(args: Args) -> ExitCode {
    if args.timeout.is_some() && args.host != Host::Functions {
        let why = "--timeout is that of a function; a model deployment has 60 seconds, which \
                   nobody can change, and a container none";
        return fail(&why, 2);
    }
    // What the emulated platform has against a program: why it did not start, why it was killed.
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
        Err(error) => fail(&error, 1),
    }
}

fn fail(why: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // There is nobody left to tell if stderr is closed.
    let _written = writeln!(io::stderr(), "error: {why}");
    ExitCode::from(code)
}

/// Where the server serves MCP, as it reads the variable.
fn path() -> io::Result<String> {
    let mut vars = Vars::new(|name: &str| environment(name).filter(|_| name == "OCI_MCP_PATH"));
    let config = Config::read(&mut vars);
    let config = vars.finish(Some(config)).map_err(io::Error::other)?;
    Ok(config.path().to_owned())
}

async fn play(args: Args) -> io::Result<()> {
    let listener = listen(args.port).await?;
    let mut program = Program::new(args.command, args.arguments, args.live)?;
    let path = path()?;
    let stop = Stop::new()?;
    let play = async |program, tenancy: &str| {
        let stage = Stage {
            listener,
            path: &path,
            tenancy,
        };
        match args.host {
            Host::Functions => functions::play(stage, program, args.timeout, stop).await,
            Host::DataScience => datascience::play(stage, program, stop).await,
            Host::Container => container::play(stage, program, stop).await,
        }
    };
    if args.live {
        return play(program, LIVE).await;
    }
    let tenancy = Simulated::new(args.host).await?;
    // First, because what a person has set wins.
    program.env.splice(..0, tenancy.environment()?);
    let line = format!(
        "Tenancy: simulated, at {}, with a key that changes every {} minutes; --live asks for the \
         real one",
        tenancy.url()?,
        ROTATION.as_secs() / 60
    );
    tokio::select! {
        played = play(program, &line) => played,
        ended = tenancy.play(ROTATION) => ended,
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|error| {
        let why = format!(
            "cannot listen on 127.0.0.1:{port}: {error}; --port N takes another (`make run ARGS='--port N'`)"
        );
        io::Error::new(error.kind(), why)
    })
}

const LIVE: &str = "Tenancy: the real one, as your variables that begin with OCI_ say";
