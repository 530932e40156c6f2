//! What is in the catalogue.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use http::Method;
use oci_rest::{Catalogue, Endpoints, Entry, Environment, Operation, Paging};

use crate::support::{CATALOGUE, all};

/// Of release 2.189.0; a new release changes them.
const OPERATIONS: usize = 8381;
const PACKAGES: usize = 174;

#[test]
fn every_operation_is_there_once_and_the_index_says_the_same() {
    let in_packages: HashSet<_> = all().map(|operation| operation.entry()).collect();
    let in_index: HashSet<_> = CATALOGUE.entries().collect();
    let names: HashSet<_> = in_index.iter().map(ToString::to_string).collect();

    assert_eq!(in_packages, in_index);
    assert_eq!(names.len(), OPERATIONS);
    assert_eq!(all().count(), OPERATIONS);
    assert_eq!(Catalogue::packages().count(), PACKAGES);
}

#[test]
fn it_takes_little_of_a_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue/data");

    let bytes: u64 = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();

    assert!(bytes <= 520_000, "{bytes} bytes");
}

#[test]
fn nothing_is_inflated_before_it_is_asked_for_and_then_one_package() {
    let catalogue = Catalogue::new();
    let shown =
        |count: usize| format!("Catalogue {{ sdk_version: \"2.189.0\", inflated: {count}, .. }}");
    assert_eq!(format!("{catalogue:?}"), shown(0));

    catalogue.find("functions.list_functions").unwrap();
    catalogue.search("instances").next().unwrap();

    assert_eq!(format!("{catalogue:?}"), shown(1));
}

#[test]
fn what_changes_nothing_is_a_get_or_a_search() {
    let read_only: Vec<_> = CATALOGUE.entries().filter(Entry::is_read_only).collect();
    let posts = read_only
        .iter()
        .filter(|entry| entry.method() == Method::POST);
    let is = |name: &str| read_only.iter().any(|entry| entry.to_string() == name);

    assert_eq!(posts.count(), 106);
    for name in [
        "core.list_instances",
        "usage_api.request_summarized_usages",
        "object_storage.head_bucket",
    ] {
        assert!(is(name), "{name}");
    }
    for name in [
        "core.instance_action",
        "nosql.query",
        "devops.unsubscribe_pull_request",
        "ons.get_confirm_subscription",
        "ons.get_unsubscription",
    ] {
        assert!(!is(name), "{name}");
    }
    let changing = [Method::PUT, Method::PATCH, Method::DELETE];
    assert!(
        !read_only
            .iter()
            .any(|entry| changing.contains(&entry.method()))
    );
}

#[test]
fn each_operation_has_an_address_in_each_region_or_says_why_not() {
    let endpoints = Endpoints::default();
    let regions = ["us-phoenix-1", "us-luke-1", "eu-frankfurt-2"];
    let mut without = BTreeSet::new();

    for region in regions.map(|name| endpoints.regions().configured(name).unwrap()) {
        for operation in all() {
            if let Err(error) = operation.endpoint(&endpoints, &region, None) {
                assert!(
                    error.to_string().contains("has no address of its own"),
                    "{error}"
                );
                without.insert(operation.entry().client());
            }
        }
    }

    let told = [
        "IdentityDomainsClient",
        "KmsCryptoClient",
        "KmsManagementClient",
        "StreamClient",
    ];
    assert!(without.into_iter().eq(told));
}

#[test]
fn the_address_of_object_storage_has_the_namespace_if_the_operator_wants_the_realms_own() {
    let environment = Environment::new(|name| {
        (name == "OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED").then(|| "true".to_owned())
    });
    let endpoints = Endpoints::from_environment(&environment).unwrap();
    let phoenix = endpoints.regions().requested("phx").unwrap();
    let operation = CATALOGUE.find("object_storage.list_buckets").unwrap();

    let own = operation
        .endpoint(&endpoints, &phoenix, Some("ns"))
        .unwrap();
    let evil = operation.endpoint(&endpoints, &phoenix, Some("x.evil.example/"));

    assert_eq!(
        own.to_string(),
        "https://ns.objectstorage.us-phoenix-1.oci.customer-oci.com"
    );
    assert!(evil.is_err());
}

#[test]
fn pages_are_known_by_the_parameters() {
    let paging = |name| CATALOGUE.find(name).unwrap().paging();

    assert_eq!(paging("core.list_instances"), Some(Paging::Token));
    assert_eq!(paging("object_storage.list_objects"), Some(Paging::Start));
    assert_eq!(paging("identity_domains.list_users"), Some(Paging::Token));
    assert_eq!(paging("core.get_instance"), None);
    assert!(
        all()
            .filter(|operation| operation.paging().is_some())
            .count()
            > 2100
    );
}

#[test]
fn whether_the_sdk_retries_is_told() {
    let is_retried = |name| CATALOGUE.find(name).unwrap().is_retried();

    assert!(is_retried("functions.list_functions"));
    assert!(!is_retried("core.list_instances"));
    assert_eq!(all().filter(Operation::is_retried).count(), 5361);
}
