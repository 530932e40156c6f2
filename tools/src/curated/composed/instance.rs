//! An instance with what belongs to it.

use std::slice;

use futures_util::future::{join, join_all, join4};
use serde_json::{Value, json};

use super::{AT_ONCE, Arguments, Composing, metrics, part, text, wanted};
use crate::answer::{Fields, field, put};
use crate::curated::times;
use crate::error::Failure;
use crate::session::Session;

/// The instance with its addresses, and the metrics of an hour if they are wanted.
pub(in crate::curated) fn get<'a>(session: &'a Session<'a>, arguments: Arguments) -> Composing<'a> {
    Box::pin(async move {
        let instance = instance(session, &arguments).await?;
        let mut shown = Fields::of(SHOWN).project(&instance);
        let hour = times::window(&Arguments::new(), session.now(), times::HOUR)?;
        let (addresses, metrics) = join(
            addresses(session, slice::from_ref(&instance)),
            wanted(
                arguments.get("include_metrics") == Some(&Value::Bool(true)),
                metrics::of(session, &instance, metrics::INSTANCE, hour),
            ),
        )
        .await;
        if let Some(addresses) = part(&mut shown, "addresses", addresses) {
            put(&mut shown, "ips", addresses.concat());
        }
        if let Some(metrics) = metrics.and_then(|metrics| part(&mut shown, "metrics", metrics)) {
            put(&mut shown, "metrics", metrics);
        }
        Ok(shown)
    })
}

/// Instances of a compartment with their addresses.
pub(in crate::curated) fn listed<'a>(
    session: &'a Session<'a>,
    _: Arguments,
    instances: Value,
) -> Composing<'a> {
    Box::pin(async move {
        let items = instances.as_array().map_or(&[][..], Vec::as_slice);
        let addresses = addresses(session, items).await;
        let mut answer = json!({});
        let addresses = part(&mut answer, "ips", addresses).unwrap_or_default();
        let mut items = items.to_vec();
        for (item, addresses) in items.iter_mut().zip(addresses) {
            put(item, "ips", addresses);
        }
        put(&mut answer, "items", items);
        Ok(answer)
    })
}

/// The instance from all sides.
pub(in crate::curated) fn troubleshoot<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let [start, end] = times::window(&arguments, session.now(), times::HOUR)?;
        let instance = instance(session, &arguments).await?;
        let compartment = field(&instance, "compartmentId");
        let events = json!({
            "compartmentId": compartment, "startTime": start.to_string(), "endTime": end.to_string(),
        });
        let (addresses, metrics, alarms, events) = join4(
            addresses(session, slice::from_ref(&instance)),
            metrics::of(session, &instance, metrics::INSTANCE, [start, end]),
            session.items(
                "monitoring.list_alarms_status",
                json!({ "compartmentId": compartment }),
            ),
            session.items("audit.list_events", events),
        )
        .await;
        let mut answer = Fields::of(SHOWN).project(&instance);
        if let Some(addresses) = part(&mut answer, "addresses", addresses) {
            put(&mut answer, "ips", addresses.concat());
        }
        let mut findings = vec![state_of(&instance)];
        if let Some(metrics) = part(&mut answer, "metrics", metrics) {
            findings.extend(metrics.iter().map(busy));
            put(&mut answer, "metrics", metrics);
        }
        if let Some(alarms) = part(&mut answer, "alarms", alarms) {
            let firing = alarms
                .iter()
                .filter(|alarm| field(alarm, "status") == "FIRING");
            let firing: Vec<Value> = firing
                .map(|alarm| field(alarm, "displayName").clone())
                .collect();
            findings.push(
                (!firing.is_empty())
                    .then(|| format!("{} alarm(s) of its compartment are firing", firing.len())),
            );
            put(&mut answer, "firing_alarms", firing);
        }
        if let Some(events) = part(&mut answer, "events", events) {
            put(
                &mut answer,
                "changes",
                changes(&events, field(&instance, "id")),
            );
        }
        let findings: Vec<String> = findings.into_iter().flatten().collect();
        put(&mut answer, "findings", findings);
        Ok(answer)
    })
}

