//! `oci-mcp render policy`: the least that IAM must let the server do.

use std::fmt::Write;

use clap::ValueEnum;
use oci_mcp::{ConfigError, Vars};
use oci_mcp_hosts::environment;
use oci_mcp_tools::{Grantee, OciTools, place};

/// For whom, and for which tools.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the server runs, which decides on its identity in OCI
    #[arg(long, value_enum, default_value = "functions")]
    host: Host,
    /// The name of the dynamic group, or of the group of users
    #[arg(long, default_value = "oci-mcp")]
    group: String,
    /// The OCID of the compartment that the server is in, and the resources that it may see (`COMPARTMENT_OCID`)
    #[arg(long)]
    compartment: Option<String>,
    /// Of a pod: the OCID of its cluster
    #[arg(long, default_value = "<CLUSTER_ID>")]
    cluster: String,
    /// Of a pod: its namespace
    #[arg(long, default_value = "mcp")]
    namespace: String,
    /// Of a pod: the name of its service account
    #[arg(long, default_value = "oci-mcp")]
    service_account: String,
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
    /// A container instance
    Container,
    /// A pod of OKE with workload identity
    Kubernetes,
    /// A compute instance
    Instance,
    /// On a laptop, with the key or the session of a user
    User,
}

/// The text: rule and statements, with comments.
///
/// # Errors
///
/// Every problem of the settings.
pub(super) fn render(args: &Args) -> Result<String, ConfigError> {
    rendered(args, &environment)
}

fn rendered(
    args: &Args,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    let mut vars = Vars::new(|name: &str| args.flag(name).or_else(|| environment(name)));
    let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
    oci_mcp_hosts::note_unknown(&mut vars);
    let tools = vars.finish(Some(tools))?;
    let compartment = tools.compartment().unwrap_or("<COMPARTMENT_ID>");
    let (group, grantee) = (&args.group, args.grantee());
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
    for statement in tools.statements(&grantee, group, &place(compartment)) {
        line(&mut text, &statement);
    }
    let unknown = tools.unknown_needs();
    if !unknown.is_empty() {
        line(&mut text, &format!("# These need more, see {REFERENCE}:"));
    }
    for operation in unknown {
        line(&mut text, &format!("#   {operation}"));
    }
    if tools.call_any_operation() {
        line(
            &mut text,
            "# oci_call_operation needs, too, what the operations need that it is to call.",
        );
    }
    Ok(text)
}

impl Args {
    fn flag(&self, name: &str) -> Option<String> {
        match name {
            "COMPARTMENT_OCID" => self.compartment.clone(),
            "OCI_MCP_TOOLSETS" => self.toolsets.clone(),
            "ALLOW_MUTATIONS" => self.allow_mutations.then(|| "true".to_owned()),
            _ => None,
        }
    }

    fn grantee(&self) -> Grantee {
        let host = match self.host {
            Host::Functions => "functions",
            Host::Datascience => "datascience",
            Host::Container => "container",
            Host::Instance => return Grantee::Instance,
            Host::Kubernetes => {
                return Grantee::Workload {
                    cluster: self.cluster.clone(),
                    namespace: self.namespace.clone(),
                    service_account: self.service_account.clone(),
                };
            }
            Host::User => return Grantee::User,
        };
        Grantee::of_host(host).unwrap_or(Grantee::User)
    }
}

