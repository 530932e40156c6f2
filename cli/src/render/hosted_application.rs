//! `oci-mcp render hosted-application`: as `oci generative-ai hosted-application create --from-json` takes it, and what
//! `hosted-deployment create` takes.

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Place};
use super::limits::{IMAGE, hold, image, is_open, ocid};

/// The application, or what it runs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The deployment of the image, for `oci generative-ai hosted-deployment create`, instead of the application
    #[arg(long)]
    deployment: bool,
    /// The OCID of the compartment
    #[arg(long, default_value = "<COMPARTMENT_ID>")]
    compartment: String,
    /// What application and deployment are called
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// The URL of the identity domain whose tokens the platform asks for
    #[arg(long, default_value = "<IDENTITY_DOMAIN_URL>")]
    domain: String,
    /// The scope that a token must have
    #[arg(long, default_value = "<SCOPE>")]
    scope: String,
    /// The audience that a token must have
    #[arg(long, default_value = "<AUDIENCE>")]
    audience: String,
    /// The fewest replicas
    #[arg(long, default_value_t = 1)]
    min_replicas: u32,
    /// The most replicas
    #[arg(long, default_value_t = 2)]
    max_replicas: u32,
    /// The OCID of the application, for its deployment
    #[arg(long, default_value = "<HOSTED_APPLICATION_ID>")]
    application: String,
    /// The image in OCIR for linux/amd64, with its tag
    #[arg(long, default_value = IMAGE)]
    image: String,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// The request.
///
/// # Errors
///
/// Every problem of the settings, and every limit of hosted applications that is not kept.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let (settings, mut vars) = environment::read(&args.overrides, &PLACE);
    let kinds = ["compartment", "tenancy"];
    ocid(&mut vars, "--compartment", &args.compartment, &kinds);
    let kinds = ["generativeaihostedapplication"];
    ocid(&mut vars, "--application", &args.application, &kinds);
    image(&mut vars, &args.image, true);
    let is_secure = is_open(&args.domain) || args.domain.starts_with("https://");
    let form = "it must be a URL, https://…";
    hold(&mut vars, "--domain", &args.domain, is_secure, form);
    let (least, most) = (args.min_replicas, args.max_replicas);
    let limit = format!("at least 1, and --min-replicas, which is {least}");
    hold(
        &mut vars,
        "--max-replicas",
        most,
        most >= least.max(1),
        limit,
    );
    let document = if args.deployment {
        let (repository, tag) = args.image.rsplit_once(':').unwrap_or((&args.image, ""));
        json!({
            "activeArtifact": {
                "artifactType": "SIMPLE_DOCKER_ARTIFACT",
                "containerUri": repository,
                "tag": tag,
            },
            "compartmentId": args.compartment,
            "displayName": args.name,
            "hostedApplicationId": args.application,
        })
    } else {
        let variables: Vec<_> = settings
            .iter()
            .map(|(name, value)| json!({ "name": name, "type": "PLAINTEXT", "value": value }))
            .collect();
        json!({
            "compartmentId": args.compartment,
            "displayName": args.name,
            "environmentVariables": variables,
            "inboundAuthConfig": {
                "idcsConfig": {
                    "audience": args.audience,
                    "domainUrl": args.domain,
                    "scope": args.scope,
                },
                "inboundAuthConfigType": "IDCS_AUTH_CONFIG",
            },
            "scalingConfig": {
                "maxReplica": most,
                "minReplica": least,
                "scalingType": "CPU",
                "targetCpuThreshold": 70,
            },
        })
    };
    vars.finish(Some(document))
}

/// The platform asks at this address, which is the image's.
const PLACE: Place = Place {
    name: "a hosted application",
    given: &[("OCI_MCP_BIND", "0.0.0.0"), ("OCI_MCP_PORT", "8080")],
    set: &[("OCI_MCP_HOST", "container")],
    // Not known.
    max_bytes: usize::MAX,
    is_name: environment::POSIX_NAME,
};
