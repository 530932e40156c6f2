//! The tools of the tables that change something.

use serde_json::{Value, json};

use crate::curated::{ALL, has, resolve};
use crate::support::Server;

const ALLOWED: [(&str, &str); 2] = [ALL, ("ALLOW_MUTATIONS", "true")];

/// A tool, arguments, and what its answer has among other things.
fn cases(server: &Server) -> Vec<(&'static str, Value, Value)> {
    let mut cases = vec![
        (
            "oci_compute_start_instance",
            json!({ "instance_id": "@instances/batch-01" }),
            json!({ "id": "@instances/batch-01", "name": "batch-01", "state": "STARTING" }),
        ),
        (
            "oci_compute_stop_instance",
            json!({ "instance_id": "@instances/web-01" }),
            json!({ "name": "web-01", "state": "STOPPING" }),
        ),
        (
            "oci_compute_restart_instance",
            json!({ "instance_id": "@instances/web-02", "force": true }),
            json!({ "name": "web-02", "state": "STARTING" }),
        ),
        (
            "oci_compute_launch_instance",
            launch(),
            json!({ "name": "new", "state": "PROVISIONING" }),
        ),
        (
            "oci_compute_terminate_instance",
            json!({ "instance_id": "@instances/web-03", "confirm": "web-03" }),
            json!({ "status": 204 }),
        ),
        (
            "oci_storage_put_object",
            json!({ "bucket_name": "reports", "object_name": "a b/ä.txt", "content": "hello" }),
            json!({ "status": 200 }),
        ),
        (
            "oci_storage_create_par",
            json!({ "bucket_name": "reports", "object_name": "README.md", "hours": 2 }),
            json!({ "object": "README.md", "expires": "2026-11-21T14:00:00Z" }),
        ),
        (
            "oci_database_stop_autonomous",
            json!({ "database_id": "@autonomousDatabases/orders" }),
            json!({ "name": "orders", "state": "STOPPING" }),
        ),
        (
            "oci_database_start_autonomous",
            json!({ "database_id": "@autonomousDatabases/sandbox" }),
            json!({ "name": "sandbox", "state": "STARTING" }),
        ),
        (
            "oci_notifications_publish",
            json!({ "topic_id": "@topics/operations", "title": "hello", "body": "all is well" }),
            json!({ "at": "2026-11-21T12:00:00Z" }),
        ),
    ];
    for (_, arguments, expected) in &mut cases {
        resolve(arguments, server);
        resolve(expected, server);
    }
    cases
}

fn launch() -> Value {
    json!({
        "compartment_id": "production", "display_name": "new", "availability_domain": "Uocm:PHX-AD-1",
        "subnet_id": "@subnets/app", "image_id": "@images/Oracle-Linux-9.6-2026.02.28-0",
        "shape": "VM.Standard.E5.Flex", "ocpus": 2, "memory_gb": 8, "retry_token": "once",
    })
}

#[tokio::test]
async fn each_is_neither_listed_nor_done_until_it_is_allowed() {
    let (reader, writer) = (Server::new(&[ALL]), Server::new(&ALLOWED));
    let listed = reader.list().await.to_string();
    let with_changes = writer.list().await;

    for (tool, arguments, expected) in cases(&writer) {
        let refused = reader.tool(tool, &arguments).await.bad();
        let done = writer.tool(tool, &arguments).await.good();

        assert!(!listed.contains(&format!("\"{tool}\"")), "{tool}");
        assert_eq!(refused["category"], "authorization", "{tool}: {refused}");
        let suggestion = refused["suggestion"].as_str().unwrap();
        assert!(suggestion.contains("ALLOW_MUTATIONS=true"), "{refused}");
        assert!(has(&done, &expected), "{tool}: {done}");
    }
    assert!(reader.sent().is_empty());
    let changing = with_changes.as_array().unwrap().iter().filter(|tool| {
        let name = tool["name"].as_str().unwrap();
        tool["annotations"]["readOnlyHint"] == false && name != "oci_call_operation"
    });
    assert_eq!(changing.count(), cases(&writer).len());
}

#[tokio::test]
async fn each_shows_what_it_would_send_and_sends_nothing_that_changes() {
    let server = Server::new(&ALLOWED);

    for (tool, mut arguments, _) in cases(&server) {
        arguments["dry_run"] = true.into();
        let shown = server.tool(tool, &arguments).await.good();

        assert_eq!(shown["dry_run"], true, "{tool}: {shown}");
        assert!(shown["path"].is_string(), "{tool}: {shown}");
    }
    // But for the namespace and the name of a compartment, which are asked for.
    assert!(server.sent().iter().all(|sent| sent.method() == "GET"));
}

#[tokio::test]
async fn what_is_terminated_must_be_named() {
    let server = Server::new(&ALLOWED);
    let id = server.oci.find("instances", "web-02").unwrap();
    let terminate = |confirm: Value| json!({ "instance_id": id, "confirm": confirm });
    let tool = "oci_compute_terminate_instance";

    let without = server.tool(tool, &json!({ "instance_id": id })).await.bad();
    let by_id = server.tool(tool, &terminate(json!(id))).await.bad();
    let other = server.tool(tool, &terminate(json!("web-01"))).await.bad();
    let deleted = server.sent().iter().any(|sent| sent.method() == "DELETE");
    let done = server.tool(tool, &terminate(json!("web-02"))).await;

    for refused in [without, by_id, other] {
        assert_eq!(refused["category"], "validation");
        assert!(
            !refused.to_string().contains("web-02"),
            "the name is for the caller to know"
        );
    }
    assert!(!deleted);
    assert!(!done.is_error, "{}", done.text);
}

#[tokio::test]
async fn a_launch_with_the_same_token_makes_one_instance() {
    let server = Server::new(&ALLOWED);
    let mut arguments = launch();
    resolve(&mut arguments, &server);
    let tool = "oci_compute_launch_instance";

    let first = server.tool(tool, &arguments).await.good();
    let second = server.tool(tool, &arguments).await.good();
    arguments["retry_token"] = "another".into();
    let third = server.tool(tool, &arguments).await.good();

    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["id"], third["id"]);
}

#[tokio::test]
async fn a_denied_operation_is_denied_to_every_tool() {
    let settings = [
        ALLOWED[0],
        ALLOWED[1],
        (
            "OCI_MCP_OPERATIONS_DENY",
            "core.instance_action,core.list_vnic_attachments",
        ),
    ];
    let server = Server::new(&settings);
    let id = json!({ "instance_id": server.oci.find("instances", "web-01").unwrap() });

    let stopped = server.tool("oci_compute_stop_instance", &id).await.bad();
    let shown = server.tool("oci_compute_get_instance", &id).await.good();

    assert_eq!(stopped["category"], "authorization");
    assert_eq!(shown["missing"][0]["error"]["category"], "authorization");
}

#[tokio::test]
async fn a_url_that_opens_an_object_is_in_the_answer_of_its_tool_alone() {
    let server = Server::new(&ALLOWED);
    let arguments = json!({ "bucket_name": "reports", "object_name": "README.md" });
    let general = json!({
        "operation": "object_storage.create_preauthenticated_request", "parameters": {},
    });

    let made = server
        .tool("oci_storage_create_par", &arguments)
        .await
        .good();
    let refused = server.call(&general).await.bad();

    assert!(made["path"].as_str().unwrap().starts_with("/p/"), "{made}");
    assert_eq!(refused["category"], "authorization");
}
