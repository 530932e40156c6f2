//! Monitoring: metrics that follow the time of day, and what alarms say.

use bytes::Bytes;
use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::received::{Received, time};
use super::refusal::{Refusal, text};
use super::state::State;
use super::value::{field, set};
use super::{list, reply};

/// `POST /20180401/metrics/actions/summarizeMetricsData`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn summarize(state: &State, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let compartment = request.required("compartmentId")?;
    state.compartment(compartment)?;
    let body = request.json()?;
    let namespace = text(&body, "namespace")?;
    let query = Query::parse(text(&body, "query")?)?;
    let end = match field(&body, "endTime").as_str() {
        Some(end) => time("endTime", end)?,
        None => request.now,
    };
    let start = match field(&body, "startTime").as_str() {
        Some(start) => time("startTime", start)?,
        None => end - SignedDuration::from_hours(3),
    };
    let step = match field(&body, "resolution").as_str() {
        Some(resolution) => interval(resolution)?,
        None => query.interval,
    };
    if step > query.interval {
        return Err(Refusal::invalid(
            "resolution must not be longer than the interval of the query",
        ));
    }
    // What is older is not returned, and nothing says so.
    let start = start.max(request.now - SignedDuration::from_hours(24 * days_kept(step)));
    let span = end.duration_since(start).as_secs();
    if span <= 0 || span / step > MAX_POINTS {
        return Err(Refusal::invalid(format!(
            "endTime must be after startTime, and at most {MAX_POINTS} intervals"
        )));
    }
    let series: Vec<_> = metrics(state, compartment)
        .filter(|metric| metric.namespace == namespace && metric.name == query.metric)
        .filter(|metric| {
            query
                .resource
                .is_none_or(|wanted| metric.resource["id"] == wanted)
        })
        .map(|metric| metric.series(compartment, &query, [start, end], step))
        .collect();
    Ok(reply::ok(&json!(series)))
}

/// How many days back a query goes whose points are so many seconds apart.
fn days_kept(step: i64) -> i64 {
    match step {
        ..300 => 7,
        300..3_600 => 30,
        _ => 90,
    }
}

/// `POST /20180401/metrics/actions/listMetrics`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn list_metrics(
    state: &State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let compartment = request.required("compartmentId")?;
    state.compartment(compartment)?;
    let body = request.json()?;
    let asked = |name: &str, value: &str| {
        field(&body, name)
            .as_str()
            .is_none_or(|asked| asked == value)
    };
    let resource = field(field(&body, "dimensionFilters"), "resourceId").as_str();
    let found: Vec<_> = metrics(state, compartment)
        .filter(|metric| asked("namespace", metric.namespace) && asked("name", metric.name))
        .filter(|metric| resource.is_none_or(|wanted| metric.resource["id"] == wanted))
        .map(|metric| metric.description(compartment))
        .collect();
    list::page(&found, false, request)
}

/// `GET /20180401/alarms/status`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn alarm_status(
    state: &State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let compartment = request.required("compartmentId")?;
    state.compartment(compartment)?;
    let all = request.param("compartmentIdInSubtree") == Some("true");
    let scope = state.subtree(compartment);
    let alarms = state.items("alarms").iter().filter(|alarm| {
        alarm["compartmentId"] == compartment
            || all
                && scope
                    .iter()
                    .any(|id| alarm["compartmentId"] == *id.as_str())
    });
    let statuses: Vec<_> = alarms
        .map(|alarm| {
            json!({
                "id": alarm["id"],
                "displayName": alarm["displayName"],
                "severity": alarm["severity"],
                "timestampTriggered": request.now - SignedDuration::from_mins(42),
                "status": firing(alarm),
            })
        })
        .filter(|status| {
            request
                .param("status")
                .is_none_or(|wanted| status["status"] == wanted)
        })
        .collect();
    list::page(&statuses, false, request)
}

