//! The tools of the tables, one by one.

use std::collections::BTreeSet;

use http::StatusCode;
use oci_emulator::Fault;
use serde_json::json;

use crate::cases::{self, has, reading};
use crate::support::Server;

pub(crate) const ALL: (&str, &str) = ("OCI_MCP_TOOLSETS", "all");

#[tokio::test]
async fn each_answers_as_a_person_would_expect() {
    let server = Server::new(&[ALL]);

    let mut wrong = Vec::new();
    for (tool, arguments, expected) in reading(&server.oci) {
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
    let tried: BTreeSet<String> = reading(&server.oci)
        .into_iter()
        .map(|(tool, ..)| tool)
        .collect();

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
    let count = cases::lists_of_nothing(&mut Server::new(&[ALL])).await;

    assert!(count >= 30, "{count}");
}

#[tokio::test]
async fn a_list_of_one_a_page_goes_on_with_the_next() {
    let mut server = Server::new(&[ALL]);
    let cases = reading(&server.oci);

    let count = cases::second_pages(&mut server, cases).await;

    assert!(count >= 15, "{count}");
}

#[tokio::test(start_paused = true)]
async fn each_tells_what_a_policy_must_say_when_iam_refuses() {
    let mut server = Server::new(&[ALL]);
    let cases = reading(&server.oci);
    server.oci.inject(cases::refusal());

    cases::refusals(&mut server, cases, "group").await;
}

#[tokio::test]
async fn the_default_list_has_45_tools_that_read_in_25_000_bytes() {
    let listed = Server::new(&[]).list().await;
    let with_all = Server::new(&[ALL, ("ALLOW_MUTATIONS", "true")])
        .list()
        .await;

    let tools = listed.as_array().unwrap();
    let size = listed.to_string().len();
    // `oci_ping`, which the binary adds, has 390.
    assert!(size <= 24_600, "{size}");
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
    assert_eq!(unknown["category"], "not_found");
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
