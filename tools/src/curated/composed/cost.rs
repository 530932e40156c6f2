//! What the tenancy cost.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{Arguments, Composing, number};
use crate::answer::field;
use crate::curated::times;
use crate::error::Failure;
use crate::session::Session;

/// By day or month.
pub(in crate::curated) fn summary<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let span = span(&arguments, session.now())?;
        let granularity = arguments.get("granularity").and_then(Value::as_str);
        let usage = usage(session, span, granularity.unwrap_or("DAILY"), None).await?;
        let rows = usage.by(|row| day_of(row).to_owned());
        let rows = rows
            .into_iter()
            .map(|(from, cost)| json!({ "from": from, "cost": round(cost) }));
        Ok(usage.answer(span, &rows.collect::<Vec<_>>()))
    })
}

/// By service, the dearest first.
pub(in crate::curated) fn by_service<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(ranked(session, arguments, ["service", "service"]))
}

/// By compartment, the dearest first.
pub(in crate::curated) fn by_compartment<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(ranked(
        session,
        arguments,
        ["compartmentName", "compartment"],
    ))
}

/// By month, with the difference to the one before.
pub(in crate::curated) fn trend<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let today = session.now().to_zoned(TimeZone::UTC).date();
        let first = today.first_of_month();
        let back = number(&arguments, "months_back", 6);
        let start = first
            .checked_sub(back.months())
            .map_err(Failure::validation)?;
        let tomorrow = today.tomorrow().map_err(Failure::validation)?;
        let span = [start, tomorrow];
        let usage = usage(session, span, "MONTHLY", None).await?;
        let mut before: Option<f64> = None;
        let rows = usage.by(|row| day_of(row).to_owned());
        let rows = rows.into_iter().map(|(from, cost)| {
            // Of a month that is not over there is nothing to compare.
            let is_whole = from < first.to_string();
            let change = before.filter(|before| is_whole && *before > 0.0);
            let change = change.map(|before| round((cost / before - 1.0) * 100.0));
            before = Some(cost);
            let partial = (!is_whole).then_some(true);
            json!({ "from": from, "cost": round(cost), "change_percent": change, "partial": partial })
        });
        let rows: Vec<Value> = rows.collect();
        Ok(usage.answer(span, &rows))
    })
}

/// Days on which a service cost much more than on others.
pub(in crate::curated) fn anomalies<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let span = span(&arguments, session.now())?;
        let threshold = arguments
            .get("threshold")
            .and_then(Value::as_f64)
            .unwrap_or(2.0);
        let usage = usage(session, span, "DAILY", Some("service")).await?;
        let days = usage.by(|row| {
            format!(
                "{}\n{}",
                field(row, "service").as_str().unwrap_or("none"),
                day_of(row)
            )
        });
        let mut services: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
        for (key, cost) in &days {
            let (service, day) = key.split_once('\n').unwrap_or((key, ""));
            services.entry(service).or_default().push((day, *cost));
        }
        let found = services
            .iter()
            .flat_map(|(service, days)| outliers(service, days, threshold))
            .collect();
        Ok(usage.answer(span, &highest(found, &arguments)))
    })
}

async fn ranked(
    session: &Session<'_>,
    arguments: Arguments,
    [group, name]: [&str; 2],
) -> Result<Value, Failure> {
    let span = span(&arguments, session.now())?;
    let usage = usage(session, span, "TOTAL", Some(group)).await?;
    let rows = usage.by(|row| field(row, group).as_str().unwrap_or("none").to_owned());
    let rows = rows.into_iter();
    let rows = rows.map(|(own, cost)| (cost, json!({ name: own, "cost": round(cost) })));
    Ok(usage.answer(span, &highest(rows.collect(), &arguments)))
}

