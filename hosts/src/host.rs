//! Which host this process runs on.

use std::str::FromStr;

use oci_mcp::{Config, Vars};

use crate::functions;

/// A host and what it needs to know.
pub(crate) enum Host {
    Functions(functions::Settings),
}

enum Choice {
    Auto,
    Functions,
}

impl Host {
    /// The host that is named, or else the one whose platform's variables are there. What is wrong
    /// is noted in `vars`.
    pub(crate) fn choose<F: Fn(&str) -> Option<String>>(
        vars: &mut Vars<F>,
        config: &Config,
    ) -> Option<Self> {
        let choice = match vars.get("OCI_MCP_HOST") {
            Some(_) => vars.parse("OCI_MCP_HOST")?,
            None => Choice::Auto,
        };
        match choice {
            Choice::Functions => functions::Settings::read(vars, config).map(Self::Functions),
            Choice::Auto if vars.get("FN_LISTENER").is_some() => {
                functions::Settings::read(vars, config).map(Self::Functions)
            }
            Choice::Auto => {
                vars.note(
                    "no host was found: `FN_LISTENER` is not set, so this is not an OCI Function; \
                     on a laptop, `oci-mcp dev --command PATH` runs a program as one",
                );
                None
            }
        }
    }
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "functions" => Ok(Self::Functions),
            _ => Err("the hosts are `auto` and `functions`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(set: &[(&str, &str)]) -> Result<Host, String> {
        let mut vars = Vars::new(|name: &str| {
            let found = set.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let config = Config::read(&mut vars);
        let host = Host::choose(&mut vars, &config);
        vars.finish(host).map_err(|error| error.to_string())
    }

    #[test]
    fn the_platforms_variables_tell_the_host() {
        assert!(choose(&[("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock")]).is_ok());
        assert!(choose(&[]).is_err_and(|e| e.contains("oci-mcp dev --command")));
    }

    #[test]
    fn a_named_host_must_exist_and_find_what_it_needs() {
        assert!(choose(&[("OCI_MCP_HOST", "lambda")]).is_err_and(|e| e.contains("`lambda`")));
        assert!(
            choose(&[("OCI_MCP_HOST", "functions")]).is_err_and(|e| e.contains("`FN_LISTENER`"))
        );
    }

    #[test]
    fn a_limit_over_the_platforms_is_refused() {
        for name in ["OCI_MCP_MAX_RESPONSE_BYTES", "OCI_MCP_MAX_BODY_BYTES"] {
            let set = |limit| [("FN_LISTENER", "unix:/s"), (name, limit)];

            assert!(choose(&set("6291456")).is_ok());
            assert!(choose(&set("6291457")).is_err_and(|e| e.contains(name)));
            assert!(choose(&set("0")).is_err_and(|e| e.contains(name)));
        }
    }
}
