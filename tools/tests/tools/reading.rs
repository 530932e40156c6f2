//! What may be read.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test]
async fn an_agent_finds_an_operation_learns_what_it_takes_and_calls_it() {
    let server = Server::new(&[]);
    let compartment = server.oci.find("compartments", "production").unwrap();

    let found = server
        .tool("oci_search_operations", &json!({ "query": "list vms" }))
        .await
        .good();
    let name = &found["operations"][0]["operation"];
    let described = server
        .tool("oci_describe_operation", &json!({ "operation": name }))
        .await
        .good();
    let answer = server
        .call(&json!({
            "operation": name,
            "parameters": { "compartment_id": compartment, "limit": 3 },
            "fields": ["display_name", "lifecycleState", "shapeConfig.ocpus"],
        }))
        .await
        .good();

    assert_eq!(name, "core.list_instances");
    assert_eq!(described["path"], "/20160918/instances");
    assert_eq!(
        described["parameters"]["required"],
        json!(["compartmentId"])
    );
    assert_eq!(described.get("refused"), None);
    assert_eq!(answer["count"], 3);
    assert_eq!(
        answer["items"][0],
        json!({ "display_name": "web-01", "lifecycleState": "RUNNING", "shapeConfig.ocpus": 2.0 })
    );
    assert!(answer["next_page"].is_string(), "{answer}");
}

#[tokio::test]
async fn the_general_tools_are_small_and_say_what_they_may_do() {
    let general = ("OCI_MCP_TOOLSETS", "general");
    let listed = Server::new(&[general]).list().await;
    let with_changes = Server::new(&[general, ("ALLOW_MUTATIONS", "true")])
        .list()
        .await;

    assert!(
        listed.to_string().len() < 4_000,
        "{}",
        listed.to_string().len()
    );
    assert_eq!(listed[0]["annotations"]["readOnlyHint"], true);
    assert_eq!(with_changes[0]["annotations"]["readOnlyHint"], false);
    assert_eq!(with_changes[0]["annotations"]["destructiveHint"], true);
}

#[tokio::test]
async fn pages_follow_each_other_until_all_was_seen_once() {
    let server = Server::new(&[]);
    let compartment = server.oci.find("compartments", "production").unwrap();
    let mut arguments = json!({
        "operation": "compute.list_instances",
        "parameters": { "compartmentId": compartment },
        "fields": ["displayName"],
    });

    let mut names = Vec::new();
    let mut pages = 0;
    loop {
        let answer = server.call(&arguments).await.good();
        names.extend(answer["items"].as_array().unwrap().clone());
        pages += 1;
        let Some(next) = answer.get("next_page") else {
            break;
        };
        arguments["page"] = next.clone();
    }

    // The simulated OCI gives 25 to a page.
    assert_eq!((pages, names.len()), (2, 28));
    names.dedup();
    assert_eq!(names.len(), 28);
}

