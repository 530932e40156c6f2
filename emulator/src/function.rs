//! What is run, and within which limits.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{process, socket};

/// The program that plays the function's container, and its configuration.
#[derive(Clone, Debug)]
pub struct Function {
    /// The program; a bare name is looked up in `PATH`.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The function's configuration. A key that the platform sets itself (`FN_…`) is overridden.
    pub env: Vec<(OsString, OsString)>,
}

impl Function {
    /// A function without arguments and configuration.
    pub fn new(command: impl Into<PathBuf>) -> Self {
        Self {
            command: command.into(),
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// The command that runs the function with its socket in `folder`.
    pub(crate) fn command(&self, folder: &Path) -> Command {
        let mut listener = OsString::from("unix:");
        listener.push(folder.join(socket::NAME));
        let mut command = process::command(&self.command, &self.args);
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .envs(PLATFORM)
            .env("FN_LISTENER", listener);
        command
    }
}

/// What the platform allows a function.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a call may wait for an instance, and then how long it may run.
    pub timeout: Duration,
    /// How long an instance may take to create its socket.
    pub start_timeout: Duration,
    /// How long after its last answer an instance is frozen.
    pub freeze_after: Duration,
    /// How long after its last answer the connection to an instance is dropped.
    pub connection_idle: Duration,
    /// The largest request body.
    pub max_request_bytes: usize,
    /// How many instances may exist at once; further calls wait.
    pub max_instances: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            start_timeout: Duration::from_secs(5),
            freeze_after: Duration::from_millis(50),
            connection_idle: Duration::from_secs(1),
            max_request_bytes: 6 * 1024 * 1024,
            max_instances: 8,
        }
    }
}

// No `FN_LOGFRAME_…`: the frames tell a log collector whose lines are whose, and here is none.
const PLATFORM: [(&str, &str); 8] = [
    ("FN_FORMAT", "http-stream"),
    ("FN_APP_ID", "ocid1.fnapp.oc1..emulator"),
    ("FN_APP_NAME", "emulator"),
    ("FN_FN_ID", "ocid1.fnfunc.oc1..emulator"),
    ("FN_FN_NAME", "function"),
    ("FN_MEMORY", "256"),
    ("FN_TYPE", "sync"),
    ("FN_CPUS", "100m"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_cannot_replace_what_the_platform_sets() {
        let mut function = Function::new("true");
        function.env = vec![
            ("FN_FORMAT".into(), "json".into()),
            ("COLOUR".into(), "blue".into()),
        ];

        let command = function.command(Path::new("/tmp/fn-1"));

        let value = |name: &str| {
            let found = command.get_envs().find(|(key, _)| *key == name);
            found.and_then(|(_, value)| value).unwrap().to_owned()
        };
        assert_eq!(value("FN_FORMAT"), "http-stream");
        assert_eq!(value("COLOUR"), "blue");
        assert_eq!(value("FN_LISTENER"), "unix:/tmp/fn-1/lsnr.sock");
    }
}
