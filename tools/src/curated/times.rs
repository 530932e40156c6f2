//! Of which time a tool tells.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::argument::{Argument, number, text};
use crate::error::Failure;

/// What [`span`] reads.
pub(super) const START: Argument = text("time_start");
pub(super) const END: Argument = text("time_end");
pub(super) const HOURS_BACK: Argument = number("hours_back", 1, MAX_HOURS);
/// Two weeks, the most that a search of logs looks through.
pub(super) const MAX_HOURS: u32 = 336;

/// Takes out of `parameters` from when to when, `most` hours at most: from `time_start`, or `hours_back` before the
/// end, 1 unless it is given, to `time_end`, or now.
pub(super) fn span(
    parameters: &mut Map<String, Value>,
    now: Timestamp,
    most: u32,
) -> Result<[Timestamp; 2], Failure> {
    let mut take = |name| parameters.remove(name);
    let (start, end, hours) = (take("time_start"), take("time_end"), take("hours_back"));
    if start.is_some() && hours.is_some() {
        return Err(Failure::validation(
            "`time_start` and `hours_back` both say where it begins; leave one of them away",
        ));
    }
    let hours = hours.and_then(|hours| hours.as_i64()).unwrap_or(1);
    let end = moment(end.as_ref(), "time_end")?.unwrap_or(now);
    let start = moment(start.as_ref(), "time_start")?;
    let start = start.map_or_else(|| end.checked_sub(SignedDuration::from_hours(hours)), Ok);
    let start = start.map_err(Failure::validation)?;
    if start >= end {
        return Err(Failure::validation(
            "`time_start` must be before `time_end`, which is now unless it is given",
        ));
    }
    if end.duration_since(start) > SignedDuration::from_hours(i64::from(most)) {
        return Err(Failure::validation(format!(
            "from `time_start` to `time_end`, which is now unless it is given, there may be {most} hours at most"
        )));
    }
    Ok([start, end])
}

