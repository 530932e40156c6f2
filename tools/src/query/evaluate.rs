//! What an expression finds.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::token::Comparison;
use super::{Expression, Unanswerable, equal, is_true};

/// What may still be done.
pub(super) struct Work(usize);

pub(super) type Found<'v> = Result<Cow<'v, Value>, Unanswerable>;

impl Work {
    pub(super) fn new(steps: usize) -> Self {
        Self(steps)
    }

    /// Notes that `steps` are done.
    ///
    /// # Errors
    ///
    /// Says that they are too many.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Unanswerable> {
        self.0 = self.0.checked_sub(steps).ok_or_else(|| {
            Unanswerable::new("it asks for too much work; a filter first makes it less")
        })?;
        Ok(())
    }

    /// The value itself, which is copied if it is a part of another.
    pub(super) fn own(&mut self, found: Cow<'_, Value>) -> Result<Value, Unanswerable> {
        if let Cow::Borrowed(value) = found {
            self.read(value)?;
        }
        Ok(found.into_owned())
    }

    /// Notes that the whole of `value` is looked at.
    pub(super) fn read(&mut self, value: &Value) -> Result<(), Unanswerable> {
        match value {
            Value::String(text) => self.spend(1 + text.len() / TEXT),
            Value::Array(items) => {
                self.spend(1)?;
                items.iter().try_for_each(|item| self.read(item))
            }
            Value::Object(members) => {
                self.spend(1 + members.len())?;
                members.values().try_for_each(|item| self.read(item))
            }
            _ => self.spend(1),
        }
    }
}

impl Expression {
    /// What it finds in `value`.
    ///
    /// # Errors
    ///
    /// Says why a function cannot be asked, or that there is too much to do.
    pub(super) fn find<'v>(&'v self, value: &'v Value, work: &mut Work) -> Found<'v> {
        work.spend(1)?;
        match self {
            Self::Current => Ok(Cow::Borrowed(value)),
            Self::Literal(value) => Ok(Cow::Borrowed(value)),
            Self::Field(name) => Ok(or_null(value.get(name))),
            Self::Index(index) => Ok(or_null(at(value, *index))),
            Self::Slice(bounds) => slice(value, *bounds, work),
            Self::Then(parts) => then(parts, value, work),
            Self::Each(parts, condition) => {
                let [list, each] = parts.as_ref();
                let list = list.find(value, work)?;
                list.as_array().map_or(NOTHING, |items| {
                    all(items, each, condition.as_deref(), work)
                })
            }
            Self::EachMember(parts) => {
                let [object, each] = parts.as_ref();
                let object = object.find(value, work)?;
                object
                    .as_object()
                    .map_or(NOTHING, |members| all(members.values(), each, None, work))
            }
            Self::Flatten(list) => flat(&*list.find(value, work)?, work),
            Self::Compare(comparison, parts) => compared(*comparison, parts, value, work),
            Self::Or(parts) | Self::And(parts) => {
                let [first, second] = parts.as_ref();
                let found = first.find(value, work)?;
                if is_true(&found) == matches!(self, Self::Or(_)) {
                    Ok(found)
                } else {
                    second.find(value, work)
                }
            }
            Self::Not(inner) => Ok(owned(!is_true(&*inner.find(value, work)?))),
            Self::List(_) | Self::Object(_) if value.is_null() => NOTHING,
            Self::List(parts) => {
                let items = parts.iter().map(|part| part.made(value, work));
                items.collect::<Result<Value, _>>().map(Cow::Owned)
            }
            Self::Object(parts) => {
                let mut members = Map::new();
                for (name, part) in parts {
                    members.insert(name.clone(), part.made(value, work)?);
                }
                Ok(owned(members))
            }
            Self::Call(function, arguments) => {
                function.call(arguments, value, work).map(Cow::Owned)
            }
            Self::Reference(_) => NOTHING,
        }
    }

