//! A simulated OCI that listens, and a function in it.

use std::time::Duration;

use jiff::Timestamp;
use oci_emulator::{ResourcePrincipal, SimulatedOci, Tenancy};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A simulated OCI on a port, and the identity of a function there.
#[derive(Debug)]
pub struct Simulated {
    /// What the function asks.
    pub oci: SimulatedOci,
    environment: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl Simulated {
    /// Serves it until the test's runtime ends.
    pub async fn start() -> Self {
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), Timestamp::now).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(oci.clone().serve(listener));
        let folder = TempDir::new().unwrap();
        let resource = oci.find("functions", "mcp").unwrap();
        let hour = Duration::from_secs(3600);
        let principal = ResourcePrincipal::new(oci.clone(), folder.path(), &resource, hour);
        let mut environment = principal.unwrap().environment();
        environment.push(("OCI_ENDPOINT_OVERRIDE", url));
        Self {
            oci,
            environment,
            _folder: folder,
        }
    }

    /// What has a program ask it as that function, and `more`.
    #[must_use]
    pub fn settings<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.environment.iter();
        own.map(|(name, value)| (*name, value.as_str()))
            .chain(more.iter().copied())
            .collect()
    }
}
