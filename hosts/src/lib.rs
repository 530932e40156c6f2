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

mod container;
mod error;
mod functions;
mod host;
mod logging;
mod stdio;

pub use error::Error;

use std::process::ExitCode;

use oci_mcp::{App, Config, Vars};

use host::Host;

/// Serves `app` as the environment says, until the process ends. Failures go to stderr.
///
/// The exit code is 2 for a configuration that cannot be used and 1 for any other failure.
#[must_use]
pub fn serve(app: App) -> ExitCode {
    match run(app, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// Serves `app` as the variables say that `lookup` finds, until the process ends.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `OCI_MCP_HOST` | `functions`, `container`, or `auto`: what the platform's variables say | `auto` |
/// | `OCI_MCP_BIND` | the address that a container listens on | `127.0.0.1` |
/// | `OCI_MCP_PORT`, `MCP_PORT` | the port that a container listens on | 8080 |
/// | `OCI_MCP_LOG` | what goes to stderr: `off`, `error`, `warn`, `info`, `debug` (a line for each request) or `trace`, also by crate, as in `info,oci_mcp=debug` | `info` |
/// | `OCI_MCP_MAX_RESPONSE_BYTES` | the largest answer; on Functions up to 6,291,456 | 5,000,000 on Functions, else none |
///
/// and those of [`Config::from_vars`].
///
/// # Errors
///
/// Every problem of the configuration at once, or why the host could not be served.
pub fn run(app: App, lookup: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    let mut vars = Vars::new(lookup);
    let config = Config::read(&mut vars);
    let log = vars.parse("OCI_MCP_LOG").unwrap_or_default();
    let host = Host::choose(&mut vars, &config);
    let host = vars.finish(host)?;
    logging::start(log);
    match host {
        Host::Container(settings) => container::run(app, config, &settings),
        Host::Functions(settings) => functions::run(app, config, settings),
    }
}

/// Serves `app` to the one client that started this process: MCP on stdin and stdout, one JSON
/// message a line, until stdin ends and everything that came is answered. The log goes to stderr.
///
/// `lookup` finds `OCI_MCP_LOG` and the variables of [`Config::from_vars`], as for [`run`]; of the
/// latter a line only meets `OCI_MCP_MAX_BODY_BYTES`. `OCI_MCP_MAX_RESPONSE_BYTES` limits an answer
/// if it is set.
///
/// # Errors
///
/// Every problem of the configuration at once, or why stdin or stdout could not be used. A client
/// that goes away is none.
pub fn stdio(app: App, lookup: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    stdio::run(app, lookup)
}

/// The value of an environment variable, if it is set: the lookup of [`run`]. What is not UTF-8 in
/// it becomes U+FFFD, so that a setting with it is refused rather than taken for unset.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
