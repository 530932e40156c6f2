//! Tools that a mounted server declares, and runs itself.

use serde_json::{Map, Value};

use super::Annotations;

/// What a mounted server says of one of its tools (MCP, `Tool`).
pub(crate) struct Declared {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) description: String,
    pub(super) annotations: Annotations,
    pub(super) schema: Value,
    pub(super) output_schema: Option<Value>,
    /// What is passed on as it is.
    pub(super) more: Map<String, Value>,
}

impl Declared {
    /// Reads a tool of a list; `None` if it has no name.
    pub(crate) fn read(mut tool: Map<String, Value>) -> Option<Self> {
        let mut take = |key| tool.remove(key);
        let Some(Value::String(name)) = take("name") else {
            return None;
        };
        let annotations = take("annotations").unwrap_or_default();
        let text = |value: Option<Value>| value?.as_str().map(str::to_owned);
        Some(Self {
            name,
            // Before 2025-06-18 that was its place.
            title: text(take("title")).or_else(|| text(annotations.get("title").cloned())),
            description: text(take("description")).unwrap_or_default(),
            // Hints that are none say nothing.
            annotations: serde_json::from_value(annotations).unwrap_or_default(),
            schema: take("inputSchema").unwrap_or_default(),
            output_schema: take("outputSchema"),
            more: ["_meta", "icons"]
                .into_iter()
                .filter_map(|key| Some((key.to_owned(), take(key)?)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_list_says_of_a_tool_is_read_as_far_as_it_is_there() {
        let tool = json!({
            "name": "a/b",
            "annotations": { "title": "A", "readOnlyHint": true },
            "inputSchema": { "type": "object" },
            "execution": { "taskSupport": "optional" },
            "_meta": { "ui": 1 },
        });
        let Value::Object(tool) = tool else { panic!() };

        let tool = Declared::read(tool).unwrap();

        assert_eq!(tool.name, "a/b");
        assert_eq!(tool.title.as_deref(), Some("A"));
        assert_eq!(tool.annotations, Annotations::READ_ONLY);
        assert_eq!(Value::from(tool.more), json!({ "_meta": { "ui": 1 } }));
        assert!(tool.output_schema.is_none());
        assert!(Declared::read(Map::new()).is_none());
    }
}
