//! What a tenancy answers.

use std::collections::HashSet;
use std::time::Duration;

use http::{Method, StatusCode};
use oci_emulator::Fault;
use serde_json::{Value, json};

use crate::fixture::{Fixture, header, json as parsed};

#[test]
fn a_list_comes_in_pages_that_together_have_each_item_once() {
    let fixture = Fixture::new();
    let mut ids = HashSet::new();
    let mut pages = 0;
    let mut query = String::new();

    loop {
        let response = fixture.get(&fixture.instances(&query));
        assert_eq!(header(&response, "opc-total-items"), "28");
        for instance in parsed(&response).as_array().unwrap() {
            assert!(ids.insert(instance["id"].as_str().unwrap().to_owned()));
        }
        pages += 1;
        let Some(next) = response.headers().get("opc-next-page") else {
            break;
        };
        query = format!("&limit=10&page={}", next.to_str().unwrap());
    }

    assert_eq!((ids.len(), pages), (28, 2));
}

#[test]
fn filters_and_order_are_kept_to() {
    let fixture = Fixture::new();
    let names = |query: &str| {
        let body = parsed(&fixture.get(&fixture.instances(query)));
        let items = body.as_array().unwrap().iter();
        items
            .map(|item| item["displayName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    assert_eq!(names("&lifecycleState=STOPPED"), ["batch-01", "batch-02"]);
    assert_eq!(names("&displayName=web-03"), ["web-03"]);
    assert_eq!(
        names("&sortBy=DISPLAYNAME&sortOrder=DESC&limit=1"),
        ["web-12"]
    );
    assert_eq!(names("&displayName=nobody").len(), 0);
}

#[test]
fn costs_make_one_sum_however_they_are_divided() {
    let fixture = Fixture::new();
    let tenancy = fixture.oci.find("tenancies", "acme").unwrap();
    let sum = |granularity: &str, group: &[&str]| {
        let body = json!({
            "tenantId": tenancy, "granularity": granularity, "groupBy": group,
            "timeUsageStarted": "2026-10-17T00:00:00Z", "timeUsageEnded": "2026-11-22T00:00:00Z",
        });
        let answer = fixture.send("POST", "/20200107/usage", body.to_string().as_bytes());
        let answer = parsed(&answer);
        let rows = answer["items"].as_array().unwrap().iter();
        let sum: f64 = rows
            .map(|row| row["computedAmount"].as_f64().unwrap())
            .sum();
        format!("{sum:.2}")
    };

    let daily = sum("DAILY", &[]);

    for granularity in ["HOURLY", "DAILY", "MONTHLY", "TOTAL"] {
        for group in [&[][..], &["service"], &["compartmentName"]] {
            assert_eq!(sum(granularity, group), daily, "{granularity} {group:?}");
        }
    }
}

#[test]
fn a_list_that_is_asked_wrongly_is_refused() {
    let fixture = Fixture::new();
    for (target, status, code) in [
        ("/20160918/instances".to_owned(), 400, "MissingParameter"),
        (
            "/20160918/instances?compartmentId=nobody".to_owned(),
            404,
            "NotAuthorizedOrNotFound",
        ),
        (fixture.instances("&limit=0"), 400, "InvalidParameter"),
        (fixture.instances("&page=nonsense"), 400, "InvalidParameter"),
        (fixture.instances("&sortBy=COLOUR"), 400, "InvalidParameter"),
        (
            "/20160918/instances/nobody".to_owned(),
            404,
            "NotAuthorizedOrNotFound",
        ),
        ("/20160918/boats".to_owned(), 501, "NotImplemented"),
    ] {
        let response = fixture.get(&target);

        assert_eq!(response.status(), status, "{target}");
        assert_eq!(parsed(&response)["code"], code, "{target}");
    }
}

#[test]
fn a_subtree_is_listed_from_the_tenancy_only() {
    let fixture = Fixture::new();
    let list = |root: &str, subtree: bool| {
        let target =
            format!("/20160918/compartments?compartmentId={root}&compartmentIdInSubtree={subtree}");
        fixture.get(&target)
    };
    let tenancy = fixture.oci.tenancy_id();

    assert_eq!(parsed(&list(&tenancy, false)).as_array().unwrap().len(), 4);
    assert_eq!(parsed(&list(&tenancy, true)).as_array().unwrap().len(), 5);
    assert_eq!(list(&fixture.compartment("production"), true).status(), 400);
}

#[test]
fn the_tenancy_is_a_compartment_that_is_in_none_and_in_no_list() {
    let fixture = Fixture::new();
    let tenancy = fixture.oci.tenancy_id();

    let root = fixture.get(&format!("/20160918/compartments/{tenancy}"));

    assert_eq!(root.status(), 200);
    let root = parsed(&root);
    assert_eq!(
        (&root["id"], &root["name"]),
        (&json!(tenancy), &json!("acme"))
    );
    assert_eq!(root["compartmentId"], Value::Null);
    let listed = fixture.get(&format!(
        "/20160918/compartments?compartmentId={tenancy}&compartmentIdInSubtree=true"
    ));
    let listed = parsed(&listed);
    let mut listed = listed.as_array().unwrap().iter();
    assert!(!listed.any(|compartment| compartment["id"] == root["id"]));
}

#[test]
fn work_requests_are_found_by_what_they_change() {
    let fixture = Fixture::new();
    let cluster = fixture.oci.find("clusters", "main").unwrap();
    let list = |filter: &str| {
        let production = fixture.compartment("production");
        parsed(&fixture.get(&format!(
            "/20180222/workRequests?compartmentId={production}{filter}"
        )))
    };

    assert_eq!(list("").as_array().unwrap().len(), 2);
    let found = list(&format!("&clusterId={cluster}"));
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["operationType"], "CLUSTER_CREATE");
    assert_eq!(list("&resourceId=nobody"), json!([]));
}

#[test]
fn an_instance_stops_after_a_while_and_cannot_be_stopped_meanwhile() {
    let fixture = Fixture::new();
    let path = format!(
        "/20160918/instances/{}",
        fixture.oci.find("instances", "web-01").unwrap()
    );
    let state = || parsed(&fixture.get(&path))["lifecycleState"].clone();

    let stopped = fixture.send("POST", &format!("{path}?action=SOFTSTOP"), b"");

    assert_eq!(parsed(&stopped)["lifecycleState"], "STOPPING");
    let again = fixture.send("POST", &format!("{path}?action=STOP"), b"");
    assert_eq!(
        (again.status(), &parsed(&again)["code"]),
        (StatusCode::CONFLICT, &json!("IncorrectState"))
    );
    assert_eq!(state(), "STOPPING");
    fixture.wait(10);
    assert_eq!(state(), "STOPPED");
    let work = format!(
        "/20160918/workRequests/{}",
        header(&stopped, "opc-work-request-id")
    );
    assert_eq!(parsed(&fixture.get(&work))["status"], "SUCCEEDED");
}

#[test]
fn a_database_starts_and_a_container_instance_stops() {
    let fixture = Fixture::new();
    for (collection, name, path, action, status, after) in [
        (
            "autonomousDatabases",
            "sandbox",
            "/20160918/autonomousDatabases",
            "start",
            200,
            "AVAILABLE",
        ),
        (
            "containerInstances",
            "mcp-events",
            "/20210415/containerInstances",
            "stop",
            202,
            "INACTIVE",
        ),
        (
            "modelDeployments",
            "churn",
            "/20190101/modelDeployments",
            "deactivate",
            202,
            "INACTIVE",
        ),
    ] {
        let path = format!("{path}/{}", fixture.oci.find(collection, name).unwrap());

        let response = fixture.send("POST", &format!("{path}/actions/{action}"), b"");

        assert_eq!(response.status(), status, "{collection}");
        fixture.wait(10);
        assert_eq!(
            parsed(&fixture.get(&path))["lifecycleState"],
            after,
            "{collection}"
        );
    }
}

#[test]
fn a_change_of_another_version_than_the_one_named_is_refused() {
    let fixture = Fixture::new();
    let path = format!(
        "/20160918/instances/{}",
        fixture.oci.find("instances", "web-01").unwrap()
    );
    let etag = header(&fixture.get(&path), "etag").to_owned();
    let delete = |etag: &str| {
        let mut request = fixture.signer.request("DELETE", &path, b"", fixture.now());
        request
            .headers_mut()
            .insert("if-match", etag.parse().unwrap());
        fixture.oci.answer(request).status()
    };

    assert_eq!(delete("other"), StatusCode::PRECONDITION_FAILED);
    assert_eq!(delete(&etag), StatusCode::NO_CONTENT);
}

#[test]
fn faults_meet_the_requests_they_are_for_and_then_end() {
    let fixture = Fixture::new();
    let busy = Fault::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests");
    fixture.oci.inject(
        busy.on(Method::GET, "/20160918/regions")
            .retry_after(Duration::from_secs(3)),
    );

    let other = fixture.get("/n");
    let met = fixture.get("/20160918/regions");
    let after = fixture.get("/20160918/regions");

    assert_eq!(
        (other.status(), after.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(
        (met.status(), header(&met, "retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "3")
    );
    assert_eq!(parsed(&met)["code"], "TooManyRequests");
}

#[test]
fn metrics_are_of_what_runs_and_have_a_point_for_each_interval() {
    let fixture = Fixture::new();
    let path = format!(
        "/20180401/metrics/actions/summarizeMetricsData?compartmentId={}",
        fixture.compartment("production")
    );
    let query = |query: &str| {
        let body = json!({
            "namespace": "oci_computeagent",
            "query": query,
            "startTime": "2026-11-20T11:00:00Z",
            "endTime": "2026-11-20T12:00:00Z",
        });
        fixture.send("POST", &path, body.to_string().as_bytes())
    };

    let series = parsed(&query("CpuUtilization[5m].mean()"));

    assert_eq!(series.as_array().unwrap().len(), 26);
    let points = series[0]["aggregatedDatapoints"].as_array().unwrap();
    assert_eq!(points.len(), 12);
    assert!(
        points
            .iter()
            .all(|point| (0.0..=100.0).contains(&point["value"].as_f64().unwrap()))
    );
    let id = fixture.oci.find("instances", "web-02").unwrap();
    let one = parsed(&query(&format!(
        "CpuUtilization[1m]{{resourceId = \"{id}\"}}.max()"
    )));
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(
        query("CpuUtilization[1m].percentile(0.95)").status(),
        StatusCode::OK
    );
    for bad in [
        "CpuUtilization",
        "CpuUtilization[1m].mean",
        "CpuUtilization[2d].mean()",
    ] {
        assert_eq!(query(bad).status(), StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[test]
fn objects_are_listed_from_where_the_last_list_ended() {
    let fixture = Fixture::new();
    let path = "/n/axacmecloud01/b/reports/o?limit=30&prefix=daily/";

    let first = parsed(&fixture.get(path));
    let start = first["nextStartWith"].as_str().unwrap();
    let second = parsed(&fixture.get(&format!("{path}&start={start}")));

    let count = |list: &Value| list["objects"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (30, 10));
    assert_eq!(start, "daily/031.json");
    assert_eq!(second["nextStartWith"], Value::Null);
}

#[test]
fn a_custom_log_takes_what_is_pushed_and_nothing_else_does() {
    let fixture = Fixture::new();
    let log = fixture.oci.find("logs", "web").unwrap();
    let push = |log: &str, body: &Value| {
        let target = format!("/20200831/logs/{log}/actions/push");
        let response = fixture.send("POST", &target, body.to_string().as_bytes());
        response.status().as_u16()
    };
    let details = |entry: Value| {
        json!({ "specversion": "1.0", "logEntryBatches": [{
            "source": "a", "type": "b", "defaultlogentrytime": "2026-11-20T12:00:00Z", "entries": [entry],
        }] })
    };
    let good = details(json!({ "id": "1", "data": "hello" }));

    let statuses = [
        push(&log, &good),
        push("ocid1.log.oc1.phx.other", &good),
        push(&log, &details(json!({ "id": "1" }))),
        push(
            &log,
            &details(json!({ "id": "1", "data": "x".repeat(1_000_000) })),
        ),
        push(
            &log,
            &details(json!({ "id": "1", "data": "x", "time": "noon" })),
        ),
        push(
            &log,
            &json!({ "specversion": "2.0", "logEntryBatches": [] }),
        ),
    ];

    assert_eq!(statuses, [200, 404, 400, 400, 400, 400]);
    assert_eq!(fixture.oci.pushed(&log), ["hello"]);
}

#[test]
fn a_secret_is_read_once_it_may_be() {
    let fixture = Fixture::new();
    let secret = fixture.oci.find("secrets", "payment-api-key").unwrap();
    let bundle = format!("/20190301/secretbundles/{secret}");

    let before = fixture.get(&bundle);
    let id = fixture
        .oci
        .put_secret("payment-api-key", "hunter2")
        .unwrap();
    let after = parsed(&fixture.get(&bundle));

    assert_eq!(before.status(), StatusCode::NOT_FOUND);
    assert_eq!(after["secretId"], secret);
    assert_eq!(id, secret);
    // `printf hunter2 | base64`
    assert_eq!(after["secretBundleContent"]["content"], "aHVudGVyMg==");
}