async fn instance(session: &Session<'_>, arguments: &Arguments) -> Result<Value, Failure> {
    let id = json!({ "instanceId": text(arguments, "instance_id") });
    session.get("core.get_instance", id).await
}

/// The private and public addresses of each of `instances`, which are of one compartment; the primary VNIC's first.
async fn addresses(session: &Session<'_>, instances: &[Value]) -> Result<Vec<Vec<Value>>, Failure> {
    let Some(first) = instances.first() else {
        return Ok(Vec::new());
    };
    let mut within = json!({ "compartmentId": field(first, "compartmentId") });
    if instances.len() == 1 {
        put(&mut within, "instanceId", field(first, "id").clone());
    }
    let mut attachments = session.items("core.list_vnic_attachments", within).await?;
    // Those that are detached are told of for a while, and their VNICs are gone.
    attachments.retain(|attachment| {
        let mut ids = instances.iter().map(|instance| field(instance, "id"));
        field(attachment, "vnicId").is_string()
            && field(attachment, "lifecycleState") == "ATTACHED"
            && ids.any(|id| id == field(attachment, "instanceId"))
    });
    let mut vnics = Vec::new();
    for some in attachments.chunks(AT_ONCE) {
        let ids = some.iter().map(|attachment| field(attachment, "vnicId"));
        let found = ids.map(|id| session.get("core.get_vnic", json!({ "vnicId": id })));
        for (attachment, vnic) in some.iter().zip(join_all(found).await) {
            let vnic = vnic?;
            let is_primary = field(&vnic, "isPrimary") == true;
            let at = if is_primary { 0 } else { vnics.len() };
            vnics.insert(at, (field(attachment, "instanceId"), vnic));
        }
    }
    let found = instances.iter().map(|instance| {
        let own = vnics.iter().filter(|(id, _)| *id == field(instance, "id"));
        own.flat_map(|(_, vnic)| addresses_of(vnic)).collect()
    });
    Ok(found.collect())
}

/// The private and the public address of a VNIC, those that it has.
pub(super) fn addresses_of(vnic: &Value) -> impl Iterator<Item = Value> {
    let own = ["privateIp", "publicIp"].map(|name| field(vnic, name));
    let own = own.into_iter().filter(|address| address.is_string());
    own.cloned()
}

fn state_of(instance: &Value) -> Option<String> {
    let state = field(instance, "lifecycleState")
        .as_str()
        .unwrap_or("unknown");
    (state != "RUNNING").then(|| format!("the instance is {state}"))
}

/// What is said of a metric in percent that comes close to its end.
fn busy(metric: &Value) -> Option<String> {
    let (name, most) = (
        field(metric, "name").as_str()?,
        field(metric, "max").as_f64()?,
    );
    let is_share = name.ends_with("Utilization");
    (is_share && most >= BUSY).then(|| format!("{name} went up to {most:.0} %"))
}

/// What was done to it, without mere looking.
fn changes(events: &[Value], id: &Value) -> Vec<Value> {
    let is_change = |event: &&Value| {
        let data = field(event, "data");
        field(data, "resourceId") == id && field(field(data, "request"), "action") != "GET"
    };
    let fields = Fields::of("time=eventTime who=data.identity.principalName what=data.eventName");
    let changes = events.iter().filter(is_change).take(MAX_CHANGES);
    changes.map(|event| fields.project(event)).collect()
}

const SHOWN: &str = "name=displayName state=lifecycleState shape ocpus=shapeConfig.ocpus \
    memory_gb=shapeConfig.memoryInGBs image=imageId ad=availabilityDomain fd=faultDomain created=timeCreated";
const MAX_CHANGES: usize = 20;
/// Per cent.
const BUSY: f64 = 90.0;
