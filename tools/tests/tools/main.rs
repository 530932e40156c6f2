//! The general tools through the whole stack, against a simulated OCI that verifies signatures.

#![cfg(test)]

mod changes;
mod failures;
mod hostile;
mod reading;
mod settings;
mod support;
