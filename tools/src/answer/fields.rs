//! What a caller wants to see of each item.

use serde_json::{Map, Value};

/// What to keep of an item, each under a name of its own. None means all.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    kept: Vec<Field>,
    /// Whether a caller chose them, who is told of those that nothing has.
    are_chosen: bool,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    /// Names of members, those inside others after a dot: `shapeConfig.ocpus`.
    path: String,
    /// Whether it is how many there are, rather than they.
    is_count: bool,
}

impl Fields {
    /// Those of a projection: `id name=displayName rules=#securityRules`, where `=` is before what a
    /// member is called in OCI's answer, and `#` counts.
    pub(crate) fn of(projection: &str) -> Self {
        let kept = projection.split_ascii_whitespace().map(|field| {
            let (name, path) = field.split_once('=').unwrap_or((field, field));
            Field {
                name: name.to_owned(),
                path: path.trim_start_matches('#').to_owned(),
                is_count: path.starts_with('#'),
            }
        });
        Self {
            kept: kept.collect(),
            are_chosen: false,
        }
    }

    /// The same with the members `names`, unless all are kept anyway.
    pub(crate) fn and(mut self, names: &[&str]) -> Self {
        if !self.kept.is_empty() {
            self.kept.extend(Self::of(&names.join(" ")).kept);
        }
        self
    }

    /// Those that a caller chose: by the name that they have in `self`, or by OCI's own.
    ///
    /// # Errors
    ///
    /// Says what is too much.
    pub(crate) fn or(self, names: Vec<String>) -> Result<Self, String> {
        if names.is_empty() {
            return Ok(self);
        }
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
        let field = |name: String| {
            let known = self.kept.iter().find(|field| alike(&field.name, &name));
            known.cloned().unwrap_or(Field {
                path: name.clone(),
                name,
                is_count: false,
            })
        };
        Ok(Self {
            kept: names.into_iter().map(field).collect(),
            are_chosen: true,
        })
    }

    /// Of `item`, what was asked for.
    pub(crate) fn project(&self, item: &Value) -> Value {
        if self.kept.is_empty() || !item.is_object() {
            return item.clone();
        }
        let found = self.kept.iter().filter_map(|field| {
            let value = find(item, &field.path)?;
            let value = match &value {
                Value::Array(items) if field.is_count => items.len().into(),
                Value::Object(members) if field.is_count => members.len().into(),
                _ => value,
            };
            Some((field.name.clone(), value))
        });
        let mut members = Map::new();
        members.extend(found);
        Value::Object(members)
    }

    /// What to say if no item has one of the names that a caller chose.
    pub(super) fn unknown(&self, items: &[Value]) -> Option<String> {
        let first = items.iter().find_map(Value::as_object)?;
        let missing = |field: &&Field| items.iter().all(|item| find(item, &field.path).is_none());
        let missing = self.kept.iter().filter(missing);
        let missing: Vec<&str> = missing.map(|field| field.name.as_str()).collect();
        if missing.is_empty() || !self.are_chosen {
            return None;
        }
        let mut room = MAX_HINT;
        let fits = |name: &&str| {
            let needed = name.len() + ", ".len();
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        };
        let known = first.keys().map(String::as_str).take_while(fits);
        let known: Vec<&str> = known.collect();
        let more = if known.len() < first.len() {
            ", ..."
        } else {
            ""
        };
        let text = format!(
            "nothing has `{}`; there are {}{more}",
            missing.join("`, `"),
            known.join(", ")
        );
        let plain = |char: &char| char.is_ascii_graphic() || *char == ' ';
        Some(text.chars().filter(plain).take(2 * MAX_HINT).collect())
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
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Fields::default().or(names).unwrap()
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
    fn a_projection_renames_and_counts_and_a_caller_chooses_by_either_name() {
        let item = json!({ "displayName": "web", "rules": [{ "port": 1 }], "vcnId": "v" });
        let projection = || Fields::of("name=displayName rules=#rules gone");
        let chosen = vec![
            "name".to_owned(),
            "vcnId".to_owned(),
            "displayName".to_owned(),
        ];

        let all = projection().project(&item);
        let some = projection().or(chosen).unwrap().project(&item);

        assert_eq!(all, json!({ "name": "web", "rules": 1 }));
        assert_eq!(
            some,
            json!({ "name": "web", "vcnId": "v", "displayName": "web" })
        );
        assert_eq!(projection().unknown(&[item]), None);
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
            let error = Fields::default().or(names).unwrap_err();

            assert!(error.len() < 300, "{}", error.len());
        }
    }
}
