//! What operations are given, as JSON Schemas.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::{CATALOGUE, all, request};

const ALL: usize = usize::MAX;
const ROOM: usize = 16_000;

#[test]
fn half_of_the_schemas_are_under_a_kilobyte_and_all_fit_where_they_must() {
    let mut sizes: Vec<usize> = all()
        .map(|operation| operation.schema(ROOM).to_string().len())
        .collect();
    sizes.sort_unstable();

    let median = sizes[sizes.len() / 2];
    let largest = sizes[sizes.len() - 1];

    assert!(median <= 1000, "{median}");
    // What is left out is named, and names need room, too.
    assert!(largest <= ROOM + ROOM / 2, "{largest}");
    println!(
        "median {median}, 9 of 10 {}, largest {largest}",
        sizes[sizes.len() * 9 / 10]
    );
}

#[test]
fn every_schema_is_one_by_the_book() {
    for operation in all() {
        let schema = operation.schema(ROOM);

        if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
            panic!("{}: {error}", operation.entry());
        }
        for name in references(&schema) {
            assert!(
                schema["$defs"].get(&name).is_some(),
                "{}: {name}",
                operation.entry()
            );
        }
    }
}

#[test]
fn a_schema_takes_what_a_request_is_made_of() {
    let schema = CATALOGUE.find("core.launch_instance").unwrap().schema(ALL);
    let validator = Validator::new(&schema).unwrap();
    let launch = |source: Value| {
        let body =
            json!({ "availabilityDomain": "a", "compartmentId": "c", "sourceDetails": source });
        json!({ "body": body })
    };
    let rows = [
        launch(json!({ "sourceType": "image", "imageId": "i" })),
        launch(json!({ "sourceType": "bootVolume", "bootVolumeId": "b" })),
        launch(json!({ "sourceType": "disk" })),
        launch(json!({ "sourceType": "image", "imageId": 1 })),
        json!({ "body": {} }),
        json!({}),
    ];

    let valid = rows.iter().map(|parameters| {
        let made = request("core.launch_instance", parameters).is_ok();
        assert_eq!(validator.is_valid(parameters), made, "{parameters}");
        made
    });

    assert!(valid.eq([true, true, false, false, false, false]));
}

#[test]
fn a_list_has_its_types_and_values() {
    let schema = CATALOGUE.find("core.list_instances").unwrap().schema(ROOM);

    assert_eq!(schema["required"], json!(["compartmentId"]));
    assert_eq!(schema["properties"]["limit"], json!({ "type": "integer" }));
    assert_eq!(
        schema["properties"]["sortOrder"],
        json!({ "enum": ["ASC", "DESC"] })
    );
    assert!(schema.get("$defs").is_none());
}

#[test]
fn what_a_schema_leaves_out_is_described_by_itself() {
    let operation = CATALOGUE.find("core.launch_instance").unwrap();

    let short = operation.schema(6000);
    let options = operation.model_schema("LaunchOptions", ROOM).unwrap();

    assert!(short.to_string().len() < 9000);
    let left_out = json!({ "type": "object", "description": "left out" });
    assert!(
        short["$defs"]
            .as_object()
            .unwrap()
            .values()
            .any(|definition| *definition == left_out)
    );
    assert!(options["properties"]["bootVolumeType"]["enum"].is_array());
    assert!(operation.model_schema("Nothing", ROOM).is_none());
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(target) if name == "$ref" => {
                    vec![target.trim_start_matches("#/$defs/").to_owned()]
                }
                value => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
