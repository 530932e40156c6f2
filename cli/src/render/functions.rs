//! `oci-mcp render functions`: a function, as `oci fn function create container-function --from-json` takes it.

use oci_mcp::ConfigError;
use serde_json::{Value, json};

use super::environment::{self, Place};
use super::limits::{IMAGE, hold, image, ocid};

/// The function.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The OCID of the application
    #[arg(long, default_value = "<APPLICATION_ID>")]
    application: String,
    /// What the function is called
    #[arg(long, default_value = "oci-mcp")]
    name: String,
    /// The image in OCIR, with its tag
    #[arg(long, default_value = IMAGE)]
    image: String,
    /// Memory of an instance, and with it its processor
    #[arg(long, default_value_t = 256)]
    memory_in_mbs: u32,
    /// The longest that a request may take
    #[arg(long, default_value_t = 120)]
    timeout_in_seconds: u32,
    /// Instances that are kept started, and paid for
    #[arg(long, default_value_t = 0)]
    provisioned_instances: u32,
    #[command(flatten)]
    overrides: environment::Overrides,
}

/// The request.
///
/// # Errors
///
/// Every problem of the settings, and every limit of OCI Functions that is not kept.
pub(super) fn document(args: &Args) -> Result<Value, ConfigError> {
    let (settings, mut vars) = environment::read(&args.overrides, &PLACE);
    ocid(&mut vars, "--application", &args.application, &["fnapp"]);
    image(&mut vars, &args.image, true);
    hold(
        &mut vars,
        "--memory-in-mbs",
        args.memory_in_mbs,
        MEMORY_IN_MBS.contains(&args.memory_in_mbs),
        format_args!("a function has one of {MEMORY_IN_MBS:?}"),
    );
    hold(
        &mut vars,
        "--timeout-in-seconds",
        args.timeout_in_seconds,
        // Less than five leave no time for a tool.
        (5..=300).contains(&args.timeout_in_seconds),
        "a function has from 5 to 300 seconds",
    );
    let provisioned = (args.provisioned_instances > 0)
        .then(|| json!({"strategy": "CONSTANT", "count": args.provisioned_instances}));
    let document = json!({
        "applicationId": args.application,
        "config": settings,
        "displayName": args.name,
        "image": args.image,
        "memoryInMbs": args.memory_in_mbs,
        "provisionedConcurrency": provisioned,
        "timeoutInSeconds": args.timeout_in_seconds,
    });
    vars.finish(Some(document))
}

/// OCI Functions, as the Fn contract has it.
pub(super) const PLACE: Place = Place {
    name: "a function",
    given: &[
        ("FN_FORMAT", "http-stream"),
        ("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock"),
        ("OCI_MCP_HOST", "functions"),
    ],
    set: &[],
    max_bytes: 4096,
    is_name: (
        |name| {
            let of_platform = ["FN_", "OCI_RESOURCE_PRINCIPAL_"];
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_uppercase())
                && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
                && !of_platform.iter().any(|prefix| name.starts_with(prefix))
        },
        "has capital letters, digits and underscores, and begins with neither FN_ nor OCI_RESOURCE_PRINCIPAL_",
    ),
};

const MEMORY_IN_MBS: [u32; 6] = [128, 256, 512, 1024, 2048, 3072];
