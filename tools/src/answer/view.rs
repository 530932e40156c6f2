//! How much of an answer a caller wants to see, and in which form.

use serde_json::{Map, Value, json};

use super::table::markdown;
use super::{Fields, field, put};
use crate::error::Failure;
use crate::query::{Query, Unanswerable};

/// What a caller wants to see of an answer.
#[derive(Debug, Default)]
pub(crate) struct View {
    fields: Fields,
    query: Option<Query>,
    is_table: bool,
}

impl View {
    /// Of `fields` those that `names` has, if it has any, and of that what `query` finds.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says what is wrong with them.
    pub(crate) fn new(
        fields: Fields,
        names: Vec<String>,
        query: Option<&str>,
        is_table: bool,
    ) -> Result<Self, Failure> {
        let query = query.map(Query::parse).transpose();
        Ok(Self {
            fields: fields.or(names).map_err(Failure::validation)?,
            query: query.map_err(|error| {
                Failure::validation(error)
                    .suggest("it is JMESPath, such as `items[?state=='RUNNING'].name`")
            })?,
            is_table,
        })
    }

    /// What is kept of `item`.
    pub(super) fn project(&self, item: &Value) -> Value {
        self.fields.project(item)
    }

    /// What to say if no item has one of the names that a caller chose.
    pub(super) fn unknown(&self, items: &[Value]) -> Option<String> {
        self.fields.unknown(items)
    }

    /// Whether it has a query: of the pages of a list, which is asked one by one.
    pub(crate) fn searches(&self) -> bool {
        self.query.is_some()
    }

    /// What the query finds in `answer`, if there is one: a list, an object, or an object with `result`.
    pub(super) fn search(&self, answer: &Value) -> Option<Result<Value, Unanswerable>> {
        let found = self.query.as_ref()?.search(answer);
        Some(found.map(|found| match found {
            Value::Null => json!({ "hint": nothing(answer) }),
            // It may be true, or come of a member that no item has: who sees their names can tell.
            Value::Array(found) if found.is_empty() && first(answer).is_some() => {
                json!({ "items": found, "hint": nothing(answer) })
            }
            found @ (Value::Array(_) | Value::Object(_)) => found,
            other => json!({ "result": other }),
        }))
    }

    /// The text of `answer`, which has at most `max_bytes` as JSON.
    pub(super) fn text(&self, mut answer: Value, max_bytes: usize) -> String {
        if !self.is_table {
            return answer.to_string();
        }
        let table = markdown(&answer);
        if table.len() <= max_bytes {
            return table;
        }
        // What few of many items have makes many empty cells.
        if answer.get("hint").is_none() {
            put(
                &mut answer,
                "hint",
                "as a table it would be too large; `fields` makes it smaller",
            );
        }
        answer.to_string()
    }
}

/// What a query was asked of, if it found nothing there.
fn nothing(answer: &Value) -> String {
    let names = |value: &Value| -> String {
        let names = value.as_object().into_iter().flat_map(Map::keys);
        let names: Vec<&str> = names.take(MAX_NAMES).map(String::as_str).collect();
        shown(&names.join(", "))
    };
    match first(answer) {
        Some(item) => format!(
            "`query` found nothing: it is asked of {{{}}}, and of each of `items` there are {}",
            names(answer),
            names(item)
        ),
        None => format!(
            "`query` found nothing: it is asked of {{{}}}",
            names(answer)
        ),
    }
}

fn first(answer: &Value) -> Option<&Value> {
    field(answer, "items").as_array()?.first()
}

/// Names came from somebody else.
fn shown(names: &str) -> String {
    let plain = |char: &char| char.is_ascii_graphic() || *char == ' ';
    names.chars().filter(plain).take(MAX_CHARS).collect()
}

const MAX_CHARS: usize = 200;
const MAX_NAMES: usize = 30;
