//! `oci-mcp render`: what an operator puts into OCI, made of what this program knows.

mod apigateway;
mod container_instance;
mod datascience;
mod environment;
mod functions;
mod hosted_application;
mod kubernetes;
mod limits;
mod policy;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;
use oci_mcp::ConfigError;
use serde_json::Value;

use crate::stdout;

/// What to render.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Refuses what has a placeholder, such as `<COMPARTMENT_ID>`, in it
    #[arg(long, global = true)]
    strict: bool,
    #[command(subcommand)]
    target: Target,
}

/// What can be rendered.
#[derive(Subcommand)]
enum Target {
    /// A function: for `oci fn function create container-function --from-json`
    Functions(functions::Args),
    /// A model deployment: for `oci data-science model-deployment create --from-json`
    #[command(name = "datascience")]
    DataScience(datascience::Args),
    /// A container instance: for `oci container-instances container-instance create --from-json`
    ContainerInstance(container_instance::Args),
    /// A hosted application: for `oci generative-ai hosted-application create --from-json`
    HostedApplication(hosted_application::Args),
    /// A gateway's deployment in front: for `oci api-gateway deployment create --from-json`
    #[command(name = "apigateway")]
    ApiGateway(apigateway::Args),
    /// Manifests of a server in a cluster: for `kubectl apply --filename -`
    Kubernetes(kubernetes::Args),
    /// The dynamic group and the policy that let the server do what its tools need, and no more
    Policy(policy::Args),
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let text = match args.target.render() {
        Ok(text) => text,
        Err(error) => return oci_mcp_hosts::Error::from(error).report(),
    };
    let missing = placeholders(&text);
    if !missing.is_empty() {
        let names: Vec<_> = missing.into_iter().collect();
        let level = if args.strict { "error" } else { "warning" };
        // There is nobody left to tell if stderr is closed.
        let _written = writeln!(
            io::stderr(),
            "{level}: missing: {}; --help says which options have them",
            names.join(", ")
        );
        if args.strict {
            return ExitCode::from(2);
        }
    }
    stdout::print(&text)
}

impl Target {
    fn render(&self) -> Result<String, ConfigError> {
        let document = match self {
            Self::Functions(args) => functions::document(args),
            Self::DataScience(args) => datascience::document(args),
            Self::ContainerInstance(args) => container_instance::document(args),
            Self::HostedApplication(args) => hosted_application::document(args),
            Self::ApiGateway(args) => apigateway::document(args),
            Self::Kubernetes(args) => kubernetes::document(args),
            Self::Policy(args) => return policy::render(args),
        };
        // With `#`, JSON is laid out for people.
        document.map(|document| format!("{:#}\n", without_nulls(document)))
    }
}

/// `value` without the members of its objects that are null: what is not set is not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// What stands for a value in `text`: `<`, capitals, digits and underscores, `>`.
fn placeholders(text: &str) -> BTreeSet<&str> {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.match_indices('<')
        .filter_map(|(start, _)| {
            let (_, rest) = text.split_at(start + 1);
            let name = rest.split(|c| !is_of_name(c)).next()?;
            let ends = rest.strip_prefix(name)?.starts_with('>');
            (ends && !name.is_empty()).then(|| text.get(start..=start + 1 + name.len()))?
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_found_wherever_it_is_and_told_once() {
        let text =
            r#"{"a": "<B>", "c": "ocir.<REGION_1>.x/<NAMESPACE>/<B>", "d": "1 < 2 > <> <a> <É>"}"#;

        let found: Vec<_> = placeholders(text).into_iter().collect();

        assert_eq!(found, ["<B>", "<NAMESPACE>", "<REGION_1>"]);
    }
}
