//! What is watched in a compartment.

use std::collections::BTreeMap;

use futures_util::future::join4;
use serde_json::{Value, json};

use super::{Arguments, Composing, part, text};
use crate::answer::{field, put};
use crate::session::Session;

/// Its alarms with those that fire, its log groups, and the namespaces of its metrics.
pub(in crate::curated) fn overview<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let within = json!({ "compartmentId": text(&arguments, "compartment_id") });
        let grouped = json!({
            "compartmentId": text(&arguments, "compartment_id"),
            "body": { "groupBy": ["namespace"] },
        });
        let (alarms, status, groups, metrics) = join4(
            session.items("monitoring.list_alarms", within.clone()),
            session.items("monitoring.list_alarms_status", within.clone()),
            session.items("logging.list_log_groups", within),
            session.items("monitoring.list_metrics", grouped),
        )
        .await;
        let mut answer = json!({});
        if let Some(alarms) = part(&mut answer, "alarms", alarms) {
            put(&mut answer, "alarms", alarms.len());
            put(
                &mut answer,
                "alarms_by_severity",
                json!(counts(&alarms, "severity")),
            );
        }
        if let Some(status) = part(&mut answer, "firing_alarms", status) {
            let firing = status
                .iter()
                .filter(|alarm| field(alarm, "status") == "FIRING");
            let firing: Vec<Value> = firing
                .map(|alarm| field(alarm, "displayName").clone())
                .collect();
            put(&mut answer, "firing_alarms", firing);
        }
        if let Some(groups) = part(&mut answer, "log_groups", groups) {
            let names: Vec<Value> = groups
                .iter()
                .map(|group| field(group, "displayName").clone())
                .collect();
            put(&mut answer, "log_groups", names);
        }
        if let Some(metrics) = part(&mut answer, "metric_namespaces", metrics) {
            let names: Vec<String> = counts(&metrics, "namespace").into_keys().collect();
            put(&mut answer, "metric_namespaces", names);
        }
        Ok(answer)
    })
}

/// How many items have each value of the member `name`.
fn counts(items: &[Value], name: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for value in items.iter().filter_map(|item| field(item, name).as_str()) {
        *counts.entry(value.to_owned()).or_default() += 1;
    }
    counts
}