/// `GET /20180401/alarms/{id}/history`.
///
/// # Errors
///
/// OCI's 404 if there is no such alarm.
pub(crate) fn alarm_history(
    state: &State,
    request: &Received<'_>,
    id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let alarm = state.item("alarms", id)?;
    let entries: Vec<_> = [(42, "FIRING"), (180, "OK"), (240, "FIRING")]
        .into_iter()
        .skip(usize::from(firing(alarm) == "OK"))
        .map(|(minutes, status)| {
            let at = request.now - SignedDuration::from_mins(minutes);
            json!({
                "summary": format!("State transitioned to {status}"),
                "timestamp": at,
                "timestampTriggered": at,
            })
        })
        .collect();
    Ok(reply::ok(&json!({
        "alarmId": id,
        "isEnabled": alarm["isEnabled"],
        "entries": entries,
    })))
}

/// One critical alarm is firing, as somewhere one always is.
fn firing(alarm: &Value) -> &'static str {
    if alarm["severity"] == "CRITICAL" {
        "FIRING"
    } else {
        "OK"
    }
}

/// A metric of one resource.
struct Metric<'a> {
    namespace: &'static str,
    name: &'static str,
    unit: &'static str,
    /// The range that the values are in.
    range: (f64, f64),
    resource: &'a Value,
}

impl Metric<'_> {
    fn series(
        &self,
        compartment: &str,
        query: &Query<'_>,
        [start, end]: [Timestamp; 2],
        step: i64,
    ) -> Value {
        // A point stands for the interval that ends with it, on whole intervals.
        let first = (start.as_second() / step + 1) * step;
        let points: Vec<_> = (first..=end.as_second())
            .step_by(usize::try_from(step).unwrap_or(60))
            .filter_map(|second| {
                let value = query.statistic.of(self.value(second), step);
                Some(json!({ "timestamp": Timestamp::from_second(second).ok()?, "value": value }))
            })
            .collect();
        let mut series = self.description(compartment);
        set(
            &mut series,
            "metadata",
            json!({ "displayName": self.name, "unit": self.unit }),
        );
        set(&mut series, "aggregatedDatapoints", json!(points));
        series
    }

    fn description(&self, compartment: &str) -> Value {
        json!({
            "name": self.name,
            "namespace": self.namespace,
            "compartmentId": compartment,
            "resourceGroup": null,
            "dimensions": {
                "resourceId": self.resource["id"],
                "resourceDisplayName": self.resource["displayName"],
            },
        })
    }

    /// High in the afternoon, low at night, and never quite the same for two resources.
    fn value(&self, second: i64) -> f64 {
        let seed = self.resource["id"]
            .as_str()
            .unwrap_or_default()
            .bytes()
            .map(u32::from)
            .sum::<u32>();
        let seed = f64::from(seed % 97) / 97.0;
        let minute = f64::from(i32::try_from(second.rem_euclid(86_400) / 60).unwrap_or_default());
        let day = (std::f64::consts::TAU * (minute - 480.0) / 1440.0).sin();
        let jitter = (minute * (0.7 + seed)).sin();
        let share = (0.35 + 0.25 * day + 0.2 * seed + 0.08 * jitter).clamp(0.0, 1.0);
        let (low, high) = self.range;
        let value = low + share * (high - low);
        (value * 100.0).round() / 100.0
    }
}

fn metrics<'a>(state: &'a State, compartment: &'a str) -> impl Iterator<Item = Metric<'a>> {
    METRICS
        .iter()
        .flat_map(move |(namespace, collection, running, name, unit, range)| {
            let items = state.items(collection).iter();
            items
                .filter(move |item| {
                    item["compartmentId"] == compartment && item["lifecycleState"] == *running
                })
                .map(move |resource| Metric {
                    namespace,
                    name,
                    unit,
                    range: *range,
                    resource,
                })
        })
}

