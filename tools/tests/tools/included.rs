//! What an answer has beside what its operation tells, for who asks for it.

use http::{Method, StatusCode};
use oci_emulator::Fault;
use serde_json::json;

use crate::curated::ALL;
use crate::support::Server;

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_and_failed_is_named_and_the_rest_is_there() {
    let oci = Server::new(&[]).oci;
    let find = |collection, name| oci.find(collection, name).unwrap();
    let attachments = (Method::GET, "/20160918/vnicAttachments");
    let metrics = "/20180401/metrics/actions/summarizeMetricsData";
    let rows = [
        (
            "oci_compute_list_instances",
            json!({ "compartment_id": find("compartments", "development"), "include_ips": true }),
            attachments,
            "ips",
            "desk-02",
        ),
        (
            "oci_compute_get_instance",
            json!({ "instance_id": find("instances", "web-01"), "include_metrics": true }),
            (Method::POST, metrics),
            "metrics",
            "10.0.16.12",
        ),
        (
            "oci_network_list_vcns",
            json!({ "compartment_id": find("compartments", "network"), "include_subnets": true }),
            (Method::GET, "/20160918/subnets"),
            "subnets",
            "10.0.0.0/16",
        ),
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
    ];

    for (tool, arguments, (method, path), part, rest) in rows {
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
