//! What a tool takes: flat arguments, which become parameters of an operation.

use serde_json::{Map, Value, json};

/// An argument. Its name is also that of the parameter, whatever separates the words:
/// `display_name` is `displayName`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    kind: Kind,
    pub(crate) is_required: bool,
    about: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Number { least: u32, most: u32 },
    AtMost(u32),
    Decimal,
    Flag,
    OneOf(&'static [&'static str]),
    Texts,
    Object,
}

/// A text.
pub(crate) const fn text(name: &'static str) -> Argument {
    Argument::new(name, Kind::Text)
}

/// A whole number.
pub(crate) const fn number(name: &'static str, least: u32, most: u32) -> Argument {
    Argument::new(name, Kind::Number { least, most })
}

/// A whole number of which a list need not say that it is more than nothing.
pub(crate) const fn at_most(name: &'static str, most: u32) -> Argument {
    Argument::new(name, Kind::AtMost(most))
}

/// A positive number.
pub(crate) const fn decimal(name: &'static str) -> Argument {
    Argument::new(name, Kind::Decimal)
}

/// `true` or `false`.
pub(crate) const fn flag(name: &'static str) -> Argument {
    Argument::new(name, Kind::Flag)
}

/// One of a few names.
pub(crate) const fn one_of(name: &'static str, names: &'static [&'static str]) -> Argument {
    Argument::new(name, Kind::OneOf(names))
}

/// Several texts.
pub(crate) const fn texts(name: &'static str) -> Argument {
    Argument::new(name, Kind::Texts)
}

/// Members that the tool knows no more of.
pub(crate) const fn object(name: &'static str) -> Argument {
    Argument::new(name, Kind::Object)
}

impl Argument {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            is_required: false,
            about: "",
        }
    }

    /// The same, without which there is no call.
    pub(crate) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The same, with what the model should know and the name does not say.
    pub(crate) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text => json!({ "type": "string" }),
            Kind::Number { least, most } => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Kind::AtMost(most) => json!({ "type": "integer", "maximum": most }),
            Kind::Decimal => json!({ "type": "number", "exclusiveMinimum": 0 }),
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::OneOf(names) => json!({ "enum": names }),
            Kind::Object => json!({ "type": "object" }),
            Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        };
        if let (Value::Object(members), false) = (&mut schema, self.about.is_empty()) {
            members.insert("description".to_owned(), self.about.into());
        }
        schema
    }
}

/// The JSON Schema of an object with these arguments.
pub(crate) fn schema<'a>(arguments: impl Iterator<Item = &'a Argument>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for argument in arguments {
        properties.insert(argument.name.to_owned(), argument.schema());
        required.extend(argument.is_required.then_some(argument.name));
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Value::Object(members), false) = (&mut schema, required.is_empty()) {
        members.insert("required".to_owned(), required.into());
    }
    schema
}
