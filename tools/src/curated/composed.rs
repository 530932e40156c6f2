//! Tools that ask for several things, and what they make of them.

pub(super) mod alarms;
pub(super) mod connector;
pub(super) mod container;
pub(super) mod cost;
pub(super) mod instance;
pub(super) mod metrics;
pub(super) mod network;
pub(super) mod overview;
pub(super) mod security;
pub(super) mod user;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::answer::put;
use crate::error::Failure;

/// What becomes an answer.
type Composing<'a> = BoxFuture<'a, Result<Value, Failure>>;
type Arguments = Map<String, Value>;

fn text<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn number(arguments: &Arguments, name: &str, default: i64) -> i64 {
    let given = arguments.get(name).and_then(Value::as_i64);
    given.unwrap_or(default)
}

/// What `look` finds, unless it is not wanted.
async fn wanted<T>(is_wanted: bool, look: impl Future<Output = T>) -> Option<T> {
    if is_wanted { Some(look.await) } else { None }
}

/// Notes in `answer` that its part `name` failed, and why; the part, if it did not.
fn part<T>(answer: &mut Value, name: &str, outcome: Result<T, Failure>) -> Option<T> {
    match outcome {
        Ok(part) => Some(part),
        Err(failure) => {
            let missing = json!({ "part": name, "error": failure });
            match answer.get_mut("missing").and_then(Value::as_array_mut) {
                Some(parts) => parts.push(missing),
                None => put(answer, "missing", vec![missing]),
            }
            None
        }
    }
}

/// Puts `items` into the order of `rank`; those that share one stay as they were.
///
/// By reference, because a sort is compiled for each type of closure, which takes 4 KB.
fn sort(items: &mut [Value], rank: &dyn Fn(&Value) -> usize) {
    items.sort_by_key(|item| rank(item));
}

/// The window `1h`, `7d` or `30m` before `now`; an hour unless it is named.
fn window(arguments: &Arguments, now: Timestamp) -> Result<[Timestamp; 2], Failure> {
    let named = arguments.get("window").and_then(Value::as_str);
    let named = named.unwrap_or("1h");
    let wrong = || {
        let named: String = named.escape_debug().take(100).collect();
        Failure::validation(format!(
            "`window` is `{named}`; it is such as `30m`, `1h` or `7d`"
        ))
    };
    let (count, unit) = named
        .char_indices()
        .next_back()
        .and_then(|(at, unit)| Some((named.get(..at)?, unit)))
        .ok_or_else(wrong)?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(wrong()),
    };
    let count: u32 = count.parse().map_err(|_not_a_number| wrong())?;
    let minutes = i64::from(count) * minutes;
    if !(1..=MAX_MINUTES).contains(&minutes) {
        return Err(wrong());
    }
    let start = now.checked_sub(SignedDuration::from_mins(minutes));
    Ok([start.map_err(Failure::validation)?, now])
}

/// 90 days, for which OCI keeps metrics.
const MAX_MINUTES: i64 = 90 * 24 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_number_and_a_unit() {
        let now = Timestamp::from_second(1_795_262_400).unwrap();
        let read = |text: &str| {
            let arguments = json!({ "window": text });
            let arguments = arguments.as_object().cloned().unwrap();
            window(&arguments, now).map(|[start, end]| end.duration_since(start).as_mins())
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
            "1 h",
            "91d",
            "1w",
            "99999999999d",
            "é",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
