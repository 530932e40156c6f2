//! `oci-mcp render datascience`: a model deployment with a container, as `oci data-science model-deployment create
//! --from-json` takes it.

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Checked, Place};
use super::limits::{IMAGE, hold, image, ocid};

/// The model deployment.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The OCID of the compartment
    #[arg(long, default_value = "<COMPARTMENT_ID>")]
    compartment: String,
    /// The OCID of the project
    #[arg(long, default_value = "<PROJECT_ID>")]
    project: String,
    /// The OCID of a model; its artifact may be empty
    #[arg(long, default_value = "<MODEL_ID>")]
    model: String,
    /// What the deployment is called
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// The image in OCIR, with its tag
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// The machine, a flexible one
    #[arg(long, default_value = "VM.Standard.E4.Flex")]
    shape: String,
    /// Processors of a machine
    #[arg(long, default_value_t = 1)]
    ocpus: u32,
    /// Memory of a machine
    #[arg(long, default_value_t = 16)]
    memory_in_gbs: u32,
    /// How many machines
    #[arg(long, default_value_t = 1)]
    instances: u32,
    /// The OCID of a subnet for the server's own requests; without it they go to OCI alone
    #[arg(long)]
    subnet: Option<String>,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// The request.
///
/// # Errors
///
/// Every problem of the settings, and every limit of model deployments that is not kept.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let (settings, mut vars) = environment::read(&args.overrides, &PLACE);
    check(args, &mut vars);
    let network = match args.subnet {
        Some(_) => "CUSTOM_NETWORKING",
        None => "MANAGED_NETWORKING_NO_INTERNET_ACCESS",
    };
    let path = environment::path(&settings);
    let port = environment::port(&settings);
    let document = json!({
        "compartmentId": args.compartment,
        "displayName": args.name,
        "modelDeploymentConfigurationDetails": {
            "deploymentType": "SINGLE_MODEL",
            "environmentConfigurationDetails": {
                "customHttpEndpoints": [
                    { "endpointUriSuffix": path, "httpMethods": ["POST", "GET", "DELETE"] },
                    { "endpointUriSuffix": format!("{path}/stream"), "httpMethods": ["POST"] },
                ],
                "environmentConfigurationType": "OCIR_CONTAINER",
                "environmentVariables": settings,
                "healthCheckPort": port,
                "image": args.image,
                "serverPort": port,
            },
            "modelConfigurationDetails": {
                "instanceConfiguration": {
                    "instanceShapeName": args.shape,
                    "modelDeploymentInstanceShapeConfigDetails": {
                        "memoryInGBs": args.memory_in_gbs,
                        "ocpus": args.ocpus,
                    },
                    "networkAccessType": network,
                    "subnetId": args.subnet,
                },
                "modelId": args.model,
                "scalingPolicy": { "instanceCount": args.instances, "policyType": "FIXED_SIZE" },
            },
        },
        "projectId": args.project,
    });
    vars.finish(Some(document))
}

fn check(args: &Args, vars: &mut Checked) {
    for (flag, value, kind) in [
        ("--compartment", &args.compartment, "compartment"),
        ("--project", &args.project, "datascienceproject"),
        ("--model", &args.model, "datasciencemodel"),
    ] {
        ocid(vars, flag, value, &[kind]);
    }
    if let Some(subnet) = &args.subnet {
        ocid(vars, "--subnet", subnet, &["subnet"]);
    }
    image(vars, &args.image, true);
    let is_flexible = args.shape.ends_with(".Flex");
    let limit = "a shape is a flexible one, such as VM.Standard.E4.Flex";
    hold(vars, "--shape", &args.shape, is_flexible, limit);
    for (flag, number) in [
        ("--ocpus", args.ocpus),
        ("--memory-in-gbs", args.memory_in_gbs),
        ("--instances", args.instances),
    ] {
        hold(vars, flag, number, number > 0, "at least 1");
    }
}

/// A model deployment with the image for it.
const PLACE: Place = Place {
    name: "a model deployment",
    given: &[
        ("MODEL_DEPLOYMENT_OCID", "ocid1.datasciencemodeldeployment."),
        ("OCI_MCP_BIND", "0.0.0.0"),
        ("OCI_MCP_HOST", "datascience"),
    ],
    set: &[],
    max_bytes: 2048,
    is_name: (
        |name| {
            let all = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            (2..=31).contains(&name.len())
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(all)
                && !name.ends_with('_')
        },
        "has 2 to 31 letters, digits and underscores, begins with a letter and does not end with an underscore",
    ),
};
