//! The program under the emulated host.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A program as a container would run it: with its own configuration, not with everything that this
/// shell happens to have set.
pub(super) struct Program {
    pub(super) command: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) env: Vec<(OsString, OsString)>,
}

impl Program {
    /// `command`, or else this program. Only a `live` one gets variables that lead to the real OCI.
    ///
    /// # Errors
    ///
    /// Says that there is no such program in `PATH`.
    pub(super) fn new(
        command: Option<PathBuf>,
        args: Vec<OsString>,
        live: bool,
    ) -> io::Result<Self> {
        let command = match command {
            Some(command) => found(command)?,
            None => std::env::current_exe()?,
        };
        // Whoever sits in front of it wants to see each request; what is set later wins.
        let log = ("OCI_MCP_LOG".into(), "info,oci_mcp=debug".into());
        let given = std::env::vars_os().filter(|(name, _)| is_configuration(name, live));
        let env = std::iter::once(log).chain(given).collect();
        Ok(Self { command, args, env })
    }
}

fn is_configuration(name: &OsString, live: bool) -> bool {
    let name = &*name.to_string_lossy();
    if OTHERS.contains(&name) {
        return true;
    }
    if live {
        // `~/.oci/config` is there.
        return name.starts_with("OCI_") || name == "HOME";
    }
    name.starts_with("OCI_MCP_") && !OF_IDENTITY.contains(&name)
}

/// What chooses an identity of the real tenancy.
const OF_IDENTITY: [&str; 2] = ["OCI_MCP_AUTH_TYPE", "OCI_MCP_DELEGATION_TOKEN_FILE"];

const OTHERS: [&str; 4] = [
    "ALLOW_MUTATIONS",
    "COMPARTMENT_OCID",
    "MODEL_DEPLOY_PREDICT_ENDPOINT",
    "RUST_BACKTRACE",
];

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
