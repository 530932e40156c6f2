//! What may be changed, and by whom it must be wanted.

use serde_json::{Value, json};

use crate::support::Server;

const ALLOWED: [(&str, &str); 1] = [("ALLOW_MUTATIONS", "true")];

fn stop(id: &str) -> Value {
    json!({ "operation": "core.instance_action", "parameters": { "instanceId": id, "action": "SOFTSTOP" } })
}

#[tokio::test]
async fn a_change_is_refused_until_it_is_allowed() {
    let (reader, writer) = (Server::new(&[]), Server::new(&ALLOWED));
    let id = reader.oci.find("instances", "web-01").unwrap();

    let refused = reader.call(&stop(&id)).await.bad();
    let done = writer
        .call(&stop(&writer.oci.find("instances", "web-01").unwrap()))
        .await
        .good();

    assert_eq!(refused["category"], "authorization");
    assert!(
        refused["suggestion"]
            .as_str()
            .unwrap()
            .contains("ALLOW_MUTATIONS=true"),
        "{refused}"
    );
    assert!(reader.sent().is_empty());
    assert_eq!(done["lifecycleState"], "STOPPING");
    assert!(writer.sent()[0].headers().contains_key("opc-retry-token"));
}

#[tokio::test]
async fn every_spelling_of_a_denied_operation_is_denied() {
    let settings = [
        ("ALLOW_MUTATIONS", "true"),
        ("OCI_MCP_OPERATIONS_DENY", "compute.instance_action"),
    ];
    let server = Server::new(&settings);
    for name in [
        "core.instance_action",
        "Compute.InstanceAction",
        "oci.core.ComputeClient.instance-action",
    ] {
        let answer = server
            .call(&json!({ "operation": name, "parameters": {} }))
            .await
            .bad();

        assert_eq!(answer["category"], "authorization", "{name}: {answer}");
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn a_dry_run_shows_the_request_and_sends_nothing() {
    let server = Server::new(&ALLOWED);
    let arguments = json!({
        "operation": "core.update_instance",
        "parameters": {
            "instanceId": "ocid1.instance.oc1.phx.a",
            "if_match": "etag",
            "body": { "displayName": "new", "metadata": { "user_data": "I2Nsb3Vk" } },
        },
        "region": "fra",
        "dry_run": true,
    });

    let shown = server.call(&arguments).await.good();

    assert_eq!(shown["method"], "PUT");
    assert_eq!(shown["host"], "iaas.eu-frankfurt-1.oraclecloud.com");
    assert_eq!(
        shown["path"],
        "/20160918/instances/ocid1.instance.oc1.phx.a"
    );
    assert_eq!(
        shown["body"],
        json!({ "displayName": "new", "metadata": { "user_data": "(masked)" } })
    );
    let headers = shown["headers"].as_array().unwrap();
    for name in ["authorization", "date", "host", "if-match", "content-type"] {
        assert!(
            headers.iter().any(|header| header == name),
            "{name}: {shown}"
        );
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn what_deletes_by_an_identifier_is_done_when_the_name_of_the_thing_is_given() {
    let server = Server::new(&ALLOWED);
    let id = server.oci.find("instances", "web-02").unwrap();
    let terminate =
        json!({ "operation": "core.terminate_instance", "parameters": { "instanceId": id } });

    let without = server.call(&terminate).await.bad();
    let by_id = server.call(&confirmed(&terminate, &id)).await.bad();
    let before = is_deleted(&server);
    let done = server.call(&confirmed(&terminate, "web-02")).await.good();

    for refused in [without, by_id] {
        assert_eq!(refused["category"], "validation");
        let suggestion = refused["suggestion"].as_str().unwrap();
        assert!(suggestion.contains("its name"), "{refused}");
        assert!(
            !refused.to_string().contains("web-02"),
            "the name is for the caller to know"
        );
    }
    assert!(!before);
    assert_eq!(done["status"], 204);
}

#[tokio::test]
async fn what_has_no_name_that_may_be_asked_is_deleted_by_what_its_path_ends_with() {
    let bucket = json!({ "operation": "object_storage.delete_bucket", "parameters": { "bucketName": "reports" } });
    let deny = ("OCI_MCP_OPERATIONS_DENY", "core.get_instance");
    let server = Server::new(&[ALLOWED[0], deny]);
    let id = server.oci.find("instances", "web-02").unwrap();
    let terminate =
        json!({ "operation": "core.terminate_instance", "parameters": { "instanceId": id } });

    for (call, name, confirm) in [
        (bucket, "bucketName", "reports"),
        (terminate, "instanceId", &*id),
    ] {
        let without = server.call(&call).await.bad();
        let before = is_deleted(&server);
        server.call(&confirmed(&call, confirm)).await;

        let suggestion = without["suggestion"].as_str().unwrap();
        assert!(
            suggestion.contains(&format!("the value of `{name}`")),
            "{without}"
        );
        assert_eq!(before, name == "instanceId", "the bucket is gone by then");
    }
    assert!(is_deleted(&server));
}

#[tokio::test]
async fn a_person_who_can_be_asked_is_asked_by_the_general_tool_too() {
    let key = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let server = Server::new(&[ALLOWED[0], ("OCI_MCP_STATE_KEY", key)]);
    let id = server.oci.find("instances", "web-02").unwrap();
    let terminate =
        json!({ "operation": "core.terminate_instance", "parameters": { "instanceId": id } });

    let arguments = confirmed(&terminate, "web-02");
    let asked = server
        .call_asking("oci_call_operation", &arguments, &json!({}))
        .await;

    let request = &asked["result"]["inputRequests"]["confirm"]["params"];
    assert!(
        request["message"].as_str().unwrap().contains("`web-02`"),
        "{asked}"
    );
    assert!(!is_deleted(&server));
}

#[tokio::test]
async fn a_job_that_destroys_what_a_stack_made_is_confirmed_and_another_is_not() {
    let settings = [
        ALLOWED[0],
        ("OCI_MCP_TOOLSETS", "general,resource_manager:*"),
    ];
    let job =
        |body: Value| json!({ "stackId": "ocid1.ormstack.oc1.phx.a", "jobOperationDetails": body });
    let plan = job(json!({ "operation": "PLAN" }));
    let destroys = [
        job(json!({ "operation": "DESTROY", "executionPlanStrategy": "AUTO_APPROVED" })),
        json!({ "stackId": "ocid1.ormstack.oc1.phx.a", "operation": "DESTROY" }),
    ];

    for body in destroys {
        let server = Server::new(&settings);
        let expanded = json!({ "body": body });
        let general =
            json!({ "operation": "resource_manager.create_job", "parameters": expanded.clone() });
        let tool = "resource_manager_create_job";
        let confirm = "resource_manager.create_job";

        for refused in [
            server.tool(tool, &expanded).await,
            server.call(&general).await,
        ] {
            let refused = refused.bad();
            assert!(
                refused.to_string().contains("`confirm` is missing"),
                "{refused}"
            );
        }
        assert!(server.sent().is_empty());
        server.tool(tool, &confirmed(&expanded, confirm)).await;
        server.call(&confirmed(&general, confirm)).await;
        server.tool(tool, &json!({ "body": plan })).await;
        assert_eq!(server.sent().len(), 3);
    }
}

fn confirmed(call: &Value, confirm: &str) -> Value {
    let mut call = call.clone();
    call["confirm"] = confirm.into();
    call
}

fn is_deleted(server: &Server) -> bool {
    server.sent().iter().any(|sent| sent.method() == "DELETE")
}

#[tokio::test]
async fn a_credential_is_handed_out_to_whoever_names_the_operation_in_the_settings() {
    let bundle = json!({ "operation": "secrets.get_secret_bundle", "parameters": { "secretId": "ocid1.x" } });
    let create = json!({ "operation": "identity.create_auth_token", "parameters": {} });
    let named = [("OCI_MCP_OPERATIONS_ALLOW", "secrets.get_secret_bundle")];
    let content = || {
        let body = r#"{"secretBundleContent":{"content":"aHVudGVyMg==","password":"p"}}"#;
        let answer = http::Response::builder().header("content-type", "application/json");
        Ok(answer
            .body(bytes::Bytes::from_static(body.as_bytes()))
            .unwrap())
    };

    for arguments in [&bundle, &create] {
        let server = Server::new(&ALLOWED);
        let refused = server.call(arguments).await.bad();
        assert!(
            refused["error"].as_str().unwrap().contains("credential"),
            "{refused}"
        );
        assert!(server.sent().is_empty());
    }
    let told = Server::answered(&named, content).call(&bundle).await.good();
    assert_eq!(told["secretBundleContent"]["password"], "p");
}
