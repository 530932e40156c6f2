//! The simulated OCI with a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use oci_emulator::{SimulatedOci, Tenancy};
use serde_json::Value;

use crate::sign::Signer;

/// A simulated OCI whose clock stands still until it is moved.
pub(crate) struct Fixture {
    pub(crate) oci: SimulatedOci,
    pub(crate) signer: Signer,
    clock: Arc<AtomicI64>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let read = Arc::clone(&clock);
        let now = move || at(read.load(Ordering::Relaxed));
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), now).unwrap();
        let signer = Signer::of_user(&oci.api_key("ada@example.com").unwrap());
        Self { oci, signer, clock }
    }

    pub(crate) fn now(&self) -> Timestamp {
        at(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, target: &str) -> Response<Bytes> {
        self.send("GET", target, b"")
    }

    pub(crate) fn send(&self, method: &str, target: &str, body: &[u8]) -> Response<Bytes> {
        let request = self.signer.request(method, target, body, self.now());
        self.oci.answer(request)
    }

    pub(crate) fn compartment(&self, name: &str) -> String {
        self.oci.find("compartments", name).unwrap()
    }

    /// The path of the list of instances in production.
    pub(crate) fn instances(&self, query: &str) -> String {
        let compartment = self.compartment("production");
        format!("/20160918/instances?compartmentId={compartment}{query}")
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub(crate) fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

/// 2026-11-20T12:00:00Z.
const START: i64 = 1_795_176_000;
