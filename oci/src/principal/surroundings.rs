//! Time and networks, passed in.

use std::fmt;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use crate::transport::{Transport, TransportError};

/// Tells the wall-clock time: `Arc::new(SystemTime::now)`, or what a test wants it to be.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What principals need beside variables and files.
///
/// Those that read files alone use only the clock. A test gives a function for every transport:
///
/// ```
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use oci_rest::{Surroundings, Transport, TransportError};
///
/// let oci = Transport::new(tower::service_fn(|_: Request<Bytes>| async {
///     Ok::<_, TransportError>(Response::new(Bytes::new()))
/// }));
/// let surroundings = Surroundings {
///     clock: Arc::new(SystemTime::now),
///     services: oci.clone(),
///     metadata: oci.clone(),
///     cluster: Arc::new(move |_authorities| Ok(oci.clone())),
/// };
/// # drop(surroundings);
/// ```
#[derive(Clone)]
pub struct Surroundings {
    /// The wall clock.
    pub clock: Clock,
    /// The way to the services of OCI.
    pub services: Transport,
    /// The way to the instance metadata service, which is plain HTTP to a link-local address. Only
    /// instance principals use it.
    pub metadata: Transport,
    /// The way to the Kubernetes cluster of a pod.
    pub cluster: ClusterTransport,
}

/// Makes a transport that trusts the authorities of this PEM bundle, and no others.
///
/// It is made anew for every renewal, because the cluster's authority rotates, too.
pub type ClusterTransport = Arc<dyn Fn(&[u8]) -> Result<Transport, TransportError> + Send + Sync>;

#[cfg(feature = "client")]
impl Surroundings {
    /// The real ones: `services`, which may trust more authorities than the built-in ones, and
    /// connections of their own for the rest.
    ///
    /// # Errors
    ///
    /// [`HttpsError`](crate::HttpsError) if there is no way to the metadata service.
    pub fn new(clock: Clock, services: Transport) -> Result<Self, crate::HttpsError> {
        use std::time::Duration;

        use crate::transport::{Https, TransportErrorKind};

        let patience = Duration::from_secs(10);
        let metadata = Https::new()
            .connect_timeout(Duration::from_secs(2))
            .timeout(patience)
            .max_response_bytes(MAX_BYTES)
            .allow_metadata_service()
            .build()?;
        let cluster = move |authorities: &[u8]| {
            Https::new()
                .trust_only(authorities)
                .connect_timeout(Duration::from_secs(2))
                .timeout(patience)
                .max_response_bytes(MAX_BYTES)
                .build()
                .map_err(|error| TransportError::new(TransportErrorKind::Tls, error.to_string()))
        };
        Ok(Self {
            clock,
            services,
            metadata,
            cluster: Arc::new(cluster),
        })
    }
}

impl Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// Certificates and tokens are a few kilobytes.
#[cfg(feature = "client")]
const MAX_BYTES: usize = 256 * 1024;
