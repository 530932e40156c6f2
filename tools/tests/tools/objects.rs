//! Texts of objects, whole and in parts.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Method, StatusCode};
use oci_emulator::Fault;
use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

#[tokio::test]
async fn a_part_of_an_object_says_whether_there_is_more() {
    let server = Server::new(&[ALL]);
    let part = |range: &str, most: u32| {
        json!({
            "bucket_name": "reports", "object_name": "2026/10/sales.csv",
            "range": range, "max_bytes": most,
        })
    };

    let first = server
        .tool("oci_storage_get_object", &part("bytes=0-", 59))
        .await
        .good();
    let whole = server
        .tool("oci_storage_get_object", &part("bytes=0-59", 1_000))
        .await
        .good();
    let last = server
        .tool("oci_storage_get_object", &part("bytes=-20", 1_000))
        .await
        .good();

    assert_eq!(first["truncated"], true);
    assert_eq!(first["next_range"], "bytes=59-");
    assert_eq!(whole.get("truncated"), None);
    assert_eq!(last.get("truncated"), None);
    assert!(last["text"].as_str().unwrap().ends_with("183200.00\n"));
}

/// A server where `text` is the object `text` of the bucket `reports`.
async fn holding(settings: &[(&str, &str)], text: &str) -> Server {
    let server = Server::new(&[settings, &[ALL, ("ALLOW_MUTATIONS", "true")]].concat());
    let object = json!({
        "bucket_name": "reports", "object_name": "text", "content": text, "content_type": "text/plain",
    });
    server.tool("oci_storage_put_object", &object).await.good();
    server
}

async fn read(server: &Server, range: &Value, most: u32) -> Value {
    let part = json!({
        "bucket_name": "reports", "object_name": "text", "range": range, "max_bytes": most,
    });
    server.tool("oci_storage_get_object", &part).await.good()
}

#[tokio::test]
async fn a_long_text_is_read_on_where_it_was_cut() {
    let text = "Übersicht – \"β\"\n".repeat(400);
    // Cut by the size of a result, and inside characters by that of a part.
    for (largest, most) in [("3000", 65_536), ("3000", 701), ("24000", 5)] {
        let server = holding(&[("OCI_MCP_MAX_RESULT_BYTES", largest)], &text).await;
        let (mut all, mut range) = (String::new(), json!("bytes=0-"));

        while range.is_string() {
            let mut part = read(&server, &range, most).await;
            all.push_str(part["text"].as_str().unwrap().trim_end_matches('…'));
            range = part["next_range"].take();
            assert_eq!(part.get("truncated").is_some(), range.is_string());
        }

        assert!(all == text, "{most}");
    }
}

#[tokio::test]
async fn a_part_that_begins_or_ends_inside_a_character_is_a_text() {
    let server = holding(&[], "Die Übersicht").await;
    let rows = [
        ("bytes=0-4", "Die ", json!("bytes=4-")),
        ("bytes=5-8", "ber", json!("bytes=9-")),
        ("bytes=4-", "Übersicht", Value::Null),
        ("bytes=-9", "bersicht", Value::Null),
    ];

    for (range, text, next) in rows {
        let part = read(&server, &json!(range), 100).await;

        assert_eq!((&part["text"], &part["next_range"]), (&json!(text), &next));
    }
    let inside = read(&server, &json!("bytes=5-5"), 1).await;
    assert_eq!(
        (&inside["base64"], &inside["next_range"]),
        (&json!("nA=="), &json!("bytes=6-"))
    );
}

#[tokio::test]
async fn what_is_no_text_is_read_on_in_base64_and_loses_no_byte() {
    let server = Server::new(&[]);
    let mut wholes = Vec::new();

    // However it is cut: some parts are text by chance.
    for most in 1..=67 {
        let (mut all, mut range) = (Vec::new(), json!("bytes=0-"));
        while range.is_string() {
            let part = json!({
                "bucket_name": "public-assets", "object_name": "pixel.png", "range": range, "max_bytes": most,
            });
            let mut part = server.tool("oci_storage_get_object", &part).await.good();
            assert_eq!(part["content_type"], "image/png");
            match part["base64"].as_str() {
                Some(coded) => all.extend(BASE64.decode(coded.as_bytes()).unwrap()),
                None => all.extend(part["text"].as_str().unwrap().bytes()),
            }
            range = part["next_range"].take();
        }
        wholes.push(all);
    }

    let png = &wholes[66];
    assert!(png.starts_with(b"\x89PNG") && png.ends_with(b"IEND\xAE\x42\x60\x82"));
    for (most, whole) in (1..).zip(&wholes) {
        assert_eq!(whole, png, "{most}");
    }
}

