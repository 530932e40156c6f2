//! Answers as tables, for people.

use std::fmt::Write;

use serde_json::Value;

/// The tools by name: what they do, and whether they change anything.
pub(super) fn of_tools(tools: &[Value]) -> String {
    let text = |tool: &Value, path: &str| -> String {
        let text = tool.pointer(path).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let rows = tools.iter().map(|tool| {
        let reads = tool.pointer("/annotations/readOnlyHint") == Some(&Value::Bool(true));
        let does = if reads { "reads" } else { "changes" };
        vec![
            text(tool, "/name"),
            does.to_owned(),
            text(tool, "/description"),
        ]
    });
    aligned(&["tool", "", "what it does"].map(str::to_owned), rows)
}

/// A list of things as a table with what is beside it below, anything else as JSON with a line for each member.
pub(super) fn of_answer(answer: &Value) -> String {
    let items = answer.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|items| items.iter().any(Value::is_object)) else {
        return format!("{answer:#}\n");
    };
    let mut names: Vec<String> = Vec::new();
    for name in items
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|item| item.keys())
    {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    // An identifier is long, and what a person reads last.
    let (ids, mut names): (Vec<String>, _) =
        names.into_iter().partition(|name| name.ends_with("id"));
    names.extend(ids);
    let rows = items.iter().map(|item| {
        let cells = names.iter().map(|name| item.get(name).map(cell));
        cells.map(Option::unwrap_or_default).collect()
    });
    let mut text = aligned(&names, rows);
    let beside = answer.as_object().into_iter().flatten();
    for (name, value) in beside.filter(|(name, _)| *name != "items") {
        // Writing to a `String` does not fail.
        let _written = writeln!(text, "{}: {}", plain(name), plain(&cell(value)));
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a terminal takes for more than text came from somebody else.
fn plain(text: &str) -> String {
    let chars = text.chars();
    chars
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

/// Columns as wide as what is in them; the last one is as long as it is.
fn aligned(names: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.insert(0, names.to_vec());
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{:<width$}", plain(cell)));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_with_the_identifiers_last_and_the_rest_below() {
        let answer = json!({
            "count": 2, "next_page": "MC4", "currency": "EUR", "total": 12.5,
            "missing": [{ "part": "states", "error": { "category": "authorization" } }],
            "items": [{ "id": "ocid1.a", "name": "web-01" }, { "id": "ocid1.b", "name": "b", "ocpus": 2.0 }],
        });

        assert_eq!(
            of_answer(&answer),
            "name    ocpus  id\n\
             web-01         ocid1.a\n\
             b       2.0    ocid1.b\n\
             count: 2\n\
             currency: EUR\n\
             missing: [{\"error\":{\"category\":\"authorization\"},\"part\":\"states\"}]\n\
             next_page: MC4\n\
             total: 12.5\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        let answer = json!({ "items": [{ "name": "a\u{1b}[2Jb\r\nc" }], "hint": "d\u{1b}[2J" });

        assert_eq!(of_answer(&answer), "name\na [2Jb  c\nhint: d [2J\n");
    }

    #[test]
    fn what_is_no_list_is_json() {
        assert_eq!(
            of_answer(&json!({ "name": "a" })),
            "{\n  \"name\": \"a\"\n}\n"
        );
    }
}
