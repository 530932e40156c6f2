//! Beside the cases a library of others, which judges what is found in general.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::Query;

/// What `text` finds in `value`, or what is wrong with it.
fn find(text: &str, value: &Value) -> Result<Value, String> {
    let query = Query::parse(text).map_err(|error| error.to_string())?;
    query.search(value).map_err(|error| error.to_string())
}

/// The same, by the library.
fn judged(text: &str, value: &Value) -> Result<Value, String> {
    let expression = jmespath::compile(text).map_err(|error| error.to_string())?;
    let found = expression
        .search(value)
        .map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(&*found).unwrap())
}

fn instances() -> Value {
    json!({
        "count": 3,
        "items": [
            { "name": "web", "state": "RUNNING", "ocpus": 2.0, "tags": { "env": "prod" }, "ips": ["10.0.0.1", "10.0.0.2"] },
            { "name": "db", "state": "STOPPED", "ocpus": 8.0, "tags": {}, "ips": [] },
            { "name": "batch", "state": "RUNNING", "ocpus": 4.0, "ips": ["10.0.0.3"] },
        ],
    })
}

#[test]
fn a_query_answers_as_a_person_would_expect() {
    let rows = [
        ("items[?state=='RUNNING'].name", json!(["web", "batch"])),
        ("items[?tags.env=='prod'] | [0].name", json!("web")),
        ("items[].ips[]", json!(["10.0.0.1", "10.0.0.2", "10.0.0.3"])),
        (
            "items[-1].{n: name, first: ips[0]}",
            json!({ "n": "batch", "first": "10.0.0.3" }),
        ),
        (
            "sort_by(items, &ocpus)[*].name",
            json!(["web", "batch", "db"]),
        ),
        ("max_by(items, &ocpus).name", json!("db")),
        ("sum(items[*].ocpus)", json!(14)),
        ("length(items[?ocpus > `2`])", json!(2)),
        (
            "items[?starts_with(name, 'b') || contains(ips, '10.0.0.1')].name",
            json!(["web", "batch"]),
        ),
        ("items[?!tags].name", json!(["db", "batch"])),
        ("items[::-1].name", json!(["batch", "db", "web"])),
        (
            "items[*].[name, length(ips)]",
            json!([["web", 2], ["db", 0], ["batch", 1]]),
        ),
        ("map(&name, items) | join(', ', @)", json!("web, db, batch")),
        ("avg(items[*].ocpus)", json!(4.666_666_666_666_667)),
        ("avg(`[]`)", Value::Null),
        ("nothing.at.all", Value::Null),
    ];

    for (text, expected) in rows {
        assert_eq!(find(text, &instances()), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_query_is_told_with_its_place() {
    let rows = [
        ("", "character 1: something is missing"),
        ("items[", "character 7: "),
        (
            "items[?state=='RUNNING'",
            "character 24: `]` should be here",
        ),
        ("items]", "character 6: the expression should end here"),
        (
            "items[?state='RUNNING']",
            "character 13: `=` means nothing here",
        ),
        ("'no end", "character 1: the `'` has no end"),
        ("`{`", "between backticks is no JSON"),
        ("items[0:1:0]", "a step other than 0"),
        ("system('rm')", "character 1: there is no function `system`"),
        ("length(items, items)", "`length` takes 1, not 2"),
        ("sort_by(items, name)", "`sort_by` takes an `&` at place 2"),
        ("length(count)", "`length` cannot take number"),
        ("sum(items[*].name)", "`sum` cannot take a list with string"),
        ("99999999999999999999", "is no number"),
        ("items[\u{202e}0]", "means nothing here"),
    ];

    for (text, expected) in rows {
        let problem = find(text, &instances()).unwrap_err();
        assert!(
            problem.starts_with("`query`: ") && problem.contains(expected),
            "{text}: {problem}"
        );
    }
}

#[test]
fn a_query_without_end_is_refused_and_not_worked_on() {
    let long = "a".repeat(1_000_000);
    let deep = "(".repeat(900) + "@" + &")".repeat(900);
    let chain = "@|".repeat(900) + "@";
    let literal = format!("`{}`", "[".repeat(1_500));
    let doubled = "[@,@][]|".repeat(60) + "@";
    let nested = "[@,@]|".repeat(60) + "@";
    let crossed =
        "map(&map(&map(&[@,@,@,@][], [@,@,@,@][]), [@,@,@,@][]), [@,@,@,@][])|".repeat(4) + "@";
    let text = "join('', [@,@,@,@,@,@,@,@])|".repeat(12) + "@";
    let large: Value = vec![json!("x".repeat(100)); 10_000].into();

    for query in [long, deep, chain, literal, doubled, nested, crossed] {
        let start = query.get(..20).unwrap_or_default().to_owned();
        let problem = find(&query, &large).unwrap_err();
        assert!(problem.len() < 200, "{start}: {problem}");
    }
    assert!(
        find(&text, &json!("x".repeat(1_000)))
            .unwrap_err()
            .contains("too much work")
    );
}

/// Functions of one argument. Not `avg`, of which the library knows no empty list.
const OF_ONE: [&str; 13] = [
    "abs",
    "ceil",
    "keys",
    "length",
    "max",
    "min",
    "reverse",
    "sort",
    "sum",
    "to_array",
    "to_string",
    "type",
    "values",
];

/// Expressions of all kinds, over the names of [`value`].
fn expression() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("\"d e\"")];
    let leaf = prop_oneof![
        4 => name.clone().prop_map(str::to_owned),
        1 => Just("@".to_owned()),
        1 => (-3..4_i8).prop_map(|number| format!("`{number}`")),
        1 => Just("'b'".to_owned()),
        1 => Just("*".to_owned()),
        1 => Just("[*]".to_owned()),
        1 => Just("[]".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let part = inner.clone();
        let two = (inner.clone(), inner.clone());
        let sign = select(&["||", "&&", "|", "==", "!=", "<", ">="][..]);
        let of_one = select(&OF_ONE[..]);
        let by = select(&["sort_by", "max_by", "min_by"][..]);
        let bound = select(&["", "-3", "-1", "0", "1", "2", "9"][..]);
        let step = select(&["", ":2", ":-1"][..]);
        prop_oneof![
            (inner.clone(), name.clone()).prop_map(|(left, name)| format!("{left}.{name}")),
            (inner.clone(), -3..4_i8).prop_map(|(left, index)| format!("{left}[{index}]")),
            (inner.clone(), bound.clone(), bound, step)
                .prop_map(|(left, from, to, step)| format!("{left}[{from}:{to}{step}]")),
            two.clone()
                .prop_map(|(left, test)| format!("{left}[?{test}]")),
            two.clone()
                .prop_map(|(left, name)| format!("{left}[*].[{name}]")),
            inner.clone().prop_map(|left| format!("{left}[]")),
            inner.clone().prop_map(|left| format!("{left}.*")),
            (two.clone(), sign).prop_map(|((left, right), sign)| format!("{left} {sign} {right}")),
            inner.clone().prop_map(|inner| format!("!{inner}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            two.clone()
                .prop_map(|(one, other)| format!("[{one}, {other}]")),
            two.clone()
                .prop_map(|(one, other)| format!("{{x: {one}, y: {other}}}")),
            (of_one, inner).prop_map(|(name, inner)| format!("{name}({inner})")),
            (by, two.clone()).prop_map(|(name, (list, key))| format!("{name}({list}, &{key})")),
            two.clone()
                .prop_map(|(each, list)| format!("map(&{each}, {list})")),
            two.clone()
                .prop_map(|(one, other)| format!("contains({one}, {other})")),
            two.prop_map(|(one, other)| format!("not_null({one}, {other})")),
            part.prop_map(|inner| format!("join('-', {inner})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..4_i8).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("d e")];
        let members = prop::collection::btree_map(name, inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            members.prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_library_of_others_finds_the_same(text in expression(), value in value()) {
        let (ours, theirs) = (find(&text, &value), judged(&text, &value));

        if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
            prop_assert!(super::equal(ours, theirs), "{text} in {value}: {ours}, not {theirs}");
        } else {
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{} in {}: {:?}, not {:?}", text, value, ours, theirs);
        }
    }

    #[test]
    fn no_text_is_more_than_refused(text in "[\\PC\\s]{0,60}", signs in "[@*.,:\\[\\]{}()|&!<>=?'`\"0-9a-c-]{0,60}") {
        let value = instances();

        let _refused = (find(&text, &value), find(&signs, &value));
    }
}
