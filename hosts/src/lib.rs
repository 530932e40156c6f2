//! Serves an [`App`] on the host that the process finds itself on.
//!
//! A tool author's `main` is one call:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use oci_mcp::App;
//!
//! fn main() -> ExitCode {
//!     oci_mcp_hosts::serve(App::new("empty", "1.0.0"))
//! }
//! ```
//!
//! A host is a module here that turns what its platform delivers into requests for the app, and a
//! row of the crate's private `Host`.

#[cfg(not(any(
    feature = "container",
    feature = "datascience",
    feature = "functions",
    feature = "stdio"
)))]
compile_error!("a program needs a host: `container`, `datascience`, `functions` or `stdio`");

mod access;
mod audit;
#[cfg(feature = "container")]
mod container;
#[cfg(feature = "datascience")]
mod datascience;
mod error;
#[cfg(feature = "functions")]
mod functions;
mod host;
#[cfg(any(feature = "container", feature = "datascience"))]
mod http;
mod kubernetes;
mod logging;
#[cfg(feature = "oci")]
mod oci;
mod secrets;
mod state;
#[cfg(feature = "stdio")]
mod stdio;
mod unknown;

pub use error::Error;
#[cfg(feature = "stdio")]
pub use stdio::{Line, Lines};

use std::net::SocketAddr;
use std::process::ExitCode;

use oci_mcp::{App, Config, Vars};

use access::Callers;
use audit::Record;
use host::Host;
use secrets::Secrets;

