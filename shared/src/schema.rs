//! JSON Schemas of arguments: made from types, and enforced.

mod mirrored;

pub use mirrored::Mirrored;

use std::fmt::Write;
use std::sync::OnceLock;

use oci_mcp_validate::{Validator, Violation};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// Violations that one answer lists.
const LISTED: usize = 20;

/// The schema of arguments `T` (JSON Schema 2020-12).
pub(crate) fn of<T: JsonSchema>() -> Value {
    let mut schema = root::<T>(SchemaSettings::draft2020_12());
    // A tagged enum is a choice of objects, and says so only inside; MCP wants it at the root.
    if schema.get("type").is_none() {
        schema.insert("type".to_owned(), "object".into());
    }
    // Some model APIs refuse an object without it.
    if schema.get("properties").is_none() {
        schema.insert("properties".to_owned(), Map::new().into());
    }
    schema.to_value()
}

/// The schema of results `T` (JSON Schema 2020-12).
pub(crate) fn of_result<T: JsonSchema>() -> Value {
    root::<T>(SchemaSettings::draft2020_12().for_serialize()).to_value()
}

/// The schema of `T`, without what costs tokens and says nothing.
fn root<T: JsonSchema>(mut settings: SchemaSettings) -> Schema {
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    // The Rust name of the type, and its documentation: the tool has a name and a description.
    schema.remove("title");
    schema.remove("description");
    schema
}

/// A tool's input schema and, once it has been called, the validator made from it.
pub(crate) struct Arguments {
    schema: Value,
    mirrored: Result<Box<[Mirrored]>, Defect>,
    validator: OnceLock<Result<Validator, Defect>>,
}

/// A tool's output schema and, once there has been a result, the validator made from it.
pub(crate) struct Results {
    schema: Value,
    validator: OnceLock<Result<Validator, Defect>>,
}

/// Why a schema cannot be used: the tool's fault, not the caller's.
#[derive(Clone, Debug)]
pub(crate) struct Defect(pub(crate) String);

/// What is wrong with arguments, one line each.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Violations(pub(crate) String);

impl Arguments {
    pub(crate) fn new(schema: Value) -> Self {
        Self {
            mirrored: Mirrored::all(&schema).map_err(Defect),
            schema,
            validator: OnceLock::new(),
        }
    }

    /// The arguments that clients of 2026-07-28 repeat in headers.
    pub(crate) fn mirrored(&self) -> &[Mirrored] {
        self.mirrored.as_deref().unwrap_or_default()
    }

    /// The schema, if a client may see it.
    ///
    /// # Errors
    ///
    /// A [`Defect`] if its root is not of type `object`, as MCP requires, or if a client would refuse
    /// the tool for what it says of headers.
    pub(crate) fn schema(&self) -> Result<&Value, Defect> {
        if self.schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(Defect(
                "the root of its input schema is not of type `object`: let `Args` be a struct, `NoArgs` for none".to_owned(),
            ));
        }
        self.mirrored.as_ref().map_err(Clone::clone)?;
        Ok(&self.schema)
    }

    /// Checks the text of a JSON object against the schema.
    ///
    /// # Errors
    ///
    /// A [`Defect`] if the schema itself does not compile; it may not refer to other documents.
    pub(crate) fn check(&self, arguments: &str) -> Result<Result<(), Violations>, Defect> {
        let validator = self
            .validator
            .get_or_init(|| compile(self.schema()?, "input"));
        let validator = validator.as_ref().map_err(Clone::clone)?;
        Ok(checked(validator, arguments).map_err(|wrong| self.with_names(wrong)))
    }

    /// With the names that there are, if one is not among them.
    #[cold]
    fn with_names(&self, Violations(mut text): Violations) -> Violations {
        let names = self.schema.get("properties").and_then(Value::as_object);
        if let Some(names) = names.filter(|_| text.contains("Additional properties")) {
            let some: Vec<&str> = names.keys().take(NAMED).map(String::as_str).collect();
            let more = if names.len() > some.len() {
                ", ..."
            } else {
                ""
            };
            // Writing to a string does not fail.
            let _ok = match some.as_slice() {
                [] => write!(text, "\n- it takes no arguments"),
                some => write!(text, "\n- it takes {}{more}", some.join(", ")),
            };
        }
        Violations(text)
    }
}

impl Results {
    pub(crate) fn new(schema: Value) -> Self {
        Self {
            schema,
            validator: OnceLock::new(),
        }
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.schema
    }

    /// Whether all results are objects, as they had to be before 2026-07-28.
    pub(crate) fn is_object(&self) -> bool {
        self.schema.get("type").and_then(Value::as_str) == Some("object")
    }

