//! Tools whose schemas are out of the ordinary: with what JSON Schema 2020-12 has, and with a header.

use oci_mcp::{App, Context, DynamicTool, InvalidTool, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) fn add(app: App) -> Result<App, InvalidTool> {
    let tool = DynamicTool::new(
        "json_schema_2020_12_tool",
        "Takes what a schema with conditions and references describes.",
        schema(),
        |_, arguments| async move { Ok::<_, ToolError>(arguments.get().to_owned()) },
    )?;
    Ok(app.dynamic_tool(tool).tool(CustomHeader))
}

#[derive(Deserialize, JsonSchema)]
struct Mirrored {
    /// What the header `Mcp-Param-Value` says, too.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

struct CustomHeader;

impl Tool for CustomHeader {
    type Args = Mirrored;
    type Output = String;
    const NAME: &'static str = "test_custom_header";
    const DESCRIPTION: &'static str = "Repeats a value that comes in a header, too.";

    async fn call(&self, _: &Context, Mirrored { value }: Mirrored) -> Result<String, ToolError> {
        Ok(value)
    }
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
