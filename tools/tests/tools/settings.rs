//! What an operator sets.

use serde_json::json;

use crate::support::{Server, problems};

#[test]
fn every_setting_that_cannot_be_used_is_reported_at_once() {
    let settings = [
        ("ALLOW_MUTATIONS", "1"),
        ("OCI_MCP_OPERATIONS_ALLOW", "core.list_instance"),
        ("OCI_MCP_OPERATIONS_DENY", "core list"),
        ("OCI_MCP_MAX_RESULT_BYTES", "24kB"),
        ("COMPARTMENT_OCID", "production"),
    ];

    let problems = problems(&settings);

    assert_eq!(problems.len(), settings.len(), "{problems:#?}");
    for (name, value) in settings {
        let told = |problem: &String| problem.contains(name) && problem.contains(value);
        assert!(problems.iter().any(told), "{name}: {problems:#?}");
    }
}

#[tokio::test]
async fn what_is_not_on_the_list_cannot_be_called_and_what_is_can() {
    let server = Server::new(&[("OCI_MCP_OPERATIONS_ALLOW", "identity.list_*")]);

    let good = server
        .call(&json!({ "operation": "identity.list_regions" }))
        .await;
    let bad = server
        .call(&json!({ "operation": "object_storage.get_namespace" }))
        .await
        .bad();

    assert!(!good.is_error, "{}", good.text);
    assert!(
        bad["suggestion"]
            .as_str()
            .unwrap()
            .contains("OCI_MCP_OPERATIONS_ALLOW"),
        "{bad}"
    );
    assert_eq!(server.sent().len(), 1);
}
