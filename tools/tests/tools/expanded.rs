//! Whole services, a tool for each of their operations.

use serde_json::{Value, json};

use crate::support::{Server, problems};

fn server(services: &str) -> Server {
    Server::new(&[("OCI_MCP_TOOLSETS", services), ("ALLOW_MUTATIONS", "true")])
}

async fn schema(server: &Server, tool: &str) -> Value {
    let listed = server.list().await;
    let mut tools = listed.as_array().unwrap().iter();
    tools.find(|listed| listed["name"] == tool).unwrap()["inputSchema"].clone()
}

#[tokio::test]
async fn an_operation_keeps_a_region_of_its_own() {
    let server = server("nosql:*,budget:*,cloud_guard:*");
    let delete = json!({
        "tableNameOrId": "t", "region": "us-ashburn-1", "confirm": "us-ashburn-1", "dry_run": true,
    });
    let in_problems = json!({ "region": "us-ashburn-1" });
    let regions = json!({ "region": ["us-ashburn-1"] });

    let deleted = server.tool("nosql_delete_replica", &delete).await.good();
    server.tool("cloud_guard_list_problems", &in_problems).await;
    let events = server
        .tool("budget_list_cost_anomaly_events", &regions)
        .await;

    let path = "/20190828/tables/t/replicas/us-ashburn-1";
    assert_eq!(deleted["path"], path, "{deleted}");
    assert_eq!(deleted["host"], "nosql.us-phoenix-1.oci.oraclecloud.com");
    assert!(!events.text.contains("region"), "{}", events.text);
    for sent in server.sent() {
        let host = sent.uri().host().unwrap();
        assert!(host.contains("us-phoenix-1"), "{host}");
        let query = sent.uri().query().unwrap();
        assert!(query.contains("region=us-ashburn-1"), "{query}");
    }
    assert_eq!(server.sent().len(), 2);
}

#[tokio::test]
async fn an_operation_called_by_name_has_its_own_region_beside_that_which_is_asked() {
    let server = server("general");
    let arguments = json!({
        "operation": "nosql.delete_replica",
        "parameters": { "tableNameOrId": "t", "region": "us-ashburn-1" },
        "region": "fra",
        "dry_run": true,
    });

    let shown = server.call(&arguments).await.good();

    assert_eq!(shown["path"], "/20190828/tables/t/replicas/us-ashburn-1");
    assert_eq!(shown["host"], "nosql.eu-frankfurt-1.oci.oraclecloud.com");
}

#[tokio::test]
async fn what_is_known_need_not_be_given() {
    let server = server("functions:*,object_storage:*");
    let object = json!({ "bucketName": "reports", "objectName": "README.md" });

    let applications = server.tool("functions_list_applications", &json!({})).await;
    let object = server.tool("object_storage_get_object", &object).await;
    let without = server
        .tool(
            "object_storage_get_object",
            &json!({ "bucketName": "reports" }),
        )
        .await;

    assert!(applications.good()["items"].is_array());
    assert!(!object.is_error, "{}", object.text);
    assert!(
        without.is_error && without.text.contains("objectName"),
        "{}",
        without.text
    );
}

#[tokio::test]
async fn what_is_to_be_changed_must_be_said() {
    let server = server("audit:*");

    let update = schema(&server, "audit_update_configuration").await;
    let get = schema(&server, "audit_get_configuration").await;

    assert_eq!(update["required"], json!(["compartmentId", "body"]));
    assert_eq!(get["required"], Value::Null);
}

#[tokio::test]
async fn an_answer_can_be_made_smaller_and_gone_on_with() {
    let server = server("core:*");
    let production = server.oci.find("compartments", "production").unwrap();
    let list = |more: Value| {
        let mut arguments = json!({ "compartmentId": production, "limit": 2 });
        arguments
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        arguments
    };
    let tool = "core_list_instances";

    let fields = list(json!({ "fields": ["displayName"] }));
    let first = server.tool(tool, &fields).await.good();
    let next = list(json!({ "fields": ["displayName"], "page": first["next_page"] }));
    let second = server.tool(tool, &next).await.good();
    let query = list(json!({ "query": "items[].displayName" }));
    let found = server.tool(tool, &query).await.good();

    assert_eq!(first["items"][0].as_object().unwrap().len(), 1, "{first}");
    assert_eq!(second["count"], 2);
    assert_ne!(first["items"], second["items"]);
    assert_eq!(found["items"][0], first["items"][0]["displayName"]);
}

#[tokio::test]
async fn a_list_goes_on_by_page_whatever_oci_calls_it() {
    let server = server("object_storage:*");

    let list = schema(&server, "object_storage_list_objects").await;
    let put = schema(&server, "object_storage_put_object").await;

    assert_eq!(list["properties"]["page"]["type"], "string");
    assert_eq!(put["properties"]["page"], Value::Null);
}

#[tokio::test]
async fn an_operation_keeps_fields_of_its_own() {
    let server = server("object_storage:*");
    let arguments = json!({ "bucketName": "reports", "fields": ["approximateCount"] });

    let bucket = server.tool("object_storage_get_bucket", &arguments).await;

    assert!(bucket.good()["approximateCount"].is_number());
}

#[tokio::test]
async fn a_service_that_is_named_twice_is_there_once() {
    let (once, twice) = (server("functions:*"), server("functions:*,functions:*"));

    assert_eq!(once.list().await, twice.list().await);
}

#[test]
fn what_is_no_package_is_told_with_the_one_that_may_be_meant() {
    let problems = problems(&[("OCI_MCP_TOOLSETS", "compute:*,storage:*,oke:*,qqq:*")]);

    for (name, package) in [
        ("compute", "core"),
        ("storage", "object_storage"),
        ("oke", "container_engine"),
    ] {
        let problem = problems
            .iter()
            .find(|problem| problem.contains(&format!("`{name}:*`")));
        let meant = format!("`{package}:*` may be meant");
        assert!(problem.unwrap().contains(&meant), "{problem:?}");
    }
    assert!(!problems[3].contains("may be meant"), "{}", problems[3]);
}
