//! What an operation is given, as a JSON Schema.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::chunk::{Chunk, Model};
use super::kind::{Allowed, Kind, Place};
use super::operation::{BODY, Operation};

impl Operation<'_> {
    /// The JSON Schema (draft 2020-12) of the parameters that [`Operation::request`] takes: of every
    /// operation together, half are under 400 bytes.
    ///
    /// What the body is made of is in `$defs`, the nearest first, until `max_bytes` are full. What then
    /// is left out says so: [`Operation::model_schema`] describes it.
    #[must_use]
    pub fn schema(&self, max_bytes: usize) -> Value {
        let mut writing = Writing::new(self.chunk);
        let mut properties = Map::new();
        let mut required = Vec::new();
        for parameter in self.parameters() {
            let field = parameter.field;
            let schema = match parameter.place {
                Place::Headers => writing.kind(Kind::Map("s"), Allowed::ANY),
                _ => writing.kind(field.kind, field.allowed()),
            };
            properties.insert(field.name.to_owned(), schema);
            required.extend(field.required.then_some(field.name));
        }
        if let Some(body) = self.body() {
            properties.insert(BODY.to_owned(), writing.kind(body.kind, Allowed::ANY));
            required.extend(body.required.then_some(BODY));
        }
        writing.finish(object(properties, &required), max_bytes)
    }

    /// The JSON Schema of a model that bodies of its package are made of; `None` if there is none of
    /// this name. `max_bytes` is as for [`Operation::schema`].
    #[must_use]
    pub fn model_schema(&self, name: &str, max_bytes: usize) -> Option<Value> {
        let model = self.chunk.model(name)?;
        let mut writing = Writing::new(self.chunk);
        let schema = writing.model(&model, &Wanted::any(model.name));
        Some(writing.finish(schema, max_bytes))
    }
}

struct Writing<'a> {
    chunk: &'a Chunk,
    /// The models that something refers to and that are not yet written, nearest first.
    left: VecDeque<Wanted<'a>>,
    seen: BTreeSet<&'a str>,
}

/// A model, and what its discriminator must be for a value to be one.
struct Wanted<'a> {
    name: &'a str,
    discriminator: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn any(name: &'a str) -> Self {
        Self {
            name,
            discriminator: "",
            values: Vec::new(),
        }
    }
}

impl<'a> Writing<'a> {
    fn new(chunk: &'a Chunk) -> Self {
        Self {
            chunk,
            left: VecDeque::new(),
            seen: BTreeSet::new(),
        }
    }

    fn kind(&mut self, kind: Kind<'a>, allowed: Allowed<'a>) -> Value {
        match kind {
            Kind::Text if allowed.values().next().is_some() => {
                json!({ "enum": allowed.values().collect::<Vec<_>>() })
            }
            Kind::Text => json!({ "type": "string" }),
            Kind::Time => json!({ "type": "string", "format": "date-time" }),
            Kind::Integer => json!({ "type": "integer" }),
            Kind::Number => json!({ "type": "number" }),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Any => Value::Bool(true),
            Kind::Bytes => json!({
                "type": ["string", "object"],
                "properties": { "base64": { "type": "string" } },
            }),
            Kind::List(items) | Kind::Commas(items) => {
                json!({ "type": "array", "items": self.kind(Kind::of(items), allowed) })
            }
            Kind::Map(members) => match self.kind(Kind::of(members), allowed) {
                Value::Bool(_) => json!({ "type": "object" }),
                members => json!({ "type": "object", "additionalProperties": members }),
            },
            Kind::Model(name) => self.reference(Wanted::any(name)),
        }
    }

    fn reference(&mut self, wanted: Wanted<'a>) -> Value {
        let reference = json!({ "$ref": format!("#/$defs/{}", wanted.name) });
        if self.seen.insert(wanted.name) {
            self.left.push_back(wanted);
        }
        reference
    }

    fn model(&mut self, model: &Model<'a>, wanted: &Wanted<'a>) -> Value {
        if !model.discriminator.is_empty() {
            let subtypes: BTreeMap<&str, Vec<&str>> =
                model
                    .subtypes()
                    .fold(BTreeMap::new(), |mut subtypes, (value, model)| {
                        subtypes.entry(model).or_default().push(value);
                        subtypes
                    });
            let reference = |(name, values)| {
                self.reference(Wanted {
                    name,
                    discriminator: model.discriminator,
                    values,
                })
            };
            return json!({ "oneOf": subtypes.into_iter().map(reference).collect::<Vec<_>>() });
        }
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in model.fields() {
            let discriminates = field.name == wanted.discriminator;
            let schema = if discriminates {
                json!({ "enum": wanted.values })
            } else {
                self.kind(field.kind, field.allowed())
            };
            properties.insert(field.name.to_owned(), schema);
            required.extend((field.required || discriminates).then_some(field.name));
        }
        object(properties, &required)
    }

    /// Adds the models that `schema` refers to.
    fn finish(mut self, mut schema: Value, max_bytes: usize) -> Value {
        let mut bytes = size(&schema);
        let mut definitions = Map::new();
        while let Some(wanted) = self.left.pop_front() {
            let name = wanted.name;
            let Some(model) = self.chunk.model(name) else {
                continue;
            };
            let referred = self.left.len();
            let mut definition = self.model(&model, &wanted);
            // The quotation marks, colon and comma.
            let needed = name.len() + size(&definition) + 4;
            if bytes + needed > max_bytes {
                for dropped in self.left.drain(referred..) {
                    self.seen.remove(dropped.name);
                }
                definition = json!({ "type": "object", "description": "left out" });
            } else {
                bytes += needed;
            }
            definitions.insert(name.to_owned(), definition);
        }
        if let Some(schema) = schema.as_object_mut()
            && !definitions.is_empty()
        {
            schema.insert("$defs".to_owned(), Value::Object(definitions));
        }
        schema
    }
}

fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    Value::Object(schema)
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}
