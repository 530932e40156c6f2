//! What an analysis says of what it could not read.

use http::{Method, StatusCode};
use oci_emulator::Fault;
use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

/// Has OCI refuse to show what is at `path`.
fn refuse(server: &Server, path: &str) {
    let fault = Fault::new(StatusCode::FORBIDDEN, "NotAllowed").times(u32::MAX);
    server.oci.inject(fault.on(Method::GET, path));
}

const LISTS: &str = "/20160918/securityLists";
const GROUPS: &str = "/20160918/networkSecurityGroups";

#[tokio::test(start_paused = true)]
async fn a_network_of_which_nothing_can_be_read_has_a_failure_and_no_findings() {
    // The rules of groups are below their path, and `main` has a group.
    for groups in [GROUPS, "/20160918/networkSecurityGroups/"] {
        let server = Server::new(&[]);
        let vcn = server.oci.find("vcns", "main").unwrap();
        refuse(&server, LISTS);
        refuse(&server, groups);

        let answer = server
            .tool("oci_network_analyze_security", &json!({ "vcn_id": vcn }))
            .await;

        let failure = answer.bad();
        assert_eq!(failure["category"], "authorization", "{groups}: {failure}");
    }
}

#[tokio::test]
async fn groups_beyond_those_that_are_looked_at_do_not_count_as_checked() {
    let groups = (0..24).map(|number| {
        json!({
            "displayName": format!("group-{number}"), "compartmentId": "@compartment/development",
            "vcnId": "@vcn/sandbox",
        })
    });
    let groups = json!({ "networkSecurityGroups": groups.collect::<Vec<_>>() });
    let server = Server::with(&[ALL], &groups);
    let vcn = json!({ "vcn_id": server.oci.find("vcns", "sandbox").unwrap() });
    let audit = json!({ "compartment_id": "development" });

    let analysis = server.tool("oci_network_analyze_security", &vcn).await;
    let audit = server.tool("oci_security_audit", &audit).await;

    let checked = json!({ "security_lists": 1, "nsgs": 20, "of_nsgs": 24 });
    assert_eq!(analysis.good()["checked"], checked);
    assert!(
        audit.text.contains("not all was looked at"),
        "{}",
        audit.text
    );
}

#[tokio::test(start_paused = true)]
async fn an_audit_names_what_it_could_not_read_of_each_network() {
    let more = json!({ "vcns": [{
        "displayName": "second", "compartmentId": "@compartment/development", "cidrBlocks": [],
    }] });
    let server = Server::with(&[ALL], &more);
    refuse(&server, LISTS);
    let arguments = json!({ "compartment_id": "development", "include_iam": false });

    let answer = server.tool("oci_security_audit", &arguments).await.good();

    let missing = answer["missing"].as_array().unwrap().iter();
    let parts: Vec<&Value> = missing.map(|missing| &missing["part"]).collect();
    let expected = ["security_lists of sandbox", "security_lists of second"];
    assert_eq!(parts, expected, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn which_alarms_fire_is_a_failure_if_their_status_cannot_be_read() {
    let server = Server::new(&[]);
    refuse(&server, "/20180401/alarms/status");
    let arguments = json!({ "compartment_id": "production", "firing_only": true });

    let answer = server
        .tool("oci_observability_list_alarms", &arguments)
        .await;

    assert_eq!(answer.bad()["category"], "authorization");
}
