//! Which host this process runs on.

use std::str::FromStr;

use oci_mcp::{Config, Vars};

use crate::{container, functions};

/// A host and what it needs to know.
pub(crate) enum Host {
    Container(container::Settings),
    Functions(functions::Settings),
}

enum Choice {
    Auto,
    Container,
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
        let is_function = ["FN_FORMAT", "FN_LISTENER"]
            .iter()
            .any(|name| vars.get(name).is_some());
        match choice {
            Choice::Auto if is_function => Self::functions(vars, config),
            Choice::Functions => Self::functions(vars, config),
            Choice::Auto if vars.get("MODEL_DEPLOYMENT_OCID").is_some() => {
                vars.note(
                    "`MODEL_DEPLOYMENT_OCID` is set, but model deployments are not served yet; \
                     `OCI_MCP_HOST=container` serves plain HTTP all the same",
                );
                None
            }
            Choice::Auto | Choice::Container => {
                Some(Self::Container(container::Settings::read(vars)))
            }
        }
    }

    fn functions<F: Fn(&str) -> Option<String>>(
        vars: &mut Vars<F>,
        config: &Config,
    ) -> Option<Self> {
        functions::Settings::read(vars, config).map(Self::Functions)
    }
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "container" => Ok(Self::Container),
            "functions" => Ok(Self::Functions),
            _ => Err("the hosts are `auto`, `functions` and `container`"),
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
        let function = choose(&[("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock")]);
        let broken_function = choose(&[("FN_FORMAT", "http-stream")]);
        let model_deployment = choose(&[("MODEL_DEPLOYMENT_OCID", "ocid1.x")]);
        let anywhere_else = choose(&[]);

        assert!(matches!(function, Ok(Host::Functions(_))));
        assert!(broken_function.is_err_and(|e| e.contains("`FN_LISTENER`")));
        assert!(model_deployment.is_err_and(|e| e.contains("not served yet")));
        assert!(matches!(anywhere_else, Ok(Host::Container(_))));
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for (name, value) in [
            ("OCI_MCP_BIND", "localhost"),
            ("OCI_MCP_PORT", "65536"),
            ("MCP_PORT", "x"),
        ] {
            assert!(
                choose(&[(name, value)]).is_err_and(|e| e.contains(name)),
                "{name}"
            );
        }
        assert!(choose(&[("OCI_MCP_BIND", "0.0.0.0"), ("MCP_PORT", "9000")]).is_ok());
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
