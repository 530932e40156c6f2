//! Alarms with their status, which OCI tells apart.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{Arguments, Composing, part, sort, text};
use crate::answer::{Fields, field, put};
use crate::session::Session;

/// The alarms of a compartment, those that fire first.
pub(in crate::curated) fn list<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let mut scope = json!({ "compartmentId": text(&arguments, "compartment_id") });
        if let Some(severity) = arguments.get("severity") {
            put(&mut scope, "severity", severity.clone());
        }
        let status = json!({ "compartmentId": field(&scope, "compartmentId") });
        let (alarms, status) = join(
            session.items("monitoring.list_alarms", scope),
            session.items("monitoring.list_alarms_status", status),
        )
        .await;
        let (alarms, mut answer) = (alarms?, json!({}));
        let only = arguments.get("firing_only") == Some(&Value::Bool(true));
        // Without it nobody knows which fire.
        let status = if only {
            Some(status?)
        } else {
            part(&mut answer, "status", status)
        };
        let fields = Fields::of(SHOWN);
        let shown = alarms.iter().map(|alarm| {
            let own = status
                .iter()
                .flatten()
                .find(|status| field(status, "id") == field(alarm, "id"));
            let mut shown = fields.project(alarm);
            if let Some(own) = own {
                put(&mut shown, "status", field(own, "status").clone());
            }
            shown
        });
        let is_firing = |alarm: &Value| field(alarm, "status") == "FIRING";
        let mut shown: Vec<Value> = shown.filter(|alarm| !only || is_firing(alarm)).collect();
        sort(&mut shown, &|alarm| usize::from(!is_firing(alarm)));
        put(&mut answer, "items", shown);
        Ok(answer)
    })
}

const SHOWN: &str = "id name=displayName severity query enabled=isEnabled state=lifecycleState";
