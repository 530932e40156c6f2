//! What happened: audit events, log search, usage; and what more there may be: limits.

use bytes::Bytes;
use http::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::received::{Received, time};
use super::refusal::{Refusal, text};
use super::state::State;
use super::value::{field, set};
use super::{list, reply};

/// `GET /20190901/auditEvents`: one every 37 minutes, of the instances of the compartment.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn audit(state: &State, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let compartment = request.required("compartmentId")?;
    state.compartment(compartment)?;
    let (start, end) = (request.time("startTime")?, request.time("endTime")?);
    check_window(start, end, SignedDuration::from_hours(24 * 365))?;
    let instances = state.items("instances").iter();
    let instances: Vec<_> = instances
        .filter(|item| item["compartmentId"] == compartment)
        .collect();
    let users = state.items("users");
    let mut events = Vec::new();
    let first = start.as_second().div_euclid(EVENT_EVERY) + 1;
    let last = end.min(request.now).as_second().div_euclid(EVENT_EVERY);
    for number in first..=last.min(first + MAX_EVENTS) {
        let index = usize::try_from(number).unwrap_or_default();
        let pick = |items: &[Value]| {
            items
                .get(index % items.len().max(1))
                .cloned()
                .unwrap_or_default()
        };
        if let Some(instance) = instances.get(index % instances.len().max(1)) {
            events.push(event(number, instance, &pick(users)));
        }
    }
    list::page(&events, false, request)
}

fn event(number: i64, instance: &Value, user: &Value) -> Value {
    const OPERATIONS: [(&str, &str); 4] = [
        ("GetInstance", "GET"),
        ("ListInstances", "GET"),
        ("InstanceAction", "POST"),
        ("UpdateInstance", "PUT"),
    ];
    let index = usize::try_from(number).unwrap_or_default() % OPERATIONS.len();
    let (operation, method) = OPERATIONS.get(index).copied().unwrap_or_default();
    let at = Timestamp::from_second(number * EVENT_EVERY).unwrap_or_default();
    json!({
        "eventType": format!("com.oraclecloud.ComputeApi.{operation}"),
        "cloudEventsVersion": "0.1",
        "eventTypeVersion": "2.0",
        "source": "ComputeApi",
        "eventId": format!("00000000-0000-4000-8000-{number:012}"),
        "eventTime": at,
        "contentType": "application/json",
        "data": {
            "eventGroupingId": format!("csid{number:032}"),
            "eventName": operation,
            "compartmentId": instance["compartmentId"],
            "compartmentName": null,
            "resourceName": instance["displayName"],
            "resourceId": instance["id"],
            "availabilityDomain": instance["availabilityDomain"],
            "freeformTags": {},
            "definedTags": {},
            "identity": {
                "principalName": user["name"],
                "principalId": user["id"],
                "authType": "natv",
                "tenantId": user["compartmentId"],
                "ipAddress": "192.0.2.17",
                "userAgent": "Oracle-PythonSDK/2.189.0",
            },
            "request": {
                "id": format!("csid{number:032}"),
                "path": format!("/20160918/instances/{}", instance["id"].as_str().unwrap_or_default()),
                "action": method,
                "parameters": {},
                "headers": {},
            },
            "response": { "status": "200", "responseTime": at, "headers": {}, "payload": {}, "message": null },
            "stateChange": null,
            "additionalDetails": {},
        },
    })
}

