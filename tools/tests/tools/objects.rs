//! Texts of objects, whole and in parts.

use serde_json::{Value, json};

use crate::curated::ALL;
use crate::support::Server;

#[tokio::test]
async fn a_part_of_an_object_says_whether_there_is_more() {
    let server = Server::new(&[ALL]);
    let part = |offset: u32, most: u32| {
        json!({
            "bucket_name": "reports", "object_name": "2026/10/sales.csv",
            "offset": offset, "max_bytes": most,
        })
    };

    let first = server
        .tool("oci_storage_get_object", &part(0, 59))
        .await
        .good();
    let whole = server
        .tool("oci_storage_get_object", &part(0, 60))
        .await
        .good();
    let last = server
        .tool("oci_storage_get_object", &part(40, 1_000))
        .await
        .good();

    assert_eq!(first["truncated"], true);
    assert_eq!(first["next_offset"], 59);
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

async fn read(server: &Server, offset: &Value, most: u32) -> Value {
    let part = json!({
        "bucket_name": "reports", "object_name": "text", "offset": offset, "max_bytes": most,
    });
    server.tool("oci_storage_get_object", &part).await.good()
}

#[tokio::test]
async fn a_long_text_is_read_on_where_it_was_cut() {
    let text = "Übersicht – \"β\"\n".repeat(400);
    // Cut by the size of a result, and inside characters by that of a part.
    for (largest, most) in [("3000", 65_536), ("3000", 701), ("24000", 5)] {
        let server = holding(&[("OCI_MCP_MAX_RESULT_BYTES", largest)], &text).await;
        let (mut all, mut offset) = (String::new(), json!(0));

        while offset.is_number() {
            let mut part = read(&server, &offset, most).await;
            all.push_str(part["text"].as_str().unwrap().trim_end_matches('…'));
            offset = part["next_offset"].take();
            assert_eq!(part.get("truncated").is_some(), offset.is_number());
        }

        assert!(all == text, "{most}");
    }
}

#[tokio::test]
async fn a_part_that_begins_or_ends_inside_a_character_is_a_text() {
    let server = holding(&[], "Die Übersicht").await;
    let rows = [
        (0, 5, "Die ", json!(4)),
        (5, 4, "ber", json!(9)),
        (4, 99, "Übersicht", Value::Null),
    ];

    for (offset, most, text, next) in rows {
        let part = read(&server, &json!(offset), most).await;

        assert_eq!((&part["text"], &part["next_offset"]), (&json!(text), &next));
    }
    let inside = read(&server, &json!(5), 1).await;
    assert_eq!(inside["bytes"], 1, "{inside}");
}
