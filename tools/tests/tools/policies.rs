//! What is said of policies when IAM refuses, and which tools there are if the operator denies what they ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use http::{Method, StatusCode};
use oci_emulator::Fault;
use oci_mcp::Vars;
use oci_mcp_tools::OciTools;
use oci_rest::{Catalogue, Credential, Fixed, SecurityToken};
use serde_json::{Value, json};

use crate::cases::{reading, refusal};
use crate::curated::ALL;
use crate::support::{Server, credential};

/// What compartments' names and buckets are found by, for any tool.
const EVERYWHERE: [&str; 2] = ["identity.list_compartments", "object_storage.get_namespace"];
const GET: &str = "oci_compute_get_instance";

async fn suggested(server: &Server, tool: &str, arguments: &Value) -> String {
    let answer = server.tool(tool, arguments).await.bad();
    answer["suggestion"].as_str().unwrap_or_default().to_owned()
}

fn refused() -> Server {
    let server = Server::new(&[ALL]);
    server.oci.inject(refusal());
    server
}

/// The principal `name` with a token that has these claims, or with an API key.
fn principal(name: &str, claims: Option<&Value>) -> Fixed {
    let own = credential(&Server::new(&[]).oci);
    let Some(claims) = claims else {
        return Fixed::new(name, own);
    };
    let payload = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let token = SecurityToken::parse(&format!("e30.{payload}.c2ln")).unwrap();
    let region = oci_rest::Endpoints::default();
    let region = region.regions().requested("phx").unwrap();
    let credential = Credential::token(&token, Arc::clone(own.key())).with_region(region);
    Fixed::new(name, credential)
}

#[tokio::test]
async fn a_statement_is_for_the_kind_of_identity_and_not_for_the_host() {
    let function = json!({ "res_type": "fnfunc", "res_compartment": "ocid1.compartment.oc1..f" });
    let instance = json!({ "opc-compartment": "ocid1.compartment.oc1..i" });
    let pod = "`allow any-user to read instances in compartment <compartment> where ALL \
        {request.principal.type = 'workload', request.principal.cluster_id = '<cluster OCID>', ";
    let rows = [
        (
            "API key of profile DEFAULT",
            None,
            "`allow group <group> to read",
        ),
        (
            "resource principal 2.2 on behalf of a user",
            None,
            "`allow group <group> to read",
        ),
        ("OKE workload identity", None, pod),
        (
            "resource principal 2.2",
            Some(&function),
            "`ALL {resource.type = 'fnfunc', resource.compartment.id = 'ocid1.compartment.oc1..f'}`",
        ),
        (
            "instance principal",
            Some(&instance),
            "`ALL {instance.compartment.id = 'ocid1.compartment.oc1..i'}`",
        ),
        (
            "resource principal 2.2",
            None,
            "{resource.type = '<resource type>',",
        ),
    ];

    for (name, claims, expected) in rows {
        let server = Server::refused(&[], principal(name, claims));

        let id = json!({ "instance_id": "ocid1.instance.oc1..a" });
        let suggestion = suggested(&server, GET, &id).await;

        assert!(suggestion.contains(expected), "{name}: {suggestion}");
        let is_grouped = name.ends_with("2.2") || name.starts_with("instance");
        let is_told = suggestion.contains("dynamic-group <group>");
        assert_eq!(is_told, is_grouped, "{name}: {suggestion}");
    }
}

#[tokio::test(start_paused = true)]
async fn advice_is_on_what_was_refused_alone() {
    let id = Server::new(&[]).oci.find("instances", "web-01").unwrap();
    let arguments = json!({ "instance_id": id });

    let whole = suggested(&refused(), GET, &arguments).await;
    let server = Server::new(&[]);
    let part = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
    server
        .oci
        .inject(part.on(Method::GET, "/20160918/vnicAttachments"));
    let answer = server.tool(GET, &arguments).await.good();

    assert_eq!(whole.matches("`allow ").count(), 1, "{whole}");
    assert!(whole.contains("to read instances in "), "{whole}");
    let part = answer["missing"][0]["error"]["suggestion"]
        .as_str()
        .unwrap();
    assert_eq!(part.matches("`allow ").count(), 1, "{part}");
    assert!(part.contains("to read vnic-attachments in "), "{part}");
}

#[tokio::test]
async fn an_argument_that_is_a_name_is_named_with_what_tells_the_ocid() {
    let rows = [
        (GET, "instance_id", "`oci_compute_list_instances`"),
        ("oci_network_get_vcn", "vcn_id", "`oci_network_list_vcns`"),
        (
            "oci_workrequests_get",
            "work_request_id",
            "`oci_search_resources`",
        ),
    ];

    for (tool, argument, lister) in rows {
        let suggestion = suggested(&refused(), tool, &json!({ argument: "web-01" })).await;

        let told = format!("`{argument}` is `web-01`, which is no OCID");
        assert!(suggestion.starts_with(&told), "{suggestion}");
        assert!(suggestion.contains(lister), "{suggestion}");
        assert!(
            suggestion.contains("`allow group <group> to read "),
            "{suggestion}"
        );
    }
}

