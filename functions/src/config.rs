//! What the Fn platform tells a function through its environment, checked before anything starts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use http::StatusCode;

use crate::log_frame::LogFrame;
use crate::observer::Observer;
use crate::socket;

/// How to serve: where to listen, what to log, what is too large.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) listener: PathBuf,
    pub(crate) log_frame: Option<LogFrame>,
    pub(crate) max_request_bytes: usize,
    pub(crate) max_response_bytes: usize,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) observer: Observer,
}

impl Config {
    /// Reads `FN_FORMAT`, `FN_LISTENER`, `FN_LOGFRAME_NAME` and `FN_LOGFRAME_HDR` through `lookup`.
    ///
    /// # Errors
    ///
    /// Returns every problem at once: `FN_FORMAT` is set to anything but `http-stream`, or
    /// `FN_LISTENER` is missing or does not name a unix socket that can be bound. A function that
    /// is misconfigured must exit instead of serving, which is left to the caller.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut note = |problem| problems.push(problem);

        if let Err(problem) = check_format(lookup("FN_FORMAT").as_deref()) {
            note(problem);
        }
        let listener = parse_listener(lookup("FN_LISTENER").as_deref())
            .map_err(&mut note)
            .ok();
        let log_frame = parse_log_frame(lookup("FN_LOGFRAME_NAME"), lookup("FN_LOGFRAME_HDR"))
            .map_err(&mut note)
            .ok();

        match (listener, log_frame) {
            (Some(listener), Some(log_frame)) if problems.is_empty() => Ok(Self {
                listener,
                log_frame,
                max_request_bytes: MAX_REQUEST_BYTES,
                max_response_bytes: MAX_RESPONSE_BYTES,
                clock: wall_clock,
                observer: Observer::default(),
            }),
            _ => Err(ConfigError { problems }),
        }
    }

    /// Sets the size above which a request body is answered with 413; 6 MiB unless set.
    #[must_use]
    pub fn with_max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Sets the size above which a response body is replaced by an error; 5,000,000 unless set.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the wall clock that `Fn-Deadline` is measured against.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }

    /// Has `observe` told of each request that the service never sees, with the status of its answer
    /// and the reason: `too_large`, `broken_body`, `malformed_request`, `unreadable_head` or `not_a_call`.
    #[must_use]
    pub fn on_refusal(
        mut self,
        observe: impl Fn(StatusCode, &'static str) + Send + Sync + 'static,
    ) -> Self {
        self.observer = Observer::new(observe);
        self
    }
}

/// Everything that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// What is wrong, one problem each.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration; {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

fn check_format(format: Option<&str>) -> Result<(), String> {
    match format {
        None | Some("" | "http-stream") => Ok(()),
        Some(other) => Err(format!(
            "`FN_FORMAT` is `{other}`, but only `http-stream` is spoken: leave it unset or deploy \
             the function with that format"
        )),
    }
}

fn parse_listener(value: Option<&str>) -> Result<PathBuf, String> {
    let value = value.filter(|value| !value.is_empty()).ok_or_else(|| {
        "`FN_LISTENER` is not set, but the Fn platform always sets it: run this as an OCI \
         Function, or on a laptop under `oci-mcp dev`"
            .to_owned()
    })?;
    let refuse = |why: &str| format!("`FN_LISTENER` is `{value}`, {why}");

    let path = value
        .strip_prefix("unix:")
        .map(Path::new)
        .ok_or_else(|| refuse("which does not begin with `unix:`"))?;
    if !path.is_absolute() {
        return Err(refuse("which is not an absolute path after `unix:`"));
    }
    if path.file_name().is_none() || value.ends_with('/') {
        return Err(refuse("which names a folder, not a socket"));
    }
    let longest = socket::staging_path(path).as_os_str().len();
    if longest > MAX_SOCKET_PATH {
        return Err(refuse(&format!(
            "which is too long: with the prefix the socket is first bound under it takes \
             {longest} bytes of the {MAX_SOCKET_PATH} a unix socket may have"
        )));
    }
    Ok(path.to_owned())
}