/// Serves `app` as the environment says, until the process ends. Failures go to stderr.
///
/// The exit code is 2 for a configuration that cannot be used and 1 for any other failure.
#[must_use]
pub fn serve(app: App) -> ExitCode {
    match run(|_| app, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// Serves what `app` makes as the variables say that `lookup` finds, until the process ends. `app` may
/// read settings of its own, whose problems are reported with the others.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `OCI_MCP_HOST` | `functions`, `datascience`, `container`, or `auto`: what the platform's variables say | `auto` |
/// | `OCI_MCP_ACCESS` | how callers are known: `platform`, `none`, `gateway`, `jwt`, `introspection` or `static`, each with settings that the README lists | `platform` on Functions and model deployments, `none` where only this machine calls, else it must be set |
/// | `OCI_MCP_AUDIT` | where a line goes for each request ([`oci_mcp::Audit`]): `off`, `stderr`, or the path of a file | `off` |
/// | `OCI_MCP_AUDIT_ARGUMENTS` | `true`: lines tell the arguments of calls, masked, and not only their digest | `false` |
/// | `OCI_MCP_AUDIT_FAIL_CLOSED` | `true`: no call of a tool that is not read-only is made before it is on record | `false` |
/// | `OCI_MCP_AUDIT_LOG_ID` | the OCID of a log of OCI Logging to which lines are sent, too | none |
/// | `OCI_MCP_BIND` | the address that a container listens on | `127.0.0.1`; `0.0.0.0` on a model deployment |
/// | `OCI_MCP_PORT`, `MCP_PORT` | the port that a container listens on; a model deployment cannot have those below 1024, 8446, 8447 and 24224 | 8080 |
/// | `OCI_MCP_TRANSPORT`, `MCP_TRANSPORT` | as guides set it: `streamable_http`, or `stdio` for what [`stdio`] does | `streamable_http` |
/// | `MODEL_DEPLOY_PREDICT_ENDPOINT` | the path that a model deployment asks for instead of `/predict`; the platform reads it, too | `/predict` |
/// | `OCI_MCP_LOG` | what goes to stderr: `off`, `error`, `warn`, `info`, `debug` (a line for each request) or `trace`, also by crate, as in `info,oci_mcp=debug` | `info` |
/// | `OCI_MCP_MAX_RESPONSE_BYTES` | the largest answer; on Functions up to 6,291,456, on a model deployment up to 10,485,760 | 5,000,000 on Functions, 10,485,760 on a model deployment, else none |
/// | `OCI_MCP_STATE_KEY` | the keys with which calls may ask the client ([`oci_mcp::StateKeys::parse`]), newest first: each `ID:KEY` with 32 random bytes in base64, comma-separated | none: nothing is asked |
/// | `OCI_MCP_STATE_KEY_FILE` | a file of such keys | none |
/// | `OCI_MCP_STATE_KEY_SECRET_ID` | the OCID of a Vault's secret with such keys, read when the first request comes | none |
///
/// and those of [`Config::from_vars`].
///
/// A variable of the process whose name begins as that of a setting, and which is none, is a problem,
/// too: it may be a setting that is misspelt. A tool's own settings have names of their own. What Kubernetes
/// sets for the services of a namespace is neither a setting nor a problem: `OCI_MCP_PORT` as `tcp://…` is its
/// link to a service called `oci-mcp`.
///
/// # Errors
///
/// Every problem of the configuration at once, or why the host could not be served.
pub fn run(
    app: impl FnOnce(&mut Vars<'_>) -> App,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    serve_on(Box::new(app), Vars::new(lookup), Box::new(Host::choose))
}

/// Serves what `app` makes, as in [`run`], to the one client that started this process: MCP on stdin and stdout, one JSON
/// message a line, until stdin ends and everything that came is answered. The log goes to stderr.
///
/// `lookup` finds `OCI_MCP_LOG`, `OCI_MCP_STATE_KEY`, `OCI_MCP_STATE_KEY_FILE`, those of `OCI_MCP_AUDIT` and of [`Config::from_vars`], as for [`run`]; of the
/// latter a line only meets `OCI_MCP_MAX_BODY_BYTES`. `OCI_MCP_MAX_RESPONSE_BYTES` limits an answer
/// if it is set.
///
/// # Errors
///
/// Every problem of the configuration at once, or why stdin or stdout could not be used. A client
/// that goes away is none.
#[cfg(feature = "stdio")]
pub fn stdio(
    app: impl FnOnce(&mut Vars<'_>) -> App,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let choose: Choose<'_> =
        Box::new(|vars, config| Some(Host::Stdio(stdio::Settings::read(vars, config))));
    serve_on(Box::new(app), Vars::new(lookup), choose)
}

/// Notes in `vars` whatever [`run`] would refuse in them, and serves nothing: for who prepares the environment of a server that
/// runs elsewhere. `names` are those of its variables.
///
/// A file that a setting names is read, as `run` does: it must be on this machine, too. Nothing is written: the file of
/// `OCI_MCP_AUDIT` is neither opened nor made.
///
/// The place where a server would be is told if the settings let it be known, whatever else is wrong with them.
pub fn check(
    app: impl FnOnce(&mut Vars<'_>) -> App,
    vars: &mut Vars<'_>,
    names: impl IntoIterator<Item = String>,
) -> Option<Place> {
    let mut place = None;
    let choose = |vars: &mut Vars<'_>, config: &Config| {
        let host = Host::choose(vars, config)?;
        place = Some(Place {
            host: host.name(),
            address: host.reach().address,
            max_body_bytes: config.max_body_bytes(),
            is_left_to_the_network: false,
        });
        Some(host)
    };
    let names = names.into_iter().collect();
    let prepared = prepare(Box::new(app), vars, names, Box::new(choose), |_| Ok(None));
    if let (Some(place), Some(prepared)) = (&mut place, prepared) {
        let reach = prepared.host.reach();
        place.is_left_to_the_network = prepared.callers.are_left_to_the_network(reach);
    }
    place
}

/// Where a server is, by its settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// The host: `functions`, `datascience`, `container` or `stdio`.
    pub host: &'static str,
    /// Where it listens; `None` for a function and stdio, to which no network leads.
    pub address: Option<SocketAddr>,
    /// The largest message.
    pub max_body_bytes: usize,
    /// Whether nobody but the network decides who calls.
    pub is_left_to_the_network: bool,
}

/// Reads the settings of every host, those of the app, then those of the one that `choose` gives, and serves it.
fn serve_on(app: Make<'_>, mut vars: Vars<'_>, choose: Choose<'_>) -> Result<(), Error> {
    let prepared = prepare(app, &mut vars, names(), choose, audit::open);
    let Prepared {
        app,
        config,
        log,
        host,
        callers,
        secrets,
        audit,
    } = vars.finish(prepared)?;
    logging::start(log);
    if callers.are_left_to_the_network(host.reach()) {
        tracing::warn!(
            "whoever reaches this address may call; let a gateway or network rules decide"
        );
    }
    let record = Record::new(audit, callers.scheme());
    let app = secrets.prepare(record.of(callers.admit_to(app)));
    let outcome = host.run(app, config, &record);
    record.close();
    outcome
}

/// Makes the app. Boxed, as the next, so that there is one copy of what reads settings.
type Make<'a> = Box<dyn FnOnce(&mut Vars<'_>) -> App + 'a>;

/// Chooses the host.
type Choose<'a> = Box<dyn FnOnce(&mut Vars<'_>, &Config) -> Option<Host> + 'a>;

/// An app with the settings by which it is served.
struct Prepared {
    app: App,
    config: Config,
    log: logging::Filter,
    host: Host,
    callers: Callers,
    secrets: Secrets,
    audit: Option<oci_mcp::Audit>,
}

/// Reads all settings; what is wrong with them is noted in `vars`.
fn prepare(
    app: Make<'_>,
    vars: &mut Vars<'_>,
    names: Vec<String>,
    choose: Choose<'_>,
    opening: audit::Opening,
) -> Option<Prepared> {
    let config = Config::read(vars);
    let log = vars.parse("OCI_MCP_LOG").unwrap_or_default();
    let mut secrets = Secrets::default();
    let keys = state::keys(vars, &mut secrets, |path| std::fs::read_to_string(path));
    let app = app(vars);
    let host = choose(vars, &config);
    let stands_still = host.as_ref().is_some_and(Host::stands_still);
    let audit = audit::read(vars, stands_still, opening);
    unknown::note(vars, names);
    let callers = Callers::read(vars, &mut secrets, host.as_ref().map(Host::reach));
    let (host, callers) = host.zip(callers)?;
    let app = match keys {
        Some(keys) => app.state_keys(keys),
        None => app,
    };
    Some(Prepared {
        app,
        config,
        log,
        host,
        callers,
        secrets,
        audit,
    })
}

/// The value of an environment variable, if it is set: the lookup of [`run`]. What is not UTF-8 in
/// it becomes U+FFFD, so that a setting with it is refused rather than taken for unset.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Notes in `vars` which variables of this process look like settings and are none, as [`run`] does: for what reads
/// settings and serves nothing.
pub fn note_unknown(vars: &mut Vars<'_>) {
    unknown::note(vars, names());
}

/// The names of all environment variables.
fn names() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.collect()
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/add-a-tool.md")]
struct AddATool;
