//! What of an answer a caller asks to see: fields, a query, a table.

use http::{Method, StatusCode};
use oci_emulator::Fault;
use serde_json::{Value, json};

use crate::support::Server;

const INSTANCES: &str = "oci_compute_list_instances";

fn production(more: &Value) -> Value {
    let mut arguments = json!({ "compartment_id": "production" });
    for (name, value) in more.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    arguments
}

#[tokio::test]
async fn a_query_is_asked_of_the_answer_as_it_would_be_shown() {
    let server = Server::new(&[]);
    let stopped = production(&json!({ "query": "items[?state=='STOPPED'].name" }));
    let count = production(&json!({ "query": "length(items)" }));
    let fields = production(&json!({
        "fields": ["name", "shapeConfig.memoryInGBs"],
        "query": "items[?\"shapeConfig.memoryInGBs\" > `60`] | [0]",
    }));
    let nothing = production(&json!({ "query": "items[0].lifecycleState" }));

    let stopped = server.tool(INSTANCES, &stopped).await.good();
    let count = server.tool(INSTANCES, &count).await.good();
    let fields = server.tool(INSTANCES, &fields).await.good();
    let nothing = server.tool(INSTANCES, &nothing).await.good();

    assert_eq!(
        stopped,
        json!({ "count": 2, "items": ["batch-01", "batch-02"] })
    );
    assert_eq!(count, json!({ "result": 28 }));
    assert_eq!(
        fields,
        json!({ "name": "batch-01", "shapeConfig.memoryInGBs": 64.0 })
    );
    let hint = nothing["hint"].as_str().unwrap();
    assert!(hint.contains("`query` found nothing"), "{hint}");
    assert!(hint.contains("state"), "{hint}");
}

