//! The tools, a table for each field of services.

mod compute;
mod database;
mod governance;
mod identity;
mod network;
mod observability;
mod platform;
mod security;
mod serverless;
mod storage;

use serde_json::{Map, Value};

use super::Row;
use super::argument::{Argument, text};

/// All of them.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().copied().flatten()
}

const TABLES: &[&[Row]] = &[
    identity::ROWS,
    compute::ROWS,
    network::ROWS,
    storage::ROWS,
    database::ROWS,
    observability::ROWS,
    governance::ROWS,
    security::ROWS,
    serverless::ROWS,
    platform::ROWS,
];

/// Has a parameter the name that OCI has for it.
fn rename(parameters: &mut Map<String, Value>, own: &str, name: &str) {
    if let Some(value) = parameters.remove(own) {
        parameters.insert(name.to_owned(), value);
    }
}

const NAME: Argument = text("display_name");
const STATE: Argument = text("lifecycle_state");
const DOMAIN: Argument = text("availability_domain");
