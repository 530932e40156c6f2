//! Forms: the schema of a Rust type as elicitation has it, which knows neither nesting nor references
//! (2026-07-28, "Elicitation", "Requested Schema").

use oci_mcp_validate::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The formats that a client knows of a string.
const FORMATS: [&str; 4] = ["date", "date-time", "email", "uri"];

/// The form that a `T` is filled in with.
///
/// # Errors
///
/// Which field a form cannot have.
pub(super) fn schema_of<T: JsonSchema>() -> Result<Value, String> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.meta_schema = None;
    settings.inline_subschemas = true;
    let schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let members = schema.get("properties").and_then(Value::as_object);
    if schema.get("type").and_then(Value::as_str) != Some("object") || members.is_none() {
        return Err("a form is a struct with fields".to_owned());
    }
    let mut properties = Map::new();
    for (name, member) in members.into_iter().flatten() {
        let field = field(member).ok_or_else(|| {
            format!(
                "`{name}` is neither a string, a number, a boolean, an enum of names nor a list of such"
            )
        })?;
        properties.insert(name.clone(), field);
    }
    let required = schema.get("required").cloned().unwrap_or(json!([]));
    Ok(json!({ "type": "object", "properties": properties, "required": required }))
}

/// Reads `content` as the form that `schema` describes.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn filled_in<T: DeserializeOwned>(schema: &Value, content: Value) -> Result<T, String> {
    let validator = Validator::new(schema).map_err(|error| error.to_string())?;
    if let Some(violation) = validator.violations(&content, 1).first() {
        let (pointer, message) = (&violation.pointer, &violation.message);
        return Err(format!("at /content{pointer}: {message}"));
    }
    serde_json::from_value(content).map_err(|error| error.to_string())
}

/// A field as a form has it, if it can have it.
fn field(schema: &Value) -> Option<Value> {
    let mut field = without_null(schema.as_object()?);
    // What a field is without when it is left out needs no saying.
    if field.get("default").is_some_and(Value::is_null) {
        field.remove("default");
    }
    if let Some(options) = field.remove("oneOf") {
        field.insert("type".into(), "string".into());
        field.insert("oneOf".into(), titled(&options)?);
        return Some(field.into());
    }
    if let Some(only) = field.remove("const") {
        field.insert("enum".into(), json!([only]));
    }
    match field.get("type").and_then(Value::as_str)? {
        "string" => {
            let format = field.get("format").and_then(Value::as_str);
            if format.is_some_and(|format| !FORMATS.contains(&format)) {
                field.remove("format");
            }
        }
        "integer" | "number" => {
            field.remove("format");
        }
        "boolean" => {}
        "array" => {
            let items = chosen(field.get("items")?)?;
            field.insert("items".into(), items);
        }
        _ => return None,
    }
    Some(field.into())
}

/// What the elements of a list are chosen from.
fn chosen(items: &Value) -> Option<Value> {
    let items = items.as_object()?;
    match (items.get("oneOf"), items.get("enum")) {
        (Some(options), _) => Some(json!({ "anyOf": titled(options)? })),
        (None, Some(names)) => Some(json!({ "type": "string", "enum": names })),
        (None, None) => None,
    }
}

/// `schema` of what is there if the field is.
fn without_null(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut field = schema.clone();
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        let mut choices = choices.iter().filter(|choice| choice["type"] != "null");
        if let (Some(Value::Object(only)), None) = (choices.next(), choices.next()) {
            field.remove("anyOf");
            for (key, value) in only {
                field.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
    if let Some(Value::Array(types)) = field.get("type") {
        let mut types = types.iter().filter(|name| *name != "null");
        if let (Some(only), None) = (types.next(), types.next()) {
            let only = only.clone();
            field.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(names)) = field.get_mut("enum") {
        names.retain(|name| !name.is_null());
    }
    field
}

/// Names of an enum with what a person reads for each; documented and bare ones may be mixed.
fn titled(options: &Value) -> Option<Value> {
    let mut all = Vec::new();
    for option in options.as_array()? {
        let names = match (option.get("const"), option.get("enum")) {
            (Some(name), _) => std::slice::from_ref(name),
            (None, Some(Value::Array(names))) => names,
            (None, _) => return None,
        };
        for name in names {
            let title = option.get("description").unwrap_or(name).as_str()?;
            all.push(json!({ "const": name.as_str()?, "title": title }));
        }
    }
    Some(all.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Order {
        /// Who it is for.
        name: String,
        #[schemars(range(min = 1, max = 9))]
        count: u8,
        price: Option<f64>,
        gift: bool,
        size: Size,
        colour: Option<Colour>,
        #[serde(default)]
        extras: Vec<Colour>,
        #[schemars(email)]
        mail: Option<String>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        /// As the sky.
        Blue,
        Red,
    }

    #[test]
    fn a_form_has_flat_fields_of_the_kinds_that_clients_know() {
        let schema = schema_of::<Order>().unwrap();

        let colours = json!([
            { "const": "red", "title": "red" },
            { "const": "blue", "title": "As the sky." },
        ]);
        let sorted = |options: &Value| {
            let mut options: Vec<_> = options.as_array().unwrap().clone();
            options.sort_by_key(|option| std::cmp::Reverse(option["const"].to_string()));
            Value::from(options)
        };
        let properties = &schema["properties"];
        assert_eq!(
            properties["name"],
            json!({ "type": "string", "description": "Who it is for." })
        );
        assert_eq!(
            properties["count"],
            json!({ "type": "integer", "minimum": 1, "maximum": 9 })
        );
        assert_eq!(properties["price"], json!({ "type": "number" }));
        assert_eq!(properties["gift"], json!({ "type": "boolean" }));
        assert_eq!(
            properties["size"],
            json!({ "type": "string", "enum": ["small", "large"] })
        );
        assert_eq!(properties["colour"]["type"], "string");
        assert_eq!(sorted(&properties["colour"]["oneOf"]), colours);
        assert_eq!(properties["extras"]["type"], "array");
        assert_eq!(sorted(&properties["extras"]["items"]["anyOf"]), colours);
        assert_eq!(
            properties["mail"],
            json!({ "type": "string", "format": "email" })
        );
        assert_eq!(schema["required"], json!(["name", "count", "gift", "size"]));
    }

    #[test]
    fn what_no_form_can_ask_is_named() {
        #[derive(Deserialize, JsonSchema)]
        #[expect(dead_code, reason = "only its schema is read")]
        struct Nested {
            order: Order,
        }
        #[derive(Deserialize, JsonSchema)]
        #[expect(dead_code, reason = "only its schema is read")]
        struct Free {
            lines: Vec<String>,
        }

        assert!(schema_of::<Nested>().unwrap_err().contains("`order`"));
        assert!(schema_of::<Free>().unwrap_err().contains("`lines`"));
        assert!(schema_of::<String>().is_err());
        assert!(schema_of::<BTreeMap<String, String>>().is_err());
    }

    #[test]
    fn what_was_filled_in_is_held_to_the_form() {
        let schema = schema_of::<Order>().unwrap();
        let mut content = json!({ "name": "Ada", "count": 2, "gift": true, "size": "small" });

        let order: Order = filled_in(&schema, content.clone()).unwrap();
        content["count"] = json!(10);
        let error = filled_in::<Order>(&schema, content).unwrap_err();

        assert_eq!((&*order.name, order.size), ("Ada", Size::Small));
        assert!(error.starts_with("at /content/count: "), "{error}");
    }
}
