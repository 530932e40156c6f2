//! The resource principal of a function: files that the platform keeps fresh.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::SimulatedOci;

/// Version 2.2 of resource principals: a session token and its key in two files, and the environment
/// that says where.
#[derive(Debug)]
pub struct ResourcePrincipal {
    oci: SimulatedOci,
    folder: PathBuf,
    resource: String,
    lifetime: Duration,
}

impl ResourcePrincipal {
    /// Writes the files for the resource with the OCID `resource` to `folder`, which must exist. Each
    /// token is good for `lifetime`.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or a key cannot be made.
    pub fn new(
        oci: SimulatedOci,
        folder: impl Into<PathBuf>,
        resource: &str,
        lifetime: Duration,
    ) -> io::Result<Self> {
        let principal = Self {
            oci,
            folder: folder.into(),
            resource: resource.to_owned(),
            lifetime,
        };
        principal.rotate()?;
        Ok(principal)
    }

    /// The environment of the function, as the platform sets it.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name| self.folder.join(name).to_string_lossy().into_owned();
        let region = self.oci.region();
        vec![
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2".to_owned()),
            ("OCI_RESOURCE_PRINCIPAL_RPST", path(TOKEN)),
            ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", path(KEY)),
            ("OCI_RESOURCE_PRINCIPAL_REGION", region),
        ]
    }

    /// Writes a new key, and then a new token: as on the platform, a reader may find them apart.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or a key cannot be made.
    pub fn rotate(&self) -> io::Result<()> {
        let session = self.oci.resource_session(&self.resource, self.lifetime)?;
        replace(&self.folder, KEY, &session.private_key)?;
        replace(&self.folder, TOKEN, &session.token)
    }

    /// Rotates every `period`, until dropped. A rotation that fails is logged, and tried again after
    /// another `period`.
    pub async fn rotate_every(&self, period: Duration) {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is at once.
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if let Err(error) = self.rotate() {
                tracing::warn!(%error, "cannot rotate the resource principal");
            }
        }
    }
}

/// Puts a file with `content` in the place of the one there, for its owner's eyes only.
fn replace(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let new = folder.join(format!(".{name}.new"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(content.as_bytes())?;
    fs::rename(new, folder.join(name))
}

const KEY: &str = "private.pem";
const TOKEN: &str = "rpst";
