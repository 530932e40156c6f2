//! The tools of the tables, one by one.

use std::collections::BTreeSet;

use http::StatusCode;
use oci_emulator::Fault;
use serde_json::{Value, json};

use crate::support::Server;

pub(crate) const ALL: (&str, &str) = ("OCI_MCP_TOOLSETS", "all");

/// A tool, its arguments, and what its answer has among other things. `@instances/web-01` is the
/// identifier of that in the simulated tenancy.
pub(crate) type Case = (String, Value, Value);

fn cases(server: &Server) -> Vec<Case> {
    read(include_str!("curated.json"), server)
}

pub(crate) fn read(cases: &str, server: &Server) -> Vec<Case> {
    let mut cases: Value = serde_json::from_str(cases).unwrap();
    resolve(&mut cases, server);
    serde_json::from_value(cases).unwrap()
}

fn resolve(value: &mut Value, server: &Server) {
    match value {
        Value::String(text) => {
            let named = text.strip_prefix('@').and_then(|rest| rest.split_once('/'));
            if let Some((collection, name)) = named {
                *text = server.oci.find(collection, name).unwrap();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, server)),
        Value::Object(members) => members.values_mut().for_each(|item| resolve(item, server)),
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

fn takes(tool: &Value, argument: &str) -> bool {
    tool["inputSchema"]["properties"].get(argument).is_some()
}

fn with(arguments: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut arguments = arguments.clone();
    arguments[name] = value.into();
    arguments
}

#[tokio::test]
async fn each_answers_as_a_person_would_expect() {
    let server = Server::new(&[ALL]);

    let mut wrong = Vec::new();
    for (tool, arguments, expected) in cases(&server) {
        let answer = server.tool(&tool, &arguments).await;

        assert!(answer.text.len() <= 24_000, "{tool}: {}", answer.text.len());
        assert!(!answer.text.contains("null"), "{tool}: {}", answer.text);
        for secret in ["ssh-", "PUBLIC KEY"] {
            assert!(!answer.text.contains(secret), "{tool}: {}", answer.text);
        }
        let answer = answer.good();
        if !has(&answer, &expected) {
            wrong.push(format!("{tool} {arguments}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_tool_that_reads_is_left_out_here() {
    let server = Server::new(&[ALL]);
    let tried: BTreeSet<String> = cases(&server).into_iter().map(|(tool, ..)| tool).collect();

    let listed = server.list().await;

    let general = [
        "oci_call_operation",
        "oci_describe_operation",
        "oci_search_operations",
    ];
    let names = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap());
    let names: BTreeSet<String> = names
        .filter(|name| !general.contains(name))
        .map(str::to_owned)
        .collect();
    assert_eq!(tried, names);
}

#[tokio::test]
async fn a_list_of_where_nothing_is_has_no_items() {
    let server = Server::new(&[ALL]);
    let listed = server.list().await;
    // What Oracle offers to all, and what is the tenancy's own.
    let full = [
        "oci_compute_list_images",
        "oci_compute_list_shapes",
        "oci_identity_list_availability_domains",
        "oci_observability_list_log_sources",
        "oci_security_list_policies",
    ];
    let lists = listed.as_array().unwrap().iter().filter(|tool| {
        let name = tool["name"].as_str().unwrap();
        takes(tool, "compartment_id") && name.contains("list") && !full.contains(&name)
    });

    let mut count = 0;
    for tool in lists {
        let answer = server
            .tool(tool["name"].as_str().unwrap(), &json!({}))
            .await;
        assert_eq!(answer.good(), json!({ "count": 0, "items": [] }), "{tool}");
        count += 1;
    }

    assert!(count >= 30, "{count}");
}

#[tokio::test]
async fn a_list_of_one_a_page_goes_on_with_the_next() {
    let server = Server::new(&[ALL]);
    let listed = server.list().await;
    let tools = listed.as_array().unwrap();
    let mut followed = BTreeSet::new();

    for (tool, arguments, expected) in cases(&server) {
        let listed = tools
            .iter()
            .find(|own| own["name"] == tool.as_str())
            .unwrap();
        let has_more = expected["count"].as_u64().is_some_and(|count| count > 1);
        if !takes(listed, "page") || !takes(listed, "limit") || !has_more {
            continue;
        }
        let arguments = with(&arguments, "limit", 1);
        let first = server.tool(&tool, &arguments).await.good();
        let Some(next) = first.get("next_page") else {
            // The simulated OCI has these in one piece.
            assert!(
                ["_history", "search_logs", "_log_query"]
                    .iter()
                    .any(|end| tool.ends_with(end)),
                "{tool}"
            );
            continue;
        };
        let second = server
            .tool(&tool, &with(&arguments, "page", next.clone()))
            .await
            .good();
        assert_eq!(
            (&first["count"], &second["count"]),
            (&json!(1), &json!(1)),
            "{tool}"
        );
        assert_ne!(first["items"], second["items"], "{tool}");
        followed.insert(tool);
    }

    assert!(followed.len() >= 15, "{followed:?}");
}

#[tokio::test(start_paused = true)]
async fn each_tells_what_a_policy_must_say_when_iam_refuses() {
    let free = [
        "fetch",
        "oci_search_resources",
        "oci_storage_get_namespace",
        "search",
    ];
    let server = Server::new(&[ALL]);
    let cases = cases(&server);
    let fault = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound");
    server.oci.inject(fault.times(u32::MAX));

    for (tool, mut arguments, _) in cases {
        if arguments.get("compartment_id").is_some() {
            arguments["compartment_id"] = "ocid1.compartment.oc1..a".into();
        }
        let answer = server.tool(&tool, &arguments).await;

        let failure = answer.json();
        // What is composed of parts tells which failed.
        let failure = failure["missing"][0]
            .get("error")
            .unwrap_or(&failure)
            .clone();
        assert_eq!(failure["category"], "not_found", "{tool}: {failure}");
        assert_eq!(failure["details"]["status"], 404, "{tool}: {failure}");
        let suggestion = failure["suggestion"].as_str().unwrap_or_default();
        if !free.contains(&tool.as_str()) {
            assert!(
                suggestion.contains("`allow group <group> to "),
                "{tool}: {failure}"
            );
        }
        if takes_compartment(&tool, &arguments) {
            let place = "in compartment id ocid1.compartment.oc1..a`";
            let is_placed = suggestion.contains(place) || suggestion.contains("in tenancy`");
            assert!(is_placed, "{tool}: {suggestion}");
        }
    }
}

fn takes_compartment(tool: &str, arguments: &Value) -> bool {
    arguments.get("compartment_id").is_some() && tool != "oci_identity_get_compartment"
}

#[tokio::test]
async fn the_default_list_has_45_tools_that_read_in_25_000_bytes() {
    let listed = Server::new(&[]).list().await;
    let with_all = Server::new(&[ALL, ("ALLOW_MUTATIONS", "true")])
        .list()
        .await;

    let tools = listed.as_array().unwrap();
    let size = listed.to_string().len();
    // `oci_ping`, which the binary adds, has some 400.
    assert!(size <= 24_500, "{size}");
    assert!(tools.len() >= 45 + 3, "{}", tools.len());
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
    }
    for tool in with_all.as_array().unwrap() {
        let length = tool["description"].as_str().unwrap().chars().count();
        assert!(length <= 510, "{tool}");
        let name = tool["name"].as_str().unwrap();
        let is_ours = name.starts_with("oci_") || name.starts_with("oke_");
        assert!(is_ours || ["fetch", "search"].contains(&name), "{tool}");
    }
}

#[tokio::test]
async fn an_instance_is_350_bytes_and_20_are_6_000() {
    let server = Server::new(&[]);
    let production = server.oci.find("compartments", "production").unwrap();
    let one = json!({ "instance_id": server.oci.find("instances", "web-01").unwrap() });

    let one = server.tool("oci_compute_get_instance", &one).await.text;
    let list = json!({ "compartment_id": production });
    let list = server.tool("oci_compute_list_instances", &list).await;

    assert!(one.len() <= 350, "{}: {one}", one.len());
    assert!(list.text.len() <= 6_000, "{}", list.text.len());
    assert_eq!(list.good()["count"], 20);
}

#[tokio::test]
async fn a_compartment_may_be_named_and_must_be_the_only_one() {
    let server = Server::new(&[]);
    let list = |name: &str| json!({ "compartment_id": name, "limit": 1 });

    let found = server
        .tool("oci_compute_list_instances", &list("production"))
        .await;
    let unknown = server
        .tool("oci_compute_list_instances", &list("nowhere"))
        .await
        .bad();

    assert_eq!(found.good()["count"], 1);
    assert_eq!(unknown["category"], "validation");
    assert!(
        unknown["error"].as_str().unwrap().contains("`nowhere`"),
        "{unknown}"
    );
}

#[tokio::test]
async fn a_part_that_fails_is_named_and_the_rest_is_there() {
    let server = Server::new(&[]);
    let fault = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(10);
    server
        .oci
        .inject(fault.on(http::Method::GET, "/20160918/vnicAttachments"));
    let id = server.oci.find("instances", "web-01").unwrap();

    let answer = server
        .tool("oci_compute_get_instance", &json!({ "instance_id": id }))
        .await;

    let answer = answer.good();
    assert_eq!(answer["name"], "web-01");
    assert_eq!(answer["missing"][0]["part"], "addresses");
    assert_eq!(answer["missing"][0]["error"]["category"], "not_found");
}

#[tokio::test]
async fn toolsets_decide_what_there_is() {
    let rows = [
        (
            "compute",
            vec![
                "oci_compute_get_instance",
                "oci_compute_list_images",
                "oci_compute_list_instances",
                "oci_compute_list_shapes",
            ],
        ),
        (
            "general",
            vec![
                "oci_call_operation",
                "oci_describe_operation",
                "oci_search_operations",
            ],
        ),
        ("lb", vec!["oci_lb_get_health", "oci_lb_list"]),
    ];

    for (toolset, expected) in rows {
        let listed = Server::new(&[("OCI_MCP_TOOLSETS", toolset)]).list().await;

        let names: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{toolset}");
    }
}

#[tokio::test]
async fn a_service_may_be_a_tool_for_each_operation() {
    let server = Server::new(&[("OCI_MCP_TOOLSETS", "functions:*")]);
    let id = server.oci.find("functions", "mcp").unwrap();

    let listed = server.list().await;
    let arguments = json!({ "functionId": id, "region": "phx" });
    let got = server
        .tool("functions_get_function", &arguments)
        .await
        .good();
    let without = server.tool("functions_get_function", &json!({})).await;

    let names: BTreeSet<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert!(names.contains("functions_list_functions"), "{names:?}");
    assert!(!names.contains("functions_invoke_function"), "{names:?}");
    assert_eq!(got["displayName"], "mcp");
    assert!(
        without.is_error && without.text.contains("functionId"),
        "{}",
        without.text
    );
}

#[tokio::test]
async fn a_tool_has_other_names_for_who_asks_for_them() {
    let without = Server::new(&[]);
    let server = Server::new(&[("OCI_MCP_TOOLSETS", "default,aliases")]);

    let answer = server
        .tool("list_instances", &json!({ "compartment_id": "production" }))
        .await;

    let refused = without.tool("list_instances", &json!({})).await;

    assert_eq!(answer.good()["count"], 20);
    assert!(
        refused.is_error && refused.text.contains("`list_instances`"),
        "{}",
        refused.text
    );
}