/// The part of the Monitoring Query Language that is played:
/// `metric[interval]{resourceId = "id"}.statistic()`, the braces optional.
struct Query<'a> {
    metric: &'a str,
    interval: i64,
    resource: Option<&'a str>,
    statistic: Statistic,
}

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Result<Self, Refusal> {
        let bad = || {
            Refusal::invalid(format!(
                "the query `{text}` must be like `CpuUtilization[1m].mean()`"
            ))
        };
        let (metric, rest) = text.split_once('[').ok_or_else(bad)?;
        let (step, rest) = rest.split_once(']').ok_or_else(bad)?;
        let (dimensions, rest) = match rest.trim_start().strip_prefix('{') {
            Some(rest) => rest
                .split_once('}')
                .map(|(inside, rest)| (Some(inside), rest))
                .ok_or_else(bad)?,
            None => (None, rest),
        };
        let resource = match dimensions.map(|inside| inside.split_once('=')) {
            None => None,
            Some(Some((name, value))) if name.trim() == "resourceId" => {
                Some(value.trim().trim_matches('"'))
            }
            Some(_) => return Err(bad()),
        };
        let statistic = rest.trim().strip_prefix('.');
        let statistic = statistic.and_then(Statistic::named).ok_or_else(bad)?;
        Ok(Self {
            metric: metric.trim(),
            interval: interval(step)?,
            resource,
            statistic,
        })
    }
}

#[derive(Clone, Copy)]
enum Statistic {
    Mean,
    Min,
    Max,
    Sum,
    Count,
    P95,
}

impl Statistic {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "mean()" | "avg()" => Self::Mean,
            "min()" => Self::Min,
            "max()" => Self::Max,
            "sum()" => Self::Sum,
            "count()" => Self::Count,
            "percentile(0.95)" => Self::P95,
            _ => return None,
        })
    }

    /// Of an interval of `step` seconds around `mean`, with a raw value each minute.
    fn of(self, mean: f64, step: i64) -> f64 {
        let minutes = f64::from(i32::try_from(step / 60).unwrap_or(1));
        match self {
            Self::Mean => mean,
            Self::Min => mean * 0.8,
            Self::Max => mean * 1.2,
            Self::P95 => mean * 1.15,
            Self::Sum => mean * minutes,
            Self::Count => minutes,
        }
    }
}

/// Seconds of an interval like `1m`, `5m`, `1h`, `1d`.
fn interval(text: &str) -> Result<i64, Refusal> {
    let bad = || {
        Refusal::invalid(format!(
            "the interval `{text}` must be 1m to 60m, 1h to 24h or 1d"
        ))
    };
    let unit = text.chars().last().ok_or_else(bad)?;
    let (seconds, most) = match unit {
        'm' => (60, 60),
        'h' => (3_600, 24),
        'd' => (86_400, 1),
        _ => return Err(bad()),
    };
    let number: i64 = text
        .trim_end_matches(unit)
        .parse()
        .map_err(|_not_a_number| bad())?;
    if (1..=most).contains(&number) {
        Ok(number * seconds)
    } else {
        Err(bad())
    }
}

/// More than a day of minutes.
const MAX_POINTS: i64 = 100_000;

type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    (f64, f64),
);

/// Namespace, collection, the state that has metrics, name, unit and range.
const METRICS: &[Row] = &[
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "CpuUtilization",
        "Percent",
        (2.0, 95.0),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "MemoryUtilization",
        "Percent",
        (30.0, 90.0),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "NetworksBytesIn",
        "Bytes",
        (2e5, 9e6),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "NetworksBytesOut",
        "Bytes",
        (2e5, 9e6),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "DiskBytesRead",
        "Bytes",
        (1e4, 4e6),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "DiskBytesWritten",
        "Bytes",
        (1e4, 4e6),
    ),
    (
        "oci_computeagent",
        "instances",
        "RUNNING",
        "LoadAverage",
        "Processes",
        (0.1, 6.0),
    ),
    (
        "oci_autonomous_database",
        "autonomousDatabases",
        "AVAILABLE",
        "CpuUtilization",
        "Percent",
        (5.0, 80.0),
    ),
    (
        "oci_autonomous_database",
        "autonomousDatabases",
        "AVAILABLE",
        "StorageUtilization",
        "Percent",
        (40.0, 60.0),
    ),
    (
        "oci_autonomous_database",
        "autonomousDatabases",
        "AVAILABLE",
        "Sessions",
        "Count",
        (3.0, 120.0),
    ),
    (
        "oci_faas",
        "functions",
        "ACTIVE",
        "FunctionInvocationCount",
        "Count",
        (0.0, 60.0),
    ),
    (
        "oci_faas",
        "functions",
        "ACTIVE",
        "FunctionExecutionDuration",
        "Milliseconds",
        (3.0, 200.0),
    ),
];
