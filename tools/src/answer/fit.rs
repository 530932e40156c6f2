//! What is too large.

use serde_json::Value;

/// The length of `value` as compact JSON.
pub(super) fn size(value: &Value) -> usize {
    value.to_string().len()
}

/// Cuts `value` to `room` bytes of JSON, if it is larger: lists at an item, texts at a character, and
/// of an object the large members first. Numbers and names stay, so that it may be a few bytes more.
pub(crate) fn fit(value: &mut Value, room: usize) -> bool {
    if size(value) <= room {
        return false;
    }
    match value {
        Value::String(text) => cut(text, room),
        Value::Array(items) => {
            // The brackets.
            let mut left = room.saturating_sub(2);
            let mut kept = 0;
            for item in items.iter() {
                let needed = size(item) + 1;
                if needed > left {
                    break;
                }
                left -= needed;
                kept += 1;
            }
            if kept == 0 && left > SCRAP {
                kept = 1;
                items.iter_mut().take(1).for_each(|item| {
                    fit(item, left);
                });
            }
            items.truncate(kept);
        }
        Value::Object(members) => {
            let mut left = room.saturating_sub(2);
            let mut sizes: Vec<(usize, String)> = members
                .iter()
                .map(|(name, value)| (size(value), name.clone()))
                .collect();
            // The small ones say the most: names, states, identifiers.
            sizes.sort_unstable();
            for (_, name) in sizes {
                // Quotation marks, colon and comma; a name is escaped as it is written.
                let own = size(&Value::from(name.as_str())) + 2;
                let inside = left.saturating_sub(own);
                if inside < SCRAP {
                    members.remove(&name);
                    continue;
                }
                if let Some(value) = members.get_mut(&name) {
                    fit(value, inside);
                    left = left.saturating_sub(own + size(value));
                }
            }
        }
        _ => {}
    }
    true
}

fn cut(text: &mut String, room: usize) {
    // The quotation marks, and what says that it was cut.
    let mut left = room.saturating_sub(2 + '…'.len_utf8());
    let end = text.char_indices().find_map(|(at, char)| {
        let needed = escaped(char);
        if needed > left {
            return Some(at);
        }
        left -= needed;
        None
    });
    text.truncate(end.unwrap_or(text.len()));
    text.push('…');
}

/// How many bytes JSON needs for it.
fn escaped(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => char.len_utf8(),
    }
}

/// Less than this is not worth showing.
const SCRAP: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        let mut value = json!({ "a": [1, 2, 3], "b": "text" });

        assert!(!fit(&mut value, 100));
        assert_eq!(value, json!({ "a": [1, 2, 3], "b": "text" }));
    }

    #[test]
    fn of_an_object_the_small_members_stay() {
        let rules: Vec<Value> = (0..1000).map(|number| json!({ "rule": number })).collect();
        let mut value = json!({ "aRules": rules, "id": "ocid1.x", "name": "x" });

        assert!(fit(&mut value, 300));

        assert_eq!(
            (&value["id"], &value["name"]),
            (&json!("ocid1.x"), &json!("x"))
        );
        let rules = value["aRules"].as_array().unwrap();
        assert!((1..1000).contains(&rules.len()), "{value}");
        assert!(size(&value) <= 300, "{}", size(&value));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            "\\PC{0,200}".prop_map(Value::from),
            "[\\x00-\\x7f]{0,60}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 60, 12, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,12}", inner, 0..12)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_is_larger_than_its_room(mut value in json(), room in 60_usize..2_000) {
            let fitted = fit(&mut value, room);

            prop_assert!(size(&value) <= room, "{} in {room}, {fitted}: {value}", size(&value));
        }
    }
}
