//! What stands for the network, the environment and time in tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use oci_emulator::{SimulatedOci, Tenancy};
use oci_rest::{Clock, Environment, Surroundings, Transport};

/// A simulated OCI whose time stands still.
pub(crate) fn simulated() -> SimulatedOci {
    let now = Timestamp::try_from(noon()).unwrap();
    SimulatedOci::new(Tenancy::built_in().unwrap(), move || now).unwrap()
}

/// Surroundings in which `oci` answers.
pub(crate) fn with(oci: &SimulatedOci) -> Surroundings {
    let oci = oci.clone();
    surroundings(Transport::new(tower::service_fn(
        move |request: Request<Bytes>| {
            let answer = oci.answer(request);
            async { Ok(answer) }
        },
    )))
}

/// Surroundings in which `transport` leads to everything.
pub(crate) fn surroundings(transport: Transport) -> Surroundings {
    Surroundings {
        clock: clock(),
        services: transport.clone(),
        metadata: transport.clone(),
        cluster: Arc::new(move |_| Ok(transport.clone())),
    }
}

/// Variables, and no others.
pub(crate) fn environment<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Environment
where
    K: Into<String>,
    V: Into<String>,
{
    let variables: BTreeMap<String, String> = variables
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    Environment::new(move |name| variables.get(name).cloned())
}

/// The clock of a simulated OCI.
pub(crate) fn clock() -> Clock {
    Arc::new(noon)
}

/// 2026-11-21, 12:00 UTC.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}
