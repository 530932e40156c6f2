//! Why an app could not be served.

use std::error::Error as StdError;
use std::fmt;
#[cfg(feature = "stdio")]
use std::io;
use std::io::{Write, stderr};
use std::process::ExitCode;

use oci_mcp::{ConfigError, InvalidApp};

/// Why an app could not be served.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    Config(ConfigError),
    /// The app itself cannot be served on any host.
    App(InvalidApp),
    /// The container or model deployment could not listen, or stopped before every request was answered.
    #[cfg(any(feature = "container", feature = "datascience"))]
    Container(oci_mcp_container::Error),
    /// The function's socket or its runtime could not be made.
    #[cfg(feature = "functions")]
    Functions(oci_mcp_functions::Error),
    /// Stdin or stdout could not be used.
    #[cfg(feature = "stdio")]
    Stdio(io::Error),
}

impl Error {
    /// Writes the error and its causes to stderr, and gives the exit code for it: 2 for a
    /// configuration that cannot be used, 1 for anything else.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let mut text = format!("error: {self}");
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text.push('\n');
        // There is nobody left to tell if stderr is closed.
        let _written = stderr().write_all(text.as_bytes());
        match self {
            Self::Config(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::App(error) => error.fmt(f),
            #[cfg(any(feature = "container", feature = "datascience"))]
            Self::Container(error) => error.fmt(f),
            #[cfg(feature = "functions")]
            Self::Functions(error) => error.fmt(f),
            #[cfg(feature = "stdio")]
            Self::Stdio(_) => f.write_str("cannot go on with stdin and stdout"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Each is shown as itself, so what lies behind it comes next.
        match self {
            Self::Config(error) => error.source(),
            Self::App(error) => error.source(),
            #[cfg(any(feature = "container", feature = "datascience"))]
            Self::Container(error) => error.source(),
            #[cfg(feature = "functions")]
            Self::Functions(error) => error.source(),
            #[cfg(feature = "stdio")]
            Self::Stdio(error) => Some(error),
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<InvalidApp> for Error {
    fn from(error: InvalidApp) -> Self {
        Self::App(error)
    }
}

#[cfg(any(feature = "container", feature = "datascience"))]
impl From<oci_mcp_container::Error> for Error {
    fn from(error: oci_mcp_container::Error) -> Self {
        Self::Container(error)
    }
}

#[cfg(feature = "functions")]
impl From<oci_mcp_functions::Error> for Error {
    fn from(error: oci_mcp_functions::Error) -> Self {
        Self::Functions(error)
    }
}