    /// The same as a value of its own.
    fn made(&self, value: &Value, work: &mut Work) -> Result<Value, Unanswerable> {
        let found = self.find(value, work)?;
        work.own(found)
    }
}

fn then<'v>([first, second]: &'v [Expression; 2], value: &'v Value, work: &mut Work) -> Found<'v> {
    match first.find(value, work)? {
        Cow::Borrowed(found) => second.find(found, work),
        Cow::Owned(found) => second.made(&found, work).map(Cow::Owned),
    }
}

/// What `each` finds in those of `items` for which `condition` holds; what is null is left out.
fn all<'v, 'r>(
    items: impl IntoIterator<Item = &'v Value>,
    each: &Expression,
    condition: Option<&Expression>,
    work: &mut Work,
) -> Found<'r> {
    let mut kept = Vec::new();
    for item in items {
        if let Some(condition) = condition
            && !is_true(&*condition.find(item, work)?)
        {
            continue;
        }
        let found = each.find(item, work)?;
        if !found.is_null() {
            kept.push(work.own(found)?);
        }
    }
    Ok(owned(kept))
}

fn flat<'r>(value: &Value, work: &mut Work) -> Found<'r> {
    let Value::Array(items) = value else {
        return NOTHING;
    };
    work.read(value)?;
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(owned(flat))
}

fn slice<'r>(value: &Value, [from, to, step]: [Option<i64>; 3], work: &mut Work) -> Found<'r> {
    let Value::Array(items) = value else {
        return NOTHING;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let step = step.unwrap_or(1);
    // Where it may begin and end: going backwards, before the first.
    let (least, most) = if step < 0 {
        (-1, length - 1)
    } else {
        (0, length)
    };
    let bound = |given: Option<i64>, default| {
        given.map_or(default, |given| {
            let place = if given < 0 {
                given.saturating_add(length)
            } else {
                given
            };
            place.clamp(least, most)
        })
    };
    let (first, end) = if step < 0 {
        (most, least)
    } else {
        (least, most)
    };
    let (mut at, end) = (bound(from, first), bound(to, end));
    let mut kept = Vec::new();
    while if step < 0 { at > end } else { at < end } {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| items.get(at)) {
            work.read(item)?;
            kept.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    Ok(owned(kept))
}

fn compared<'v>(
    comparison: Comparison,
    [left, right]: &'v [Expression; 2],
    value: &'v Value,
    work: &mut Work,
) -> Found<'v> {
    let (left, right) = (left.find(value, work)?, right.find(value, work)?);
    let is_same = match comparison {
        Comparison::Equal | Comparison::Unequal => {
            work.read(&left)?;
            equal(&left, &right)
        }
        _ => false,
    };
    // Only numbers have an order.
    let (Some(less), Some(more)) = (left.as_f64(), right.as_f64()) else {
        return Ok(match comparison {
            Comparison::Equal => owned(is_same),
            Comparison::Unequal => owned(!is_same),
            _ => Cow::Owned(Value::Null),
        });
    };
    Ok(owned(match comparison {
        Comparison::Equal => is_same,
        Comparison::Unequal => !is_same,
        Comparison::Less => less < more,
        Comparison::AtMost => less <= more,
        Comparison::More => less > more,
        Comparison::AtLeast => less >= more,
    }))
}

/// The item at `index`; one that is negative counts from the end.
fn at(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    let place = usize::try_from(index.unsigned_abs()).ok()?;
    items.get(if index < 0 {
        items.len().checked_sub(place)?
    } else {
        place
    })
}

fn or_null(value: Option<&Value>) -> Cow<'_, Value> {
    value.map_or(Cow::Owned(Value::Null), Cow::Borrowed)
}

fn owned<'r>(value: impl Into<Value>) -> Cow<'r, Value> {
    Cow::Owned(value.into())
}

const NOTHING: Found<'static> = Ok(Cow::Owned(Value::Null));
/// How many bytes of a text are as much work as a value.
const TEXT: usize = 64;