#[tokio::test]
async fn a_parent_may_be_a_name_whatever_is_refused() {
    let tool = "oci_identity_list_compartments";

    let suggestion = suggested(&refused(), tool, &json!({ "parent_id": "production" })).await;

    assert!(!suggestion.contains("no OCID"), "{suggestion}");
    assert!(
        suggestion.contains("to inspect compartments in tenancy`"),
        "{suggestion}"
    );
}

#[tokio::test]
async fn what_is_refused_of_the_tenancy_is_for_the_tenancy() {
    let server = refused();
    let tool = "oci_compute_list_instances";

    let tenancy = suggested(&server, tool, &json!({})).await;
    let named = suggested(&server, tool, &json!({ "compartment_id": "production" })).await;

    assert!(
        tenancy.contains("to read instances in tenancy`"),
        "{tenancy}"
    );
    // Its name was not to be looked up.
    assert!(
        named.contains("to inspect compartments in tenancy`"),
        "{named}"
    );
}

#[tokio::test]
async fn a_bucket_that_may_be_refused_has_a_statement_and_an_object_that_is_not_there_has_none() {
    let server = Server::new(&[ALL]);
    let tool = "oci_storage_get_bucket";

    let bucket = suggested(&server, tool, &json!({ "bucket_name": "nowhere" })).await;

    assert!(
        bucket.contains("`allow group <group> to read buckets in "),
        "{bucket}"
    );
    let missing = Fault::new(StatusCode::NOT_FOUND, "ObjectNotFound").times(9);
    server.oci.inject(missing);
    let object = suggested(&server, tool, &json!({ "bucket_name": "nowhere" })).await;
    assert!(!object.contains("allow"), "{object}");
}

#[tokio::test]
async fn no_tool_asks_an_operation_that_it_does_not_tell_of() {
    let mut vars = Vars::new(|name: &str| (name == ALL.0).then(|| ALL.1.to_owned()));
    let tools = OciTools::read(&mut vars, Box::new(|| Err("nothing is asked".into())));
    let tools = vars.finish(Some(tools)).unwrap();

    let requirements: Vec<_> = tools.requirements().collect();
    let (catalogue, server) = (Catalogue::new(), Server::new(&[ALL]));

    for (tool, arguments, _) in reading(&server.oci) {
        let before = server.sent().len();
        server.tool(&tool, &arguments).await.good();

        let own = requirements.iter().find(|own| own.tool == tool).unwrap();
        let operations = own.operations.iter().chain(&EVERYWHERE);
        let paths = operations.map(|name| catalogue.find(name).unwrap().path());
        let paths: Vec<String> = paths.collect();
        for request in server.sent().split_off(before) {
            let path = request.uri().path();
            assert!(paths.iter().any(|own| fits(path, own)), "{tool}: {path}");
        }
    }
}

/// Whether `path` is one of `template`, in which parameters are in braces.
fn fits(path: &str, template: &str) -> bool {
    let [path, own] = [path, template].map(|path| path.split('/').collect::<Vec<_>>());
    let is_same = |(given, own): (&&str, &&str)| own.starts_with('{') || given == own;
    path.len() == own.len() && path.iter().zip(&own).all(is_same)
}

#[tokio::test]
async fn a_tool_whose_operation_is_denied_is_not_there_and_says_why_it_refuses() {
    let server = Server::new(&[ALL, ("OCI_MCP_OPERATIONS_DENY", "core.get_*,identity")]);

    let listed = server.list().await;
    let listed: BTreeSet<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    let answer = server.tool(GET, &json!({ "instance_id": "x" })).await.bad();

    for gone in [
        GET,
        "oci_network_get_vcn",
        "oci_skill_troubleshoot_instance",
        "oci_identity_list_compartments",
    ] {
        assert!(!listed.contains(gone), "{gone}");
    }
    // What it is for is not denied.
    for there in [
        "oci_compute_list_instances",
        "oci_security_audit",
        "oci_call_operation",
    ] {
        assert!(listed.contains(there), "{there}");
    }
    assert_eq!(answer["category"], "authorization", "{answer}");
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("core.get_instance"),
        "{answer}"
    );
    assert!(
        answer["suggestion"]
            .as_str()
            .unwrap()
            .contains("OCI_MCP_OPERATIONS_DENY"),
        "{answer}"
    );
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn of_parts_that_are_all_denied_there_is_no_tool() {
    let server = Server::new(&[ALL, ("OCI_MCP_OPERATIONS_ALLOW", "core.list_*")]);

    let listed = server.list().await.to_string();

    assert!(listed.contains("oci_network_list_vcns"));
    assert!(listed.contains("oci_security_audit"));
    assert!(!listed.contains("oci_observability_overview"));
    assert!(!listed.contains("oci_storage_list_buckets"));
}
