//! Checks JSON against a JSON Schema and names every violation with its place.
//!
//! A crate of its own for one reason: `jsonschema` is generic, so whoever calls it compiles its own
//! copy of it, at its own level of optimisation. Behind these few functions there is one copy, built
//! for size, which takes a megabyte off a function and costs a call next to nothing.
//!
//! ```
//! use oci_mcp_validate::Validator;
//! use serde_json::json;
//!
//! let schema = json!({ "properties": { "a": { "type": "number" } }, "required": ["b"] });
//! let validator = Validator::new(&schema)?;
//!
//! let violations = validator.violations(&json!({ "a": "1" }), 10);
//!
//! let shown: Vec<_> = violations.iter().map(|v| (&*v.pointer, &*v.message)).collect();
//! assert_eq!(
//!     shown,
//!     [
//!         ("", "\"b\" is a required property"),
//!         ("/a", "\"1\" is not of type \"number\""),
//!     ],
//! );
//! # Ok::<(), oci_mcp_validate::InvalidSchema>(())
//! ```

use std::error::Error;
use std::fmt;

use jsonschema::{PatternOptions, Registry, ValidationOptions};
use serde_json::{Value, json};

/// A schema, ready to check values: JSON Schema 2020-12, unless its `$schema` says otherwise.
#[derive(Debug)]
pub struct Validator(jsonschema::Validator);

/// Something that a schema does not allow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901), which is empty for the root.
    pub pointer: String,
    /// What is wrong there, in at most 200 characters and an ellipsis: it repeats the value, which
    /// may be megabytes.
    pub message: String,
}

impl Validator {
    /// Compiles `schema`. It may not refer to other documents, and nothing is ever fetched.
    ///
    /// # Errors
    ///
    /// [`InvalidSchema`] if it is none, or refers to what is not in it. Without the feature
    /// `meta-schemas`, keywords whose values cannot be meant are left out instead, where there is a
    /// way to.
    pub fn new(schema: &Value) -> Result<Self, InvalidSchema> {
        let compile = if cfg!(feature = "meta-schemas") {
            validated
        } else {
            referred
        };
        compile(schema).map(Self)
    }

    /// Whether `value` is as the schema has it. Several times faster than asking for violations.
    #[must_use]
    pub fn is_valid(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// The first violations of `value`, at most `limit`.
    #[must_use]
    pub fn violations(&self, value: &Value, limit: usize) -> Vec<Violation> {
        let errors = self.0.iter_errors(value).take(limit);
        let violations = errors.map(|error| Violation {
            pointer: error.instance_path().as_str().to_owned(),
            message: shortened(error.to_string()),
        });
        violations.collect()
    }
}

fn validated(schema: &Value) -> Result<jsonschema::Validator, InvalidSchema> {
    Ok(options().build(schema)?)
}

/// The same without the meta-schema, whose own compilation takes 4 ms and 2 MB where it is not
/// generated.
fn referred(schema: &Value) -> Result<jsonschema::Validator, InvalidSchema> {
    let registry = Registry::new().add(SCHEMA, schema)?.prepare()?;
    // Only what is given is validated, not what that refers to, which keeps its own dialect. The
    // smallest meta-schema is that of draft 4.
    let given = json!({ "$schema": "http://json-schema.org/draft-04/schema#", "$ref": SCHEMA });
    Ok(options().with_registry(&registry).build(&given)?)
}

fn options<'a>() -> ValidationOptions<'a> {
    // The other engine backtracks, and the text it runs over comes from a caller.
    jsonschema::options().with_pattern_options(PatternOptions::regex())
}

const SCHEMA: &str = "urn:schema";

fn shortened(mut message: String) -> String {
    if let Some((at, _)) = message.char_indices().nth(SHOWN) {
        message.truncate(at);
        message.push('…');
        message.shrink_to_fit();
    }
    message
}

/// Characters of a message.
const SHOWN: usize = 200;

/// What was to be a schema cannot be compiled, with the reason.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidSchema(String);

impl fmt::Display for InvalidSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InvalidSchema {}

impl From<jsonschema::ValidationError<'_>> for InvalidSchema {
    fn from(error: jsonschema::ValidationError<'_>) -> Self {
        Self(error.to_string())
    }
}

impl From<jsonschema::ReferencingError> for InvalidSchema {
    fn from(error: jsonschema::ReferencingError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests;
