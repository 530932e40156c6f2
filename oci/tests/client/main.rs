//! The client against functions that stand for OCI, and the transport against a TLS server.

#![cfg(test)]

mod credentials;
mod deadlines;
mod errors;
#[cfg(feature = "client")]
mod https;
mod pages;
mod requests;
mod retries;
mod support;
