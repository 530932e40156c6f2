//! Arguments that a client repeats in headers of the tool's choice, so that gateways can route by them
//! (2026-07-28, "Custom Headers from Tool Parameters").

use http::HeaderName;
use serde_json::{Map, Value};

/// The keyword with which a property names its header.
const KEYWORD: &str = "x-mcp-header";

/// An argument of a tool that a client of 2026-07-28 repeats in a header over HTTP ("Custom Headers from
/// Tool Parameters").
#[derive(Clone, Debug)]
pub struct Mirrored {
    pub(crate) header: HeaderName,
    /// The names that lead to it, from the root of the arguments.
    path: Vec<String>,
}

impl Mirrored {
    /// Those of a tool with the input schema `schema`.
    ///
    /// # Errors
    ///
    /// Why a client must refuse the tool for what it says of headers.
    pub fn all(schema: &Value) -> Result<Box<[Self]>, String> {
        let mut found = Found::default();
        if let Some(root) = schema.as_object() {
            if root.contains_key(KEYWORD) {
                return Err(misplaced("the root"));
            }
            found.search(root)?;
        }
        Ok(found.all.into())
    }

    /// The name of the header, `mcp-param-…`.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// Its value in `arguments`; one that is `null` counts as left out.
    #[must_use]
    pub fn value<'v>(&self, arguments: &'v Value) -> Option<&'v Value> {
        let mut path = self.path.iter();
        let value = path.try_fold(arguments, |value, name| value.get(name))?;
        Some(value).filter(|value| !value.is_null())
    }

    /// Its names, as a person reads them.
    pub(crate) fn path(&self) -> String {
        self.path.join(".")
    }
}

#[derive(Default)]
struct Found {
    all: Vec<Mirrored>,
    path: Vec<String>,
}

impl Found {
    fn search(&mut self, schema: &Map<String, Value>) -> Result<(), String> {
        for (key, value) in schema {
            if key == "properties" {
                let properties = value.as_object().into_iter().flatten();
                for (name, property) in properties {
                    self.path.push(name.clone());
                    self.property(property)?;
                    self.path.pop();
                }
            } else if key != KEYWORD && is_annotated(key, value) {
                return Err(misplaced(&format!("what is under `{key}`")));
            }
        }
        Ok(())
    }

    fn property(&mut self, property: &Value) -> Result<(), String> {
        let Some(schema) = property.as_object() else {
            return Ok(());
        };
        if let Some(name) = schema.get(KEYWORD) {
            let header = self.header(name, schema)?;
            let path = self.path.clone();
            self.all.push(Mirrored { header, path });
        }
        self.search(schema)
    }

    fn header(&self, name: &Value, schema: &Map<String, Value>) -> Result<HeaderName, String> {
        let parameter = self.path.join(".");
        let header = name.as_str().filter(|name| !name.is_empty());
        let header = header.and_then(|name| format!("mcp-param-{name}").parse().ok());
        let Some(header) = header else {
            return Err(format!(
                "`{KEYWORD}` of `{parameter}` is {name}, which is no name of a header"
            ));
        };
        let kind = schema.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "integer" | "boolean")) {
            return Err(format!(
                "`{KEYWORD}` is for strings, integers and booleans that are not optional by `null`; \
                 `{parameter}` is none"
            ));
        }
        if self.all.iter().any(|earlier| earlier.header == header) {
            return Err(format!(
                "`{KEYWORD}` of `{parameter}` is {name}, as is that of another parameter"
            ));
        }
        Ok(header)
    }
}

/// Whether a schema in `value`, which is under `key`, has the keyword.
fn is_annotated(key: &str, value: &Value) -> bool {
    match (key, value) {
        // Values, not schemas.
        ("const" | "default" | "enum" | "examples", _) => false,
        // Schemas by names of any kind.
        (
            "$defs" | "definitions" | "dependentSchemas" | "patternProperties" | "properties",
            Value::Object(schemas),
        ) => schemas.values().any(|schema| is_annotated("", schema)),
        (_, Value::Object(schema)) => schema
            .iter()
            .any(|(key, value)| key == KEYWORD || is_annotated(key, value)),
        (_, Value::Array(schemas)) => schemas.iter().any(|schema| is_annotated("", schema)),
        _ => false,
    }
}

fn misplaced(place: &str) -> String {
    format!(
        "`{KEYWORD}` is for parameters that `properties` alone lead to; {place} has it elsewhere"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(properties: &Value) -> Value {
        json!({ "type": "object", "properties": properties })
    }

    #[test]
    fn what_properties_lead_to_may_be_repeated_in_headers() {
        let region = json!({ "type": "string", "x-mcp-header": "Region" });
        let count = json!({ "type": "integer", "x-mcp-header": "count" });
        let schema = object(&json!({
            "region": region,
            "x-mcp-header": { "type": "string", "default": { "x-mcp-header": "a value" } },
            "page": object(&json!({ "count": count })),
        }));

        let all = Mirrored::all(&schema).unwrap();

        let mut all: Vec<_> = all.iter().map(|m| (m.path(), m.header.as_str())).collect();
        all.sort();
        assert_eq!(
            all,
            [
                ("page.count".to_owned(), "mcp-param-count"),
                ("region".to_owned(), "mcp-param-region"),
            ]
        );
    }

    fn refused(schema: &Value) -> String {
        Mirrored::all(schema).unwrap_err()
    }

    #[test]
    fn a_header_has_a_name_of_its_own() {
        for name in ["", "a b", "a\r\nb", "a:b", "é"] {
            let named = json!({ "type": "string", "x-mcp-header": name });

            let error = refused(&object(&json!({ "a": named })));

            assert!(error.contains("no name of a header"), "{name}: {error}");
        }
        let number = json!({ "type": "string", "x-mcp-header": 7 });
        assert!(refused(&object(&json!({ "a": number }))).contains("no name"));
        let twins =
            ["Region", "region"].map(|name| json!({ "type": "string", "x-mcp-header": name }));
        let error = refused(&object(&json!({ "a": twins[0], "b": twins[1] })));
        assert!(error.contains("another parameter"), "{error}");
    }

    #[test]
    fn only_strings_integers_and_booleans_have_a_form_in_headers() {
        for kind in [
            json!("number"),
            json!("array"),
            json!(["string", "null"]),
            json!(null),
        ] {
            let typed = json!({ "type": kind, "$ref": "#/$defs/a", "x-mcp-header": "A" });

            let error = refused(&object(&json!({ "a": typed })));

            assert!(error.contains("`a` is none"), "{kind}: {error}");
        }
    }

    #[test]
    fn properties_alone_lead_to_it() {
        let good = json!({ "type": "string", "x-mcp-header": "A" });
        let inner = object(&json!({ "a": good }));
        for (key, value) in [
            ("oneOf", json!([inner])),
            ("if", inner.clone()),
            ("$defs", json!({ "a": good })),
            ("additionalProperties", good.clone()),
            ("dependentSchemas", json!({ "b": inner })),
        ] {
            let error = refused(&json!({ "type": "object", key: value }));

            assert!(error.contains(&format!("`{key}`")), "{key}: {error}");
        }
        let list = json!({ "a": { "type": "array", "items": good } });
        assert!(refused(&object(&list)).contains("`items`"));
        let root = json!({ "type": "object", "x-mcp-header": "A" });
        assert!(refused(&root).contains("the root"));
    }
}