#[tokio::test]
async fn a_list_over_the_budget_is_cut_at_an_item_and_goes_on_there() {
    let server = Server::new(&[("OCI_MCP_MAX_RESULT_BYTES", "4000")]);
    let compartment = server.oci.find("compartments", "production").unwrap();
    let mut arguments = json!({
        "operation": "core.list_instances",
        "parameters": { "compartmentId": compartment },
    });

    let mut names = Vec::new();
    let mut cuts = 0;
    loop {
        let answer = server.call(&arguments).await;
        assert!(answer.text.len() <= 4_000, "{}", answer.text.len());
        let answer = answer.good();
        let items = answer["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["displayName"].clone()));
        cuts += u32::from(answer["truncated"] == true);
        let Some(next) = answer.get("next_page") else {
            break;
        };
        arguments["page"] = next.clone();
    }

    assert!(cuts > 3, "{cuts}");
    assert_eq!(names.len(), 28);
    names.dedup();
    assert_eq!(names.len(), 28);
}

#[tokio::test]
async fn an_instance_is_shown_without_its_secrets_and_what_says_nothing() {
    let server = Server::new(&[]);
    let id = server.oci.find("instances", "web-01").unwrap();

    let answer = server
        .call(&json!({ "operation": "core.get_instance", "parameters": { "instanceId": id } }))
        .await;

    let text = answer.text.clone();
    let instance = answer.good();
    assert_eq!(instance["displayName"], "web-01");
    assert_eq!(instance["metadata"]["ssh_authorized_keys"], "(masked)");
    assert!(
        !text.contains("ssh-rsa") && !text.contains("null") && !text.contains("{}"),
        "{text}"
    );
}

#[tokio::test]
async fn lists_of_each_shape_answer_alike() {
    let server = Server::new(&[]);
    let tenancy = server.oci.tenancy_id();
    let rows = [
        ("identity.list_regions", json!({}), 5),
        (
            "identity.list_region_subscriptions",
            json!({ "tenancyId": tenancy }),
            2,
        ),
        (
            "identity.list_compartments",
            json!({ "compartmentId": tenancy, "compartmentIdInSubtree": true }),
            5,
        ),
        // Wrapped in `items`.
        (
            "functions.list_applications",
            json!({ "compartmentId": tenancy }),
            0,
        ),
        ("core.list_vcns", json!({ "compartmentId": tenancy }), 0),
    ];

    for (operation, parameters, count) in rows {
        let answer = server
            .call(&json!({ "operation": operation, "parameters": parameters }))
            .await
            .good();

        assert_eq!(answer["count"], count, "{operation}: {answer}");
        assert_eq!(
            answer["items"].as_array().unwrap().len(),
            count,
            "{operation}"
        );
        assert_eq!(answer.get("next_page"), None, "{operation}");
    }
}

#[tokio::test]
async fn objects_come_in_pages_and_as_text() {
    let server = Server::new(&[]);
    let namespace = server
        .call(&json!({ "operation": "object_storage.get_namespace" }))
        .await
        .good();
    let bucket = json!({ "namespaceName": namespace, "bucketName": "reports", "limit": 2 });

    let first = server
        .call(&json!({ "operation": "object_storage.list_objects", "parameters": bucket, "fields": ["name"] }))
        .await
        .good();
    let second = server
        .call(&json!({
            "operation": "object_storage.list_objects", "parameters": bucket, "fields": ["name"],
            "page": first["next_page"],
        }))
        .await
        .good();
    let object = server
        .call(&json!({
            "operation": "object_storage.get_object",
            "parameters": { "namespaceName": namespace, "bucketName": "reports", "objectName": "2026/10/sales.csv" },
        }))
        .await
        .good();

    assert_eq!((&first["count"], &second["count"]), (&json!(2), &json!(2)));
    assert_ne!(first["items"], second["items"]);
    assert_eq!(object["content_type"], "text/csv");
    assert!(
        object["text"]
            .as_str()
            .unwrap()
            .starts_with("region,units,revenue\n"),
        "{object}"
    );
}

#[tokio::test]
async fn a_model_that_was_left_out_of_a_schema_is_described_by_its_name() {
    let server = Server::new(&[]);
    let launch = |more: Value| {
        let mut arguments = json!({ "operation": "core.launch_instance" });
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };

    let whole = server
        .tool("oci_describe_operation", &launch(json!({})))
        .await;
    let model = server
        .tool(
            "oci_describe_operation",
            &launch(json!({ "model": "CreateVnicDetails" })),
        )
        .await;
    let none = server
        .tool(
            "oci_describe_operation",
            &launch(json!({ "model": "../x" })),
        )
        .await;

    assert!(whole.text.len() < 9_000, "{}", whole.text.len());
    let whole = whole.good();
    assert_eq!(whole["changes"], true);
    assert!(
        whole["refused"]
            .as_str()
            .unwrap()
            .contains("ALLOW_MUTATIONS=true"),
        "{whole}"
    );
    assert!(model.good()["properties"]["subnetId"].is_object());
    assert_eq!(none.bad()["category"], "validation");
}

#[tokio::test]
async fn what_may_not_be_called_is_not_found_and_the_answer_says_so() {
    let server = Server::new(&[]);

    let found = server
        .tool(
            "oci_search_operations",
            &json!({ "query": "terminate instance", "limit": 50 }),
        )
        .await
        .good();

    let names: Vec<&str> = found["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["operation"].as_str().unwrap())
        .collect();
    assert!(!names.contains(&"core.terminate_instance"), "{names:?}");
    assert!(
        found["hint"].as_str().unwrap().contains("does not allow"),
        "{found}"
    );
}

#[tokio::test]
async fn what_is_meant_and_may_not_be_called_is_named_with_the_reason() {
    let server = Server::new(&[]);
    let rows = [
        ("stop a vm", "core.instance_action", "only reads", 3),
        (
            "kubeconfig",
            "container_engine.create_kubeconfig",
            "credential",
            1,
        ),
        // What is meant may be called: one shows what else there is.
        (
            "list buckets",
            "object_storage.create_bucket",
            "only reads",
            1,
        ),
    ];

    for (query, best, why, count) in rows {
        let question = json!({ "query": query });
        let found = server.tool("oci_search_operations", &question).await.good();

        let refused = found["not_allowed"].as_array().unwrap();
        assert_eq!(refused.len(), count, "{found}");
        assert_eq!(refused[0]["operation"], best);
        assert!(
            refused[0]["refused"].as_str().unwrap().contains(why),
            "{found}"
        );
    }
}
