//! The tools of the tables that change something.

use serde_json::{Value, json};

use crate::cases::{Case, changing, has};
use crate::curated::ALL;
use crate::support::Server;

const ALLOWED: [(&str, &str); 2] = [ALL, ("ALLOW_MUTATIONS", "true")];

fn cases(server: &Server) -> Vec<Case> {
    changing(&server.oci)
}

/// The arguments that create an instance.
fn launch(server: &Server) -> Value {
    let tool = "oci_compute_launch_instance";
    let mut cases = cases(server).into_iter();
    cases.find(|(name, ..)| name == tool).unwrap().1
}

#[tokio::test]
async fn each_is_neither_listed_nor_done_until_it_is_allowed() {
    let (reader, writer) = (Server::new(&[ALL]), Server::new(&ALLOWED));
    let listed = reader.list().await.to_string();
    let with_changes = writer.list().await;

    for (tool, arguments, expected) in cases(&writer) {
        let refused = reader.tool(&tool, &arguments).await.bad();
        let done = writer.tool(&tool, &arguments).await.good();

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
async fn each_says_what_it_may_destroy_and_whether_it_may_be_repeated() {
    // What destroys or interrupts something, and what changes nothing more when it is called again.
    let rows = json!({
        "oci_compute_launch_instance": [false, false],
        "oci_compute_restart_instance": [true, false],
        "oci_compute_start_instance": [false, true],
        "oci_compute_stop_instance": [true, true],
        "oci_compute_terminate_instance": [true, true],
        "oci_database_start_autonomous": [false, true],
        "oci_database_stop_autonomous": [true, true],
        "oci_datascience_predict": [true, false],
        "oci_functions_invoke": [true, false],
        "oci_notifications_publish": [false, false],
        "oci_storage_create_par": [false, false],
        "oci_storage_put_object": [true, true],
    });

    let listed = Server::new(&ALLOWED).list().await;

    let hints = listed.as_array().unwrap().iter().filter_map(|tool| {
        let hints = &tool["annotations"];
        let name = tool["name"].as_str()?;
        let changes = hints["readOnlyHint"] == false && name != "oci_call_operation";
        let hints = json!([hints["destructiveHint"], hints["idempotentHint"]]);
        changes.then(|| (name.to_owned(), hints))
    });
    assert_eq!(hints.collect::<Value>(), rows);
}

#[tokio::test]
async fn each_shows_what_it_would_send_and_sends_nothing_that_changes() {
    let server = Server::new(&ALLOWED);

    for (tool, mut arguments, _) in cases(&server) {
        arguments["dry_run"] = true.into();
        let shown = server.tool(&tool, &arguments).await.good();

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
async fn a_person_is_asked_for_the_name_whatever_the_model_says() {
    let key = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let server = Server::new(&[ALLOWED[0], ALLOWED[1], ("OCI_MCP_STATE_KEY", key)]);
    let id = server.oci.find("instances", "web-02").unwrap();
    let arguments = json!({ "instance_id": id, "confirm": "web-02" });
    let tool = "oci_compute_terminate_instance";
    let says = |answer: Value| json!({ "confirm": answer });
    let was_deleted = || server.sent().iter().any(|sent| sent.method() == "DELETE");

    let asked = server.call_asking(tool, &arguments, &json!({})).await;
    let request = &asked["result"]["inputRequests"]["confirm"]["params"];
    let state = &asked["result"]["requestState"];
    let round = |answer: Value| json!({ "inputResponses": says(answer), "requestState": state });
    let declined = round(json!({ "action": "decline" }));
    let declined = server.call_asking(tool, &arguments, &declined).await;
    let other = round(json!({ "action": "accept", "content": { "name": "web-01" } }));
    let other = server.call_asking(tool, &arguments, &other).await;
    let before = was_deleted();
    let accepted = round(json!({ "action": "accept", "content": { "name": "web-02" } }));
    let accepted = server.call_asking(tool, &arguments, &accepted).await;

    assert!(
        request["message"].as_str().unwrap().contains("`web-02`"),
        "{asked}"
    );
    assert_eq!(declined["result"]["isError"], true, "{declined}");
    assert_eq!(other["result"]["isError"], true, "{other}");
    assert!(!before);
    assert_ne!(accepted["result"]["isError"], true, "{accepted}");
    assert!(was_deleted());
}

#[tokio::test]
async fn a_function_is_invoked_at_the_address_that_it_has_of_its_own() {
    let server = Server::new(&ALLOWED);
    let id = server.oci.find("functions", "mcp").unwrap();
    let arguments = json!({ "function_id": id, "detached": true });

    let invoked = server.tool("oci_functions_invoke", &arguments).await.good();

    let sent = server.sent();
    let last = sent.last().unwrap();
    assert_eq!(
        last.uri().host(),
        Some("exmplaaaaaa.us-phoenix-1.functions.oci.oraclecloud.com")
    );
    assert_eq!(last.headers()["fn-invoke-type"], "detached");
    assert_eq!(invoked["status"], 202);
}

#[tokio::test]
async fn a_launch_with_the_same_token_makes_one_instance() {
    let server = Server::new(&ALLOWED);
    let mut arguments = launch(&server);
    let tool = "oci_compute_launch_instance";

    let first = server.tool(tool, &arguments).await.good();
    let second = server.tool(tool, &arguments).await.good();
    arguments["retry_token"] = "another".into();
    let third = server.tool(tool, &arguments).await.good();

    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["id"], third["id"]);
}

#[tokio::test]
async fn an_action_with_the_same_token_is_done_once() {
    let server = Server::new(&ALLOWED);
    for (tool, instance, state) in [
        ("oci_compute_restart_instance", "web-01", "STARTING"),
        ("oci_compute_stop_instance", "web-02", "STOPPING"),
        ("oci_compute_start_instance", "batch-01", "STARTING"),
    ] {
        let id = server.oci.find("instances", instance).unwrap();
        let mut arguments = json!({ "instance_id": id, "retry_token": tool });

        let first = server.tool(tool, &arguments).await.good();
        let second = server.tool(tool, &arguments).await.good();
        arguments["retry_token"] = "another".into();
        let third = server.tool(tool, &arguments).await.bad();

        assert_eq!(first["state"], state, "{tool}: {first}");
        assert_eq!(second["state"], state, "{tool}: {second}");
        assert_eq!(third["category"], "conflict", "{tool}: {third}");
    }
}

#[tokio::test]
async fn a_text_that_was_written_is_told_of_and_read_as_text() {
    let server = Server::new(&ALLOWED);
    let put = |more: Value| {
        let mut arguments = json!({
            "bucket_name": "reports", "object_name": "new", "content": "a,b",
        });
        let more = more.as_object().unwrap().clone();
        arguments.as_object_mut().unwrap().extend(more);
        arguments
    };
    let tool = "oci_storage_put_object";
    let read = json!({ "bucket_name": "reports", "object_name": "new" });

    let as_text = server.tool(tool, &put(json!({}))).await.good();
    let text = server.tool("oci_storage_get_object", &read).await.good();
    let typed = put(json!({ "content_type": "text/csv" }));
    server.tool(tool, &typed).await.good();
    let csv = server.tool("oci_storage_get_object", &read).await.good();

    assert_eq!(as_text["size"], 3, "{as_text}");
    assert!(as_text["etag"].is_string(), "{as_text}");
    assert_eq!(text["content_type"], "text/plain; charset=utf-8", "{text}");
    assert_eq!(csv["content_type"], "text/csv", "{csv}");
}

#[tokio::test]
async fn a_text_that_would_be_sent_is_shown_unless_it_is_long_or_secret() {
    let server = Server::new(&ALLOWED);
    let id = server.oci.find("functions", "mcp").unwrap();
    let long = "x".repeat(2_001);
    let key = "-----BEGIN PRIVATE KEY-----";

    for (body, shown) in [("hi", "hi"), (&long, "2001 bytes"), (key, "(masked)")] {
        let arguments = json!({ "function_id": id, "body": body, "dry_run": true });
        let answer = server.tool("oci_functions_invoke", &arguments).await.good();

        assert_eq!(answer["body"], shown, "{answer}");
    }
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
