//! What each function takes and makes.

use serde_json::{Map, Number, Value, json};

use super::super::{equal, kind};
use super::{Kind, Way, are_alike, order};

#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) takes: &'static [Kind],
    /// Whether there may be more of the last.
    pub(super) is_open: bool,
    pub(super) way: Way,
}

impl Row {
    const fn new(name: &'static str, takes: &'static [Kind], way: Way) -> Self {
        Self {
            name,
            takes,
            is_open: false,
            way,
        }
    }

    const fn open(name: &'static str, takes: &'static [Kind], way: Way) -> Self {
        Self {
            is_open: true,
            ..Self::new(name, takes, way)
        }
    }
}

pub(super) const FUNCTIONS: &[Row] = &[
    Row::new(
        "abs",
        &[Kind::Number],
        Way::Plain(|given| Ok(rounded(&given, f64::abs))),
    ),
    Row::new("avg", &[Kind::List], Way::Plain(|given| average(&given))),
    Row::new(
        "ceil",
        &[Kind::Number],
        Way::Plain(|given| Ok(rounded(&given, f64::ceil))),
    ),
    Row::new(
        "contains",
        &[Kind::Searched, Kind::Any],
        Way::Plain(|given| Ok(contains(&given).into())),
    ),
    Row::new(
        "ends_with",
        &[Kind::Text, Kind::Text],
        Way::Plain(|given| Ok(texts(&given, |text, end| text.ends_with(end)))),
    ),
    Row::new(
        "floor",
        &[Kind::Number],
        Way::Plain(|given| Ok(rounded(&given, f64::floor))),
    ),
    Row::new(
        "join",
        &[Kind::Text, Kind::List],
        Way::Plain(|given| join(&given)),
    ),
    Row::new(
        "keys",
        &[Kind::Object],
        Way::Plain(|given| Ok(members(given).map(|(name, _)| name).collect())),
    ),
    Row::new(
        "length",
        &[Kind::Long],
        Way::Plain(|given| Ok(length(first(&given)).into())),
    ),
    Row::new(
        "map",
        &[Kind::Reference, Kind::List],
        Way::Each(|found| found.into_iter().map(|(key, _)| key).collect()),
    ),
    Row::new(
        "max",
        &[Kind::List],
        Way::Plain(|given| Ok(sorted(given)?.pop().into())),
    ),
    Row::new("max_by", &[Kind::List, Kind::Reference], Way::Ordered(most)),
    Row::open(
        "merge",
        &[Kind::Object],
        Way::Plain(|given| {
            let mut merged = Map::new();
            merged.extend(members(given));
            Ok(merged.into())
        }),
    ),
    Row::new(
        "min",
        &[Kind::List],
        Way::Plain(|given| Ok(sorted(given)?.into_iter().next().into())),
    ),
    Row::new(
        "min_by",
        &[Kind::List, Kind::Reference],
        Way::Ordered(|found| found.into_iter().next().map(|(_, item)| item).into()),
    ),
    Row::open(
        "not_null",
        &[Kind::Any],
        Way::Plain(|given| Ok(given.into_iter().find(|value| !value.is_null()).into())),
    ),
    Row::new(
        "reverse",
        &[Kind::Searched],
        Way::Plain(|given| Ok(reverse(given))),
    ),
    Row::new(
        "sort",
        &[Kind::List],
        Way::Plain(|given| Ok(sorted(given)?.into())),
    ),
    Row::new(
        "sort_by",
        &[Kind::List, Kind::Reference],
        Way::Ordered(|found| found.into_iter().map(|(_, item)| item).collect()),
    ),
    Row::new(
        "starts_with",
        &[Kind::Text, Kind::Text],
        Way::Plain(|given| Ok(texts(&given, |text, start| text.starts_with(start)))),
    ),
    Row::new(
        "sum",
        &[Kind::List],
        Way::Plain(|given| Ok(number(numbers(&given)?.iter().sum()))),
    ),
    Row::new(
        "to_array",
        &[Kind::Any],
        Way::Plain(|given| {
            Ok(match only(given) {
                list @ Value::Array(_) => list,
                other => json!([other]),
            })
        }),
    ),
    Row::new(
        "to_number",
        &[Kind::Any],
        Way::Plain(|given| Ok(to_number(only(given)))),
    ),
    Row::new(
        "to_string",
        &[Kind::Any],
        Way::Plain(|given| {
            Ok(match only(given) {
                text @ Value::String(_) => text,
                other => other.to_string().into(),
            })
        }),
    ),
    Row::new(
        "type",
        &[Kind::Any],
        Way::Plain(|given| Ok(kind(first(&given)).into())),
    ),
    Row::new(
        "values",
        &[Kind::Object],
        Way::Plain(|given| Ok(members(given).map(|(_, value)| value).collect())),
    ),
];

