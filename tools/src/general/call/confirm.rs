//! What deletes is asked for twice.

use http::Method;
use oci_rest::{Entry, Operation, Request};

use crate::error::Failure;

/// Whether `entry` takes away what does not come back, as its method or its name says.
pub(crate) fn is_deletion(entry: &Entry<'_>) -> bool {
    let mut words = entry.operation().split('_').peekable();
    let is_undone = words.peek() == Some(&"cancel");
    !entry.is_read_only()
        && (entry.method() == Method::DELETE
            || !is_undone && words.any(|word| WORDS.contains(&word)))
}

/// Whether a deletion is confirmed: with the last parameter of its path, which names the thing, or with
/// the name of the operation if its path has none.
pub(super) fn check(
    operation: &Operation<'_>,
    request: &Request,
    confirmed: Option<&str>,
) -> Result<(), Failure> {
    let entry = operation.entry();
    if !is_deletion(&entry) {
        return Ok(());
    }
    let path = operation.path();
    let last = path
        .rsplit_once('{')
        .and_then(|(_, rest)| rest.split_once('}'));
    let named =
        last.and_then(|(last, _)| request.path_parameters().find(|(name, _)| *name == last));
    let (what, wanted) = match named {
        Some((name, value)) => (format!("the value of `{name}`"), value.to_owned()),
        None => ("the name of the operation".to_owned(), entry.to_string()),
    };
    if confirmed == Some(wanted.as_str()) {
        return Ok(());
    }
    let problem = match confirmed {
        Some(_) => "`confirm` is something else",
        None => "it deletes, and `confirm` is missing",
    };
    Err(Failure::validation(format!("{entry}: {problem}")).suggest(format!(
        "ask whoever you work for whether it is to be deleted; then repeat the call with `confirm`, which is {what}"
    )))
}

const WORDS: [&str; 7] = [
    "delete",
    "deletion",
    "destroy",
    "purge",
    "terminate",
    "wipe",
    "remove",
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
