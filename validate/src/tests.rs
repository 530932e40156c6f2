use serde_json::{Value, json};

use super::*;

#[test]
fn a_schema_means_the_same_whether_it_is_validated_or_only_compiled() {
    for schema in schemas() {
        let validated = Validator(validated(&schema).unwrap());
        let referred = Validator(referred(&schema).unwrap());

        for value in values() {
            let violations = validated.violations(&value, 100);

            assert_eq!(referred.violations(&value, 100), violations, "{schema}");
            assert_eq!(referred.is_valid(&value), violations.is_empty());
        }
    }
}

#[test]
fn some_value_is_refused_by_each_schema_that_refuses_any() {
    let refusing = schemas().into_iter().filter(|schema| {
        let referred = referred(schema).unwrap();
        values().iter().any(|value| !referred.is_valid(value))
    });

    // All but `true` and `{}`.
    assert_eq!(refusing.count(), schemas().len() - 2);
}

#[test]
fn what_cannot_be_compiled_is_refused_without_the_meta_schema_too() {
    for schema in [
        json!({ "type": "text" }),
        json!({ "type": 5 }),
        json!({ "properties": { "a": { "type": "text" } } }),
        json!({ "required": "a" }),
        json!({ "required": [5] }),
        json!({ "properties": [] }),
        json!({ "additionalProperties": 3 }),
        json!({ "minimum": "1" }),
        json!({ "maxLength": -1 }),
        json!({ "pattern": "(" }),
        json!({ "enum": 5 }),
        json!({ "anyOf": {} }),
        json!({ "$ref": 5 }),
        json!({ "$ref": "#/nowhere" }),
        json!({ "$ref": "https://example.com/schema" }),
        json!({ "$schema": "https://example.com/dialect" }),
        json!("string"),
        json!(null),
    ] {
        assert!(referred(&schema).is_err(), "{schema}");
        assert!(validated(&schema).is_err(), "{schema}");
    }
}

/// One of each way to say what a value must be, and to refer to it.
fn schemas() -> Vec<Value> {
    vec![
        json!(true),
        json!({}),
        json!(false),
        json!({
            "type": "object",
            "properties": { "a": { "type": "string", "pattern": "^[a-z]+$" }, "n": { "minimum": 1 } },
            "required": ["a"],
            "additionalProperties": false,
        }),
        json!({
            "$id": "https://example.com/tree",
            "type": "object",
            "properties": { "a": { "$ref": "#/$defs/word" }, "next": { "$ref": "#" } },
            "$defs": { "word": { "type": "string" } },
        }),
        json!({
            "properties": { "a": { "$ref": "#word" } },
            "$defs": { "any": { "$anchor": "word", "maxLength": 2 } },
        }),
        json!({
            "properties": { "a": true },
            "dependentRequired": { "n": ["a"] },
            "unevaluatedProperties": false,
        }),
        json!({ "prefixItems": [{ "type": "integer" }], "items": false }),
        json!({ "$dynamicRef": "#node", "$dynamicAnchor": "node", "type": ["object", "array"] }),
        json!({ "if": { "required": ["n"] }, "then": { "required": ["a"] }, "type": "object" }),
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": { "word": { "type": "string" } },
            "properties": { "a": { "$ref": "#/definitions/word" } },
        }),
        json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "properties": { "n": { "minimum": 1, "exclusiveMinimum": true } },
        }),
    ]
}

fn values() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "a": "word" }),
        json!({ "a": 5, "b": null }),
        json!({ "a": "W", "n": 0, "next": { "a": 1 } }),
        json!({ "n": 1 }),
        json!([1]),
        json!([1, 2]),
        json!("text"),
    ]
}