/// The time that is `given` as `name`; in UTC, unless it says otherwise.
fn moment(given: Option<&Value>, name: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = given.and_then(Value::as_str) else {
        return Ok(None);
    };
    let civil = || {
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = text.parse().ok().or_else(civil);
    // The name of a zone in brackets would be passed over.
    let time = time.filter(|_| !text.contains('['));
    time.map(Some)
        .ok_or_else(|| wrong(name, text, "2026-11-01 or 2026-11-01T08:00:00Z"))
}

/// The day, in UTC, that is given as `name`.
pub(super) fn day(arguments: &Map<String, Value>, name: &str) -> Result<Option<Date>, Failure> {
    let given = arguments.get(name);
    let Some(time) = moment(given, name)? else {
        return Ok(None);
    };
    let time = time.to_zoned(TimeZone::UTC).datetime();
    if time.time() != Time::midnight() {
        let text = given.and_then(Value::as_str).unwrap_or_default();
        return Err(wrong(name, text, "2026-11-01, a whole day in UTC"));
    }
    Ok(Some(time.date()))
}

fn wrong(name: &str, text: &str, example: &str) -> Failure {
    let text: String = text.escape_debug().take(100).collect();
    Failure::validation(format!("`{name}` is `{text}`; it is such as {example}"))
}

/// The window `1h`, `7d` or `30m` before `now`; `default` unless it is named.
pub(super) fn window(
    arguments: &Map<String, Value>,
    now: Timestamp,
    default: &str,
) -> Result<[Timestamp; 2], Failure> {
    let named = arguments.get("window").and_then(Value::as_str);
    let named = named.unwrap_or(default);
    let Some(minutes @ 1..=MAX_MINUTES) = minutes(named) else {
        return Err(wrong(
            "window",
            named,
            "`30m`, `1h` or `7d`, 90 days at most",
        ));
    };
    let start = now.checked_sub(SignedDuration::from_mins(minutes));
    Ok([start.map_err(Failure::validation)?, now])
}

/// The `resolution` of metrics, if it is named: `1m` to `60m`, `1h` to `24h`, or `1d`.
pub(super) fn resolution(arguments: &Map<String, Value>) -> Result<Option<&str>, Failure> {
    let Some(named) = arguments.get("resolution").and_then(Value::as_str) else {
        return Ok(None);
    };
    let most = if named.ends_with('m') {
        60
    } else {
        MINUTES_OF_DAY
    };
    match minutes(named) {
        Some(minutes) if (1..=most).contains(&minutes) => Ok(Some(named)),
        _ => Err(wrong(
            "resolution",
            named,
            "`1m` to `60m`, `1h` to `24h`, or `1d`",
        )),
    }
}

/// Refuses a window of which OCI would return a part, and not say so: how long it keeps points depends on how far they are
/// apart. Also one that is shorter than that.
pub(super) fn check_reach([start, end]: [Timestamp; 2], resolution: &str) -> Result<(), Failure> {
    let Some(apart) = minutes(resolution) else {
        // OCI says what is wrong with it.
        return Ok(());
    };
    let days = match apart {
        ..5 => 7,
        5..60 => 30,
        _ => 90,
    };
    let window = end.duration_since(start).as_mins();
    if window > days * MINUTES_OF_DAY {
        return Err(Failure::validation(format!(
            "points `{resolution}` apart are kept for {days} days, and `window` is longer"
        ))
        .suggest("points 5m apart are kept for 30 days, 1h apart for 90"));
    }
    if window < apart {
        return Err(Failure::validation(format!(
            "points `{resolution}` apart need a `window` that is as long at least"
        )));
    }
    Ok(())
}

/// How many minutes `5m`, `1h` or `7d` are.
fn minutes(text: &str) -> Option<i64> {
    let (at, unit) = text.char_indices().next_back()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => MINUTES_OF_DAY,
        _ => return None,
    };
    let count = text.get(..at)?;
    // A sign is none of a number's digits here, though `parse` reads it.
    let count = count
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(count)?;
    let count: u32 = count.parse().ok()?;
    Some(i64::from(count) * minutes)
}

/// The window of most tools.
pub(super) const HOUR: &str = "1h";
/// That of what changes slowly.
pub(super) const DAY: &str = "24h";
/// 90 days, for which OCI keeps metrics.
const MAX_MINUTES: i64 = 90 * MINUTES_OF_DAY;
const MINUTES_OF_DAY: i64 = 24 * 60;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_window_is_a_number_and_a_unit() {
        let now = Timestamp::from_second(1_795_262_400).unwrap();
        let read = |text: &str| {
            let arguments = json!({ "window": text });
            let arguments = arguments.as_object().cloned().unwrap();
            window(&arguments, now, HOUR).map(|[start, end]| end.duration_since(start).as_mins())
        };

        for (text, minutes) in [("30m", 30), ("1h", 60), ("7d", 10_080)] {
            assert_eq!(read(text).unwrap(), minutes, "{text}");
        }
        for text in [
            "",
            "h",
            "1",
            "0h",
            "-1h",
            "+1h",
            "1 h",
            "91d",
            "1w",
            "99999999999d",
            "é",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resolution_is_of_a_minute_to_a_day_and_nothing_else_comes_into_a_query() {
        let read = |text: &str| {
            let arguments = json!({ "resolution": text });
            let arguments = arguments.as_object().cloned().unwrap();
            resolution(&arguments).map(|read| read.map(str::to_owned))
        };

        for text in ["1m", "60m", "24h", "1d"] {
            assert_eq!(read(text).unwrap().as_deref(), Some(text));
        }
        for text in [
            "",
            "0m",
            "90m",
            "2d",
            "25h",
            "5",
            "1m]{x = \"y\"}.max()",
            "5m\r\n1m",
        ] {
            let problem = format!("{:?}", read(text).unwrap_err());
            assert!(problem.contains("`1m`"), "{problem}");
        }
        assert_eq!(resolution(&Map::new()).unwrap(), None);
    }
}