/// `POST /20190909/search`: lines of the logs in the compartment or log group that the query names.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn search_logs(
    state: &State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    let start = time("timeStart", text(&body, "timeStart")?)?;
    let end = time("timeEnd", text(&body, "timeEnd")?)?;
    check_window(start, end, SignedDuration::from_hours(24 * 14))?;
    let query = text(&body, "searchQuery")?;
    let source = query
        .trim()
        .strip_prefix("search ")
        .and_then(|rest| rest.trim_start().strip_prefix('"'));
    let source = source
        .and_then(|rest| rest.split_once('"'))
        .ok_or_else(|| {
            Refusal::invalid(
                "searchQuery must begin with search \"compartment OCID/log group/log\"",
            )
        })?;
    let scope = source.0.split('/').collect::<Vec<_>>();
    let [compartment, rest @ ..] = scope.as_slice() else {
        return Err(Refusal::not_found());
    };
    state.compartment(compartment)?;
    let subtree = state.subtree(compartment);
    let logs: Vec<_> = state
        .items("logs")
        .iter()
        .filter(|log| {
            subtree
                .iter()
                .any(|id| log["compartmentId"] == *id.as_str())
        })
        .filter(|log| {
            rest.iter()
                .all(|id| log["id"] == *id || log["logGroupId"] == *id)
        })
        .collect();
    let wanted = quoted_words(source.1);
    let mut lines = Vec::new();
    let first = start.as_second().div_euclid(LINE_EVERY) + 1;
    let last = end
        .min(request.now)
        .as_second()
        .div_euclid(LINE_EVERY)
        .min(first + MAX_EVENTS);
    for number in (first..=last).rev() {
        let index = usize::try_from(number).unwrap_or_default();
        if let Some(log) = logs.get(index % logs.len().max(1)) {
            let line = log_line(number, log);
            if wanted.iter().all(|word| line.to_string().contains(word)) {
                lines.push(line);
            }
        }
    }
    let limit = list::limit(request, 100)?;
    lines.truncate(limit);
    let count = lines.len();
    Ok(reply::ok(&json!({
        "results": lines,
        "fields": [{ "fieldName": "datetime", "fieldType": "NUMBER" }, { "fieldName": "logContent", "fieldType": "STRING" }],
        "summary": { "resultCount": count, "fieldCount": 2 },
    })))
}

pub(super) fn log_line(number: i64, log: &Value) -> Value {
    let at = Timestamp::from_second(number * LINE_EVERY).unwrap_or_default();
    let (level, message) = match number % 20 {
        0 => ("ERROR", "upstream did not answer within 2000 ms"),
        5 | 11 => ("WARN", "pool is at 90 % of its connections"),
        _ => ("INFO", "GET /orders 200 12 ms"),
    };
    json!({ "data": {
        "datetime": at.as_millisecond(),
        "logContent": {
            "id": format!("00000000-0000-4000-8000-{number:012}"),
            "time": at,
            "source": log["displayName"],
            "specversion": "1.0",
            "type": "com.oraclecloud.logging.custom.application",
            "data": { "level": level, "message": message },
            "oracle": {
                "compartmentid": log["compartmentId"],
                "loggroupid": log["logGroupId"],
                "logid": log["id"],
                "ingestedtime": at,
            },
        },
    } })
}

/// What a query compares with: the words in quotation marks.
pub(super) fn quoted_words(query: &str) -> Vec<String> {
    let words = query.split(['\'', '"']).skip(1).step_by(2);
    words
        .map(|word| word.trim_matches('*').to_owned())
        .collect()
}

/// `POST /20200107/usage`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn usage(state: &State, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    if text(&body, "tenantId")? != state.tenancy.id {
        return Err(Refusal::not_found());
    }
    let start = time("timeUsageStarted", text(&body, "timeUsageStarted")?)?;
    let end = time("timeUsageEnded", text(&body, "timeUsageEnded")?)?;
    check_window(start, end, SignedDuration::from_hours(24 * 366))?;
    let step = match text(&body, "granularity")? {
        "DAILY" => DAY,
        "MONTHLY" => MONTH,
        "TOTAL" => end.duration_since(start).as_secs(),
        "HOURLY" => 3_600,
        other => return Err(Refusal::invalid(format!("granularity cannot be `{other}`"))),
    };
    if (start.as_second() % DAY, end.as_second() % DAY) != (0, 0) {
        return Err(Refusal::invalid(
            "timeUsageStarted and timeUsageEnded must be at midnight UTC",
        ));
    }
    let groups: Vec<_> = field(&body, "groupBy")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut items = Vec::new();
    let mut from = start.as_second();
    while from < end.as_second() && items.len() < 10_000 {
        let to = match month_after(from).filter(|_| step == MONTH) {
            Some(to) => to.min(end.as_second()),
            None => (from + step).min(end.as_second()),
        };
        items.extend(usage_rows(state, &groups, [from, to]));
        from = to;
    }
    Ok(reply::ok(&json!({ "groupBy": groups, "items": items })))
}