/// The rows with the highest number, as many as asked for.
fn highest(mut rows: Vec<(f64, Value)>, arguments: &Arguments) -> Vec<Value> {
    rows.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    rows.truncate(top(arguments));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Days whose cost is more than `threshold` standard deviations over the mean.
fn outliers(service: &str, days: &[(&str, f64)], threshold: f64) -> Vec<(f64, Value)> {
    let count = u32::try_from(days.len()).map_or(0.0, f64::from);
    if count < 3.0 {
        return Vec::new();
    }
    let mean = days.iter().map(|(_, cost)| cost).sum::<f64>() / count;
    let variance = days
        .iter()
        .map(|(_, cost)| (cost - mean).powi(2))
        .sum::<f64>()
        / count;
    let deviation = variance.sqrt();
    let rows = days.iter().filter_map(|(day, cost)| {
        let score = (cost - mean) / deviation;
        (deviation > 0.0 && score > threshold).then(|| {
            let row = json!({
                "day": day, "service": service, "cost": round(*cost), "usual": round(mean),
                "z_score": round(score),
            });
            (score, row)
        })
    });
    rows.collect()
}

struct Usage(Vec<Value>);

impl Usage {
    /// The sums of the rows that `key` gives the same key.
    fn by(&self, key: impl Fn(&Value) -> String) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for row in &self.0 {
            *sums.entry(key(row)).or_default() +=
                field(row, "computedAmount").as_f64().unwrap_or(0.0);
        }
        sums
    }

    fn answer(&self, [start, end]: [Date; 2], rows: &[Value]) -> Value {
        let total: f64 = self
            .0
            .iter()
            .filter_map(|row| field(row, "computedAmount").as_f64())
            .sum();
        let currency = self
            .0
            .iter()
            .find_map(|row| field(row, "currency").as_str());
        json!({
            "currency": currency, "total": round(total), "from": start.to_string(),
            "until": end.to_string(), "items": rows,
        })
    }
}

async fn usage(
    session: &Session<'_>,
    [start, end]: [Date; 2],
    granularity: &str,
    group: Option<&str>,
) -> Result<Usage, Failure> {
    let body = json!({
        "tenantId": session.tenancy().await?,
        "timeUsageStarted": format!("{start}T00:00:00Z"),
        "timeUsageEnded": format!("{end}T00:00:00Z"),
        "granularity": granularity,
        "queryType": "COST",
        "groupBy": group.into_iter().collect::<Vec<_>>(),
    });
    let asked = json!({ "body": body });
    let rows = session
        .items("usage_api.request_summarized_usages", asked)
        .await?;
    Ok(Usage(rows))
}

/// The days from `time_start`, to the one before `time_end`: the last 30 unless they are named.
fn span(arguments: &Arguments, now: Timestamp) -> Result<[Date; 2], Failure> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let end = times::day(arguments, "time_end")?.map_or_else(|| today.tomorrow(), Ok);
    let end = end.map_err(Failure::validation)?;
    let month: Span = 30.days();
    let start = times::day(arguments, "time_start")?.map_or_else(|| end.checked_sub(month), Ok);
    let start = start.map_err(Failure::validation)?;
    if start >= end {
        return Err(Failure::validation(
            "`time_start` must be before `time_end`",
        ));
    }
    Ok([start, end])
}

fn day_of(row: &Value) -> &str {
    let from = field(row, "timeUsageStarted").as_str().unwrap_or_default();
    from.get(..10).unwrap_or(from)
}

fn top(arguments: &Arguments) -> usize {
    usize::try_from(number(arguments, "top_n", 10)).unwrap_or(10)
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_stands_out_is_found_and_even_ones_are_not() {
        let mut days: Vec<(&str, f64)> = vec![("2026-11-01", 10.0); 20];
        days.push(("2026-11-21", 50.0));

        let found = outliers("Compute", &days, 2.0);

        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1["day"], "2026-11-21");
        assert!(outliers("Compute", &[("a", 1.0); 5], 2.0).is_empty());
        assert!(outliers("Compute", &[("a", 1.0), ("b", 9.0)], 0.1).is_empty());
    }

    #[test]
    fn a_span_is_of_whole_days_and_in_order() {
        let now = Timestamp::from_second(1_795_262_400).unwrap();
        let read = |start: Value, end: Value| {
            let arguments = json!({ "time_start": start, "time_end": end });
            span(&arguments.as_object().cloned().unwrap(), now)
        };

        let [start, end] = read(Value::Null, Value::Null).unwrap();

        assert_eq!(
            (start.to_string(), end.to_string()),
            ("2026-10-23".into(), "2026-11-22".into())
        );
        assert!(read("2026-11-02".into(), "2026-11-02".into()).is_err());
        assert!(read("yesterday".into(), Value::Null).is_err());
        assert!(read("2026-11-01T00:00:00Z".into(), Value::Null).is_ok());
        for more_than_a_day in [
            "2026-11-01T18:00:00Z",
            "2026-11-01T00:00:00+01:00",
            "2026-11-01 or so",
        ] {
            let failure = read(Value::Null, more_than_a_day.into()).unwrap_err();

            let failure = json!(failure)["error"].to_string();
            assert!(failure.contains("`time_end` is `2026-11-01"), "{failure}");
        }
    }
}
