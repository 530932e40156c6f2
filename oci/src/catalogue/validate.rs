//! Whether a value is what an operation takes, and how it is named on the wire.

use serde_json::{Map, Value};

use super::chunk::{Chunk, Model};
use super::invalid::{MAX_PROBLEMS, Problem};
use super::kind::{Allowed, Field, Kind, alike};

/// Where a value is: a JSON pointer that is only written if something is wrong there.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Root,
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl At<'_> {
    /// RFC 6901. A name that is too long is cut.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Item(parent, number) => format!("{}/{number}", parent.pointer()),
            Self::Member(parent, name) => {
                let name = name.escape_debug().take(MAX_SHOWN).collect::<String>();
                let name = name.replace('~', "~0").replace('/', "~1");
                format!("{}/{name}", parent.pointer())
            }
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Root => 0,
            Self::Member(parent, _) | Self::Item(parent, _) => parent.depth() + 1,
        }
    }
}

/// Compares values with types, and remembers what is wrong.
pub(super) struct Validator<'a> {
    chunk: &'a Chunk,
    pub(super) problems: Vec<Problem>,
    values: usize,
}

impl<'a> Validator<'a> {
    pub(super) fn new(chunk: &'a Chunk) -> Self {
        Self {
            chunk,
            problems: Vec::new(),
            values: 0,
        }
    }

    pub(super) fn refuse(&mut self, at: At<'_>, what: impl Into<String>) {
        if !self.is_full() {
            self.problems.push(Problem::new(at.pointer(), what.into()));
        }
    }

    /// Whether so much is wrong that there is no need to look further.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// The value as it is sent: with the names of fields as OCI writes them.
    pub(super) fn value(
        &mut self,
        kind: Kind<'a>,
        allowed: Allowed<'a>,
        value: &Value,
        at: At<'_>,
    ) -> Value {
        self.values += 1;
        if self.values == MAX_VALUES || at.depth() == MAX_DEPTH {
            let bound = format!("{MAX_VALUES} values are sent, {MAX_DEPTH} levels deep");
            self.refuse(at, format!("is too much: less than {bound}"));
        }
        if self.is_full() || self.values >= MAX_VALUES || at.depth() >= MAX_DEPTH {
            return Value::Null;
        }
        match (kind, value) {
            (Kind::List(items) | Kind::Commas(items), Value::Array(values)) => {
                let kind = Kind::of(items);
                let item =
                    |(number, value)| self.value(kind, allowed, value, At::Item(&at, number));
                values.iter().enumerate().map(item).collect()
            }
            (Kind::Map(members), Value::Object(values)) => {
                let kind = Kind::of(members);
                let member = |(name, value): (&String, _)| {
                    let sent = self.value(kind, allowed, value, At::Member(&at, name));
                    (name.clone(), sent)
                };
                Value::Object(values.iter().map(member).collect())
            }
            (Kind::Model(name), Value::Object(members)) => self.model(name, members, at),
            (Kind::Text, Value::String(text)) if !allowed.permits(text) => {
                let what = format!(
                    "is {}; it must be one of {}",
                    shown(value),
                    list(allowed.values())
                );
                self.refuse(at, what);
                Value::Null
            }
            _ if fits(kind, value) => value.clone(),
            _ => {
                let what = format!(
                    "is {}; it must be {}",
                    shown(value),
                    described(kind, allowed)
                );
                self.refuse(at, what);
                Value::Null
            }
        }
    }

    fn model(&mut self, name: &'a str, members: &Map<String, Value>, at: At<'_>) -> Value {
        let Some(model) = self
            .chunk
            .model(name)
            .and_then(|model| self.subtype(model, members, at))
        else {
            return Value::Null;
        };
        let fields: Vec<Field<'a>> = model.fields().collect();
        let mut sent = Map::new();
        for (given, value) in members {
            if self.is_full() {
                break;
            }
            let here = At::Member(&at, given);
            let same = fields.iter().find(|field| field.name == given);
            let Some(field) = same.or_else(|| fields.iter().find(|field| alike(field.name, given)))
            else {
                let names = list(fields.iter().map(|field| field.name));
                self.refuse(
                    here,
                    format!("is not a field of {}; it has {names}", model.name),
                );
                continue;
            };
            // Null takes a value away, which only makes sense if it need not be there.
            let value = match value {
                Value::Null if !field.required => Value::Null,
                value => self.value(field.kind, field.allowed(), value, here),
            };
            if sent.insert(field.name.to_owned(), value).is_some() {
                self.refuse(here, format!("is `{}`, which is given twice", field.name));
            }
        }
        for field in fields.iter().filter(|field| field.required) {
            if !sent.contains_key(field.name) {
                let what = format!(
                    "is missing; it must be {}",
                    described(field.kind, field.allowed())
                );
                self.refuse(At::Member(&at, field.name), what);
            }
        }
        Value::Object(sent)
    }

