//! The program under the emulated host.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::PermissionsExt;
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
    /// Says that there is no such program, or that it is none.
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
        return name.starts_with("OCI_") && !OF_HOST.contains(&name) || name == "HOME";
    }
    name.starts_with("OCI_MCP_") && !OF_IDENTITY.contains(&name) && !OF_HOST.contains(&name)
}

/// What chooses a host, which `--host` does here.
const OF_HOST: [&str; 2] = ["OCI_MCP_HOST", "OCI_MCP_TRANSPORT"];

/// What chooses an identity of the real tenancy.
const OF_IDENTITY: [&str; 2] = ["OCI_MCP_AUTH_TYPE", "OCI_MCP_DELEGATION_TOKEN_FILE"];

const OTHERS: [&str; 4] = [
    "ALLOW_MUTATIONS",
    "COMPARTMENT_OCID",
    "MODEL_DEPLOY_PREDICT_ENDPOINT",
    "RUST_BACKTRACE",
];

/// `command`, if it is a program: where its folder says, or in one of `PATH`. Without this it would be missed only
/// when the first call starts it.
fn found(command: PathBuf) -> io::Result<PathBuf> {
    let name = command.display();
    if command.parent() != Some(Path::new("")) {
        let metadata = command.metadata();
        let metadata =
            metadata.map_err(|error| io::Error::new(error.kind(), format!("`{name}`: {error}")))?;
        return if is_program(&metadata) {
            Ok(command)
        } else {
            let why = format!("`{name}` is no program; `chmod +x` lets a file be one");
            Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |folder: PathBuf| {
        let metadata = folder.join(&command).metadata();
        metadata.is_ok_and(|metadata| is_program(&metadata))
    };
    if std::env::split_paths(&path).any(is_here) {
        return Ok(command);
    }
    let why = format!("there is no program `{name}` in PATH; `./{name}` is one in this folder");
    Err(io::Error::new(io::ErrorKind::NotFound, why))
}

fn is_program(metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_run_is_named_before_anything_is_played() {
        let rows = [
            ("/nope", "`/nope`: No such file"),
            ("no-such-program", "in PATH"),
            ("/", "`/` is no program"),
            (
                concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
                "`chmod +x`",
            ),
        ];

        for (command, expected) in rows {
            let problem = found(command.into()).unwrap_err().to_string();

            assert!(problem.contains(expected), "{problem}");
        }
        for command in ["/bin/sh", "sh"] {
            assert_eq!(found(command.into()).unwrap(), Path::new(command));
        }
    }
}
