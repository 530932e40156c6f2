//! The tools through the whole stack, against a simulated OCI that verifies signatures.

#![cfg(test)]

mod asking;
mod cases;
mod changes;
mod connector;
mod curated;
mod curated_changes;
mod curated_hostile;
mod failures;
mod hostile;
mod included;
mod overhead;
mod reading;
mod settings;
mod support;
