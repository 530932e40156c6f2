//! `oci-mcp render policy`: the least that IAM must let the server do.

use std::fmt::Write;

use clap::ValueEnum;
use oci_mcp::{ConfigError, Vars};
use oci_mcp_hosts::environment;
use oci_mcp_tools::{Grantee, OciTools};

/// For whom, and for which tools.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the server runs
    #[arg(long, value_enum, default_value = "functions")]
    host: Host,
    /// The name of the dynamic group, or of the group of users
    #[arg(long, default_value = "oci-mcp")]
    group: String,
    /// The OCID of the compartment that the server is in, and the resources that it may see
    #[arg(long, default_value = "<COMPARTMENT_ID>")]
    compartment: String,
    /// Comma-separated sets of tools (`OCI_MCP_TOOLSETS`)
    #[arg(long)]
    toolsets: Option<String>,
    /// With what tools need that change something (`ALLOW_MUTATIONS=true`)
    #[arg(long)]
    allow_mutations: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Host {
    Functions,
    Datascience,
    Container,
    /// On a laptop, with the key or the session of a user
    User,
}

/// The text: rule and statements, with comments.
///
/// # Errors
///
/// Every problem of the settings.
pub(super) fn render(args: &Args) -> Result<String, ConfigError> {
    let mut vars = Vars::new(|name: &str| args.flag(name).or_else(|| environment(name)));
    let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
    oci_mcp_hosts::note_unknown(&mut vars);
    let tools = vars.finish(Some(tools))?;
    let Args {
        group, compartment, ..
    } = args;
    let grantee = match args.host {
        Host::Functions => Grantee::Functions,
        Host::Datascience => Grantee::DataScience,
        Host::Container => Grantee::Container,
        Host::User => Grantee::User,
    };
    let mut text = String::new();
    if let Some(rule) = grantee.matching_rule(compartment) {
        line(
            &mut text,
            &format!("# The matching rule of the dynamic group {group}"),
        );
        line(&mut text, &rule);
        line(&mut text, "");
    }
    line(&mut text, "# The policy, in the root compartment");
    let place = format!("compartment id {compartment}");
    for statement in tools.statements(grantee, group, &place) {
        line(&mut text, &statement);
    }
    line(
        &mut text,
        "# oci_call_operation needs, too, what the operations need that it is to call.",
    );
    Ok(text)
}

impl Args {
    fn flag(&self, name: &str) -> Option<String> {
        match name {
            "OCI_MCP_TOOLSETS" => self.toolsets.clone(),
            "ALLOW_MUTATIONS" => self.allow_mutations.then(|| "true".to_owned()),
            _ => None,
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a `String` does not fail.
    let _written = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(host: Host, toolsets: &str, allow_mutations: bool) -> Args {
        Args {
            host,
            group: "mcp".to_owned(),
            compartment: "ocid1.compartment.oc1..a".to_owned(),
            toolsets: Some(toolsets.to_owned()),
            allow_mutations,
        }
    }

    #[test]
    fn a_function_gets_a_rule_and_what_its_tools_read() {
        let text = render(&args(Host::Functions, "compute,identity", false)).unwrap();

        assert_eq!(
            text,
            "# The matching rule of the dynamic group mcp\n\
             ALL {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..a'}\n\
             \n\
             # The policy, in the root compartment\n\
             allow dynamic-group mcp to inspect compartments in tenancy\n\
             allow dynamic-group mcp to inspect dynamic-groups in tenancy\n\
             allow dynamic-group mcp to read instance-images in compartment id ocid1.compartment.oc1..a\n\
             allow dynamic-group mcp to read instances in compartment id ocid1.compartment.oc1..a\n\
             allow dynamic-group mcp to read metrics in compartment id ocid1.compartment.oc1..a\n\
             allow dynamic-group mcp to inspect tenancies in tenancy\n\
             allow dynamic-group mcp to read vnic-attachments in compartment id ocid1.compartment.oc1..a\n\
             allow dynamic-group mcp to read vnics in compartment id ocid1.compartment.oc1..a\n\
             # oci_call_operation needs, too, what the operations need that it is to call.\n",
        );
    }

    #[test]
    fn a_stronger_verb_takes_the_place_of_a_weaker_one() {
        let text = render(&args(Host::User, "compute", true)).unwrap();

        assert!(
            text.contains("allow group mcp to manage instances in"),
            "{text}"
        );
        assert!(!text.contains("to read instances"), "{text}");
        assert!(!text.contains("matching rule"), "{text}");
    }

    #[test]
    fn a_toolset_that_is_none_is_refused() {
        let error = render(&args(Host::Container, "computer", false)).unwrap_err();

        assert!(error.to_string().contains("`computer`"), "{error}");
    }
}
