//! Containers: where they are to be reached, and what they wrote.

use std::mem;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::instance::addresses_of;
use super::{AT_ONCE, Arguments, Composing, number, part, text};
use crate::answer::{field, mask_lines, put};
use crate::error::Failure;
use crate::session::Session;

/// A container instance with its addresses.
pub(in crate::curated) fn get<'a>(session: &'a Session<'a>, arguments: Arguments) -> Composing<'a> {
    Box::pin(async move {
        let id = arguments.get("container_instance_id");
        let mut instance = instance(session, id.unwrap_or(&Value::Null)).await?;
        let ips = addresses(session, &instance).await;
        if let Some(ips) = part(&mut instance, "ips", ips) {
            put(&mut instance, "ips", ips);
        }
        Ok(instance)
    })
}

/// Container instances with their addresses, of which a list of OCI's tells nothing.
pub(in crate::curated) fn listed<'a>(
    session: &'a Session<'a>,
    _: Arguments,
    mut instances: Value,
) -> Composing<'a> {
    Box::pin(async move {
        let items = instances.get_mut("items").and_then(Value::as_array_mut);
        let mut items = items.map(mem::take).unwrap_or_default();
        let mut failure = None;
        for some in items.chunks_mut(AT_ONCE) {
            if failure.is_some() {
                break;
            }
            let found = some.iter().map(|item| async move {
                // What is gone, or goes, has none.
                if GONE
                    .iter()
                    .any(|state| field(item, "lifecycleState") == state)
                {
                    return Ok(Vec::new());
                }
                addresses(session, &instance(session, field(item, "id")).await?).await
            });
            let found = join_all(found).await;
            for (item, ips) in some.iter_mut().zip(found) {
                match ips {
                    Ok(ips) => put(item, "ips", ips),
                    Err(other) => failure = failure.or(Some(other)),
                }
            }
        }
        let mut answer = json!({ "items": items });
        if let Some(failure) = failure {
            part(&mut answer, "ips", Err::<(), _>(failure));
        }
        Ok(answer)
    })
}

async fn instance(session: &Session<'_>, id: &Value) -> Result<Value, Failure> {
    let id = json!({ "containerInstanceId": id });
    let operation = "container_instances.get_container_instance";
    session.get(operation, id).await
}

/// Those of its VNICs.
async fn addresses(session: &Session<'_>, instance: &Value) -> Result<Vec<Value>, Failure> {
    let vnics = field(instance, "vnics").as_array().into_iter().flatten();
    // While it is made, a VNIC has no identifier.
    let ids = vnics.map(|vnic| field(vnic, "vnicId"));
    let ids = ids.filter(|id| id.is_string());
    let asked = ids.map(|id| session.get("core.get_vnic", json!({ "vnicId": id })));
    let found: Result<Vec<Value>, Failure> = join_all(asked).await.into_iter().collect();
    Ok(found?.iter().flat_map(addresses_of).collect())
}

/// The last lines.
pub(in crate::curated) fn logs<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let parameters = json!({ "containerId": text(&arguments, "container_id") });
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        let operation = session
            .shared
            .allowed("container_instances.retrieve_logs")?;
        let prepared = session.prepare(operation, parameters, None).await?;
        let page = session.send(&prepared.endpoint, prepared.request).await?;
        let written = String::from_utf8_lossy(page.response().body());
        let lines: Vec<&str> = written.lines().collect();
        let tail = usize::try_from(number(&arguments, "tail", 100)).unwrap_or(100);
        let shown = lines
            .get(lines.len().saturating_sub(tail)..)
            .unwrap_or_default();
        let text = mask_lines(shown);
        Ok(json!({ "lines": shown.len(), "of": lines.len(), "text": text }))
    })
}

const GONE: [&str; 2] = ["DELETING", "DELETED"];
