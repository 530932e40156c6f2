//! Logging Ingestion: custom logs take what is put into them.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::received::{Received, time};
use super::refusal::{Refusal, text};
use super::reply;
use super::state::State;
use super::value::field;

/// `POST /20200831/logs/{logId}/actions/push`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn push(
    state: &mut State,
    request: &Received<'_>,
    log: &str,
) -> Result<Response<Bytes>, Refusal> {
    state.item("logs", log)?;
    let body = request.json()?;
    if text(&body, "specversion")? != "1.0" {
        return Err(Refusal::invalid("specversion must be 1.0"));
    }
    let mut entries = Vec::new();
    for batch in array(&body, "logEntryBatches")? {
        text(batch, "source")?;
        text(batch, "type")?;
        let default = text(batch, "defaultlogentrytime")?;
        time("defaultlogentrytime", default)?;
        for entry in array(batch, "entries")? {
            text(entry, "id")?;
            if let Some(own) = field(entry, "time").as_str() {
                time("time", own)?;
            }
            let data = text(entry, "data")?;
            if data.len() >= MAX_ENTRY {
                return Err(Refusal::invalid("data must be less than 1 MB"));
            }
            entries.push(data.to_owned());
        }
    }
    state
        .pushed
        .entry(log.to_owned())
        .or_default()
        .extend(entries);
    Ok(reply::empty(StatusCode::OK))
}

fn array<'a>(value: &'a Value, name: &str) -> Result<&'a Vec<Value>, Refusal> {
    let array = field(value, name).as_array();
    array.ok_or_else(|| Refusal::lacks(name))
}

const MAX_ENTRY: usize = 1_000_000;