fn only(given: Vec<Value>) -> Value {
    given.into_iter().next().unwrap_or_default()
}

fn first(given: &[Value]) -> &Value {
    given.first().unwrap_or(&Value::Null)
}

/// A number, without a fraction if it has none.
fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and small enough"
    )]
    let whole = (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64);
    whole.map_or_else(|| Number::from_f64(value).into(), Value::from)
}

fn rounded(given: &[Value], round: fn(f64) -> f64) -> Value {
    first(given)
        .as_f64()
        .map_or(Value::Null, |value| number(round(value)))
}

fn numbers(given: &[Value]) -> Result<Vec<f64>, String> {
    let items = first(given).as_array().into_iter().flatten();
    items
        .map(|item| {
            item.as_f64()
                .ok_or_else(|| format!("a list with {}", kind(item)))
        })
        .collect()
}

fn average(given: &[Value]) -> Result<Value, String> {
    let numbers = numbers(given)?;
    #[expect(clippy::cast_precision_loss, reason = "no list is so long")]
    let count = numbers.len() as f64;
    Ok(if numbers.is_empty() {
        Value::Null
    } else {
        number(numbers.iter().sum::<f64>() / count)
    })
}

fn contains(given: &[Value]) -> bool {
    match given {
        [Value::Array(items), wanted] => items.iter().any(|item| equal(item, wanted)),
        [Value::String(text), Value::String(wanted)] => text.contains(wanted.as_str()),
        _ => false,
    }
}

fn texts(given: &[Value], holds: fn(&str, &str) -> bool) -> Value {
    match given {
        [Value::String(text), Value::String(part)] => holds(text, part).into(),
        _ => Value::Null,
    }
}

fn join(given: &[Value]) -> Result<Value, String> {
    let [separator, Value::Array(items)] = given else {
        return Ok(Value::Null);
    };
    let parts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let parts = parts.ok_or("a list of other things than strings")?;
    Ok(parts.join(separator.as_str().unwrap_or_default()).into())
}

/// The members of all objects.
fn members(given: Vec<Value>) -> impl Iterator<Item = (String, Value)> {
    let objects = given.into_iter().filter_map(|value| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    objects.flat_map(Map::into_iter)
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

fn sorted(given: Vec<Value>) -> Result<Vec<Value>, String> {
    let Value::Array(mut items) = only(given) else {
        return Ok(Vec::new());
    };
    if !are_alike(items.iter()) {
        return Err("a list that is neither all numbers nor all strings".to_owned());
    }
    items.sort_by(order);
    Ok(items)
}

fn reverse(given: Vec<Value>) -> Value {
    match only(given) {
        Value::Array(mut items) => {
            items.reverse();
            items.into()
        }
        Value::String(text) => text.chars().rev().collect::<String>().into(),
        other => other,
    }
}

/// Of those with the largest key, the first.
fn most(found: Vec<(Value, Value)>) -> Value {
    let largest = found.last().map(|(key, _)| key.clone()).unwrap_or_default();
    let most = found.into_iter().find(|(key, _)| equal(key, &largest));
    most.map(|(_, item)| item).into()
}

fn to_number(value: Value) -> Value {
    match value {
        Value::Number(_) => value,
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

/// From here on not every whole number is one of 64 bits with a fraction.
const EXACT: f64 = 9_007_199_254_740_992.0;