#[tokio::test]
async fn a_query_that_no_item_fits_tells_what_items_have() {
    let server = Server::new(&[]);
    let rows = [
        json!({ "query": "items[?lifecycleState=='STOPPED'].name" }),
        json!({ "query": "items[].nope" }),
        json!({ "query": "items[?state=='STOPPED']", "fields": ["name"] }),
    ];
    let empty = json!({ "compartment_id": "security", "query": "items[?state=='STOPPED']" });

    let empty = server.tool(INSTANCES, &empty).await.good();

    assert_eq!(empty, json!({ "count": 0, "items": [] }));
    for asked in rows {
        let found = server.tool(INSTANCES, &production(&asked)).await.good();

        assert_eq!(found["items"], json!([]));
        let hint = found["hint"].as_str().unwrap();
        let has_state = asked.get("fields").is_none();
        assert!(hint.contains("of each of `items` there are"), "{hint}");
        assert!(hint.contains("name"), "{hint}");
        assert_eq!(hint.contains("state"), has_state, "{hint}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_told_whatever_a_query_finds() {
    for (query, found) in [
        ("items[].name", "items"),
        ("items[].ips", "items"),
        ("{first: items[0].name}", "first"),
        ("length(items)", "result"),
    ] {
        let server = Server::new(&[]);
        let refused = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
        let refused = refused.on(Method::GET, "/20160918/vnicAttachments");
        server.oci.inject(refused);
        let asked = production(&json!({ "include_ips": true, "query": query }));

        let answer = server.tool(INSTANCES, &asked).await.good();

        assert_eq!(answer["missing"][0]["part"], "ips", "{query}: {answer}");
        assert!(answer.get(found).is_some(), "{query}: {answer}");
    }
}

#[tokio::test]
async fn a_query_goes_on_with_the_next_page() {
    let server = Server::new(&[]);
    let query = "items[?state=='STOPPED'].name";
    let mut arguments = production(&json!({ "query": query, "limit": 5 }));

    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        pages += 1;
        let answer = server.tool(INSTANCES, &arguments).await.good();
        names.extend(answer["items"].as_array().unwrap().clone());
        let Some(next) = answer.get("next_page") else {
            break;
        };
        arguments["page"] = next.clone();
    }

    assert_eq!(
        (pages, names),
        (6, vec![json!("batch-01"), json!("batch-02")])
    );
}

#[tokio::test]
async fn what_a_query_finds_is_cut_at_an_item_and_goes_on_there() {
    let server = Server::new(&[("OCI_MCP_MAX_RESULT_BYTES", "2000")]);
    let mut arguments = production(&json!({ "query": "items[].{name: name, id: id}" }));

    let (mut names, mut cuts) = (Vec::new(), 0);
    loop {
        let answer = server.tool(INSTANCES, &arguments).await;
        assert!(answer.text.len() <= 2_000, "{}", answer.text.len());
        let answer = answer.good();
        let items = answer["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].clone()));
        cuts += u32::from(answer["truncated"] == true);
        let Some(next) = answer.get("next_page") else {
            break;
        };
        arguments["page"] = next.clone();
    }

    assert!(cuts >= 2, "{cuts}");
    assert_eq!(names.len(), 28);
    names.dedup();
    assert_eq!(names.len(), 28);
}

#[tokio::test]
async fn any_operation_can_be_asked_and_one_thing_too() {
    let server = Server::new(&[]);
    let id = server.oci.find("instances", "web-01").unwrap();
    let call = |query: &str| json!({ "operation": "core.get_instance", "parameters": { "instanceId": id }, "query": query });

    let object = server
        .call(&call("{name: displayName, ocpus: shapeConfig.ocpus}"))
        .await;
    let value = server.call(&call("shapeConfig.ocpus > `1`")).await;
    let nothing = server.call(&call("state")).await;
    let secret = server.call(&call("metadata")).await;

    assert_eq!(object.good(), json!({ "name": "web-01", "ocpus": 2.0 }));
    assert_eq!(value.good(), json!({ "result": true }));
    let hint = nothing.good()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("lifecycleState"), "{hint}");
    assert!(!secret.text.contains("ssh-"), "{}", secret.text);
    assert!(secret.text.contains("(masked)"), "{}", secret.text);
}

#[tokio::test]
async fn a_query_that_is_none_or_has_no_end_sends_nothing() {
    let server = Server::new(&[]);
    let queries = [
        "items[?state='RUNNING']".to_owned(),
        "items[".to_owned(),
        "system('rm -rf /')".to_owned(),
        "x\r\nHost: x.evil.com".to_owned(),
        "\u{202e}items".to_owned(),
        "(".repeat(1_999),
        "a".repeat(1_000_000),
        "[@,@][]|".repeat(200) + "@",
    ];

    for query in queries {
        let curated = server
            .tool(INSTANCES, &production(&json!({ "query": query })))
            .await;
        let general = json!({ "operation": "core.list_instances", "query": query });
        let general = server.call(&general).await;

        for answer in [curated, general] {
            let failure = answer.bad();
            assert_eq!(failure["category"], "validation", "{failure}");
            assert!(
                failure["error"].as_str().unwrap().starts_with("`query`"),
                "{failure}"
            );
            assert!(failure.to_string().len() < 500, "{failure}");
        }
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn a_query_that_asks_for_too_much_work_ends() {
    let server = Server::new(&[]);
    let query = "[@,@,@,@,@,@,@,@][]|".repeat(10) + "@";

    let failure = server
        .tool(INSTANCES, &production(&json!({ "query": query })))
        .await
        .bad();

    assert_eq!(failure["category"], "validation");
    assert!(
        failure["error"].as_str().unwrap().contains("too much work"),
        "{failure}"
    );
}

#[tokio::test]
async fn an_answer_is_a_table_for_who_asks_for_one() {
    let server = Server::new(&[]);
    let id = server.oci.find("instances", "web-01").unwrap();
    let list = production(&json!({ "table": true, "limit": 2, "fields": ["name", "state"] }));
    let one = json!({
        "operation": "core.get_instance",
        "parameters": { "instanceId": id },
        "fields": ["displayName", "shape"],
        "table": true,
    });

    let list = server.tool(INSTANCES, &list).await.text;
    let one = server.call(&one).await.text;

    let start = "| name | state |\n| --- | --- |\n| web-01 | RUNNING |\n| web-02 | RUNNING |\n\ncount: 2\nnext_page: ";
    assert!(list.starts_with(start), "{list}");
    assert_eq!(
        one,
        "| name | value |\n| --- | --- |\n| displayName | web-01 |\n| shape | VM.Standard.E5.Flex |\n"
    );
}

#[tokio::test]
async fn a_table_is_never_larger_than_an_answer_may_be() {
    let server = Server::new(&[("OCI_MCP_MAX_RESULT_BYTES", "1200")]);
    // Each item has a name of its own, so that most cells are empty.
    let members = ('a'..='z').map(|name| format!("{{{name}: name}}"));
    let query = format!("items[0].[{}][]", members.collect::<Vec<_>>().join(", "));
    let arguments = production(&json!({ "query": query, "table": true }));

    let answer = server.tool(INSTANCES, &arguments).await;

    assert!(
        answer.text.len() <= 1_200,
        "{}: {}",
        answer.text.len(),
        answer.text
    );
    assert!(
        answer.json()["hint"].as_str().unwrap().contains("table"),
        "{}",
        answer.text
    );
}
