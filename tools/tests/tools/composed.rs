//! Tools that ask for several things: at the same time, and for no longer than there is.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::curated::ALL;
use crate::support::Server;

#[tokio::test(start_paused = true)]
async fn what_does_not_need_each_other_is_asked_for_at_the_same_time() {
    let find = |collection, name| Server::new(&[]).oci.find(collection, name).unwrap();
    let instance = json!({ "instance_id": find("instances", "web-01"), "include_metrics": true });
    let troubled = json!({ "instance_id": find("instances", "web-01") });
    let vcn = json!({ "vcn_id": find("vcns", "main") });
    let within = json!({ "compartment_id": find("compartments", "development") });
    let user = find("users", "ada@example.com");
    let user = json!({ "user_id": user, "include_groups": true, "include_api_keys": true });
    // How many requests one after the other, and how many there are.
    let rows = [
        ("oci_compute_get_instance", instance, 3, 9),
        ("oci_skill_troubleshoot_instance", troubled, 3, 11),
        ("oci_network_get_vcn", vcn.clone(), 2, 5),
        ("oci_network_analyze_security", vcn, 3, 4),
        ("oci_observability_overview", within.clone(), 1, 4),
        ("oci_observability_list_alarms", within.clone(), 1, 2),
        ("oci_security_audit", within, 2, 6),
        ("oci_security_get_user", user, 2, 4),
    ];

    for (tool, arguments, seconds, requests) in rows {
        let server = Server::slow(&[ALL], |_| Duration::from_secs(1));
        let start = Instant::now();

        let answer = server.tool(tool, &arguments).await.good();

        let taken = (start.elapsed().as_secs(), server.sent().len());
        assert_eq!(taken, (seconds, requests), "{tool}: {answer}");
        assert_eq!(answer.get("missing"), None, "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_before_the_hosts_deadline_is_missing_and_the_rest_is_there() {
    let is_metrics = |path: &str| path.ends_with("/summarizeMetricsData");
    let server = Server::slow(&[ALL], move |request| {
        Duration::from_secs(if is_metrics(request.uri().path()) {
            3_600
        } else {
            1
        })
    });
    let id = server.oci.find("instances", "web-01").unwrap();
    let (start, deadline) = (Instant::now(), Duration::from_secs(30));
    let tool = "oci_skill_troubleshoot_instance";

    let arguments = json!({ "instance_id": id });
    let answer = server.tool_within(deadline, tool, &arguments).await;

    // The host stops a tool after 29 of them.
    assert!(start.elapsed().as_secs() < 29, "{:?}", start.elapsed());
    assert_eq!(answer["missing"][0]["part"], "metrics");
    assert_eq!(answer["missing"][0]["error"]["category"], "timeout");
    assert_eq!(answer["ips"], json!(["10.0.16.12"]));
    assert!(answer["changes"].is_array(), "{answer}");
}
