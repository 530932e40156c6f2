//! From parameters to requests. `make judge` compares those of all operations with the official SDK's.

use http::Method;
use serde_json::{Value, json};

use crate::support::{refusal, request, sent};

#[tokio::test]
async fn each_parameter_goes_where_it_belongs() {
    let parameters = json!({
        "namespaceName": "ns",
        "bucket_name": "a/../b",
        "object-name": "..",
        "if-none-match": "*",
        "opcMeta": { "colour": "blue" },
        "contentType": "text/plain",
        "body": "content",
    });

    let request = sent("object_storage.put_object", &parameters).await;

    assert_eq!(request.method(), Method::PUT);
    assert_eq!(
        request.uri().to_string(),
        "https://objectstorage.us-phoenix-1.oraclecloud.com/n/ns/b/a%2F..%2Fb/o/%2E%2E"
    );
    assert_eq!(request.headers()["if-none-match"], "*");
    assert_eq!(request.headers()["opc-meta-colour"], "blue");
    assert_eq!(request.headers()["content-type"], "text/plain");
    assert!(
        !request.headers().contains_key("x-content-sha256"),
        "a stream is not signed"
    );
    assert_eq!(request.body(), "content");
}

#[tokio::test]
async fn lists_are_repeated_or_joined_as_the_operation_wants_them() {
    let repeated = json!({ "compartmentId": "c", "lifecycleState": ["ACTIVE", "FAILED"] });
    let joined = json!({ "namespaceName": "ns", "bucketName": "b", "fields": ["autoTiering", "approximateSize"] });

    let repeated = sent("container_engine.list_clusters", &repeated).await;
    let joined = sent("object_storage.get_bucket", &joined).await;

    assert_eq!(
        repeated.uri().query(),
        Some("compartmentId=c&lifecycleState=ACTIVE&lifecycleState=FAILED")
    );
    assert_eq!(
        joined.uri().query(),
        Some("fields=autoTiering%2CapproximateSize")
    );
}

#[tokio::test]
async fn the_fields_of_a_body_get_the_names_of_oci() {
    let parameters = json!({ "body": {
        "compartment_id": "c",
        "display_name": "one",
        "subnetIds": ["s"],
        "config": { "under_score": "kept" },
        "trace-config": null,
    }});

    let request = sent("functions.create_application", &parameters).await;

    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        body,
        json!({
            "compartmentId": "c",
            "displayName": "one",
            "subnetIds": ["s"],
            "config": { "under_score": "kept" },
            "traceConfig": null,
        })
    );
    assert!(request.headers().contains_key("x-content-sha256"));
}

#[tokio::test]
async fn a_repeated_creation_is_known_by_its_token() {
    let body = json!({ "compartmentId": "c", "cidrBlock": "10.0.0.0/16" });

    let made = sent("core.create_vcn", &json!({ "body": body })).await;
    let given = sent(
        "core.create_vcn",
        &json!({ "body": body, "opc-retry-token": "mine" }),
    )
    .await;

    assert_eq!(
        made.headers()["opc-retry-token"],
        "00000000000000070000000000000007"
    );
    assert_eq!(given.headers()["opc-retry-token"], "mine");
}

