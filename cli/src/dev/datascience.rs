//! A Data Science model deployment behind its router.

use std::io;

use oci_emulator::{Container, DeploymentLimits, Endpoint, ModelDeployment};

use super::Stage;
use super::program::Program;
use super::stop::Stop;
use super::welcome::Welcome;

/// Plays until told to stop. Told again, it kills the program.
///
/// # Errors
///
/// Says why the program did not become healthy, or that stdout is closed.
pub(super) async fn play(stage: Stage<'_>, program: Program, mut stop: Stop) -> io::Result<()> {
    let Stage {
        listener,
        path,
        tenancy,
    } = stage;
    let address = listener.local_addr()?;
    let limits = DeploymentLimits::default();
    let deployment = ModelDeployment::start(Container::from(program), Endpoint::mcp(path), limits);
    let Some(deployment) = stop.or(deployment).await else {
        return Ok(());
    };
    let deployment = deployment?;
    let below = |rest: &str| format!("/{}{rest}", ModelDeployment::OCID);
    let welcome = Welcome {
        title: "A Data Science model deployment, played on this machine; in OCI each request needs \
                a signature",
        tenancy,
        address,
        path: &below(&format!("/predict{path}")),
        others: &[
            (
                "stream",
                &below(&format!("/predictWithResponseStream{path}/stream")),
                "",
            ),
            ("predict", &below("/predict"), ""),
        ],
        listing: "the first request",
        way: "router, container and tool",
    };
    let served = async { tokio::try_join!(deployment.serve(listener), welcome.show()).map(drop) };
    let outcome = stop.or(served).await;
    stop.or(deployment.shutdown()).await;
    outcome.unwrap_or(Ok(()))
}
