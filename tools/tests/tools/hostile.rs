//! What a hostile model sends never reaches another host, path or header.

use serde_json::{Value, json};

use crate::support::Server;

fn tricks() -> Vec<String> {
    let plain = [
        "../",
        "../../20160918/users",
        "..%2f..%2fusers",
        "a/../../users",
        "?compartmentId=x&limit=1000",
        "#",
        "x\r\nHost: x.evil.com",
        "x\nauthorization: Bearer y",
        "x.evil.com",
        "x.evil.com/",
        "@x.evil.com",
        "us-phoenix-1.evil.com",
        "us-phoenix-1@x.evil.com",
        "ｕs-phoenix-1",
        "us\u{2010}phoenix-1",
        "\u{202e}xhp",
        "\0",
        "%00",
        "{instanceId}",
        "-1",
    ];
    let mut tricks: Vec<String> = plain.into_iter().map(str::to_owned).collect();
    tricks.push("a".repeat(1_000_000));
    tricks
}

#[tokio::test]
async fn a_path_parameter_stays_one_segment_of_the_path() {
    let server = Server::new(&[]);
    for trick in tricks() {
        let arguments =
            json!({ "operation": "core.get_instance", "parameters": { "instanceId": trick } });

        let answer = server.call(&arguments).await;

        assert!(answer.is_error);
        assert!(answer.text.len() < 4_000, "{}", answer.text.len());
    }
    for request in server.sent() {
        let path = request.uri().path();
        let segment = path.strip_prefix("/20160918/instances/").unwrap();
        assert!(
            !segment.contains('/') && segment != ".." && request.uri().query().is_none(),
            "{path}"
        );
        assert_eq!(
            request.uri().host(),
            Some("iaas.us-phoenix-1.oraclecloud.com")
        );
    }
}

#[tokio::test]
async fn a_query_parameter_stays_a_value_and_a_cursor_one_too() {
    let server = Server::new(&[]);
    for trick in tricks() {
        let compartment =
            json!({ "operation": "core.list_instances", "parameters": { "compartmentId": trick } });
        let page = json!({
            "operation": "core.list_instances",
            "parameters": { "compartmentId": "c", "page": trick },
        });
        let cursor = json!({ "operation": "core.list_instances", "page": trick });

        for arguments in [compartment, page, cursor] {
            let answer = server.call(&arguments).await;
            assert!(answer.text.len() < 4_000, "{}", answer.text.len());
        }
    }
    for request in server.sent() {
        assert_eq!(request.uri().path(), "/20160918/instances");
        assert_eq!(
            request.uri().host(),
            Some("iaas.us-phoenix-1.oraclecloud.com")
        );
        let names = request
            .uri()
            .query()
            .unwrap()
            .split('&')
            .map(|pair| pair.split('=').next().unwrap());
        assert!(
            names
                .into_iter()
                .all(|name| ["compartmentId", "page"].contains(&name)),
            "{}",
            request.uri()
        );
    }
}

#[tokio::test]
async fn a_region_is_one_of_the_table_and_a_namespace_none_of_the_hosts_business() {
    let server = Server::new(&[]);
    for trick in tricks() {
        let region = json!({ "operation": "identity.list_regions", "region": trick });
        let namespace = json!({
            "operation": "object_storage.list_objects",
            "parameters": { "namespaceName": trick, "bucketName": "b" },
        });

        let refused = server.call(&region).await;
        let other = server.call(&namespace).await;

        assert_eq!(refused.json()["category"], "validation", "{trick}");
        assert!(refused.text.len() < 10_000, "{}", refused.text.len());
        assert!(other.text.len() < 10_000, "{}", other.text.len());
    }
    for request in server.sent() {
        assert_eq!(
            request.uri().host(),
            Some("objectstorage.us-phoenix-1.oraclecloud.com")
        );
        let path: Vec<&str> = request.uri().path().split('/').collect();
        let ["", "n", _, "b", "b", "o"] = path.as_slice() else {
            panic!("{}", request.uri());
        };
    }
}

#[tokio::test]
async fn a_header_stays_one_header() {
    let server = Server::new(&[]);
    for trick in tricks() {
        let arguments = json!({
            "operation": "object_storage.head_bucket",
            "parameters": { "namespaceName": "n", "bucketName": "b", "if_match": trick },
        });
        server.call(&arguments).await;
    }
    for request in server.sent() {
        assert!(request.headers().get_all("authorization").iter().count() == 1);
        assert_ne!(request.uri().host(), Some("x.evil.com"));
        let host = request.headers().get("host");
        assert!(
            host.is_none_or(|host| host == "objectstorage.us-phoenix-1.oraclecloud.com"),
            "{host:?}"
        );
    }
}

#[tokio::test]
async fn names_and_questions_of_any_kind_are_answered_shortly() {
    let server = Server::new(&[]);
    for trick in tricks() {
        let named = |name: &str| json!({ "operation": name });
        let rows: [(&str, Value); 5] = [
            ("oci_search_operations", json!({ "query": trick })),
            ("oci_describe_operation", named(&trick)),
            (
                "oci_describe_operation",
                json!({ "operation": "core.launch_instance", "model": trick }),
            ),
            ("oci_call_operation", named(&trick)),
            ("oci_call_operation", named(&format!("core.{trick}"))),
        ];

        for (tool, arguments) in rows {
            let answer = server.tool(tool, &arguments).await;
            assert!(answer.text.len() < 24_000, "{tool}: {}", answer.text.len());
            assert!(
                tool == "oci_search_operations" || answer.is_error,
                "{tool} {trick}"
            );
        }
    }
    assert!(server.sent().is_empty());
}
