//! Finding operations.

use crate::support::CATALOGUE;

#[test]
fn a_service_is_a_package_or_a_client_in_any_writing() {
    let names = [
        "core.list_instances",
        "compute.list_instances",
        "Compute.ListInstances",
        "ComputeClient.listInstances",
        "core.compute.list-instances",
        "oci.core.ComputeClient.list_instances",
    ];

    for name in names {
        let found = CATALOGUE.find(name).unwrap();
        assert_eq!(found.entry().to_string(), "core.list_instances", "{name}");
    }
    assert_eq!(
        CATALOGUE
            .find("logging.put_logs")
            .unwrap()
            .entry()
            .package(),
        "loggingingestion"
    );
}

#[test]
fn an_operation_has_the_names_that_the_field_uses() {
    let entry = CATALOGUE.find("virtual_network.list_vcns").unwrap().entry();

    assert_eq!(entry.to_string(), "core.list_vcns");
    assert_eq!(entry.package(), "core");
    assert_eq!(entry.client(), "VirtualNetworkClient");
    assert_eq!(entry.service(), "virtual_network");
    assert_eq!(entry.operation(), "list_vcns");
    assert_eq!(entry.description(), "List vcns");
}

#[test]
fn a_name_that_is_none_is_answered_with_what_may_be_meant() {
    let error = CATALOGUE.find("compute.list_instance").unwrap_err();

    let text = error.to_string();
    assert!(
        text.starts_with("`compute.list_instance` is no operation of OCI; did you mean core."),
        "{text}"
    );
    assert!(
        error.near().any(|near| near == "core.list_instances"),
        "{text}"
    );
}

#[test]
fn a_client_that_many_packages_have_is_ambiguous() {
    let error = CATALOGUE
        .find("WorkRequestClient.list_work_requests")
        .unwrap_err();

    assert!(
        error
            .to_string()
            .contains("is more than one operation; did you mean "),
        "{error}"
    );
}

#[test]
fn an_entry_is_found_by_all_its_names() {
    for entry in CATALOGUE.entries().step_by(41) {
        let by_client = format!(
            "oci.{}.{}.{}",
            entry.package(),
            entry.client(),
            entry.operation()
        );

        for name in [entry.to_string(), by_client] {
            assert_eq!(CATALOGUE.find(&name).unwrap().entry(), entry, "{name}");
        }
    }
}