    /// Checks the text of a JSON value against the schema.
    ///
    /// # Errors
    ///
    /// A [`Defect`] if the schema itself does not compile; it may not refer to other documents.
    pub(crate) fn check(&self, value: &str) -> Result<Result<(), Violations>, Defect> {
        let validator = self
            .validator
            .get_or_init(|| compile(&self.schema, "output"));
        let validator = validator.as_ref().map_err(Clone::clone)?;
        Ok(checked(validator, value))
    }
}

/// Names of arguments that an error lists.
const NAMED: usize = 30;

fn checked(validator: &Validator, text: &str) -> Result<(), Violations> {
    match serde_json::from_str(text) {
        Ok(instance) => violations(validator, &instance),
        Err(error) => Err(Violations(format!("\n- {error}"))),
    }
}

fn compile(schema: &Value, kind: &str) -> Result<Validator, Defect> {
    Validator::new(schema)
        .map_err(|error| Defect(format!("its {kind} schema does not compile: {error}")))
}

fn violations(validator: &Validator, instance: &Value) -> Result<(), Violations> {
    if validator.is_valid(instance) {
        return Ok(());
    }
    let violations = validator.violations(instance, LISTED + 1);
    let mut text = String::new();
    for Violation { pointer, message } in violations.iter().take(LISTED) {
        let place = if pointer.is_empty() {
            "the root"
        } else {
            pointer
        };
        // Writing to a string does not fail.
        let _ok = write!(text, "\n- at {place}: {message}");
    }
    if violations.len() > LISTED {
        text.push_str("\n- and more");
    }
    Err(Violations(text))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::NoArgs;

    #[test]
    fn a_tool_without_arguments_takes_none() {
        let schema = json!({ "type": "object", "properties": {}, "additionalProperties": false });

        assert_eq!(of::<NoArgs>(), schema);
    }

    #[test]
    fn an_argument_that_there_is_not_is_told_with_those_that_there_are() {
        let schema = json!({
            "type": "object", "properties": { "limit": {}, "page": {} }, "additionalProperties": false,
        });

        let told = |schema: &Value, text| {
            let checked = Arguments::new(schema.clone()).check(text).unwrap();
            checked.unwrap_err().0
        };

        assert!(told(&schema, r#"{"size": 3}"#).ends_with("\n- it takes limit, page"));
        assert!(told(&of::<NoArgs>(), r#"{"a": 1}"#).ends_with("\n- it takes no arguments"));
        let other = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        assert!(!told(&other, r#"{"a": 1}"#).contains("it takes"));
    }

    #[test]
    fn a_choice_of_objects_is_an_object() {
        #[derive(Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        #[expect(dead_code, reason = "only its schema is read")]
        enum Shape {
            Circle { radius: f64 },
            Square { side: f64 },
        }

        assert_eq!(of::<Shape>()["type"], "object");
    }

    #[test]
    fn every_violation_is_reported_with_its_place() {
        let arguments = Arguments::new(json!({
            "type": "object",
            "properties": { "a": { "type": "number" }, "b": { "items": { "enum": ["x"] } } },
            "required": ["c"],
        }));

        let Violations(text) = arguments
            .check(r#"{"a":"1","b":["x","y"]}"#)
            .unwrap()
            .unwrap_err();

        assert!(
            text.contains("\n- at /a: \"1\" is not of type \"number\""),
            "{text}"
        );
        assert!(text.contains("\n- at /b/1: "), "{text}");
        assert!(
            text.contains("\n- at the root: \"c\" is a required property"),
            "{text}"
        );
    }

    #[test]
    fn a_report_stays_short_whatever_is_sent() {
        let arguments = Arguments::new(json!({
            "type": "object",
            "properties": { "a": { "items": { "type": "number" } } },
        }));
        let long = vec!["x".repeat(10_000); 1_000];

        let check = arguments.check(&json!({ "a": long }).to_string()).unwrap();

        let Violations(text) = check.unwrap_err();
        assert!(text.ends_with("\n- and more"));
        assert!(text.len() < LISTED * 250, "{}", text.len());
    }

    #[test]
    fn a_schema_that_leads_elsewhere_is_a_defect() {
        for reference in [
            "https://example.com/schema.json",
            "file:///etc/passwd",
            "#/nowhere",
        ] {
            let schema = json!({ "type": "object", "properties": { "a": { "$ref": reference } } });

            let defect = Arguments::new(schema).check("{}").unwrap_err();

            assert!(defect.0.contains("does not compile"), "{}", defect.0);
        }
    }
}