/// What `server` tells of an object, if OCI answers `bytes`.
async fn told_of(server: &Server, bytes: Vec<u8>) -> Value {
    let fault = Fault::new(StatusCode::OK, "").body(bytes);
    let path = "/n/axacmecloud01/b/reports/o/README.md";
    server.oci.inject(fault.on(Method::GET, path));
    let object = json!({ "bucket_name": "reports", "object_name": "README.md" });
    server.tool("oci_storage_get_object", &object).await.good()
}

#[tokio::test]
async fn a_private_key_among_bytes_is_masked_and_base64_keeps_to_the_size_of_a_result() {
    let server = Server::new(&[("OCI_MCP_MAX_RESULT_BYTES", "3000")]);
    let key = b"\xE4\xF6\xFC\n-----BEGIN PRIVATE KEY-----\nMIIE".to_vec();

    let masked = told_of(&server, key).await;
    let cut = told_of(&server, vec![0xFF; 10_000]).await;

    assert_eq!(masked["base64"], "(masked)");
    assert_eq!(cut["truncated"], true);
    let length = cut["base64"].as_str().unwrap().len();
    assert!(
        (1_000..3_000).contains(&length) && length % 4 == 0,
        "{length}"
    );
}

#[tokio::test]
async fn a_range_that_is_none_is_refused_before_anything_is_asked() {
    let server = Server::new(&[]);
    for (range, most) in [
        ("bytes=9-1", 10),
        ("bytes=-11", 10),
        ("bytes=0-1\r\nx-y: z", 10),
    ] {
        let object = json!({
            "bucket_name": "reports", "object_name": "README.md", "range": range, "max_bytes": most,
        });

        let problem = server.tool("oci_storage_get_object", &object).await.bad();

        assert_eq!(problem["category"], "validation", "{range}");
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn of_what_is_masked_nothing_leads_to_the_rest() {
    let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n", "A".repeat(600));
    let server = holding(&[], &key).await;

    let part = read(&server, &json!("bytes=0-"), 500).await;

    assert_eq!(
        part,
        json!({ "content_type": "text/plain", "text": "(masked)" })
    );
}

#[tokio::test]
async fn settings_in_an_object_are_shown_without_what_opens_something() {
    let par =
        "https://objectstorage.us-phoenix-1.oraclecloud.com/p/SECRETTOKEN123/n/ns/b/models/o/m";
    let content = json!({
        "MODEL_URL": par, "DB_PASS": "hunter2", "REGION": "phx", "MAX_TOKENS": "4096",
        "env": [{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "LOG", "value": "info" }],
        "dsn": "Server=x;Password=hunter2", "PASSWORD_V2": "hunter2",
    });
    let server = Server::new(&[ALL, ("ALLOW_MUTATIONS", "true")]);
    let mut object = json!({
        "bucket_name": "reports", "object_name": "settings.json", "content": content.to_string(),
        "content_type": "application/json",
    });
    server.tool("oci_storage_put_object", &object).await.good();
    object
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !name.starts_with("content"));

    let shown = server.tool("oci_storage_get_object", &object).await.good();

    assert_eq!(
        shown,
        json!({
            "MODEL_URL": "(masked)", "DB_PASS": "(masked)", "REGION": "phx", "MAX_TOKENS": "4096",
            "env": [{ "name": "DB_PASSWORD", "value": "(masked)" }, { "name": "LOG", "value": "info" }],
            "dsn": "(masked)", "PASSWORD_V2": "(masked)",
        })
    );
}

#[tokio::test]
async fn of_a_text_a_pre_authenticated_url_is_masked_and_a_word_is_not() {
    let rows = [
        (
            "It is at https://x/p/SECRETTOKEN123/n/ns/b/models/o/m.",
            "(masked)",
        ),
        ("set password=hunter2 first", "set password=hunter2 first"),
    ];

    for (text, expected) in rows {
        let server = holding(&[], text).await;

        let object = read(&server, &json!("bytes=0-"), 1_000).await;

        assert_eq!(object["text"], expected);
    }
}

#[tokio::test]
async fn a_line_of_a_log_that_has_a_secret_hides_no_other_and_a_key_hides_all() {
    let rows = [
        (
            "up\npassword=hunter2\npostgres://app:hunter2@db/x\ndown",
            "up\n(masked)\n(masked)\ndown",
        ),
        (
            "up\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----",
            "(masked)",
        ),
    ];

    for (written, expected) in rows {
        let server = Server::answered(&[ALL], || {
            let answer = http::Response::builder().header("content-type", "text/plain");
            Ok(answer.body(Bytes::from_static(written.as_bytes())).unwrap())
        });
        let container = json!({ "container_id": "ocid1.computecontainer.oc1.phx.a" });

        let log = server
            .tool("oci_containers_get_logs", &container)
            .await
            .good();

        assert_eq!(log["text"], expected);
    }
}

#[tokio::test]
async fn stores_of_keys_are_not_read_and_keys_only_whole() {
    let server = Server::new(&[]);
    let rows = [
        (json!({ "object_name": "tls/server.P12" }), "store of keys"),
        (
            json!({ "object_name": "Wallet_orders.zip" }),
            "store of keys",
        ),
        (json!({ "object_name": "cwallet.sso" }), "store of keys"),
        (
            json!({ "object_name": "server.key", "range": "bytes=40-" }),
            "`range`",
        ),
        (
            json!({ "object_name": "chain.pem", "max_bytes": 50 }),
            "`max_bytes`",
        ),
        (
            json!({ "object_name": "ada/.ssh/id_rsa", "range": "bytes=40-" }),
            "`range`",
        ),
    ];

    for (mut object, problem) in rows {
        object["bucket_name"] = "reports".into();

        let answer = server.tool("oci_storage_get_object", &object).await;

        assert!(answer.text.contains(problem), "{}", answer.text);
        answer.bad();
    }
    assert!(server.sent().is_empty());
    for name in ["chain.pem", "wallet-prices.csv", "p12"] {
        let object = json!({ "bucket_name": "reports", "object_name": name });

        let answer = server.tool("oci_storage_get_object", &object).await.bad();

        assert_eq!(answer["category"], "not_found", "{name}");
    }
}

#[tokio::test]
async fn no_url_is_made_to_what_its_name_says_is_keys() {
    let server = Server::new(&[ALL, ("ALLOW_MUTATIONS", "true")]);

    for name in ["tls/server.p12", "server.key", "ada/.ssh/id_ed25519"] {
        let object = json!({ "bucket_name": "reports", "object_name": name });

        let answer = server.tool("oci_storage_create_par", &object).await.bad();

        assert!(
            answer["error"].as_str().unwrap().contains("of keys"),
            "{name}: {answer}"
        );
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn an_empty_object_is_an_empty_text_unless_a_part_of_it_is_asked_for() {
    let server = holding(&[], "").await;
    let object =
        |range: Value| json!({ "bucket_name": "reports", "object_name": "text", "range": range });
    let whole = json!({ "bucket_name": "reports", "object_name": "text" });

    let whole = server.tool("oci_storage_get_object", &whole).await.good();
    let part = object("bytes=0-9".into());
    let part = server.tool("oci_storage_get_object", &part).await.bad();

    assert_eq!(whole, json!({ "text": "" }));
    assert_eq!(part["details"]["status"], 416);
    assert!(part["suggestion"].as_str().unwrap().contains("empty"));
}

#[tokio::test]
async fn the_general_tool_reads_no_store_of_keys_either_and_keys_only_whole() {
    let server = holding(&[], "").await;
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\nSECRETLINE2\n-----END PRIVATE KEY-----\n";
    for name in ["tls/server.p12", "k/key.pem"] {
        let object = json!({ "bucket_name": "reports", "object_name": name, "content": key });
        server.tool("oci_storage_put_object", &object).await.good();
    }
    let read = |name: &str, range: Option<&str>| {
        let mut parameters = json!({ "bucketName": "reports", "objectName": name });
        if let Some(range) = range {
            parameters["range"] = range.into();
        }
        json!({ "operation": "object_storage.get_object", "parameters": parameters })
    };

    let store = server.call(&read("tls/server.p12", None)).await.bad();
    let part = server
        .call(&read("k/key.pem", Some("bytes=28-80")))
        .await
        .bad();
    let whole = server.call(&read("k/key.pem", None)).await;

    assert!(store.to_string().contains("store of keys"), "{store}");
    assert!(part.to_string().contains("read whole"), "{part}");
    assert!(
        !whole.is_error && !whole.text.contains("SECRETLINE2"),
        "{}",
        whole.text
    );
}
