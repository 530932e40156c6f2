//! The simulated tenancy in which the program has an identity.

use std::ffi::OsString;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use oci_emulator::{ResourcePrincipal, SimulatedOci, Tenancy};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use super::Host;

/// How long the program's token and key stay in their files: a few minutes, as on some hosts.
pub(super) const ROTATION: Duration = Duration::from_secs(3 * 60);

/// A simulated OCI on a port of its own, and the identity that it gives to the program.
pub(super) struct Simulated {
    oci: SimulatedOci,
    listener: TcpListener,
    principal: ResourcePrincipal,
    compartment: String,
    /// Removed when dropped. A SIGKILL leaves it behind: its keys open nothing once this has ended.
    _folder: TempDir,
}

impl Simulated {
    /// A tenancy in which `host` runs the program.
    ///
    /// # Errors
    ///
    /// Returns why there is no port, no key or no folder for it.
    pub(super) async fn new(host: Host) -> io::Result<Self> {
        let tenancy = Tenancy::built_in().map_err(io::Error::other)?;
        let oci = SimulatedOci::new(tenancy, Timestamp::now)?;
        let (collection, name, compartment) = match host {
            Host::Functions => ("functions", "mcp", "production"),
            Host::DataScience => ("modelDeployments", "churn", "development"),
            Host::Container => ("containerInstances", "mcp-events", "production"),
        };
        let resource = oci.find(collection, name)?;
        let folder = tempfile::Builder::new().prefix("oci-mcp-dev-").tempdir()?;
        Ok(Self {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            principal: ResourcePrincipal::new(oci.clone(), folder.path(), &resource, LIFETIME)?,
            compartment: oci.find("compartments", compartment)?,
            oci,
            _folder: folder,
        })
    }

    /// What the host sets, and the way to the simulator.
    ///
    /// # Errors
    ///
    /// Returns why the port is not known.
    pub(super) fn environment(&self) -> io::Result<Vec<(OsString, OsString)>> {
        let mut variables = self.principal.environment();
        variables.push(("OCI_ENDPOINT_OVERRIDE", self.url()?));
        variables.push(("COMPARTMENT_OCID", self.compartment.clone()));
        let variables = variables.into_iter();
        Ok(variables
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }

    /// Where it answers.
    ///
    /// # Errors
    ///
    /// Returns why the port is not known.
    pub(super) fn url(&self) -> io::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Answers, and replaces token and key every `rotation`, until dropped.
    ///
    /// # Errors
    ///
    /// Says which of the two failed.
    pub(super) async fn play(self, rotation: Duration) -> io::Result<()> {
        let served = async {
            let served = self.oci.serve(self.listener).await;
            served.map_err(|error| because("the simulated tenancy cannot be reached", &error))
        };
        tokio::try_join!(served, rotate(&self.principal, rotation)).map(drop)
    }
}

async fn rotate(principal: &ResourcePrincipal, period: Duration) -> io::Result<()> {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one is at once.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        principal
            .rotate()
            .map_err(|error| because("the program's identity cannot be renewed", &error))?;
    }
}

fn because(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Far longer than a rotation, so that a laptop that slept comes back to a token that is good.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;

    use oci_rest::Surroundings;

    use super::*;
    use crate::oci::fake;
    use crate::ping::tests::{ping, report};

    #[tokio::test(start_paused = true)]
    async fn the_program_signs_with_its_new_key_after_a_rotation() {
        let simulated = Simulated::new(Host::Functions).await.unwrap();
        let surroundings = Surroundings {
            clock: Arc::new(|| Timestamp::now().into()),
            ..fake::with(&simulated.oci)
        };
        let ping = ping(surroundings, simulated.principal.environment());
        let before = report(&ping, None).await;
        let first = fs::read_to_string(token(&simulated)).unwrap();

        let rotated = rotate(&simulated.principal, ROTATION);
        let ended = tokio::time::timeout(ROTATION + ROTATION / 2, rotated).await;
        simulated.oci.revoke(&first);
        let after = report(&ping, None).await;

        assert!(ended.is_err(), "it goes on");
        assert_eq!(before["signed_call"]["status"], 200, "{before}");
        assert_eq!(after["signed_call"]["status"], 200, "{after}");
    }

    #[tokio::test]
    async fn an_identity_that_cannot_be_renewed_ends_it() {
        let simulated = Simulated::new(Host::Functions).await.unwrap();
        fs::remove_dir_all(token(&simulated).parent().unwrap()).unwrap();

        let error = simulated.play(Duration::from_millis(1)).await.unwrap_err();

        let message = error.to_string();
        assert!(
            message.starts_with("the program's identity cannot be renewed: "),
            "{message}"
        );
    }

    /// The file with the token.
    fn token(simulated: &Simulated) -> PathBuf {
        let mut variables = simulated.principal.environment().into_iter();
        let (_, path) = variables
            .find(|(name, _)| *name == "OCI_RESOURCE_PRINCIPAL_RPST")
            .unwrap();
        path.into()
    }
}
