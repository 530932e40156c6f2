//! Every principal: what it reads, what it asks, when it renews, and what it says when it cannot.
//!
//! Files are real, services are functions. `make.sh` made the certificates.

#![cfg(test)]

mod federation;
mod files;
#[cfg(feature = "session-keys")]
mod instance;
mod profiles;
mod renewal;
mod rotation;
mod selection;
mod support;
#[cfg(feature = "session-keys")]
mod workload;
