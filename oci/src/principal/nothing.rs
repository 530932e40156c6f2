//! What to say when there is no identity.

use std::fmt::Write;

use super::PrincipalError;
use crate::config_file::ConfigFile;
use crate::environment::Environment;

/// Lists what was looked for, and what makes an identity on each host.
pub(super) fn found(environment: &Environment, file: &ConfigFile, profile: &str) -> PrincipalError {
    let mut text = "there is no identity for OCI\nlooked for:".to_owned();
    for name in VARIABLES {
        let set = match environment.var(name) {
            Some(_) => "set",
            None => "not set",
        };
        add(&mut text, &format!("\n  `{name}`: {set}"));
    }
    let path = file.path().display();
    let there = if file.exists() {
        format!("profile `{profile}` has neither an API key nor a session")
    } else {
        "there is no such file".to_owned()
    };
    add(&mut text, &format!("\n  `{path}`: {there}"));
    text.push_str(
        "\nwhat gives one (`<…>` is yours; grant less than in the examples where you can):",
    );
    for (host, advice) in HOSTS {
        add(&mut text, &format!("\n  {host}: {advice}"));
    }
    PrincipalError::new(text)
}

fn add(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    text.write_str(line).unwrap_or_default();
}

/// Variables any of which would have led to an identity, with the files of a profile.
const VARIABLES: [&str; 16] = [
    "OCI_MCP_AUTH_TYPE",
    "OCI_CLI_AUTH",
    "OCI_RESOURCE_PRINCIPAL_VERSION",
    "OCI_RESOURCE_PRINCIPAL_RPST",
    "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM",
    "OCI_RESOURCE_PRINCIPAL_REGION",
    "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
    "KUBERNETES_SERVICE_HOST",
    "OCI_CONFIG_FILE",
    "OCI_CLI_CONFIG_FILE",
    "OCI_CONFIG_PROFILE",
    "OCI_CLI_PROFILE",
    "OCI_CLI_USER",
    "OCI_CLI_TENANCY",
    "OCI_CLI_KEY_FILE",
    "OCI_CLI_SECURITY_TOKEN_FILE",
];

const HOSTS: [(&str, &str); 7] = [
    (
        "Functions",
        "the host sets `OCI_RESOURCE_PRINCIPAL_*`; dynamic group `ALL {resource.type = 'fnfunc', \
         resource.compartment.id = '<compartment OCID>'}`, policy `Allow dynamic-group <group> to \
         read all-resources in compartment <name>`",
    ),
    (
        "model deployment",
        "the host sets `OCI_RESOURCE_PRINCIPAL_*`; dynamic group `ALL {resource.type = \
         'datasciencemodeldeployment', resource.compartment.id = '<compartment OCID>'}`, policy as \
         for Functions",
    ),
    (
        "container instance",
        "the host sets `OCI_RESOURCE_PRINCIPAL_*` unless the container has \
         `isResourcePrincipalDisabled`; dynamic group `ALL {resource.type = \
         'computecontainerinstance', resource.compartment.id = '<compartment OCID>'}`, policy as \
         for Functions",
    ),
    (
        "OKE",
        "enhanced clusters only; set `OCI_RESOURCE_PRINCIPAL_VERSION=2.2` and \
         `OCI_RESOURCE_PRINCIPAL_REGION` in the pod; no dynamic group, policy `Allow any-user to \
         read all-resources in compartment <name> where all {request.principal.type = 'workload', \
         request.principal.namespace = '<namespace>', request.principal.service_account = \
         '<service account>', request.principal.cluster_id = '<cluster OCID>'}`",
    ),
    (
        "hosted application",
        "the host sets `OCI_RESOURCE_PRINCIPAL_*`; dynamic group `ALL {resource.type = \
         'generativeaihostedapplication', resource.compartment.id = '<compartment OCID>'}` (look \
         the type up in the documentation of hosted applications), policy as for Functions",
    ),
    (
        "compute instance",
        "set `OCI_MCP_AUTH_TYPE=instance_principal`; dynamic group `ALL {instance.compartment.id = \
         '<compartment OCID>'}`, policy as for Functions",
    ),
    (
        "laptop",
        "run `oci session authenticate` or `oci setup config`, which write `~/.oci/config`; choose \
         a profile with `OCI_CLI_PROFILE`; what you may do is what your groups may",
    ),
];
