//! Regions, realms and addresses, as the official Python SDK has them, and who may choose which.
//!
//! `regions/make.py` wrote the cases with the SDK.

#![cfg(test)]

use std::fs;

use oci_rest::{Environment, Regions, Template};
use serde::Deserialize;

const COMPUTE: Template<'_> =
    Template::new("https://iaas.{region}.{dualStack?ds.oci.:}{secondLevelDomain}");
const NEW: &str = r#"{"realmKey": "OC99", "realmDomainComponent": "OracleCloud99.com",
                      "regionKey": "NEW", "regionIdentifier": "xx-New-1"}"#;

#[derive(Deserialize)]
struct Case {
    region: String,
    template: String,
    dual_stack: bool,
    address: String,
}

#[test]
fn addresses_are_those_of_the_official_sdk() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("regions/cases.json")).unwrap();
    let single = regions(&[]);
    let dual = regions(&[("OCI_DUAL_STACK_ENDPOINT_ENABLED", "True")]);

    assert!(cases.len() > 200);
    for case in cases {
        let regions = if case.dual_stack { &dual } else { &single };
        let region = regions.configured(&case.region).unwrap();
        let address = regions.endpoint(&region, &Template::new(&case.template), None);

        assert_eq!(address.unwrap().to_string(), format!("{}/", case.address));
    }
}

#[test]
fn a_caller_may_ask_for_known_regions_only() {
    let regions = regions(&[("OCI_DEFAULT_REALM", "private.example")]);

    for name in ["us-phoenix-1", "PHX", " iad ", "eu-jovanovac-1"] {
        assert!(regions.requested(name).is_ok(), "{name}");
    }
    for name in [
        "",
        "xx-new-1",
        "us-phoenix-1.evil.example",
        "evil.example",
        "evil.example/",
        "us-phoenix-1#",
        "us-phoenix-1@evil.example",
        "us-phoenix-1:443",
        "us-phoenix-1\r\nhost: evil.example",
        "..",
    ] {
        let error = regions.requested(name).unwrap_err().to_string();

        assert!(error.contains("is not a known region"), "{error}");
        assert!(
            error
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' '),
            "{error}"
        );
    }
}

#[test]
fn an_operators_region_must_be_fit_for_a_host_name() {
    for name in [
        "",
        "a b",
        "evil.example/",
        "a@b.c",
        "a:1",
        "-a",
        ".",
        "a..b",
        "a.",
        "ä",
    ] {
        let error = regions(&[]).configured(name).unwrap_err().to_string();

        assert!(error.contains("is not a region"), "{error}");
    }
}

#[test]
fn an_unknown_region_of_the_operator_is_in_the_default_realm() {
    let oc1 = regions(&[]).configured("xx-new-1").unwrap();
    let private = regions(&[("OCI_DEFAULT_REALM", "Private.Example")])
        .configured("xx-new-1")
        .unwrap();
    let known = regions(&[("OCI_DEFAULT_REALM", "private.example")])
        .configured("phx")
        .unwrap();

    assert_eq!((oc1.realm(), oc1.domain()), ("oc1", "oraclecloud.com"));
    assert_eq!((private.realm(), private.domain()), ("", "private.example"));
    assert_eq!((known.realm(), known.domain()), ("oc1", "oraclecloud.com"));
}

#[test]
fn a_region_with_a_dot_is_the_domain_itself() {
    let regions = regions(&[("OCI_DEFAULT_REALM", "other.example")]);

    let region = regions.configured("region.private.example").unwrap();

    assert_eq!(region.domain(), "region.private.example");
    let address = regions.endpoint(&region, &COMPUTE, None).unwrap();
    assert_eq!(address.to_string(), "https://iaas.region.private.example/");
}

#[test]
fn a_variable_describes_a_new_region_which_callers_may_then_use() {
    let regions = regions(&[("OCI_REGION_METADATA", NEW)]);

    let region = regions.requested("new").unwrap();

    assert_eq!(region.to_string(), "xx-new-1");
    assert_eq!((region.key(), region.realm()), ("new", "oc99"));
    let address = regions.endpoint(&region, &COMPUTE, None).unwrap();
    assert_eq!(
        address.to_string(),
        "https://iaas.xx-new-1.oraclecloud99.com/"
    );
}

#[test]
fn the_file_comes_before_the_variable() {
    let home = tempfile::tempdir().unwrap();
    let file = format!(
        "[{}, {}]",
        NEW.replace("99", "98"),
        NEW.replace("New-1", "new-2").replace("NEW", "NW2")
    );
    fs::create_dir(home.path().join(".oci")).unwrap();
    fs::write(home.path().join(".oci/regions-config.json"), file).unwrap();
    let home = home.path().display().to_string();

    let regions = regions(&[("HOME", &home), ("OCI_REGION_METADATA", NEW)]);

    assert_eq!(regions.requested("xx-new-1").unwrap().realm(), "oc98");
    assert_eq!(regions.requested("nw2").unwrap().realm(), "oc99");
}

