//! `oci-mcp render container-instance`: as `oci container-instances container-instance create --from-json` takes it.

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Place};
use super::limits::{IMAGE, hold, image, ocid};

/// The container instance.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The OCID of the compartment
    #[arg(long, default_value = "<COMPARTMENT_ID>")]
    compartment: String,
    /// Where it runs, as `oci iam availability-domain list` names it
    #[arg(long, default_value = "<AVAILABILITY_DOMAIN>")]
    availability_domain: String,
    /// The OCID of its subnet, a private one
    #[arg(long, default_value = "<SUBNET_ID>")]
    subnet: String,
    /// What it is called
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// The image, with its tag
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// The processor: that of the image
    #[arg(long, default_value = "CI.Standard.E4.Flex")]
    shape: String,
    /// Processors
    #[arg(long, default_value_t = 1)]
    ocpus: u32,
    /// Memory
    #[arg(long, default_value_t = 1)]
    memory_in_gbs: u32,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// The request.
///
/// # Errors
///
/// Every problem of the settings, and every limit of container instances that is not kept.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let (mut settings, mut vars) = environment::read(&args.overrides, &PLACE);
    let port = environment::port(&settings);
    // Said twice, so that it must be the same.
    settings.insert("OCI_MCP_PORT".to_owned(), port.to_string());
    let kinds = ["compartment", "tenancy"];
    ocid(&mut vars, "--compartment", &args.compartment, &kinds);
    ocid(&mut vars, "--subnet", &args.subnet, &["subnet"]);
    image(&mut vars, &args.image, false);
    let is_shape = args.shape.starts_with("CI.Standard.") && args.shape.ends_with(".Flex");
    let limit = "a shape is one of container instances, such as CI.Standard.E4.Flex";
    hold(&mut vars, "--shape", &args.shape, is_shape, limit);
    for (flag, number) in [
        ("--ocpus", args.ocpus),
        ("--memory-in-gbs", args.memory_in_gbs),
    ] {
        hold(&mut vars, flag, number, number > 0, "at least 1");
    }
    let limit = "the server is no root, so that its port is from 1024 to 65535";
    hold(&mut vars, "OCI_MCP_PORT", port, port >= 1024, limit);
    let document = json!({
        "availabilityDomain": args.availability_domain,
        "compartmentId": args.compartment,
        "containerRestartPolicy": "ALWAYS",
        "containers": [{
            "displayName": args.name,
            "environmentVariables": settings,
            "healthChecks": [{
                "failureAction": "KILL",
                "failureThreshold": 3,
                "healthCheckType": "HTTP",
                "initialDelayInSeconds": 5,
                "intervalInSeconds": 30,
                "name": "health",
                "path": "/health",
                "port": port,
                "successThreshold": 1,
                "timeoutInSeconds": 5,
            }],
            "imageUrl": args.image,
            "securityContext": {
                "capabilities": { "dropCapabilities": ["ALL"] },
                "isNonRootUserCheckEnabled": true,
                "isRootFileSystemReadonly": true,
                "runAsGroup": 1000,
                "runAsUser": 1000,
                "securityContextType": "LINUX",
            },
        }],
        "displayName": args.name,
        // The server drains on SIGTERM.
        "gracefulShutdownTimeoutInSeconds": 30,
        "shape": args.shape,
        "shapeConfig": { "memoryInGBs": args.memory_in_gbs, "ocpus": args.ocpus },
        "vnics": [{ "isPublicIpAssigned": false, "subnetId": args.subnet }],
    });
    vars.finish(Some(document))
}

/// A container with an address of its own.
pub(super) const PLACE: Place = Place {
    name: "a container instance",
    given: &[],
    set: &[("OCI_MCP_BIND", "0.0.0.0"), ("OCI_MCP_HOST", "container")],
    max_bytes: 65536,
    is_name: environment::POSIX_NAME,
};
