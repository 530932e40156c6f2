//! What deletes, and what tells the name of that.

use http::Method;
use oci_rest::{Entry, Operation};
use serde_json::{Map, Value};

use crate::{Shared, confirm, credentials};

/// Whether `entry` takes away what does not come back, as its method or its name says.
pub(crate) fn is_deletion(entry: &Entry<'_>) -> bool {
    let mut words = entry.operation().split('_').peekable();
    let is_undone = words.peek() == Some(&"cancel");
    !entry.is_read_only()
        && (entry.method() == Method::DELETE
            || !is_undone && words.any(|word| WORDS.contains(&word)))
}

/// Whether some calls of `entry` do: all, or of jobs of Resource Manager those that destroy what a stack made.
pub(crate) fn may_delete(entry: &Entry<'_>) -> bool {
    is_deletion(entry) || entry.to_string() == JOB
}

/// Whether the call of `entry` with `parameters` does.
pub(super) fn deletes(entry: &Entry<'_>, parameters: &Map<String, Value>) -> bool {
    let destroys = || parameters.values().any(|value| has(value, "DESTROY"));
    is_deletion(entry) || may_delete(entry) && destroys()
}

/// Whether `text` is, in any case, anywhere in `value`.
fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.eq_ignore_ascii_case(text),
        Value::Array(items) => items.iter().any(|item| has(item, text)),
        Value::Object(members) => members.values().any(|member| has(member, text)),
        _ => false,
    }
}

/// What tells the name of that which `operation` deletes by an identifier: the operation that gets it.
pub(super) fn teller(shared: &Shared, operation: &Operation<'_>) -> Option<String> {
    let path = operation.path();
    confirm::last(&path).filter(|last| last.ends_with("Id"))?;
    let entry = operation.entry();
    let (_, thing) = entry.operation().split_once('_')?;
    let name = format!("{}.get_{thing}", entry.package());
    // If the operator is against it, the identifier has to do.
    let teller = shared.allowed(&name).ok()?;
    (teller.path() == path && !credentials::returns(&teller.entry())).then_some(name)
}

const JOB: &str = "resource_manager.create_job";
const WORDS: [&str; 11] = [
    "clean",
    "delete",
    "deletion",
    "destroy",
    "drop",
    "offboard",
    "purge",
    "remove",
    "terminate",
    "termination",
    "wipe",
];

#[cfg(test)]
mod tests {
    use oci_rest::Catalogue;

    use super::*;

    #[test]
    fn what_does_not_come_back_is_a_deletion() {
        let catalogue = Catalogue::new();
        let rows = [
            ("core.terminate_instance", true),
            ("object_storage.delete_object", true),
            ("vault.schedule_secret_deletion", true),
            ("vault.cancel_secret_deletion", false),
            ("core.bulk_delete_private_ips", true),
            ("core.termination_proceed_instance_pool_instance", true),
            ("database_management.drop_tablespace", true),
            ("log_analytics.clean", true),
            ("log_analytics.offboard_namespace", true),
            ("core.instance_action", false),
            ("core.list_instances", false),
        ];

        for (name, expected) in rows {
            let operation = catalogue.find(name).unwrap();
            assert_eq!(is_deletion(&operation.entry()), expected, "{name}");
        }
    }

    #[test]
    fn every_delete_is_one() {
        let catalogue = Catalogue::new();
        let mut deletes = catalogue
            .entries()
            .filter(|entry| entry.method() == Method::DELETE);

        assert!(deletes.all(|entry| is_deletion(&entry)));
    }
}
