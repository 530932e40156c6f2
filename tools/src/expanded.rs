//! Whole services: a tool for each of their operations, with the schema that the catalogue has.

use std::sync::Arc;

use oci_mcp::{Annotations, App, Context, DynamicTool};
use oci_rest::{Entry, Operation};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::Shared;
use crate::answer::field;
use crate::curated::argument::{self, Argument, flag, text, texts};
use crate::error::Failure;
use crate::general::{Args, may_delete};
use crate::session::is_known;

/// Adds the tools of the services that the operator named, without those that may not be called.
pub(crate) fn add_to(app: App, shared: &Arc<Shared>) -> App {
    let services = shared.toolsets.services();
    let operations = services
        .into_iter()
        .flat_map(|service| shared.catalogue.package(service));
    let entries = operations.map(|operation| operation.entry());
    let allowed = entries.filter(|entry| shared.policy.check(entry).is_ok());
    let tools = allowed.filter_map(|entry| tool(&entry, shared));
    tools.fold(app, App::dynamic_tool)
}

fn tool(entry: &Entry<'_>, shared: &Arc<Shared>) -> Option<DynamicTool> {
    let operation = entry.to_string();
    let (known, name) = (Arc::clone(shared), operation.clone());
    let schema = move || known.typed(&name).unwrap_or_default();
    let shared = Arc::clone(shared);
    let handler = move |cx: Context, arguments: Box<RawValue>| {
        let (shared, operation) = (Arc::clone(&shared), operation.clone());
        async move {
            match shared.args(&operation, arguments.get()) {
                Ok(args) => shared.answer(&cx, args).await,
                Err(failure) => failure.into_result(),
            }
        }
    };
    let tool = DynamicTool::deferred(tool_name(entry), entry.description(), schema, handler);
    let tool = tool.ok()?.in_toolset(entry.package());
    let changes = !entry.is_read_only();
    Some(tool.with_annotations(Annotations {
        read_only_hint: Some(!changes),
        destructive_hint: changes.then_some(true),
        ..Annotations::NONE
    }))
}

impl Shared {
    /// The schema of an operation's parameters, with what every call takes.
    fn typed(&self, operation: &str) -> Option<Value> {
        let operation = self.operation(operation).ok()?;
        let mut schema = operation.schema(self.max_bytes / 2);
        let members = schema.as_object_mut()?;
        let more = argument::schema(beside(&operation).iter());
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            properties.extend(field(&more, "properties").as_object().cloned()?);
        }
        if let Some(Value::Array(mut required)) = members.remove("required") {
            required.retain(|name| name.as_str().is_none_or(|name| !is_known(&operation, name)));
            if !required.is_empty() {
                members.insert("required".to_owned(), required.into());
            }
        }
        Some(schema)
    }

    /// What a call of the tool for `operation` is given.
    fn args(&self, operation: &str, arguments: &str) -> Result<Args, Failure> {
        let mut parameters: Map<String, Value> =
            serde_json::from_str(arguments).map_err(Failure::validation)?;
        let mut args = Map::new();
        for argument in beside(&self.operation(operation)?) {
            if let Some(value) = parameters.remove(argument.name) {
                args.insert(argument.name.to_owned(), value);
            }
        }
        args.insert("operation".to_owned(), operation.into());
        args.insert("parameters".to_owned(), parameters.into());
        // By way of a text, as all arguments are read: to read values takes another deserializer.
        serde_json::from_str(&Value::from(args).to_string()).map_err(Failure::validation)
    }
}

/// What a call of `operation` takes beside its parameters. A name that one of these has stays the operation's own,
/// but for the `page` of a list, which ours leads to.
fn beside(operation: &Operation<'_>) -> Vec<Argument> {
    let entry = operation.entry();
    let schema = operation.schema(0);
    let own = field(&schema, "properties");
    let is_free = |name: &str| own.get(name).is_none();
    let reads = entry.is_read_only();
    let arguments = [
        (text("region"), is_free("region")),
        (text("page"), reads),
        (texts("fields"), is_free("fields")),
        (text("query"), is_free("query")),
        (flag("dry_run"), !reads),
        (text("confirm"), may_delete(&entry)),
    ];
    let taken = arguments.into_iter().filter(|(_, is_taken)| *is_taken);
    taken.map(|(argument, _)| argument).collect()
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
