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
use serde_json::{Map, Value, json};

use crate::answer::put;
use crate::error::Failure;

/// Requests for the parts of a list.
const AT_ONCE: usize = 16;

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
            lacks(answer, json!({ "part": name, "error": failure }));
            None
        }
    }
}

/// Notes in `answer` a part that it does not have.
fn lacks(answer: &mut Value, missing: Value) {
    match answer.get_mut("missing").and_then(Value::as_array_mut) {
        Some(parts) => parts.push(missing),
        None => put(answer, "missing", vec![missing]),
    }
}

/// Puts `items` into the order of `rank`; those that share one stay as they were.
///
/// By reference, because a sort is compiled for each type of closure, which takes 4 KB.
fn sort(items: &mut [Value], rank: &dyn Fn(&Value) -> usize) {
    items.sort_by_key(|item| rank(item));
}
