//! What is expected of each tool: here of a server in this process, and in the tests of `cli` of the binary on hosts.

use std::collections::BTreeSet;

use http::StatusCode;
use oci_emulator::{Fault, SimulatedOci};
use serde_json::{Value, json};

/// A tool, its arguments, and what its answer has among other things.
pub(crate) type Case = (String, Value, Value);

/// What has the tools.
pub(crate) trait Host {
    async fn listed(&mut self) -> Vec<Value>;

    /// What a tool answers, and whether that is an error.
    async fn call(&mut self, tool: &str, arguments: &Value) -> (bool, Value);
}

/// Of tools that read.
pub(crate) fn reading(oci: &SimulatedOci) -> Vec<Case> {
    read(include_str!("curated.json"), oci)
}

/// Of those that change something.
pub(crate) fn changing(oci: &SimulatedOci) -> Vec<Case> {
    read(include_str!("curated_changes.json"), oci)
}

fn read(cases: &str, oci: &SimulatedOci) -> Vec<Case> {
    let mut cases: Value = serde_json::from_str(cases).unwrap();
    resolve(&mut cases, oci);
    serde_json::from_value(cases).unwrap()
}

/// `@instances/web-01` is the identifier of that in the simulated tenancy.
fn resolve(value: &mut Value, oci: &SimulatedOci) {
    match value {
        Value::String(text) => {
            let named = text.strip_prefix('@').and_then(|rest| rest.split_once('/'));
            if let Some((collection, name)) = named {
                *text = oci.find(collection, name).unwrap();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, oci)),
        Value::Object(members) => members.values_mut().for_each(|item| resolve(item, oci)),
        _ => {}
    }
}

/// Whether `found` has all that is `expected`: of a list, its first items.
pub(crate) fn has(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let mut expected = expected.iter();
            expected.all(|(name, value)| found.get(name).is_some_and(|found| has(found, value)))
        }
        (Value::Array(found), Value::Array(expected)) if !expected.is_empty() => {
            found.len() >= expected.len() && found.iter().zip(expected).all(|(f, e)| has(f, e))
        }
        _ => found == expected,
    }
}

/// Asks each list of what is in the root compartment, which has nothing, and is to be named for that; how many there are.
pub(crate) async fn lists_of_nothing(host: &mut impl Host) -> usize {
    // What Oracle offers to all, and what is the tenancy's own.
    let full = [
        "oci_compute_list_images",
        "oci_compute_list_shapes",
        "oci_identity_list_availability_domains",
        "oci_observability_list_log_sources",
        "oci_security_list_policies",
    ];
    let mut count = 0;
    for tool in host.listed().await {
        let name = tool["name"].as_str().unwrap();
        if takes(&tool, "compartment_id") && name.contains("list") && !full.contains(&name) {
            let (_, mut answer) = host.call(name, &json!({})).await;
            let hint = answer["hint"].take();
            assert_eq!(
                answer,
                json!({ "count": 0, "items": [], "hint": null }),
                "{name}"
            );
            assert!(
                hint.as_str().unwrap().starts_with("of `ocid1.tenancy."),
                "{name}: {hint}"
            );
            count += 1;
        }
    }
    count
}

/// Asks for one item of each list, and then for the next; how many lists go on.
pub(crate) async fn second_pages(host: &mut impl Host, cases: Vec<Case>) -> usize {
    let tools = host.listed().await;
    let mut followed = BTreeSet::new();
    for (name, mut arguments, expected) in cases {
        let tool = tools.iter().find(|tool| tool["name"] == name.as_str());
        let has_pages = tool.is_some_and(|tool| takes(tool, "page") && takes(tool, "limit"));
        if !has_pages || expected["count"].as_u64().is_none_or(|count| count < 2) {
            continue;
        }
        arguments["limit"] = 1.into();
        let (_, first) = host.call(&name, &arguments).await;
        let Some(next) = first.get("next_page") else {
            // The simulated OCI has these in one piece.
            let mut whole = ["_history", "search_logs", "_log_query"].iter();
            assert!(whole.any(|end| name.ends_with(end)), "{name}: {first}");
            continue;
        };
        arguments["page"] = next.clone();
        let (_, second) = host.call(&name, &arguments).await;
        let counts = (&first["count"], &second["count"]);
        assert_eq!(counts, (&json!(1), &json!(1)), "{name}: {second}");
        assert_ne!(first["items"], second["items"], "{name}");
        followed.insert(name);
    }
    followed.len()
}

/// What IAM says to whom it lets do nothing.
pub(crate) fn refusal() -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(u32::MAX)
}

/// Calls each tool, which IAM is to refuse, for an identity that policies call a `subject`.
pub(crate) async fn refusals(host: &mut impl Host, cases: Vec<Case>, subject: &str) {
    // Whoever asks these needs no permission.
    let free = [
        "fetch",
        "oci_search_resources",
        "oci_storage_get_namespace",
        "search",
    ];
    for (tool, mut arguments, _) in cases {
        let is_placed = arguments.get("compartment_id").is_some();
        if is_placed {
            arguments["compartment_id"] = "ocid1.compartment.oc1..a".into();
        }
        let (_, answer) = host.call(&tool, &arguments).await;

        // What is composed of parts tells which failed.
        let failure = answer["missing"][0].get("error").unwrap_or(&answer);
        assert_eq!(failure["category"], "not_found", "{tool}: {failure}");
        assert_eq!(failure["details"]["status"], 404, "{tool}: {failure}");
        let suggestion = failure["suggestion"].as_str().unwrap_or_default();
        let statement = format!("`allow {subject} <group> to ");
        let is_told = suggestion.contains(&statement) || free.contains(&tool.as_str());
        assert!(is_told, "{tool}: {failure}");
        if is_placed && tool != "oci_identity_get_compartment" {
            let place = "in compartment id ocid1.compartment.oc1..a`";
            let is_there = suggestion.contains(place) || suggestion.contains("in tenancy`");
            assert!(is_there, "{tool}: {suggestion}");
        }
    }
}

fn takes(tool: &Value, argument: &str) -> bool {
    tool["inputSchema"]["properties"].get(argument).is_some()
}
