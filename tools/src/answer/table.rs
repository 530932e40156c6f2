//! Answers as tables of Markdown, which people read and models write on.

use serde_json::{Map, Value};

/// A table with a row for each item of a list, or for each member of anything else; below it what is beside
/// the list.
pub(super) fn markdown(answer: &Value) -> String {
    let Value::Object(members) = answer else {
        return cell(answer);
    };
    let Some(Value::Array(items)) = members.get("items") else {
        let rows = members
            .iter()
            .map(|(name, value)| vec![line(name), cell(value)]);
        return table(&["name".to_owned(), "value".to_owned()], rows);
    };
    let mut text = if items.iter().any(Value::is_object) {
        let names = columns(items);
        let rows = items.iter().map(|item| {
            let own = |name: &String| item.get(name).map(cell).unwrap_or_default();
            names.iter().map(own).collect()
        });
        let titles: Vec<String> = names.iter().map(|name| line(name)).collect();
        table(&titles, rows)
    } else {
        let rows = items.iter().map(|item| vec![cell(item)]);
        table(&["item".to_owned()], rows)
    };
    for (name, value) in members.iter().filter(|(name, _)| *name != "items") {
        text.extend(["\n", &line(name), ": ", &cell(value)]);
    }
    text
}

/// The names of all members, those of the first item first.
fn columns(items: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in items
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
    {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn table(titles: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = row(titles);
    text.extend(["|", &" --- |".repeat(titles.len()), "\n"]);
    text.extend(rows.map(|cells| row(&cells)));
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => line(text),
        other => line(&other.to_string()),
    }
}

/// `text` in one cell: what would end it or the line came from somebody else.
fn line(text: &str) -> String {
    let plain = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    plain
        .collect::<String>()
        .replace('\\', "\\\\")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_has_a_row_for_each_item_and_the_rest_below() {
        let answer = json!({
            "count": 2,
            "items": [{ "name": "a" }, { "name": "b", "ocpus": 2.0, "tags": { "x": 1 } }],
            "next_page": "MC4",
        });

        assert_eq!(
            markdown(&answer),
            "| name | ocpus | tags |\n\
             | --- | --- | --- |\n\
             | a |  |  |\n\
             | b | 2.0 | {\"x\":1} |\n\
             \ncount: 2\nnext_page: MC4"
        );
    }

    #[test]
    fn anything_else_has_a_row_for_each_member() {
        assert_eq!(
            markdown(&json!({ "id": "a", "ips": ["10.0.0.1"] })),
            "| name | value |\n| --- | --- |\n| id | a |\n| ips | [\"10.0.0.1\"] |\n"
        );
        assert_eq!(
            markdown(&json!({ "count": 1, "items": ["a"] })),
            "| item |\n| --- |\n| a |\n\ncount: 1"
        );
    }

    #[test]
    fn no_text_gets_out_of_its_cell() {
        let answer = json!({ "items": [{ "name": "a | b\n| c |\\| d" }] });

        assert_eq!(
            markdown(&answer),
            "| name |\n| --- |\n| a \\| b \\| c \\|\\\\\\| d |\n"
        );
    }
}
