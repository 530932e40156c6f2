//! What is put on record: `OCI_MCP_AUDIT`, and the settings that go with it.

mod file;
#[cfg(feature = "oci")]
mod push;
#[cfg(test)]
mod tests;

use std::io::{Write, stderr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use http::StatusCode;
use oci_mcp::{App, Audit, AuditSink, Flush, Vars};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::runtime;
use tokio::time::timeout;

pub(crate) use file::File;
#[cfg(feature = "oci")]
use push::Push;

const AUDIT: &str = "OCI_MCP_AUDIT";
const ARGUMENTS: &str = "OCI_MCP_AUDIT_ARGUMENTS";
const FAIL_CLOSED: &str = "OCI_MCP_AUDIT_FAIL_CLOSED";
const LOG_ID: &str = "OCI_MCP_AUDIT_LOG_ID";

/// For the last lines to leave, when the server ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// The record of a server, if it has one.
#[derive(Clone)]
pub(crate) struct Record(Option<Arc<Audit>>);

/// How the file at a path is opened, if it is.
pub(crate) type Opening = fn(&str) -> Result<Option<File>, String>;

/// Opens it, for a server that runs here.
pub(crate) fn open(path: &str) -> Result<Option<File>, String> {
    File::open(path).map(Some)
}

/// Reads the settings for a host that `stands_still` between requests or not. What is wrong is noted in
/// `vars`.
pub(crate) fn read(vars: &mut Vars<'_>, stands_still: bool, opening: Opening) -> Option<Audit> {
    let mut instance = [0; 16];
    if SystemRandom::new().fill(&mut instance).is_err() {
        vars.note("this machine has no randomness, by which a record tells its instances apart");
    }
    let mut audit = Audit::new(instance, now);
    let mut is_empty = true;
    match vars.parse(AUDIT) {
        Some(Place::Stderr) => {
            audit = audit.to(Stderr);
            is_empty = false;
        }
        Some(Place::File(path)) => match opening(&path) {
            Ok(file) => {
                if let Some(file) = file {
                    audit = audit.to(file);
                }
                is_empty = false;
            }
            Err(problem) => {
                let path = path.escape_debug();
                vars.note(format_args!("`{AUDIT}` is `{path}`: {problem}"));
                return None;
            }
        },
        Some(Place::Off) | None => {}
    }
    if let Some(sink) = push(vars, stands_still) {
        audit = audit.to(sink);
        is_empty = false;
    }
    if flag(vars, ARGUMENTS, is_empty) {
        audit = audit.with_arguments();
    }
    if flag(vars, FAIL_CLOSED, is_empty) {
        audit = audit.fail_closed();
    }
    (!is_empty).then_some(audit)
}

#[cfg(feature = "oci")]
fn push(vars: &mut Vars<'_>, stands_still: bool) -> Option<Push> {
    let log = vars.parse(LOG_ID)?;
    Some(Push::over_network(log, stands_still))
}

#[cfg(not(feature = "oci"))]
fn push(vars: &mut Vars<'_>, _: bool) -> Option<Stderr> {
    if vars.get(LOG_ID).is_some() {
        vars.note(format_args!(
            "`{LOG_ID}` is set, but this program was built without a client of OCI"
        ));
    }
    None
}

/// Whether `name` is on, which makes no sense without a record.
fn flag(vars: &mut Vars<'_>, name: &str, is_empty: bool) -> bool {
    if is_empty && vars.get(name).is_some() {
        vars.note(format_args!(
            "`{name}` has no effect while neither `{AUDIT}` nor `{LOG_ID}` says where a record goes"
        ));
    }
    vars.parse(name).is_some_and(|Flag(is_on)| is_on)
}

impl Record {
    /// `audit` of a server that knows its callers by `scheme`.
    pub(crate) fn new(audit: Option<Audit>, scheme: &'static str) -> Self {
        Self(audit.map(|audit| Arc::new(audit.scheme(scheme))))
    }

    /// Has `app` put every request on it.
    pub(crate) fn of(&self, app: App) -> App {
        match &self.0 {
            Some(audit) => app.audit(Arc::clone(audit)),
            None => app,
        }
    }

    /// Puts on it what `host` refused before there was a request.
    pub(crate) fn refused(&self, host: &'static str, status: StatusCode, reason: &'static str) {
        if let Some(audit) = &self.0 {
            audit.refused(host, status, reason);
        }
    }

    /// Writes the last line, when nothing is served any more.
    pub(crate) fn close(&self) {
        let Some(audit) = &self.0 else {
            return;
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let closed = runtime.map(|runtime| {
            let closed = async { timeout(PATIENCE, audit.close()).await };
            runtime.block_on(closed)
        });
        match closed {
            Ok(Ok(())) => {}
            Ok(Err(_elapsed)) => tracing::error!("the last lines of the audit may be lost"),
            Err(error) => tracing::error!(%error, "the audit could not be closed"),
        }
    }
}

/// Where `OCI_MCP_AUDIT` says that lines go.
#[derive(Debug, PartialEq)]
enum Place {
    Off,
    Stderr,
    File(String),
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "stderr" => Ok(Self::Stderr),
            path if path.contains('/') => Ok(Self::File(path.to_owned())),
            _ => Err("it is `off`, `stderr`, or the path of a file with a `/` in it"),
        }
    }
}

struct Flag(bool);

impl FromStr for Flag {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err("it is `true` or `false`"),
        }
    }
}

/// Lines beside those of the log, which whoever verifies them picks out: they begin with `{"seq":`.
struct Stderr;

impl AuditSink for Stderr {
    fn write(&self, line: &str) -> io::Result<()> {
        stderr().lock().write_all(line.as_bytes())
    }

    fn flush(&self) -> Flush<'_> {
        Box::pin(async { Ok(()) })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Record").field(&self.0.is_some()).finish()
    }
}

#[expect(clippy::disallowed_methods, reason = "from here it is passed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
