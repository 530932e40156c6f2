//! A tool whose schema uses what JSON Schema 2020-12 has.

use oci_mcp::{App, DynamicTool, InvalidTool, ToolError};
use serde_json::{Value, json};

pub(crate) fn add(app: App) -> Result<App, InvalidTool> {
    let tool = DynamicTool::new(
        "json_schema_2020_12_tool",
        "Takes what a schema with conditions and references describes.",
        schema(),
        |_, arguments| async move { Ok::<_, ToolError>(arguments.get().to_owned()) },
    )?;
    Ok(app.dynamic_tool(tool))
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {
                    "street": { "type": "string" },
                    "city": { "type": "string" },
                },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": {
            "properties": { "contactMethod": { "const": "phone" } },
            "required": ["contactMethod"],
        },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}
