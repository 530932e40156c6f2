//! What becomes of arguments for which OCI has another form, or none.

use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

/// The bodies of what went to OCI.
fn bodies(server: &Server) -> Vec<Value> {
    let sent = server.sent().into_iter();
    sent.map(|request| serde_json::from_slice(request.body()).unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn a_search_of_one_type_is_a_query_in_which_a_text_stays_a_text() {
    let server = Server::new(&[]);
    let good = [
        (json!({ "type": "vcn" }), "query vcn resources"),
        (
            json!({ "type": "all", "text": "a\" && x where b" }),
            "query all resources matching 'a\" && x where b'",
        ),
    ];
    let bad = [
        (json!({}), "either `query`"),
        (
            json!({ "type": "vcn", "query": "query all resources" }),
            "either `query`",
        ),
        (
            json!({ "text": "a", "query": "query all resources" }),
            "either `query`",
        ),
        (json!({ "type": "" }), "`type` is ``; it is one word"),
        (
            json!({ "type": "all resources where" }),
            "`type` is `all resources where`",
        ),
        (
            json!({ "type": "vcn", "text": "a' where b" }),
            "take them out of it",
        ),
        (
            json!({ "type": "vcn", "text": "a\\" }),
            "take them out of it",
        ),
        (json!({ "type": "vcn", "text": "" }), "`text` is empty"),
    ];

    for (arguments, _) in &good {
        server.tool("oci_search_resources", arguments).await.good();
    }
    for (arguments, problem) in &bad {
        let failure = server.tool("oci_search_resources", arguments).await.bad();

        assert_eq!(failure["category"], "validation", "{arguments}");
        let error = failure["error"].as_str().unwrap();
        assert!(error.contains(problem), "{error}");
    }

    let sent: Vec<Value> = bodies(&server);
    let sent: Vec<&Value> = sent.iter().map(|body| &body["query"]).collect();
    assert_eq!(
        sent,
        good.iter().map(|(_, query)| query).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn audit_events_are_of_the_last_hour_or_of_the_time_that_is_named() {
    let server = Server::new(&[]);
    let rows = [
        (json!({}), "11:00:00Z", "12:00:00Z"),
        (json!({ "hours_back": 3 }), "09:00:00Z", "12:00:00Z"),
        (
            json!({ "hours_back": 2, "time_end": "2026-11-21T08:30:00" }),
            "06:30:00Z",
            "08:30:00Z",
        ),
        (
            json!({ "time_start": "2026-11-21", "time_end": "2026-11-21T02:00:00+01:00" }),
            "00:00:00Z",
            "01:00:00Z",
        ),
    ];

    for (arguments, start, end) in rows {
        server
            .tool("oci_audit_list_events", &arguments)
            .await
            .good();

        let sent = server.sent().pop().unwrap();
        let query = sent.uri().query().unwrap().replace("%3A", ":");
        for (name, time) in [("startTime", start), ("endTime", end)] {
            assert!(
                query.contains(&format!("{name}=2026-11-21T{time}")),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn logs_are_of_the_time_that_is_named_too() {
    let security = Server::new(&[]).oci.find("compartments", "security");
    let arguments = json!({
        "compartment_id": "security", "query": format!("search \"{}\"", security.unwrap()),
        "time_end": "2026-11-20T03:00:00Z", "hours_back": 2,
    });
    // Where their requests have it.
    let rows = [
        ("oci_observability_search_logs", ""),
        ("oci_observability_execute_log_query", "/timeFilter"),
    ];

    for (tool, place) in rows {
        let server = Server::new(&[ALL]);

        let answer = server.tool(tool, &arguments).await;

        assert!(!answer.is_error, "{tool}: {}", answer.text);
        let sent = bodies(&server).pop().unwrap();
        let times = sent.pointer(place).unwrap();
        assert_eq!(times["timeStart"], "2026-11-20T01:00:00Z", "{tool}: {sent}");
        assert_eq!(times["timeEnd"], "2026-11-20T03:00:00Z", "{tool}: {sent}");
    }
}

#[tokio::test]
async fn backups_of_an_autonomous_database_are_those_of_another_tool() {
    let server = Server::new(&[ALL]);
    let id = server.oci.find("autonomousDatabases", "orders").unwrap();

    let failure = server
        .tool(
            "oci_database_list_backups",
            &json!({ "compartment_id": "production-data", "database_id": id }),
        )
        .await;

    let failure = failure.bad();
    let suggestion = failure["suggestion"].as_str().unwrap_or_default();
    assert!(
        suggestion.contains("oci_database_list_autonomous_backups"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_time_that_is_none_or_turned_round_is_refused_with_an_example() {
    let server = Server::new(&[]);
    let rows = [
        (
            json!({ "time_start": "yesterday" }),
            "`time_start` is `yesterday`",
        ),
        (json!({ "time_end": "2026-13-01" }), "such as 2026-11-01"),
        (json!({ "time_start": "2026-11-22" }), "must be before"),
        (
            json!({ "time_start": "2026-11-01T08:00:00[Europe/Berlin]" }),
            "`time_start` is `2026-11-01T08:00:00[Europe/Berlin]`",
        ),
        (
            json!({ "time_start": "2026-11-20", "hours_back": 2 }),
            "leave one of them away",
        ),
        (json!({ "time_start": "1999-01-01" }), "336 hours at most"),
    ];

    for (arguments, problem) in rows {
        let failure = server.tool("oci_audit_list_events", &arguments).await.bad();

        assert_eq!(failure["category"], "validation");
        let error = failure["error"].as_str().unwrap();
        assert!(error.contains(problem), "{error}");
    }
    assert!(server.sent().is_empty());
}

/// All events of two days that `arguments` leave, page by page, and how many pages there were.
async fn events(server: &Server, mut arguments: Value) -> (Vec<Value>, usize) {
    arguments["compartment_id"] = "production".into();
    arguments["hours_back"] = 48.into();
    let (mut events, mut pages) = (Vec::new(), 0);
    loop {
        let answer = server
            .tool("oci_audit_list_events", &arguments)
            .await
            .good();
        events.extend(answer["items"].as_array().unwrap().clone());
        pages += 1;
        let Some(next) = answer.get("next_page") else {
            return (events, pages);
        };
        arguments["page"] = next.clone();
    }
}

#[tokio::test]
async fn audit_events_of_one_principal_or_action_are_found_on_every_page() {
    let server = Server::new(&[]);

    let (all, pages) = events(&server, json!({})).await;
    let (some, looked_at) = events(
        &server,
        json!({ "principal": "GRACE@", "action": "update" }),
    )
    .await;

    let is_wanted =
        |event: &&Value| event["who"] == "grace@example.com" && event["what"] == "UpdateInstance";
    let wanted: Vec<&Value> = all.iter().filter(is_wanted).collect();
    assert!(wanted.len() > 2, "{}", wanted.len());
    assert_eq!(some.iter().collect::<Vec<_>>(), wanted);
    assert!(pages > 1, "{pages}");
    assert_eq!(looked_at, pages);
    // OCI knows nothing of them.
    let asked = server.sent();
    let asked = asked.iter().filter_map(|sent| sent.uri().query());
    assert!(!asked.into_iter().any(|query| query.contains("principal")));
}

#[tokio::test]
async fn those_of_a_name_come_as_many_at_a_time_as_are_wanted_and_none_is_lost() {
    let server = Server::new(&[]);
    let mut arguments = json!({ "name_contains": "EXAMPLE.com", "fields": ["name"] });
    let tool = "oci_security_list_users";
    let all = server.tool(tool, &arguments).await.good();

    arguments["limit"] = 1.into();
    let mut users = Vec::new();
    loop {
        let answer = server.tool(tool, &arguments).await.good();
        assert_eq!(answer["count"], 1);
        users.extend(answer["items"].as_array().unwrap().clone());
        let Some(next) = answer.get("next_page") else {
            break;
        };
        arguments["page"] = next.clone();
    }

    assert!(users.len() > 1, "{all}");
    assert_eq!(json!(users), all["items"]);
    let sent = server.sent();
    let mut queries = sent.iter().filter_map(|sent| sent.uri().query());
    assert!(queries.all(|query| query.contains("limit=100")), "{sent:?}");
}

#[tokio::test]
async fn a_list_of_logs_is_short_unless_more_are_wanted() {
    let server = Server::new(&[]);
    let mut arguments = json!({ "compartment_id": "security", "hours_back": 24 });

    let usual = server
        .tool("oci_observability_search_logs", &arguments)
        .await;
    arguments["limit"] = 30.into();
    let more = server
        .tool("oci_observability_search_logs", &arguments)
        .await;

    assert_eq!(usual.good()["count"], 10);
    assert_eq!(more.good()["count"], 30);
}

#[tokio::test]
async fn a_vnic_that_cannot_be_read_is_missing_and_its_container_instance_is_there() {
    let server = Server::new(&[]);
    let id = server.oci.find("containerInstances", "mcp-events").unwrap();
    let fault = oci_emulator::Fault::new(http::StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound");
    let vnic = server.oci.find("vnics", "mcp-events").unwrap();
    let path = format!("/20160918/vnics/{vnic}");
    server.oci.inject(fault.on(http::Method::GET, &path));
    let arguments = json!({ "container_instance_id": id, "fields": ["name", "ips"] });

    let answer = server.tool("oci_containers_get_instance", &arguments).await;

    let answer = answer.good();
    assert_eq!(answer["name"], "mcp-events");
    assert_eq!(answer["missing"][0]["part"], "ips");
    let suggestion = answer["missing"][0]["error"]["suggestion"].as_str();
    assert!(suggestion.unwrap().contains("read vnics"), "{answer}");
}