/// When the month after that of `second` begins.
fn month_after(second: i64) -> Option<i64> {
    let day = Timestamp::from_second(second)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .date();
    let next = day.last_of_month().tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// The cost of one period: by service or by compartment if asked so, else in one row.
fn usage_rows(state: &State, groups: &[&str], period: [i64; 2]) -> Vec<Value> {
    let [from, to] = period;
    let compartments: Vec<_> = state.items("compartments").iter().collect();
    let mut rows = Vec::new();
    for (index, (service, cost)) in SERVICES.iter().enumerate() {
        let compartment = compartments.get(index % compartments.len().max(1));
        let mut row = json!({
            "tenantId": state.tenancy.id,
            "timeUsageStarted": Timestamp::from_second(from).unwrap_or_default(),
            "timeUsageEnded": Timestamp::from_second(to).unwrap_or_default(),
            "computedAmount": of_days(*cost, period),
            "computedQuantity": of_days(24.0, period),
            "currency": "USD",
            "unit": "OCPU Hours",
            "isForecast": false,
        });
        if groups.contains(&"service") {
            set(&mut row, "service", json!(service));
        }
        if let (true, Some(compartment)) = (
            groups.iter().any(|by| by.starts_with("compartment")),
            compartment,
        ) {
            set(&mut row, "compartmentId", compartment["id"].clone());
            set(&mut row, "compartmentName", compartment["name"].clone());
        }
        rows.push(row);
    }
    if groups.is_empty() {
        let total: f64 = rows
            .iter()
            .filter_map(|row| row["computedAmount"].as_f64())
            .sum();
        rows.truncate(1);
        for row in &mut rows {
            set(row, "computedAmount", rounded(total, 1_000_000.0));
        }
    }
    rows
}

/// What `daily`, a little more on some days of the week than on others, comes to in a period: the sum of its days, so
/// that the parts make the same sum however it is divided.
fn of_days(daily: f64, [from, to]: [i64; 2]) -> f64 {
    let days = from.div_euclid(DAY)..=(to - 1).div_euclid(DAY);
    let sum: f64 = days
        .map(|day| {
            let weekday = f64::from(i32::try_from(day % 7).unwrap_or_default());
            let cost = rounded(daily * (1.0 + 0.05 * (weekday - 3.0).abs()), 100.0);
            let seconds = to.min((day + 1) * DAY) - from.max(day * DAY);
            cost * f64::from(i32::try_from(seconds).unwrap_or_default()) / 86_400.0
        })
        .sum();
    rounded(sum, 1_000_000.0)
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// `GET /20190729/services/{service}/limits/{limit}/resourceAvailability`.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn availability(
    state: &State,
    request: &Received<'_>,
    service: &str,
    limit: &str,
) -> Result<Response<Bytes>, Refusal> {
    state.compartment(request.required("compartmentId")?)?;
    let domain = request.param("availabilityDomain");
    let found = state.items("limitValues").iter().find(|item| {
        item["serviceName"] == service
            && item["name"] == limit
            && (item["scopeType"] != "AD" || item["availabilityDomain"].as_str() == domain)
    });
    let found = found.ok_or_else(Refusal::not_found)?;
    let (value, used) = (
        found["value"].as_i64().unwrap_or_default(),
        found["used"].as_i64().unwrap_or_default(),
    );
    Ok(reply::ok(&json!({
        "used": used,
        "available": value - used,
        "fractionalUsage": used,
        "fractionalAvailability": value - used,
        "effectiveQuotaValue": null,
    })))
}

pub(super) fn check_window(
    start: Timestamp,
    end: Timestamp,
    most: SignedDuration,
) -> Result<(), Refusal> {
    let span = end.duration_since(start);
    if span.is_negative() || span > most {
        return Err(Refusal::invalid(format!(
            "the end must be after the start, by {} hours at most",
            most.as_hours()
        )));
    }
    Ok(())
}

/// What costs money, and how much a day.
const SERVICES: &[(&str, f64)] = &[
    ("Compute", 86.4),
    ("Database", 41.2),
    ("Block Storage", 12.75),
    ("Object Storage", 3.1),
    ("Load Balancer", 2.4),
    ("Functions", 0.6),
];
const DAY: i64 = 86_400;
/// Seconds between two audit events.
const EVENT_EVERY: i64 = 37 * 60;
/// Seconds between two lines of a log.
pub(super) const LINE_EVERY: i64 = 30;
pub(super) const MAX_EVENTS: i64 = 2_000;
/// A month as a step, whose days are counted where it is taken.
const MONTH: i64 = 30 * DAY;