fn parse_log_frame(
    name: Option<String>,
    header: Option<String>,
) -> Result<Option<LogFrame>, String> {
    let given = |value: &String| !value.is_empty();
    match (name.filter(given), header.filter(given)) {
        (Some(name), Some(header)) => LogFrame::new(name, &header).map(Some).ok_or_else(|| {
            format!("`FN_LOGFRAME_HDR` is `{header}`, which is not the name of an HTTP header")
        }),
        _ => Ok(None),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one real clock; `Config::with_clock` replaces it"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

/// What OCI Functions accepts as the body of an invocation.
const MAX_REQUEST_BYTES: usize = 6 * 1024 * 1024;
/// Below the 6 MB at which the platform discards a response and reports a failed function.
const MAX_RESPONSE_BYTES: usize = 5_000_000;
/// `sun_path` has 108 bytes on Linux, one of them for the final NUL.
const MAX_SOCKET_PATH: usize = 107;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(|name| {
            let (_, value) = vars.iter().find(|(key, _)| *key == name)?;
            Some((*value).to_owned())
        })
    }

    const LISTENER: (&str, &str) = ("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock");

    #[test]
    fn what_the_platform_sets_is_accepted() {
        let config = from(&[("FN_FORMAT", "http-stream"), LISTENER]).unwrap();

        assert_eq!(config.listener, Path::new("/tmp/iofs/lsnr.sock"));
        assert_eq!(config.log_frame, None);
        assert_eq!(config.max_request_bytes, 6_291_456);
        assert_eq!(config.max_response_bytes, 5_000_000);
    }

    #[test]
    fn an_absent_or_empty_format_is_accepted() {
        for vars in [&[LISTENER][..], &[LISTENER, ("FN_FORMAT", "")]] {
            assert!(from(vars).is_ok(), "{vars:?}");
        }
    }

    #[test]
    fn every_problem_is_reported_at_once_with_its_value_and_remedy() {
        let error = from(&[
            ("FN_FORMAT", "json"),
            ("FN_LOGFRAME_NAME", "frame"),
            ("FN_LOGFRAME_HDR", "not a header"),
        ])
        .unwrap_err()
        .to_string();

        for part in [
            "invalid configuration; ",
            "`FN_FORMAT` is `json`",
            "`FN_LISTENER` is not set",
            "`oci-mcp dev`",
            "`FN_LOGFRAME_HDR` is `not a header`",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }

    #[test]
    fn a_listener_that_cannot_be_bound_is_refused() {
        let long = format!("unix:/{}/lsnr.sock", "d".repeat(92));
        for (listener, why) in [
            ("", "is not set"),
            ("tcp:8080", "does not begin with `unix:`"),
            ("/tmp/lsnr.sock", "does not begin with `unix:`"),
            ("unix:", "not an absolute path"),
            ("unix:lsnr.sock", "not an absolute path"),
            ("unix:/", "names a folder"),
            ("unix:/tmp/iofs/", "names a folder"),
            ("unix:/tmp/..", "names a folder"),
            (long.as_str(), "108 bytes of the 107"),
        ] {
            let error = from(&[("FN_LISTENER", listener)]).unwrap_err().to_string();

            assert!(error.contains(why), "{listener}: {error}");
        }
    }

    #[test]
    fn the_longest_listener_a_socket_can_have_is_accepted() {
        let listener = format!("unix:/{}/lsnr.sock", "d".repeat(91));

        assert!(from(&[("FN_LISTENER", &listener)]).is_ok());
    }

    #[test]
    fn a_log_frame_needs_both_its_name_and_its_header() {
        let name = ("FN_LOGFRAME_NAME", "frame");
        let header = ("FN_LOGFRAME_HDR", "Fn-Call-Id");

        assert!(from(&[LISTENER, name]).unwrap().log_frame.is_none());
        assert!(from(&[LISTENER, header]).unwrap().log_frame.is_none());
        assert!(from(&[LISTENER, name, header]).unwrap().log_frame.is_some());
    }
}
