//! [JMESPath](https://jmespath.org/specification.html): what a caller wants of an answer.
//!
//! An expression comes from a model, and a short one can ask for work without end: each `[@,@][]|` doubles what
//! there is. So expressions are bounded in length and in parts, and what they do in steps, which no library does.

mod evaluate;
mod functions;
mod parse;
mod token;

use std::fmt;

use serde_json::{Map, Value};

use self::evaluate::Work;
use self::functions::Function;
use self::token::Comparison;

/// An expression that can be asked for.
#[derive(Debug)]
pub(crate) struct Query(Expression);

/// What is wrong with an expression, or why it does not fit a value.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Unanswerable(String);

/// A part of an expression; what it is asked of comes with the question.
#[derive(Debug)]
enum Expression {
    Current,
    Literal(Value),
    Field(String),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// The second of what the first finds.
    Then(Box<[Self; 2]>),
    /// The second of each item of the list that the first finds; of those alone for which the condition holds, if
    /// there is one.
    Each(Box<[Self; 2]>, Option<Box<Self>>),
    /// The second of each member of the object that the first finds.
    EachMember(Box<[Self; 2]>),
    Flatten(Box<Self>),
    Compare(Comparison, Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    And(Box<[Self; 2]>),
    Not(Box<Self>),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    Call(Function, Vec<Self>),
    /// For a function to ask of each item.
    Reference(Box<Self>),
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it and where, or what is too much.
    pub(crate) fn parse(text: &str) -> Result<Self, Unanswerable> {
        if text.len() > MAX_BYTES {
            return Err(Unanswerable::new(format_args!(
                "it has {} bytes; it may have {MAX_BYTES}",
                text.len()
            )));
        }
        parse::expression(text).map(Self)
    }

    /// What it finds in `value`: null if there is nothing of that kind.
    ///
    /// # Errors
    ///
    /// Says which function cannot take what it is given, or that the whole would take too long.
    pub(crate) fn search(&self, value: &Value) -> Result<Value, Unanswerable> {
        let mut work = Work::new(MAX_STEPS);
        let found = self.0.find(value, &mut work)?;
        work.own(found)
    }
}

impl Unanswerable {
    fn new(problem: impl fmt::Display) -> Self {
        Self(problem.to_string())
    }
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`query`: {}", self.0)
    }
}

/// What JMESPath takes for yes.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Number(_) => true,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether they are the same: 1 is 1.0.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => same_members(one, other),
        _ => one == other,
    }
}

fn same_members(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let same = |(name, value)| other.get(name).is_some_and(|other| equal(value, other));
    one.len() == other.len() && one.iter().all(same)
}

const MAX_BYTES: usize = 2_000;
/// Values that are looked at or made: some 50 ms at most.
const MAX_STEPS: usize = 1_000_000;
#[cfg(test)]
mod tests;
