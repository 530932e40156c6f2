//! The functions that JMESPath has.

mod table;

use std::cmp::Ordering;

use serde_json::Value;

use self::table::{FUNCTIONS, Row};
use super::evaluate::Work;
use super::{Expression, Unanswerable, kind};

/// One that there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function(&'static Row);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Any,
    Number,
    Text,
    List,
    Object,
    /// What has a length.
    Long,
    /// What can be searched: a list or a text.
    Searched,
    /// Not a value, but an expression to ask of each item.
    Reference,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    /// With the values of its arguments.
    Plain(fn(Vec<Value>) -> Result<Value, String>),
    /// With each item of a list, after what the expression found in it.
    Each(fn(Vec<(Value, Value)>) -> Value),
    /// The same, once they are in the order of what was found, which is all numbers or all texts.
    Ordered(fn(Vec<(Value, Value)>) -> Value),
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|row| row.name == name).map(Self)
    }

    /// Whether it takes so many, of which those that are references can be.
    ///
    /// # Errors
    ///
    /// Says what it takes.
    pub(super) fn check(
        self,
        are_references: impl ExactSizeIterator<Item = bool>,
    ) -> Result<(), String> {
        let Row {
            name,
            takes,
            is_open,
            ..
        } = self.0;
        let count = are_references.len();
        if count < takes.len() || (count > takes.len() && !is_open) {
            let more = if *is_open { " or more" } else { "" };
            return Err(format!("`{name}` takes {}{more}, not {count}", takes.len()));
        }
        for (at, is) in are_references.enumerate() {
            if is != (self.takes(at) == Kind::Reference) {
                let but = if is { "no `&`" } else { "an `&`" };
                return Err(format!("`{name}` takes {but} at place {}", at + 1));
            }
        }
        Ok(())
    }

    fn takes(self, at: usize) -> Kind {
        let takes = self.0.takes;
        takes.get(at).or(takes.last()).copied().unwrap_or(Kind::Any)
    }

    /// Its value for what `arguments` find in `value`.
    ///
    /// # Errors
    ///
    /// Says which of them it cannot take.
    pub(super) fn call(
        self,
        arguments: &[Expression],
        value: &Value,
        work: &mut Work,
    ) -> Result<Value, Unanswerable> {
        let (mut given, mut reference) = (Vec::new(), &Expression::Current);
        for (at, argument) in arguments.iter().enumerate() {
            if let Expression::Reference(each) = argument {
                reference = each;
                continue;
            }
            let found = argument.find(value, work)?;
            let found = work.own(found)?;
            if !self.takes(at).fits(&found) {
                return Err(self.cannot(kind(&found)));
            }
            given.push(found);
        }
        let (make, is_ordered) = match self.0.way {
            Way::Plain(run) => {
                // What is sorted or made is at most as large, but for the order.
                given.iter().try_for_each(|value| work.read(value))?;
                return run(given).map_err(|what| self.cannot(&what));
            }
            Way::Each(make) => (make, false),
            Way::Ordered(make) => (make, true),
        };
        let items = given.into_iter().find_map(|given| match given {
            Value::Array(items) => Some(items),
            _ => None,
        });
        let mut found = Vec::new();
        for item in items.unwrap_or_default() {
            let key = reference.find(&item, work)?;
            found.push((work.own(key)?, item));
        }
        if is_ordered {
            if !are_alike(found.iter().map(|(key, _)| key)) {
                return Err(self.cannot("what is neither all numbers nor all strings"));
            }
            found.sort_by(|(one, _), (other, _)| order(one, other));
        }
        Ok(make(found))
    }

    fn cannot(self, what: &str) -> Unanswerable {
        Unanswerable::new(format_args!("`{}` cannot take {what}", self.0.name))
    }
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Any | Self::Reference => true,
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
            Self::Long => value.is_string() || value.is_array() || value.is_object(),
            Self::Searched => value.is_string() || value.is_array(),
        }
    }
}

/// Whether they have an order: all are numbers, or all texts.
fn are_alike<'v>(values: impl Iterator<Item = &'v Value> + Clone) -> bool {
    values.clone().all(Value::is_number) || values.into_iter().all(Value::is_string)
}

fn order(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => one.as_str().cmp(&other.as_str()),
    }
}
