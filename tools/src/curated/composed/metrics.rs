//! Metrics, summed up: a model needs no thousand points.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Arguments, Composing, number, part, text};
use crate::answer::{field, put};
use crate::curated::times;
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
        let span = times::window(&arguments, session.now(), times::HOUR)?;
        let [namespace, query, compartment] =
            ["namespace", "query", "compartment_id"].map(|name| text(&arguments, name));
        let mut asked = asked([namespace, query], span);
        if let Some(resolution) = arguments.get("resolution") {
            put(&mut asked, "resolution", resolution.clone());
        }
        let found = series(session, compartment, asked).await?;
        let has_points = arguments.get("include_points") == Some(&Value::Bool(true));
        let items = found.iter().map(|series| {
            let mut shown = summary(series);
            if has_points {
                put(&mut shown, "points", points(series));
            }
            shown
        });
        let mut answer = json!({ "items": items.collect::<Vec<_>>() });
        // To put some together is for OCI, which knows the statistic.
        if has_points
            && found
                .iter()
                .any(|series| datapoints(series).len() > MAX_POINTS)
        {
            let hint = "`points` are the latest 60; a longer interval in `query`, such as `[1h]`, has fewer";
            put(&mut answer, "hint", hint);
        }
        Ok(answer)
    })
}

/// Those of an instance.
pub(in crate::curated) fn of_instance<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let span = times::window(&arguments, session.now(), times::HOUR)?;
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
    let looked = names.iter().map(|name| async move {
        let query = format!("{name}[{interval}]{{resourceId = \"{id}\"}}.mean()");
        series(session, compartment, asked([namespace, &query], span)).await
    });
    let found: Result<Vec<Vec<Value>>, Failure> = join_all(looked).await.into_iter().collect();
    let mut found: Vec<Value> = found?.iter().flatten().map(summary).collect();
    for metric in &mut found {
        if let Value::Object(members) = metric {
            // Of one resource all are alike.
            members.remove("dimensions");
        }
    }
    Ok(found)
}

fn asked([namespace, query]: [&str; 2], [start, end]: [Timestamp; 2]) -> Value {
    json!({
        "namespace": namespace, "query": query,
        "startTime": start.to_string(), "endTime": end.to_string(),
    })
}

async fn series(
    session: &Session<'_>,
    compartment: &str,
    asked: Value,
) -> Result<Vec<Value>, Failure> {
    let asked = json!({ "compartmentId": compartment, "body": asked });
    let operation = "monitoring.summarize_metrics_data";
    session.items(operation, asked).await
}

/// Least, mean, most and last of a series.
fn summary(series: &Value) -> Value {
    let values = values(datapoints(series));
    let mut summary = json!({
        "name": field(series, "name"),
        "dimensions": field(series, "dimensions"),
        "point_count": values.len(),
    });
    let least = values.iter().copied().reduce(f64::min);
    let most = values.iter().copied().reduce(f64::max);
    let rows = [
        ("min", least),
        ("mean", mean(&values)),
        ("max", most),
        ("last", values.last().copied()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            put(&mut summary, name, round(value));
        }
    }
    if let Some(unit) = field(field(series, "metadata"), "unit").as_str() {
        put(&mut summary, "unit", unit);
    }
    summary
}

/// When and how much: the latest of a series.
fn points(series: &Value) -> Vec<Value> {
    let all = datapoints(series);
    let latest = all.get(all.len().saturating_sub(MAX_POINTS)..);
    let points = latest.unwrap_or_default().iter().filter_map(|point| {
        let value = field(point, "value").as_f64()?;
        Some(json!([field(point, "timestamp"), round(value)]))
    });
    points.collect()
}

fn datapoints(series: &Value) -> &[Value] {
    let points = field(series, "aggregatedDatapoints").as_array();
    points.map_or(&[], Vec::as_slice)
}

fn values(points: &[Value]) -> Vec<f64> {
    let values = points.iter().map(|point| field(point, "value").as_f64());
    values.flatten().collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).map_or(1.0, f64::from);
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
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

/// Of one series.
const MAX_POINTS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_series_there_are_the_latest_60_points_as_they_are() {
        let datapoints = (0..121)
            .map(|minute| json!({ "timestamp": format!("{minute}"), "value": f64::from(minute) }));
        let series = json!({ "aggregatedDatapoints": datapoints.collect::<Vec<_>>() });

        let points = points(&series);

        assert_eq!(points.len(), 60);
        assert_eq!(points[0], json!(["61", 61.0]));
        assert_eq!(points[59], json!(["120", 120.0]));
        assert_eq!(summary(&series)["mean"], 60.0);
    }

    #[test]
    fn what_has_no_points_has_no_numbers() {
        let series = json!({ "name": "CpuUtilization", "aggregatedDatapoints": [] });

        assert!(points(&series).is_empty());
        assert_eq!(summary(&series).get("mean"), None);
    }
}