/// What each operation of OCI needs.
const REFERENCE: &str =
    "https://docs.oracle.com/iaas/Content/Identity/Reference/policyreference.htm";

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
            compartment: Some("ocid1.compartment.oc1..a".to_owned()),
            cluster: "ocid1.cluster.oc1..a".to_owned(),
            namespace: "mcp".to_owned(),
            service_account: "oci-mcp".to_owned(),
            toolsets: Some(toolsets.to_owned()),
            allow_mutations,
        }
    }

    fn in_shell(args: &Args, settings: &[(&str, &str)]) -> Result<String, ConfigError> {
        rendered(args, &|name| {
            let found = settings.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn rendered_for(args: &Args) -> String {
        in_shell(args, &[]).unwrap()
    }

    #[test]
    fn a_function_gets_a_rule_and_what_its_tools_read() {
        let text = rendered_for(&args(Host::Functions, "compute,identity,general", false));

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
    fn a_pod_is_in_no_group_and_its_statements_name_its_service_account() {
        let text = rendered_for(&args(Host::Kubernetes, "lb", false));

        let statement = "allow any-user to read load-balancers in compartment id ocid1.compartment.oc1..a where ALL \
            {request.principal.type = 'workload', request.principal.cluster_id = 'ocid1.cluster.oc1..a', \
            request.principal.namespace = 'mcp', request.principal.service_account = 'oci-mcp'}\n";
        assert!(text.contains(statement), "{text}");
        assert!(!text.contains("dynamic"), "{text}");
    }

    #[test]
    fn a_compute_instance_is_in_a_group_of_instances() {
        let text = rendered_for(&args(Host::Instance, "lb", false));

        let rule = "\nALL {instance.compartment.id = 'ocid1.compartment.oc1..a'}\n";
        assert!(text.contains(rule), "{text}");
        assert!(text.contains("allow dynamic-group mcp to read load-balancers"));
    }

    #[test]
    fn what_a_name_of_a_compartment_needs_is_there_where_a_tool_takes_one() {
        let needs = "allow group mcp to inspect compartments in tenancy\n";
        let looked_up = "OCI_MCP_OPERATIONS_DENY";
        let lb = args(Host::User, "lb", false);

        let denied = in_shell(&lb, &[(looked_up, "identity")]).unwrap();

        assert!(rendered_for(&lb).contains(needs));
        assert!(!denied.contains(needs), "{denied}");
        let skill = rendered_for(&args(Host::User, "skill", false));
        assert!(!skill.contains(needs), "{skill}");
    }

    #[test]
    fn what_the_operator_denies_needs_no_statement() {
        let compute = args(Host::User, "compute", false);
        let deny = |pattern| in_shell(&compute, &[("OCI_MCP_OPERATIONS_DENY", pattern)]).unwrap();

        let (none, parts) = (deny("core"), deny("core.get_vnic,monitoring"));

        assert_eq!(none.matches("allow ").count(), 0, "{none}");
        assert!(parts.contains("to read vnic-attachments "), "{parts}");
        for denied in ["read vnics ", "read metrics "] {
            assert!(!parts.contains(denied), "{parts}");
        }
    }

    #[test]
    fn operations_that_are_tools_have_statements_or_are_named() {
        let text = rendered_for(&args(Host::User, "functions:*", false));

        assert!(
            text.contains("allow group mcp to read fn-function in"),
            "{text}"
        );
        assert!(text.contains("policyreference.htm"), "{text}");
        assert!(text.contains("\n#   functions.list_triggers\n"), "{text}");
        assert!(!text.contains("#   functions.get_function\n"), "{text}");
        assert!(!text.contains("create_function"), "{text}");
        // Nothing calls any operation here.
        assert!(!text.contains("oci_call_operation"), "{text}");
    }

    #[test]
    fn the_compartment_is_that_of_the_shell_unless_another_is_named() {
        let mut own = args(Host::User, "lb", false);
        own.compartment = None;
        let shell = |id| in_shell(&own, &[("COMPARTMENT_OCID", id)]).unwrap();

        let compartment = shell("ocid1.compartment.oc1..b");
        let tenancy = shell("ocid1.tenancy.oc1..a");

        assert!(
            compartment
                .contains("read load-balancers in compartment id ocid1.compartment.oc1..b\n")
        );
        assert!(
            tenancy.contains("read load-balancers in tenancy\n"),
            "{tenancy}"
        );
        own.compartment = Some("ocid1.compartment.oc1..c".to_owned());
        let named = in_shell(&own, &[("COMPARTMENT_OCID", "ocid1.compartment.oc1..b")]).unwrap();
        assert!(named.contains("ocid1.compartment.oc1..c"), "{named}");
    }

    #[test]
    fn a_compartment_that_is_no_ocid_is_refused() {
        let mut args = args(Host::User, "lb", false);
        args.compartment = Some("mycomp".to_owned());

        let error = in_shell(&args, &[]).unwrap_err();

        assert!(error.to_string().contains("`mycomp`"), "{error}");
    }

    #[test]
    fn who_terminates_an_instance_detaches_it_from_its_subnet_and_volumes() {
        let text = rendered_for(&args(Host::User, "compute", true));

        for need in [
            "use subnets",
            "use vnics",
            "use volumes",
            "manage volume-attachments",
        ] {
            assert!(text.contains(&format!("to {need} in")), "{need}: {text}");
        }
    }

    #[test]
    fn a_stronger_verb_takes_the_place_of_a_weaker_one() {
        let text = rendered_for(&args(Host::User, "compute", true));

        assert!(
            text.contains("allow group mcp to manage instances in"),
            "{text}"
        );
        assert!(!text.contains("to read instances"), "{text}");
        assert!(!text.contains("matching rule"), "{text}");
    }

    #[test]
    fn a_toolset_that_is_none_is_refused() {
        let error = in_shell(&args(Host::Container, "computer", false), &[]).unwrap_err();

        assert!(error.to_string().contains("`computer`"), "{error}");
    }
}
