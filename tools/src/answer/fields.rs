//! What a caller wants to see of each item.

use serde_json::{Map, Value};

/// Names of members, those inside others after a dot: `shapeConfig.ocpus`. None means all.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<String>);

impl Fields {
    /// # Errors
    ///
    /// Says what is too much.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, String> {
        if names.len() > MAX_FIELDS {
            return Err(format!(
                "`fields` has {} names; it may have {MAX_FIELDS}",
                names.len()
            ));
        }
        let fits = |name: &&String| {
            let levels = name.split('.').count();
            name.len() > MAX_NAME || levels > MAX_LEVELS || name.split('.').any(str::is_empty)
        };
        if let Some(name) = names.iter().find(fits) {
            let name: String = name.escape_debug().take(100).collect();
            return Err(format!(
                "`{name}` in `fields` is none; one is such as `id` or `shapeConfig.ocpus`"
            ));
        }
        Ok(Self(names))
    }

    /// Of `item`, what was asked for: each member under the name by which it was.
    pub(super) fn project(&self, item: &Value) -> Value {
        if self.0.is_empty() || !item.is_object() {
            return item.clone();
        }
        let found = self
            .0
            .iter()
            .filter_map(|name| Some((name.clone(), find(item, name)?)));
        Value::Object(found.collect::<Map<_, _>>())
    }

    /// What to say if no item has one of the names.
    pub(super) fn unknown(&self, items: &[Value]) -> Option<String> {
        let first = items.iter().find_map(Value::as_object)?;
        let missing = |name: &&String| items.iter().all(|item| find(item, name).is_none());
        let missing: Vec<&str> = self.0.iter().filter(missing).map(String::as_str).collect();
        if missing.is_empty() {
            return None;
        }
        let known: Vec<&str> = first.keys().take(MAX_FIELDS).map(String::as_str).collect();
        let text = format!(
            "nothing has `{}`; there are {}",
            missing.join("`, `"),
            known.join(", ")
        );
        let plain = |char: &char| char.is_ascii_graphic() || *char == ' ';
        Some(text.chars().filter(plain).take(MAX_HINT).collect())
    }
}

/// The member that `path` leads to; through a list, that of each of its items.
fn find(value: &Value, path: &str) -> Option<Value> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    match value {
        Value::Object(members) => {
            let exact = members.get(name);
            let alike = || {
                members
                    .iter()
                    .find(|(own, _)| alike(own, name))
                    .map(|(_, value)| value)
            };
            let found = exact.or_else(alike)?;
            rest.map_or_else(|| Some(found.clone()), |rest| find(found, rest))
        }
        Value::Array(items) => {
            let found: Vec<Value> = items.iter().filter_map(|item| find(item, path)).collect();
            (!found.is_empty()).then_some(Value::Array(found))
        }
        _ => None,
    }
}

/// `display_name` is `displayName`.
pub(crate) fn alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| -> String {
        let letters = name.chars().filter(|char| !matches!(char, '_' | '-'));
        letters.map(|char| char.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

const MAX_FIELDS: usize = 50;
const MAX_LEVELS: usize = 8;
const MAX_NAME: usize = 200;
const MAX_HINT: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(names: &[&str]) -> Fields {
        Fields::new(names.iter().map(|name| (*name).to_owned()).collect()).unwrap()
    }

    #[test]
    fn a_field_may_be_deep_and_in_either_spelling() {
        let item = json!({
            "id": "a",
            "displayName": "web",
            "shapeConfig": { "ocpus": 2.0 },
            "rules": [{ "port": 1 }, { "port": 2 }, {}],
        });

        let shown =
            fields(&["display_name", "shapeConfig.ocpus", "rules.port", "x"]).project(&item);

        assert_eq!(
            shown,
            json!({ "display_name": "web", "shapeConfig.ocpus": 2.0, "rules.port": [1, 2] })
        );
    }

    #[test]
    fn a_name_that_nothing_has_is_told_with_those_there_are() {
        let items = [json!({ "id": "a" }), json!({ "id": "b", "name": "c" })];

        assert_eq!(fields(&["id", "name"]).unknown(&items), None);
        assert_eq!(
            fields(&["state"]).unknown(&items).as_deref(),
            Some("nothing has `state`; there are id")
        );
        assert_eq!(fields(&["state"]).unknown(&[]), None);
    }

    #[test]
    fn fields_without_end_are_refused() {
        let many = vec!["a".to_owned(); 51];
        let long = vec!["a".repeat(1_000_000)];
        let deep = vec!["a.".repeat(9) + "a"];

        for names in [
            many,
            long,
            deep,
            vec![String::new()],
            vec!["a..b".to_owned()],
        ] {
            let error = Fields::new(names).unwrap_err();

            assert!(error.len() < 300, "{}", error.len());
        }
    }
}
