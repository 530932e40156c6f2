//! What an operator sets, whichever host the server runs on.

mod origin;

pub(crate) use origin::{Host, Origin};

use std::fmt;
use std::fmt::Display;
use std::num::NonZeroU32;
use std::str::FromStr;

use http::header::ORIGIN;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};

use crate::delivery::Reply;

/// Settings of the endpoint. [`Config::default`] is what a laptop wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    pub(crate) path: String,
    pub(crate) allowed_origins: Option<Vec<Origin>>,
    pub(crate) allowed_hosts: Option<Vec<Host>>,
    pub(crate) max_body_bytes: usize,
    pub(crate) reply: Reply,
    pub(crate) calls_per_minute: Option<NonZeroU32>,
    pub(crate) tool_calls_per_minute: Option<NonZeroU32>,
    pub(crate) tool_concurrency: Option<NonZeroU32>,
}

/// Where every server tells whether it is up, and whether it is ready: the same, for a server that
/// needs nothing before its first request.
const HEALTH: [&str; 2] = ["/health", "/ready"];

/// Whether `path` is one of them, under any prefix: for the endpoint, and for whoever stands before it.
pub(crate) fn is_health(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    HEALTH.iter().any(|health| path.ends_with(health))
}

/// The largest request body a server takes unless told otherwise, in bytes.
const DEFAULT_MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

impl Default for Config {
    fn default() -> Self {
        Self {
            path: "/mcp".to_owned(),
            allowed_origins: None,
            allowed_hosts: None,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            reply: Reply::Auto,
            calls_per_minute: None,
            tool_calls_per_minute: None,
            tool_concurrency: None,
        }
    }
}

