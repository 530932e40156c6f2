//! What a call is of that names no compartment.

use std::sync::Arc;

use oci_rest::{Credential, Fixed, SecurityToken};
use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::{Server, credential};

#[tokio::test]
async fn a_list_of_no_compartment_is_of_the_operators_or_of_the_tenancy() {
    let production = Server::new(&[])
        .oci
        .find("compartments", "production")
        .unwrap();
    let rows = [
        (vec![("COMPARTMENT_OCID", production.as_str())], 3),
        (vec![], 0),
    ];

    for (settings, count) in rows {
        let server = Server::new(&settings);

        let answer = server
            .call(&json!({ "operation": "core.list_instances", "parameters": { "limit": 3 } }))
            .await
            .good();

        assert_eq!(answer["count"], count);
        assert_eq!(answer.get("hint").is_some(), count == 0, "{answer}");
    }
}

#[tokio::test]
async fn a_resource_lists_what_is_in_its_own_compartment() {
    let server = Server::of_resource("functions", "mcp");
    let listed = |compartment: Option<&str>| {
        let arguments = compartment.map_or(json!({}), |name| json!({ "compartment_id": name }));
        let tool = "oci_functions_list_applications";
        let server = &server;
        async move { server.tool(tool, &arguments).await.good() }
    };

    let (unnamed, named) = (listed(None).await, listed(Some("production")).await);

    assert_ne!(named["count"], 0);
    assert_eq!(unnamed, named);
}

#[tokio::test]
async fn what_is_in_the_root_alone_is_looked_for_there_by_any_tool() {
    let server = Server::of_resource("functions", "mcp");
    let production = server.oci.find("compartments", "production").unwrap();
    let of_operator = Server::new(&[("COMPARTMENT_OCID", production.as_str())]);

    for server in [server, of_operator] {
        for operation in [
            "identity.list_users",
            "identity.list_compartments",
            "limits.list_services",
        ] {
            let answer = server.call(&json!({ "operation": operation })).await.good();

            let sent = server.sent().pop().unwrap();
            let root = format!("compartmentId={}", server.oci.tenancy_id());
            assert!(sent.uri().query().unwrap().contains(&root), "{operation}");
            assert_ne!(answer["count"], 0, "{operation}");
        }
    }
}

#[tokio::test]
async fn what_is_put_together_says_of_which_compartment_it_is_if_nobody_named_one() {
    let server = Server::new(&[ALL]);
    let audit = |arguments: Value| {
        let server = &server;
        async move { server.tool("oci_security_audit", &arguments).await.good() }
    };

    let unnamed = audit(json!({})).await;
    let named = audit(json!({ "compartment_id": "development" })).await;

    let hint = unnamed["hint"].as_str().unwrap();
    assert!(hint.contains(&server.oci.tenancy_id()), "{unnamed}");
    assert_eq!(named.get("hint"), None, "{named}");
}

#[tokio::test]
async fn what_an_identifier_names_is_found_in_whatever_compartment_it_is() {
    let server = Server::new(&[ALL]);
    let database = server.oci.find("autonomousDatabases", "orders").unwrap();
    let tool = "oci_database_list_autonomous_backups";

    let backups = server
        .tool(tool, &json!({ "database_id": database }))
        .await
        .good();

    assert_eq!(backups["count"], 1, "{backups}");
}

#[tokio::test]
async fn a_change_is_not_made_in_the_root_because_nobody_named_a_compartment() {
    let production = Server::new(&[])
        .oci
        .find("compartments", "production")
        .unwrap();
    let changes = ("ALLOW_MUTATIONS", "true");
    let rows = [
        vec![changes],
        vec![changes, ("COMPARTMENT_OCID", &*production)],
    ];

    for settings in rows {
        let server = Server::new(&settings);
        let launch = json!({
            "display_name": "web-99", "availability_domain": "AD-1", "subnet_id": "ocid1.subnet.oc1.phx.a",
            "shape": "VM.Standard.E4.Flex", "image_id": "ocid1.image.oc1.phx.a", "dry_run": true,
        });

        let answer = server.tool("oci_compute_launch_instance", &launch).await;

        if settings.len() == 1 {
            assert!(
                answer
                    .bad()
                    .to_string()
                    .contains("`compartment_id` is missing")
            );
        } else {
            assert_eq!(answer.good()["body"]["compartmentId"], *production);
        }
    }
}

#[tokio::test]
async fn without_the_lists_of_compartments_they_are_named_by_their_ocids() {
    let server = Server::new(&[("OCI_MCP_OPERATIONS_ALLOW", "core.list_*")]);
    let named = json!({ "compartment_id": "production" });

    let refused = server
        .tool("oci_compute_list_instances", &named)
        .await
        .bad();

    assert!(
        refused["suggestion"].as_str().unwrap().contains("OCID"),
        "{refused}"
    );
}

#[tokio::test]
async fn who_does_not_know_its_tenancy_looks_up_no_name_and_wants_the_ocid() {
    let server = Server::refused(&[], pod());
    let named = json!({ "compartment_id": "production" });

    let answer = server
        .tool("oci_compute_list_instances", &named)
        .await
        .bad();

    assert_eq!(
        answer["suggestion"], "name the compartment by its OCID",
        "{answer}"
    );
}

#[tokio::test]
async fn who_does_not_know_its_tenancy_may_be_told() {
    let told = ("COMPARTMENT_OCID", "ocid1.tenancy.oc1..a");
    let server = Server::refused(&[told], pod());

    let users = server.tool("oci_security_list_users", &json!({})).await;

    // It was asked.
    assert_eq!(users.bad()["category"], "not_found");
}

fn pod() -> Fixed {
    let own = credential(&Server::new(&[]).oci);
    let token = SecurityToken::parse("e30.e30.c2ln").unwrap();
    let key = Arc::clone(own.key());
    Fixed::new("OKE workload identity", Credential::token(&token, key))
}

#[tokio::test]
async fn the_root_is_called_what_the_tenancy_is_and_a_parent_by_its_name() {
    let server = Server::new(&[ALL]);
    let root = json!({ "compartment_id": "acme" });

    let listed = server
        .tool("oci_security_list_policies", &root)
        .await
        .good();
    let children = server
        .tool(
            "oci_identity_list_compartments",
            &json!({ "parent_id": "production" }),
        )
        .await
        .good();

    assert_ne!(listed["count"], 0, "{listed}");
    assert_eq!(children["count"], 1, "{children}");
}

#[tokio::test]
async fn a_name_that_no_compartment_has_leads_to_those_that_are_like_it() {
    let server = Server::new(&[ALL]);
    let tool = "oci_compute_list_instances";
    let rows = [
        ("Production", "there are `production`"),
        ("develop", "there are `development`"),
        ("ACME", "there are `acme`"),
        ("zzzzz", "`oci_identity_list_compartments`"),
    ];

    for (name, expected) in rows {
        let answer = server
            .tool(tool, &json!({ "compartment_id": name }))
            .await
            .bad();

        let suggestion = answer["suggestion"].as_str().unwrap();
        assert!(suggestion.starts_with(expected), "{name}: {suggestion}");
    }
}
