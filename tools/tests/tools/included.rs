//! What an answer has beside what its operation tells, for who asks for it.

use http::{Method, StatusCode};
use oci_emulator::{Fault, SimulatedOci};
use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

/// A tool, its arguments, what of OCI fails, how the part is called that this is, and a text of the rest.
type Part = (
    &'static str,
    Value,
    (Method, &'static str),
    &'static str,
    &'static str,
);

fn parts_of_lists(oci: &SimulatedOci) -> Vec<Part> {
    let find = |collection, name| oci.find(collection, name).unwrap();
    vec![
        (
            "oci_compute_list_instances",
            json!({ "compartment_id": find("compartments", "development"), "include_ips": true }),
            (Method::GET, "/20160918/vnicAttachments"),
            "ips",
            "desk-02",
        ),
        (
            "oci_compute_get_instance",
            json!({ "instance_id": find("instances", "web-01"), "include_metrics": true }),
            (
                Method::POST,
                "/20180401/metrics/actions/summarizeMetricsData",
            ),
            "metrics",
            "10.0.16.12",
        ),
        (
            "oci_containers_list_instances",
            json!({ "compartment_id": find("compartments", "production"), "include_ips": true }),
            (Method::GET, "/20160918/vnics"),
            "ips",
            "mcp-events",
        ),
        (
            "oci_network_list_vcns",
            json!({ "compartment_id": find("compartments", "network"), "include_subnets": true }),
            (Method::GET, "/20160918/subnets"),
            "subnets",
            "10.0.0.0/16",
        ),
    ]
}

fn parts_of_one(oci: &SimulatedOci) -> Vec<Part> {
    let find = |collection, name| oci.find(collection, name).unwrap();
    vec![
        (
            "oci_security_get_user",
            json!({
                "user_id": find("users", "ada@example.com"), "fields": ["email", "api_keys"],
                "include_groups": true, "include_api_keys": true,
            }),
            (Method::GET, "/20160918/userGroupMemberships"),
            "groups",
            "20:3b:97",
        ),
        (
            "oci_network_analyze_security",
            json!({ "vcn_id": find("vcns", "sandbox") }),
            (Method::GET, "/20160918/networkSecurityGroups"),
            "nsgs",
            "anyone can reach SSH",
        ),
        (
            "oci_security_audit",
            json!({ "compartment_id": find("compartments", "development") }),
            (Method::GET, "/20160918/securityLists"),
            "security_lists of sandbox",
            "not all was looked at",
        ),
        (
            "oci_observability_list_alarms",
            json!({ "compartment_id": find("compartments", "production") }),
            (Method::GET, "/20180401/alarms/status"),
            "status",
            "CPU of production",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_and_failed_is_named_and_the_rest_is_there() {
    let oci = Server::new(&[]).oci;
    let parts = [parts_of_lists(&oci), parts_of_one(&oci)].concat();
    for (tool, arguments, (method, path), part, rest) in parts {
        let server = Server::new(&[ALL]);
        let fault = Fault::new(StatusCode::FORBIDDEN, "NotAllowed").times(u32::MAX);
        server.oci.inject(fault.on(method, path));

        let answer = server.tool(tool, &arguments).await;

        assert!(answer.text.contains(rest), "{tool}: {}", answer.text);
        let missing = &answer.good()["missing"][0];
        assert_eq!(missing["part"], part, "{tool}");
        let suggestion = missing["error"]["suggestion"].as_str().unwrap();
        assert!(suggestion.contains("`allow group <group> to "), "{tool}");
    }
}

/// A tool, its arguments, what asks for more, where that is, and whether it is there unless told otherwise.
type Included = (String, Value, String, String, bool);

#[tokio::test]
async fn what_may_be_left_out_is_there_only_for_who_wants_it() {
    let server = Server::new(&[ALL]);
    let find = |collection, name| server.oci.find(collection, name).unwrap();
    let development = find("compartments", "development");
    let rows = json!([
        ["oci_compute_list_instances", { "compartment_id": development }, "include_ips", "/items/0/ips", false],
        ["oci_compute_get_instance", { "instance_id": find("instances", "web-01") }, "include_metrics", "/metrics", false],
        ["oci_containers_list_instances", { "compartment_id": "production" }, "include_ips", "/items/0/ips", false],
        ["oci_network_list_vcns", { "compartment_id": development }, "include_subnets", "/items/0/subnets", false],
        ["oci_network_get_vcn", { "vcn_id": find("vcns", "main") }, "include_subnets", "/subnets", true],
        ["oci_observability_get_instance_metrics", { "instance_id": find("instances", "web-01") }, "include_points", "/metrics/0/points", false],
        ["oci_database_get_metrics", { "database_id": find("autonomousDatabases", "orders") }, "include_points", "/metrics/0/points", false],
        ["oci_security_get_user", { "user_id": find("users", "ada@example.com") }, "include_groups", "/groups", false],
        ["oci_security_get_user", { "user_id": find("users", "ada@example.com") }, "include_api_keys", "/api_keys", false],
        ["oci_security_list_policies", {}, "include_statements", "/items/0/statements", false],
        ["oci_security_audit", { "compartment_id": development }, "include_iam", "/iam", true],
    ]);
    let rows: Vec<Included> = serde_json::from_value(rows).unwrap();

    for (tool, arguments, flag, path, is_usual) in rows {
        for (told, is_there) in [(None, is_usual), (Some(true), true), (Some(false), false)] {
            let mut arguments = arguments.clone();
            if let Some(told) = told {
                arguments[&flag] = told.into();
            }

            let answer = server.tool(&tool, &arguments).await.good();

            let found = answer.pointer(&path);
            assert_eq!(found.is_some(), is_there, "{tool} {arguments}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_statements_of_policies_are_counted_and_may_be_asked_for_by_either_name() {
    let server = Server::new(&[]);
    let counted = json!({ "name": "mcp", "fields": ["statement_count"] });
    let included =
        json!({ "name": "mcp", "include_statements": true, "query": "items[].statements[]" });
    let chosen = json!({ "name": "mcp", "fields": ["statements"] });
    let ask = async |arguments: Value| {
        server
            .tool("oci_security_list_policies", &arguments)
            .await
            .good()
    };

    let (counted, included, chosen) = (ask(counted).await, ask(included).await, ask(chosen).await);

    assert_eq!(counted["items"], json!([{ "statement_count": 2 }]));
    assert_eq!(included["items"], chosen["items"][0]["statements"]);
    assert_eq!(included["count"], 2);
    // They are in OCI's answer anyway.
    assert_eq!(server.sent().len(), 3);
}

#[tokio::test]
async fn the_points_of_a_series_are_as_far_apart_as_a_caller_wants() {
    let server = Server::new(&[]);
    let mut arguments = json!({
        "compartment_id": "production", "namespace": "oci_computeagent",
        "query": "CpuUtilization[30m].mean()", "resolution": "15m",
    });
    let tool = "oci_observability_get_metrics";

    let without = server.tool(tool, &arguments).await.good();
    arguments["include_points"] = true.into();
    let with = server.tool(tool, &arguments).await.good();

    let [without, with] = [&without["items"][0], &with["items"][0]];
    assert_eq!(without["point_count"], 4);
    assert_eq!(without.get("points"), None);
    let points = with["points"].as_array().unwrap().iter();
    let times: Vec<Value> = points.map(|point| point[0].clone()).collect();
    let expected = ["11:15", "11:30", "11:45", "12:00"];
    assert_eq!(
        times,
        expected.map(|time| json!(format!("2026-11-21T{time}:00Z")))
    );
}

#[tokio::test]
async fn the_metrics_of_a_resource_are_as_fine_as_a_caller_wants() {
    let server = Server::new(&[ALL]);
    let find = |collection, name| server.oci.find(collection, name).unwrap();
    let instance = json!({ "instance_id": find("instances", "web-01") });
    let database = json!({ "database_id": find("autonomousDatabases", "orders") });
    let rows = [
        ("oci_observability_get_instance_metrics", instance, 60),
        ("oci_database_get_metrics", database, 60 * 24 / 5),
    ];

    for (tool, arguments, usual) in rows {
        let mut finer = arguments.clone();
        finer["window"] = "2h".into();
        finer["resolution"] = "10m".into();
        finer["include_points"] = true.into();
        let mut endless = arguments.clone();
        endless["resolution"] = "1m]{x = \"y\"}.max()".into();

        let plain = server.tool(tool, &arguments).await.good();
        let finer = server.tool(tool, &finer).await.good();
        let problem = server.tool(tool, &endless).await.bad();

        assert_eq!(plain["metrics"][0]["point_count"], usual, "{tool}");
        assert_eq!(finer["metrics"][0]["point_count"], 12, "{tool}");
        let points = finer["metrics"][0]["points"].as_array().unwrap();
        assert_eq!(points[11][0], "2026-11-21T12:00:00Z", "{tool}");
        assert_eq!(problem["category"], "validation", "{tool}");
    }
    let sent = server.sent();
    assert!(
        sent.iter()
            .all(|request| !String::from_utf8_lossy(request.body()).contains("max()"))
    );
}

#[tokio::test]
async fn a_window_that_points_are_not_kept_for_is_refused() {
    let server = Server::new(&[]);
    let tool = "oci_observability_get_metrics";
    let rows = [
        ("CpuUtilization[1m].mean()", "8d", None, "7 days"),
        ("CpuUtilization[1h].mean()", "40d", Some("5m"), "30 days"),
        ("CpuUtilization[1d].mean()", "2h", Some("3h"), "as long"),
    ];

    for (query, window, resolution, problem) in rows {
        let mut arguments = json!({
            "compartment_id": "production", "namespace": "oci_computeagent", "query": query, "window": window,
        });
        if let Some(resolution) = resolution {
            arguments["resolution"] = resolution.into();
        }

        let answer = server.tool(tool, &arguments).await;

        assert!(answer.text.contains(problem), "{}", answer.text);
        assert_eq!(answer.bad()["category"], "validation");
    }
    let asked = |request: &http::Request<bytes::Bytes>| request.uri().path().contains("metrics");
    assert!(!server.sent().iter().any(asked));
}

#[tokio::test]
async fn a_container_instance_that_is_gone_is_not_asked_for_its_addresses() {
    let gone = json!({
        "displayName": "gone", "compartmentId": "@compartment/development", "lifecycleState": "DELETED",
        "containerCount": 0, "shapeConfig": {}, "containers": [], "vnics": [],
    });
    let server = Server::with(&[], &json!({ "containerInstances": [gone] }));
    let list = json!({ "compartment_id": "development", "include_ips": true });

    let answer = server
        .tool("oci_containers_list_instances", &list)
        .await
        .good();

    assert_eq!(answer["items"][0]["ips"], json!([]));
    let paths = server.sent().into_iter();
    let paths: Vec<String> = paths
        .map(|request| request.uri().path().to_owned())
        .collect();
    assert!(
        paths.last().unwrap().ends_with("/containerInstances"),
        "{paths:?}"
    );
}

#[tokio::test]
async fn addresses_of_container_instances_take_two_requests_each() {
    let server = Server::new(&[]);
    let list = |is_asked: bool| json!({ "compartment_id": "production", "include_ips": is_asked });
    let tool = "oci_containers_list_instances";

    let without = server.tool(tool, &list(false)).await.good();
    let before = server.sent().len();
    let with = server.tool(tool, &list(true)).await.good();

    let count = usize::try_from(without["count"].as_u64().unwrap()).unwrap();
    assert_eq!(with["count"], count);
    // The compartment is found by its name in both.
    assert_eq!(server.sent().len() - before, before + 2 * count);
}

#[tokio::test]
async fn points_are_those_of_the_statistic_that_was_asked_for() {
    let server = Server::new(&[]);
    let arguments = json!({
        "compartment_id": "production", "namespace": "oci_computeagent", "window": "2h",
        "query": "CpuUtilization[1m].max()", "include_points": true,
    });

    let answer = server
        .tool("oci_observability_get_metrics", &arguments)
        .await;

    let answer = answer.good();
    let series = &answer["items"][0];
    assert_eq!(series["point_count"], 120);
    let points = series["points"].as_array().unwrap();
    assert_eq!(points.len(), 60);
    assert_eq!(points[59], json!(["2026-11-21T12:00:00Z", series["last"]]));
    assert!(
        answer["hint"].as_str().unwrap().contains("interval"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_hint_names_fields_only_where_there_are_some() {
    let server = Server::new(&[("OCI_MCP_MAX_RESULT_BYTES", "4000")]);
    let metrics = json!({
        "compartment_id": "production", "namespace": "oci_computeagent", "query": "CpuUtilization[5m].mean()",
    });
    let rows = [
        ("oci_observability_get_metrics", metrics, false),
        (
            "oci_compute_list_instances",
            json!({ "compartment_id": "production" }),
            true,
        ),
    ];

    for (tool, arguments, has_fields) in rows {
        let answer = server.tool(tool, &arguments).await.good();

        let hint = answer["hint"].as_str().unwrap();
        assert_eq!(hint.contains("`fields`"), has_fields, "{tool}: {hint}");
    }
}

#[tokio::test]
async fn what_is_not_asked_for_costs_no_request() {
    let server = Server::new(&[ALL]);
    let development = server.oci.find("compartments", "development").unwrap();
    let list = |is_asked: bool| json!({ "compartment_id": development, "include_ips": is_asked });
    let user = server.oci.find("users", "ada@example.com").unwrap();

    server
        .tool("oci_compute_list_instances", &list(false))
        .await
        .good();
    server
        .tool("oci_security_get_user", &json!({ "user_id": user }))
        .await
        .good();
    let without = server.sent().len();
    server
        .tool("oci_compute_list_instances", &list(true))
        .await
        .good();

    assert_eq!(without, 2);
    // One for the instances, one for all attachments, and one for each of two VNICs.
    assert_eq!(server.sent().len() - without, 4);
}

#[tokio::test]
async fn addresses_are_of_the_items_of_a_page_and_can_be_queried() {
    let server = Server::new(&[]);
    let arguments = json!({
        "compartment_id": "production", "include_ips": true, "limit": 3,
        "query": "items[?name=='web-02'].ips[]",
    });

    let found = server.tool("oci_compute_list_instances", &arguments).await;

    assert_eq!(found.good()["items"], json!(["10.0.16.13"]));
}