#[tokio::test]
async fn bytes_come_as_text_or_as_base64() {
    let body = |body: Value| json!({ "namespaceName": "n", "bucketName": "b", "objectName": "o", "body": body });

    let text = sent("object_storage.put_object", &body(json!("é"))).await;
    let bytes = sent(
        "object_storage.put_object",
        &body(json!({ "base64": "/wA=" })),
    )
    .await;

    assert_eq!(text.body(), "é");
    assert_eq!(bytes.body().as_ref(), [0xff, 0]);
    assert_eq!(bytes.headers()["content-type"], "application/octet-stream");
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_asked_for_as_what_it_is() {
    let yaml = json!({ "stackId": "s" });
    let request = sent("resource_manager.get_stack_tf_config", &yaml).await;

    assert_eq!(request.headers()["accept"], "application/zip");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place_and_what_is_accepted() {
    let parameters = json!({
        "limit": "ten",
        "sortOrder": "UP",
        "timeCreated": 1,
        "isEnabled": true,
    });

    assert_eq!(
        refusal("core.list_instances", &parameters),
        "core.list_instances: `/isEnabled` is not a parameter; there are availabilityDomain, \
         capacityReservationId, computeClusterId, compartmentId, displayName, limit, page, sortBy, sortOrder, \
         lifecycleState; `/timeCreated` is not a parameter; there are availabilityDomain, \
         capacityReservationId, computeClusterId, compartmentId, displayName, limit, page, sortBy, sortOrder, \
         lifecycleState; `/compartmentId` is missing; it must be a string; \
         `/limit` is \"ten\"; it must be an integer; `/sortOrder` is \"UP\"; it must be one of ASC, DESC"
    );
}

#[test]
fn what_is_wrong_in_a_body_is_told_by_its_pointer() {
    let rows = [
        (
            json!({}),
            "`/body/compartmentId` is missing; it must be a string",
        ),
        (
            json!({ "subnetIds": "s" }),
            "`/body/subnetIds` is \"s\"; it must be a list, each a string",
        ),
        (
            json!({ "subnetIds": ["s", 1] }),
            "`/body/subnetIds/1` is 1; it must be a string",
        ),
        (
            json!({ "config": { "a/b": 1 } }),
            "`/body/config/a~1b` is 1; it must be a string",
        ),
        (
            json!({ "colour": 1 }),
            "`/body/colour` is not a field of CreateApplicationDetails; it has compartmentId, ",
        ),
        (
            json!({ "display_name": "a", "displayName": "b" }),
            "`/body/display_name` is `displayName`, which is given twice",
        ),
        (
            json!({ "imagePolicyConfig": { "isPolicyEnabled": "yes" } }),
            "`/body/imagePolicyConfig/isPolicyEnabled` is \"yes\"; it must be true or false",
        ),
    ];

    for (body, expected) in rows {
        let text = refusal("functions.create_application", &json!({ "body": body }));
        assert!(text.contains(expected), "{text}");
    }
    let none = refusal("functions.create_application", &json!({ "body": null }));
    assert!(
        none.ends_with("`/body` is missing; it must be an object, CreateApplicationDetails"),
        "{none}"
    );
}

#[test]
fn a_value_is_held_against_the_subtype_that_it_says_it_is() {
    let launch = |source: Value| {
        let body =
            json!({ "availabilityDomain": "a", "compartmentId": "c", "sourceDetails": source });
        request("core.launch_instance", &json!({ "body": body }))
            .map(drop)
            .map_err(|error| error.to_string())
    };

    let image = launch(json!({ "sourceType": "image", "imageId": "i" }));
    let mixed = launch(json!({ "sourceType": "image", "bootVolumeId": "b" })).unwrap_err();
    let unknown = launch(json!({ "sourceType": "disk" })).unwrap_err();
    let unsaid = launch(json!({ "imageId": "i" })).unwrap_err();

    assert_eq!(image, Ok(()));
    assert!(
        mixed.contains("`/body/sourceDetails/bootVolumeId` is not a field of"),
        "{mixed}"
    );
    assert!(
        unknown.contains("`/body/sourceDetails/sourceType` is \"disk\"; it must be one of"),
        "{unknown}"
    );
    assert!(
        unsaid.contains("`/body/sourceDetails/sourceType` is missing; it must be one of"),
        "{unsaid}"
    );
}

#[test]
fn what_comes_from_nothing_else_need_not_say_so() {
    let body = json!({ "compartmentId": "c", "computeCount": 2.0, "computeModel": "ECPU" });

    assert!(
        request(
            "database.create_autonomous_database",
            &json!({ "body": body })
        )
        .is_ok()
    );
}