    /// The model that `members` are, if there is more than one.
    fn subtype(
        &mut self,
        model: Model<'a>,
        members: &Map<String, Value>,
        at: At<'_>,
    ) -> Option<Model<'a>> {
        if model.discriminator.is_empty() {
            return Some(model);
        }
        let given = members
            .iter()
            .find(|(name, _)| alike(name, model.discriminator));
        // OCI takes what does not say so for that which comes from nothing else.
        let value = given.map_or(Some("NONE"), |(_, value)| value.as_str());
        let found = model.subtypes().find(|(known, _)| Some(*known) == value);
        if let Some((_, name)) = found {
            return self.chunk.model(name);
        }
        let accepted = list(model.subtypes().map(|(value, _)| value));
        let here = At::Member(&at, model.discriminator);
        match given {
            Some((_, value)) => {
                self.refuse(
                    here,
                    format!("is {}; it must be one of {accepted}", shown(value)),
                );
            }
            None => self.refuse(here, format!("is missing; it must be one of {accepted}")),
        }
        None
    }
}

fn fits(kind: Kind<'_>, value: &Value) -> bool {
    match kind {
        Kind::Text | Kind::Bytes => value.is_string(),
        Kind::Time => value.as_str().is_some_and(is_time),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Any => true,
        Kind::List(_) | Kind::Commas(_) | Kind::Map(_) | Kind::Model(_) => false,
    }
}

/// What a value of this type is, for people.
pub(super) fn described(kind: Kind<'_>, allowed: Allowed<'_>) -> String {
    let text = match kind {
        Kind::Text if allowed.values().next().is_some() => {
            return format!("one of {}", list(allowed.values()));
        }
        Kind::Text => "a string",
        Kind::Time => "a time such as 2026-01-31T12:00:00Z",
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Any => "JSON",
        Kind::Bytes => "a string, or {\"base64\": \"...\"}",
        Kind::List(items) | Kind::Commas(items) => {
            return format!("a list, each {}", described(Kind::of(items), allowed));
        }
        Kind::Map(_) => "an object",
        Kind::Model(name) => return format!("an object, {name}"),
    };
    text.to_owned()
}

/// The names, with commas, as far as there is room for them.
pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for name in names {
        if text.len() + name.len() > MAX_LIST {
            text.push_str(", ...");
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name);
    }
    text
}

/// A value as it was given, cut and on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string().chars().take(MAX_SHOWN).collect(),
        Value::String(text) => {
            let more = if text.chars().nth(MAX_SHOWN).is_some() {
                "..."
            } else {
                ""
            };
            let start: String = text.chars().take(MAX_SHOWN).collect();
            format!("{start:?}{more}")
        }
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The form of RFC 3339, section 5.6, with a capital `T`; the calendar is OCI's to know.
fn is_time(text: &str) -> bool {
    let shape = |text: &str, pattern: &str| {
        let fits = |(byte, wanted): (u8, u8)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        };
        text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
    };
    let Some((start, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if zone.len() == fraction.len() || text.len() > MAX_TIME {
                return false;
            }
            zone
        }
        None => rest,
    };
    shape(start, "0000-00-00T00:00:00")
        && (zone == "Z" || shape(zone, "+00:00") || shape(zone, "-00:00"))
}

const MAX_VALUES: usize = 50_000;
const MAX_DEPTH: usize = 64;
const MAX_SHOWN: usize = 60;
const MAX_LIST: usize = 600;
const MAX_TIME: usize = 40;

#[cfg(test)]
mod tests {
    use super::{At, is_time, list};

    #[test]
    fn a_time_has_the_form_that_oci_takes() {
        let good = [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00.123Z",
            "2026-01-31T12:00:00+01:00",
            "2026-01-31T12:00:00.123456-08:00",
        ];
        let bad = [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31t12:00:00Z",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00:00Zé",
            "2026-01-31T12:00:0é",
            "yesterday",
        ];

        for text in good {
            assert!(is_time(text), "{text}");
        }
        for text in bad {
            assert!(!is_time(text), "{text}");
        }
        assert!(!is_time(&format!(
            "2026-01-31T12:00:00.{}Z",
            "0".repeat(1000)
        )));
    }

    #[test]
    fn a_pointer_escapes_names_and_cuts_long_ones() {
        let body = At::Member(&At::Root, "body");
        let item = At::Item(&body, 3);
        let long = "x".repeat(1000);

        assert_eq!(At::Member(&item, "a/b~c\n").pointer(), "/body/3/a~1b~0c\\n");
        assert!(At::Member(&item, &long).pointer().len() < 100);
    }

    #[test]
    fn a_list_ends_where_it_would_fill_an_answer() {
        let names = ["name"; 1000];

        assert!(list(names.into_iter()).len() < 700);
        assert!(list(names.into_iter()).ends_with(", ..."));
        assert_eq!(list(["a", "b"].into_iter()), "a, b");
    }
}