impl Config {
    /// Reads the settings through `lookup`, which is the environment or stands for it.
    ///
    /// | variable | meaning | default |
    /// |---|---|---|
    /// | `OCI_MCP_PATH` | where MCP is served, under any prefix that a gateway adds | `/mcp` |
    /// | `OCI_MCP_ALLOWED_ORIGINS` | comma-separated origins of web pages that may call and read the answer (CORS) | pages of this machine |
    /// | `OCI_MCP_ALLOWED_HOSTS` | comma-separated names that `Host` may carry | any; the platform decides |
    /// | `OCI_MCP_MAX_BODY_BYTES` | the largest request body | 4 MiB |
    /// | `OCI_MCP_CALLS_PER_MINUTE` | how many calls, reads and completions a caller may ask one instance for in a minute | any number |
    /// | `OCI_MCP_TOOL_CALLS_PER_MINUTE` | how often one tool may be called in a minute, by whomever | any number |
    /// | `OCI_MCP_TOOL_CONCURRENCY` | how many calls of one tool may run at a time | any number |
    /// | `OCI_MCP_REPLY` | `json`: never an event stream, so no progress and no logs; `sse`: always one, where the client takes it | `auto`: if there is progress or a log |
    ///
    /// ```
    /// use oci_mcp::Config;
    ///
    /// let error = Config::from_vars(|name| (name == "OCI_MCP_PATH").then(|| "mcp".to_owned()));
    ///
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "invalid configuration; `OCI_MCP_PATH` is `mcp`: a path starts with `/`, ends without one, \
    ///      and needs no escapes",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError`] naming every variable with an unusable value.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut vars = Vars::new(lookup);
        let config = Self::read(&mut vars);
        vars.finish(Some(config))
    }

    /// Reads the settings of [`Config::from_vars`] through `vars`, which notes what is wrong with
    /// them.
    pub fn read(vars: &mut Vars<'_>) -> Self {
        let default = Self::default();
        Self {
            path: vars
                .parse("OCI_MCP_PATH")
                .map_or(default.path, |Path(path)| path),
            allowed_origins: vars.list("OCI_MCP_ALLOWED_ORIGINS"),
            allowed_hosts: vars.list("OCI_MCP_ALLOWED_HOSTS"),
            max_body_bytes: vars
                .parse("OCI_MCP_MAX_BODY_BYTES")
                .map_or(default.max_body_bytes, |ByteLimit(bytes)| bytes),
            reply: vars
                .parse("OCI_MCP_REPLY")
                .map_or(default.reply, |Form(reply)| reply),
            calls_per_minute: vars.parse("OCI_MCP_CALLS_PER_MINUTE").map(|Limit(n)| n),
            tool_calls_per_minute: vars
                .parse("OCI_MCP_TOOL_CALLS_PER_MINUTE")
                .map(|Limit(n)| n),
            tool_concurrency: vars.parse("OCI_MCP_TOOL_CONCURRENCY").map(|Limit(n)| n),
        }
    }

    /// The same, for a server that listens to this machine only: unless the operator has named
    /// hosts, `Host` must be a name of this machine.
    #[must_use]
    pub fn for_loopback(mut self) -> Self {
        self.allowed_hosts.get_or_insert_with(Host::loopback);
        self
    }

    /// Whether the pages whose request has these headers may call: those of allowed origins, and who is no
    /// page.
    ///
    /// # Errors
    ///
    /// The first origin that is not allowed.
    pub(crate) fn check_origin<'a>(&self, headers: &'a HeaderMap) -> Result<(), &'a HeaderValue> {
        for origin in headers.get_all(ORIGIN) {
            let named = origin.to_str().ok().and_then(|origin| origin.parse().ok());
            let is_allowed = named.is_some_and(|named: Origin| match &self.allowed_origins {
                Some(allowed) => allowed.contains(&named),
                None => named.is_loopback(),
            });
            if !is_allowed {
                return Err(origin);
            }
        }
        Ok(())
    }

    /// The largest request body, in bytes.
    #[must_use]
    pub fn max_body_bytes(&self) -> usize {
        self.max_body_bytes
    }

    /// The path at which MCP is served.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Reads variables and collects what is wrong with them.
///
/// An empty variable counts as unset, because many consoles cannot delete one.
pub struct Vars<'a> {
    lookup: Lookup<'a>,
    problems: Vec<String>,
}

type Lookup<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

impl fmt::Debug for Vars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vars")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl<'a> Vars<'a> {
    /// Variables that `lookup` finds.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self {
            lookup: Box::new(lookup),
            problems: Vec::new(),
        }
    }

    /// The text of `name`, if it is set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The value of `name`; `None` if it is unset, or unusable and noted as such.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let value = self.get(name)?;
        self.parsed(name, &value)
    }

    /// The comma-separated values of `name`.
    pub fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Vec<T>> {
        let value = self.get(name)?;
        Some(
            value
                .split(',')
                .filter_map(|part| self.parsed(name, part.trim()))
                .collect(),
        )
    }

    /// Notes `problem`, to be reported with the others.
    pub fn note(&mut self, problem: impl Display) {
        self.problems.push(problem.to_string());
    }

    /// `config`, unless it could not be made or something was wrong.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every problem noted.
    pub fn finish<T>(self, config: Option<T>) -> Result<T, ConfigError> {
        match config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(ConfigError {
                problems: self.problems,
            }),
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, value: &str) -> Option<T> {
        match value.parse() {
            Ok(value) => Some(value),
            Err(why) => {
                self.note(format_args!(
                    "`{name}` is `{}`: {why}",
                    value.escape_debug()
                ));
                None
            }
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
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

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid configuration")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// A largest size, in bytes. Less than a kilobyte has no room for an error that tells of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ByteLimit(pub usize);

impl FromStr for ByteLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let limit = text.parse().ok().filter(|bytes| *bytes >= 1024).map(Self);
        limit.ok_or("a limit is a whole number of bytes, 1024 or more, without a unit")
    }
}

/// How much of something there may be.
struct Limit(NonZeroU32);

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let limit = text.parse().map(Self);
        limit.map_err(|_invalid| "a limit is a whole number from 1 on; without one, leave it unset")
    }
}

struct Form(Reply);

impl FromStr for Form {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self(Reply::Auto)),
            "json" => Ok(Self(Reply::Json)),
            "sse" => Ok(Self(Reply::EventStream)),
            _ => Err("the form of answers is `auto`, `json` or `sse`"),
        }
    }
}

struct Path(String);

impl FromStr for Path {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_path = text.starts_with('/') && !text.ends_with('/') && !text.contains(['?', '#']);
        if !is_path || PathAndQuery::from_str(text).is_err() {
            return Err("a path starts with `/`, ends without one, and needs no escapes");
        }
        if is_health(text) {
            return Err("`/health` and `/ready` tell whether the server is up, under any prefix");
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let error = Config::from_vars(|name| {
            Some(
                match name {
                    "OCI_MCP_PATH" => "/mcp/",
                    "OCI_MCP_ALLOWED_ORIGINS" => "https://claude.ai, *",
                    "OCI_MCP_ALLOWED_HOSTS" => "http://x",
                    "OCI_MCP_MAX_BODY_BYTES" => "4MB",
                    _ => return None,
                }
                .to_owned(),
            )
        });

        let error = error.unwrap_err();
        assert_eq!(error.problems().len(), 4, "{error}");
    }

    #[test]
    fn a_path_that_no_request_can_have_is_refused() {
        for path in [
            "mcp",
            "/mcp/",
            "/",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\nb",
            "/health",
            "/v1/ready",
        ] {
            let config =
                Config::from_vars(|name| (name == "OCI_MCP_PATH").then(|| path.to_owned()));

            assert!(config.is_err(), "{path}");
        }
    }

    #[test]
    fn a_limit_of_nothing_is_refused() {
        let config = |limit: &str| {
            Config::from_vars(|name| (name == "OCI_MCP_MAX_BODY_BYTES").then(|| limit.to_owned()))
        };

        for limit in ["0", "1023", "4MB", "-1"] {
            assert!(config(limit).is_err(), "{limit}");
        }
        assert_eq!(config("1024").unwrap().max_body_bytes(), 1024);
    }

    #[test]
    fn a_limit_of_calls_is_a_number_and_not_0() {
        for name in [
            "OCI_MCP_CALLS_PER_MINUTE",
            "OCI_MCP_TOOL_CALLS_PER_MINUTE",
            "OCI_MCP_TOOL_CONCURRENCY",
        ] {
            for (text, is_valid) in [("1", true), ("0", false), ("60/s", false), ("-1", false)] {
                let config = Config::from_vars(|asked| (asked == name).then(|| text.to_owned()));

                assert_eq!(config.is_ok(), is_valid, "{name} {text}");
            }
        }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        assert_eq!(
            Config::from_vars(|_| Some(" ".to_owned())),
            Ok(Config::default())
        );
    }
}
