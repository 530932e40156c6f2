//! Containers: where they are to be reached, and what they wrote.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::instance::addresses_of;
use super::{Arguments, Composing, number, part, text};
use crate::answer::{field, mask, put};
use crate::session::Session;

/// A container instance with its addresses.
pub(in crate::curated) fn get<'a>(session: &'a Session<'a>, arguments: Arguments) -> Composing<'a> {
    Box::pin(async move {
        let id = json!({ "containerInstanceId": text(&arguments, "container_instance_id") });
        let operation = "container_instances.get_container_instance";
        let mut instance = session.get(operation, id).await?;
        let vnics = field(&instance, "vnics").as_array().into_iter().flatten();
        // While it is made, a VNIC has no identifier.
        let ids = vnics.map(|vnic| field(vnic, "vnicId"));
        let ids = ids.filter(|id| id.is_string());
        let asked = ids.map(|id| session.get("core.get_vnic", json!({ "vnicId": id })));
        let found: Result<Vec<Value>, _> = join_all(asked).await.into_iter().collect();
        if let Some(found) = part(&mut instance, "ips", found) {
            let ips: Vec<Value> = found.iter().flat_map(addresses_of).collect();
            put(&mut instance, "ips", ips);
        }
        Ok(instance)
    })
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
        let mut shown =
            json!({ "lines": shown.len(), "of": lines.len(), "text": shown.join("\n") });
        mask(&mut shown);
        Ok(shown)
    })
}
