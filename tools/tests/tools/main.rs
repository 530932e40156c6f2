//! The tools through the whole stack, against a simulated OCI that verifies signatures.

#![cfg(test)]

mod analyses;
mod arguments;
mod asking;
mod cases;
mod changes;
mod compartments;
mod composed;
mod connector;
mod curated;
mod curated_changes;
mod curated_hostile;
mod expanded;
mod failures;
mod hostile;
mod included;
mod objects;
mod overhead;
mod policies;
mod reading;
mod settings;
mod support;
