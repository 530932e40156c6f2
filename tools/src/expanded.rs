//! Whole services: a tool for each of their operations, with the schema that the catalogue has.

use std::sync::Arc;

use oci_mcp::{Annotations, App, Context, DynamicTool};
use oci_rest::Entry;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::Shared;
use crate::general::{Args, is_deletion};

/// Adds the tools of the services that the operator named, without those that may not be called.
pub(crate) fn add_to(app: App, shared: &Arc<Shared>) -> App {
    let services = shared.toolsets.services();
    let operations = services.flat_map(|service| shared.catalogue.package(service));
    let entries = operations.map(|operation| operation.entry());
    let allowed = entries.filter(|entry| shared.policy.check(entry).is_ok());
    let tools = allowed.filter_map(|entry| tool(&entry, shared));
    tools.fold(app, App::dynamic_tool)
}

fn tool(entry: &Entry<'_>, shared: &Arc<Shared>) -> Option<DynamicTool> {
    let operation = entry.to_string();
    let (known, name) = (Arc::clone(shared), operation.clone());
    let (changes, deletes) = (!entry.is_read_only(), is_deletion(entry));
    let schema = move || known.typed(&name, changes, deletes);
    let shared = Arc::clone(shared);
    let handler = move |cx: Context, arguments: Box<RawValue>| {
        let (shared, operation) = (Arc::clone(&shared), operation.clone());
        async move {
            let parameters: Map<String, Value> =
                serde_json::from_str(arguments.get()).unwrap_or_default();
            shared.answer(&cx, Args::typed(operation, parameters)).await
        }
    };
    let tool = DynamicTool::deferred(tool_name(entry), entry.description(), schema, handler);
    let tool = tool.ok()?.in_toolset(entry.package());
    Some(tool.with_annotations(Annotations {
        read_only_hint: Some(!changes),
        destructive_hint: changes.then_some(true),
        ..Annotations::NONE
    }))
}

impl Shared {
    /// The schema of an operation's parameters, with what every call takes.
    fn typed(&self, operation: &str, changes: bool, deletes: bool) -> Value {
        let operation = self.operation(operation).ok();
        let schema = operation.map(|operation| operation.schema(self.max_bytes / 2));
        let mut schema = schema.unwrap_or_default();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("region".to_owned(), json!({ "type": "string" }));
            let more = [
                ("dry_run", "boolean", changes),
                ("confirm", "string", deletes),
            ];
            for (name, kind, _) in more.into_iter().filter(|(.., is_taken)| *is_taken) {
                properties.insert(name.to_owned(), json!({ "type": kind }));
            }
        }
        schema
    }
}

/// Package and operation; what would be too long for a client is cut, and told apart by a hash.
fn tool_name(entry: &Entry<'_>) -> String {
    let name = format!("{}_{}", entry.package(), entry.operation());
    match name.get(..MAX_NAME - HASH) {
        Some(start) if name.len() > MAX_NAME => format!("{start}_{:08x}", fnv(&name)),
        _ => name,
    }
}

/// FNV-1a, which is the same on every machine and in every version.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

const MAX_NAME: usize = 64;
/// An underscore and eight digits.
const HASH: usize = 9;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use oci_rest::Catalogue;

    use super::*;

    #[test]
    fn no_two_operations_have_one_name_and_none_is_too_long() {
        let catalogue = Catalogue::new();
        let names: Vec<String> = catalogue.entries().map(|entry| tool_name(&entry)).collect();

        let distinct: BTreeSet<&String> = names.iter().collect();

        assert_eq!(distinct.len(), names.len());
        assert!(names.iter().all(|name| name.len() <= MAX_NAME));
        assert_eq!(fnv("a"), 0xe40c_292c);
    }
}
