//! Metrics, summed up: a model needs no thousand points.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Arguments, Composing, number, part, text, window};
use crate::answer::{field, put};
use crate::error::Failure;
use crate::session::Session;

/// A namespace of metrics and names in it.
pub(super) type Metrics = (&'static str, &'static [&'static str]);

pub(super) const INSTANCE: Metrics = (
    "oci_computeagent",
    &[
        "CpuUtilization",
        "MemoryUtilization",
        "DiskBytesRead",
        "DiskBytesWritten",
        "NetworksBytesIn",
        "NetworksBytesOut",
    ],
);
const AUTONOMOUS: Metrics = (
    "oci_autonomous_database",
    &[
        "CpuUtilization",
        "StorageUtilization",
        "Sessions",
        "FailedConnections",
    ],
);

/// What a query of the caller's gives.
pub(in crate::curated) fn query<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let span = window(&arguments, session.now())?;
        let [namespace, query, compartment] =
            ["namespace", "query", "compartment_id"].map(|name| text(&arguments, name));
        let items = series(session, compartment, [namespace, query], span).await?;
        Ok(json!({ "items": items }))
    })
}

/// Those of an instance.
pub(in crate::curated) fn of_instance<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let span = window(&arguments, session.now())?;
        let id = json!({ "instanceId": text(&arguments, "instance_id") });
        let instance = session.get("core.get_instance", id).await?;
        answer(session, &instance, INSTANCE, span).await
    })
}

/// Those of an Autonomous Database.
pub(in crate::curated) fn of_autonomous_database<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let now = session.now();
        let hours = SignedDuration::from_hours(number(&arguments, "hours_back", 24));
        let start = now.checked_sub(hours).map_err(Failure::validation)?;
        let id = json!({ "autonomousDatabaseId": text(&arguments, "database_id") });
        let database = session.get("database.get_autonomous_database", id).await?;
        answer(session, &database, AUTONOMOUS, [start, now]).await
    })
}

async fn answer(
    session: &Session<'_>,
    resource: &Value,
    metrics: Metrics,
    span: [Timestamp; 2],
) -> Result<Value, Failure> {
    let mut answer = json!({
        "name": field(resource, "displayName"), "state": field(resource, "lifecycleState"),
        "start": span[0].to_string(), "end": span[1].to_string(),
    });
    let found = of(session, resource, metrics, span).await;
    if let Some(found) = part(&mut answer, "metrics", found) {
        put(&mut answer, "metrics", found);
    }
    Ok(answer)
}

/// The metrics of `resource`, asked for at the same time.
pub(super) async fn of(
    session: &Session<'_>,
    resource: &Value,
    (namespace, names): Metrics,
    span: [Timestamp; 2],
) -> Result<Vec<Value>, Failure> {
    // From OCI's own answer, so that no quotation mark of a caller's comes into the query.
    let [id, compartment] = ["id", "compartmentId"].map(|name| text_of(field(resource, name)));
    let interval = interval(span);
    let asked = names.iter().map(|name| async move {
        let query = format!("{name}[{interval}]{{resourceId = \"{id}\"}}.mean()");
        series(session, compartment, [namespace, &query], span).await
    });
    let found: Result<Vec<Vec<Value>>, Failure> = join_all(asked).await.into_iter().collect();
    let mut found: Vec<Value> = found?.into_iter().flatten().collect();
    for metric in &mut found {
        if let Value::Object(members) = metric {
            // Of one resource all are alike.
            members.remove("dimensions");
        }
    }
    Ok(found)
}

async fn series(
    session: &Session<'_>,
    compartment: &str,
    [namespace, query]: [&str; 2],
    [start, end]: [Timestamp; 2],
) -> Result<Vec<Value>, Failure> {
    let asked = json!({
        "compartmentId": compartment,
        "body": {
            "namespace": namespace, "query": query,
            "startTime": start.to_string(), "endTime": end.to_string(),
        },
    });
    let found = session
        .items("monitoring.summarize_metrics_data", asked)
        .await?;
    Ok(found.iter().map(summary).collect())
}

/// Least, mean, most and last of a series, and some of its points.
fn summary(series: &Value) -> Value {
    let points = field(series, "aggregatedDatapoints").as_array();
    let values = points.into_iter().flatten();
    let values: Vec<f64> = values
        .filter_map(|point| field(point, "value").as_f64())
        .collect();
    let mut summary = json!({
        "name": field(series, "name"),
        "dimensions": field(series, "dimensions"),
        "points": values.len(),
    });
    let least = values.iter().copied().reduce(f64::min);
    let most = values.iter().copied().reduce(f64::max);
    let count = u32::try_from(values.len()).map_or(1.0, f64::from).max(1.0);
    let mean = least.map(|_| values.iter().sum::<f64>() / count);
    let rows = [
        ("min", least),
        ("mean", mean),
        ("max", most),
        ("last", values.last().copied()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            put(&mut summary, name, (value * 1_000.0).round() / 1_000.0);
        }
    }
    if let Some(unit) = field(field(series, "metadata"), "unit").as_str() {
        put(&mut summary, "unit", unit);
    }
    summary
}

/// So long that there are a few hundred points at most.
fn interval([start, end]: [Timestamp; 2]) -> &'static str {
    match end.duration_since(start).as_hours() {
        ..=6 => "1m",
        7..=36 => "5m",
        _ => "1h",
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
