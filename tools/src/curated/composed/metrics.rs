//! Metrics, summed up: a model needs no thousand points.

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Arguments, Composing, part, text};
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

/// What of metrics a caller wants to see.
pub(super) struct Wanted<'a> {
    span: [Timestamp; 2],
    /// How far points are apart.
    resolution: Option<&'a str>,
    has_points: bool,
    /// Whether they are of a query of the caller's, in which an interval is.
    has_query: bool,
}

impl<'a> Wanted<'a> {
    /// Numbers that sum up `span`.
    pub(super) const fn summaries(span: [Timestamp; 2]) -> Self {
        Self {
            span,
            resolution: None,
            has_points: false,
            has_query: false,
        }
    }

    /// What `arguments` say; of the window `default` unless they name one.
    fn of(arguments: &'a Arguments, now: Timestamp, default: &str) -> Result<Self, Failure> {
        let span = times::window(arguments, now, default)?;
        let resolution = times::resolution(arguments)?;
        if let Some(apart) = resolution.or_else(|| interval_of(text(arguments, "query"))) {
            times::check_reach(span, apart)?;
        }
        Ok(Self {
            span,
            resolution,
            has_points: arguments.get("include_points") == Some(&Value::Bool(true)),
            has_query: arguments.contains_key("query"),
        })
    }

    fn shown(&self, series: &Value) -> Value {
        let mut shown = summary(series);
        if self.has_points {
            put(&mut shown, "points", points(series));
        }
        shown
    }

    /// What to say if `found` has more points than are shown. To put some together is for OCI, which knows the statistic.
    fn hint(&self, found: &[Value]) -> Option<String> {
        let remedy = if self.has_query && self.resolution.is_none() {
            "a longer interval in `query`, such as `[1h]`,"
        } else {
            "a longer `resolution`, such as `1h`,"
        };
        let is_long = |series| datapoints(series).len() > MAX_POINTS;
        let has_more = self.has_points && found.iter().any(is_long);
        has_more.then(|| format!("`points` are the latest {MAX_POINTS}; {remedy} has fewer"))
    }
}

/// What a query of the caller's gives.
pub(in crate::curated) fn query<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let wanted = Wanted::of(&arguments, session.now(), times::HOUR)?;
        let [namespace, query, compartment] =
            ["namespace", "query", "compartment_id"].map(|name| text(&arguments, name));
        let mut asked = asked([namespace, query], wanted.span);
        if let Some(resolution) = wanted.resolution {
            put(&mut asked, "resolution", resolution);
        }
        let found = series(session, compartment, asked).await?;
        let items: Vec<Value> = found.iter().map(|series| wanted.shown(series)).collect();
        let mut answer = json!({ "items": items });
        if let Some(hint) = wanted.hint(&found) {
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
        let wanted = Wanted::of(&arguments, session.now(), times::HOUR)?;
        let id = json!({ "instanceId": text(&arguments, "instance_id") });
        let instance = session.get("core.get_instance", id).await?;
        answer(session, &instance, INSTANCE, wanted).await
    })
}

/// Those of an Autonomous Database.
pub(in crate::curated) fn of_autonomous_database<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let wanted = Wanted::of(&arguments, session.now(), times::DAY)?;
        let id = json!({ "autonomousDatabaseId": text(&arguments, "database_id") });
        let database = session.get("database.get_autonomous_database", id).await?;
        answer(session, &database, AUTONOMOUS, wanted).await
    })
}

async fn answer(
    session: &Session<'_>,
    resource: &Value,
    metrics: Metrics,
    wanted: Wanted<'_>,
) -> Result<Value, Failure> {
    let [start, end] = wanted.span;
    let mut answer = json!({
        "name": field(resource, "displayName"), "state": field(resource, "lifecycleState"),
        "start": start.to_string(), "end": end.to_string(),
    });
    let found = found(session, resource, metrics, &wanted).await;
    if let Some(found) = part(&mut answer, "metrics", found) {
        put(&mut answer, "metrics", of_one(&found, &wanted));
        if let Some(hint) = wanted.hint(&found) {
            put(&mut answer, "hint", hint);
        }
    }
    Ok(answer)
}

/// The metrics of `resource`, summed up.
pub(super) async fn of(
    session: &Session<'_>,
    resource: &Value,
    metrics: Metrics,
    span: [Timestamp; 2],
) -> Result<Vec<Value>, Failure> {
    let wanted = Wanted::summaries(span);
    let found = found(session, resource, metrics, &wanted).await?;
    Ok(of_one(&found, &wanted))
}

/// What is shown of series whose dimensions are all alike, for they are of one resource.
fn of_one(found: &[Value], wanted: &Wanted<'_>) -> Vec<Value> {
    let shown = found.iter().map(|series| {
        let mut shown = wanted.shown(series);
        if let Value::Object(members) = &mut shown {
            members.remove("dimensions");
        }
        shown
    });
    shown.collect()
}

/// The metrics of `resource`, asked for at the same time.
async fn found(
    session: &Session<'_>,
    resource: &Value,
    (namespace, names): Metrics,
    wanted: &Wanted<'_>,
) -> Result<Vec<Value>, Failure> {
    // From OCI's own answer, so that no quotation mark of a caller's comes into the query.
    let [id, compartment] = ["id", "compartmentId"].map(|name| text_of(field(resource, name)));
    let interval = wanted.resolution.unwrap_or(interval(wanted.span));
    let looked = names.iter().map(|name| async move {
        let query = format!("{name}[{interval}]{{resourceId = \"{id}\"}}.mean()");
        series(
            session,
            compartment,
            asked([namespace, &query], wanted.span),
        )
        .await
    });
    let found: Result<Vec<Vec<Value>>, Failure> = join_all(looked).await.into_iter().collect();
    Ok(found?.concat())
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

/// `5m` of `CpuUtilization[5m].mean()`.
fn interval_of(query: &str) -> Option<&str> {
    let (_, rest) = query.split_once('[')?;
    let (interval, _) = rest.split_once(']')?;
    Some(interval.trim())
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