#[test]
fn what_is_built_in_cannot_be_described_anew() {
    let phoenix = NEW.replace("xx-New-1", "us-phoenix-1");
    let oc1 = NEW.replace("OC99", "oc1");

    let region = regions(&[("OCI_REGION_METADATA", &phoenix)]).requested("us-phoenix-1");
    let realm = regions(&[("OCI_REGION_METADATA", &oc1)]).requested("xx-new-1");

    assert_eq!(region.unwrap().domain(), "oraclecloud.com");
    assert_eq!(realm.unwrap().domain(), "oraclecloud.com");
}

#[test]
fn settings_that_describe_nothing_are_refused_by_name() {
    let cases = [
        ("OCI_REGION_METADATA", "phx".to_owned()),
        ("OCI_REGION_METADATA", NEW.replace("regionKey", "key")),
        ("OCI_REGION_METADATA", NEW.replace("\"NEW\"", "\"\"")),
        (
            "OCI_REGION_METADATA",
            NEW.replace("OracleCloud99.com", "evil.example/x"),
        ),
        ("OCI_REGION_METADATA", NEW.replace("xx-New-1", "xx.new")),
        ("OCI_DEFAULT_REALM", "https://private.example".to_owned()),
        ("OCI_DEFAULT_REALM", "oc1".to_owned()),
    ];

    for (name, value) in cases {
        let error = Regions::from_environment(&environment(&[(name, &value)])).unwrap_err();

        assert!(
            error.to_string().starts_with(&format!("`{name}` ")),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_is_no_list_of_regions_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".oci")).unwrap();
    fs::write(home.path().join(".oci/regions-config.json"), NEW).unwrap();
    let home = home.path().display().to_string();

    let error = Regions::from_environment(&environment(&[("HOME", &home)])).unwrap_err();

    assert!(
        error
            .to_string()
            .starts_with("`~/.oci/regions-config.json` is not a list"),
        "{error}"
    );
}

#[test]
fn the_realms_own_template_counts_if_the_operator_wants_it() {
    let storage = Template::new("https://objectstorage.{region}.{secondLevelDomain}").per_realm(&[(
        "oc1",
        "https://{namespaceName+Dot}objectstorage.{region}.{dualStack?ds.:}oci.customer-oci.com",
    )]);
    let wanted = [(
        "OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED",
        "true",
    )];
    let address = |variables: &[(&str, &str)], region: &str, namespace| {
        let regions = regions(variables);
        let region = regions.requested(region).unwrap();
        regions
            .endpoint(&region, &storage, namespace)
            .map(|address| address.to_string())
    };

    assert_eq!(
        address(&[], "phx", Some("ns")).unwrap(),
        "https://objectstorage.us-phoenix-1.oraclecloud.com/",
    );
    assert_eq!(
        address(&wanted, "phx", Some("ns")).unwrap(),
        "https://ns.objectstorage.us-phoenix-1.oci.customer-oci.com/",
    );
    assert_eq!(
        address(&wanted, "phx", None).unwrap(),
        "https://objectstorage.us-phoenix-1.oci.customer-oci.com/",
    );
    assert_eq!(
        address(&wanted, "ltn", Some("ns")).unwrap(),
        "https://objectstorage.uk-gov-london-1.oraclegovcloud.uk/",
    );
    for namespace in ["evil.example/", "a.b", "a@b", "", "a b", "evil.example#"] {
        assert!(
            address(&wanted, "phx", Some(namespace)).is_err(),
            "{namespace}"
        );
    }
}

#[test]
fn what_is_no_template_is_refused() {
    let regions = regions(&[]);
    let phoenix = regions.requested("phx").unwrap();

    for template in [
        "",
        "http://iaas.{region}.{secondLevelDomain}",
        "https://iaas.{region",
        "https://iaas.{endpoint}.{secondLevelDomain}",
        "https://{dualStack?}.{region}",
        "https://",
    ] {
        let address = regions.endpoint(&phoenix, &Template::new(template), None);

        assert!(address.is_err(), "{template}");
    }
}

fn regions(variables: &[(&str, &str)]) -> Regions {
    Regions::from_environment(&environment(variables)).unwrap()
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables: Vec<(String, String)> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Environment::new(move |name| {
        let (_, value) = variables.iter().find(|(known, _)| known == name)?;
        Some(value.clone())
    })
}
