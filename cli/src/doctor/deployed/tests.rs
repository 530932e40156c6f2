use std::env::consts::ARCH;
use std::sync::Arc;

use http::{Method, StatusCode};
use oci_emulator::{Fault, SimulatedOci};
use oci_rest::{Client, Credential, Endpoints, Fixed, PrivateKey, Surroundings};
use serde_json::json;

use super::*;
use crate::doctor::finding::Verdict;
use crate::oci::fake;

/// The shape of applications whose processors are those of this machine.
const OWN: &str = if cfg!(target_arch = "aarch64") {
    "GENERIC_ARM"
} else {
    "GENERIC_X86"
};

/// OCI as a user with a key is answered by `oci`.
fn identity(oci: &SimulatedOci) -> Identity {
    let key = oci.api_key("ada@example.com").unwrap();
    let private = PrivateKey::from_pem(key.private_key.as_bytes(), None).unwrap();
    let credential = Credential::api_key(&key.tenancy, &key.user, Arc::new(private)).unwrap();
    let Surroundings { services, .. } = fake::with(oci);
    let principal = Arc::new(Fixed::new("API key of profile DEFAULT", credential));
    let endpoints = Endpoints::default();
    let region = endpoints.regions().requested("phx").unwrap();
    Identity {
        oci: Some(Oci {
            client: Client::new(principal, services, fake::clock(), || 7),
            endpoints,
            region: None,
        }),
        region: Some(region),
        can_sign: true,
        findings: Vec::new(),
    }
}

/// What is found of the function `mcp`, which `oci` describes by `changed`, and its application.
async fn examined(changed: Value, application: Value) -> Vec<Finding> {
    let oci = fake::simulated();
    let mut function = json!({
        "applicationId": oci.find("applications", "tools").unwrap(),
        "displayName": "mcp",
        "lifecycleState": "ACTIVE",
        "timeoutInSeconds": 120,
    });
    let changed = changed.as_object().unwrap().clone();
    function.as_object_mut().unwrap().extend(changed);
    describe(&oci, "/20260325/functions/", &function);
    describe(&oci, "/20260325/applications/", &application);
    let args = Args {
        function: Some(oci.find("functions", "mcp").unwrap()),
        deployment: None,
    };
    args.examine(&identity(&oci), Path::new("/")).await
}

fn describe(oci: &SimulatedOci, path: &str, thing: &Value) {
    let answer = Fault::new(StatusCode::OK, "").body(thing.to_string());
    oci.inject(answer.on(Method::GET, path));
}

/// The one finding that is not good.
fn wrong(findings: &[Finding]) -> &Finding {
    let mut wrong = findings
        .iter()
        .filter(|finding| finding.verdict != Verdict::Good);
    let found = wrong.next().unwrap();
    assert_eq!(wrong.next(), None, "{findings:#?}");
    found
}

fn says(finding: &Finding, verdict: Verdict, parts: &[&str]) {
    let text = format!("{} {:?} {:?}", finding.what, finding.why, finding.remedy);
    assert_eq!(finding.verdict, verdict, "{text}");
    for part in parts {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn a_function_and_a_route_that_leads_to_it_are_good() {
    let oci = fake::simulated();
    let function = oci.find("functions", "mcp").unwrap();
    let deployment = json!({
        "lifecycleState": "ACTIVE",
        "specification": { "routes": [
            { "path": "/mcp", "backend": { "type": "ORACLE_FUNCTIONS_BACKEND", "functionId": function } },
        ] },
    });
    describe(&oci, "/20190501/deployments/", &deployment);
    describe(&oci, "/20260325/applications/", &json!({ "shape": OWN }));
    let args = Args {
        function: Some(function),
        deployment: oci.find("deployments", "mcp").ok(),
    };

    let findings = args.examine(&identity(&oci), Path::new("/")).await;

    let whats: Vec<_> = findings.iter().map(|finding| &*finding.what).collect();
    assert_eq!(
        whats,
        [
            "the settings can be used, by the host `functions`",
            &format!("the binary is for {ARCH}, which {OWN} has"),
            "a request may take 30 s, and a tool a second less",
            "the route /mcp leads to a function, and waits as long as that may take",
        ]
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Good)
    );
}

#[tokio::test]
async fn settings_are_those_of_the_function_before_those_of_its_application() {
    let of_all = json!({
        "shape": OWN,
        "config": { "OCI_MCP_LOG": "loud", "OCI_MCP_PORTS": "9000" },
    });

    let findings = examined(json!({ "config": { "OCI_MCP_LOG": "info" } }), of_all).await;

    says(wrong(&findings), Verdict::Problem, &["OCI_MCP_PORTS"]);
}

#[tokio::test]
async fn a_timeout_that_what_is_waited_for_may_use_up_is_a_warning() {
    let own = || json!({ "shape": OWN });
    let settings = json!({
        "OCI_MCP_ACCESS": "jwt",
        "OCI_MCP_ACCESS_ISSUER": "https://issuer.example",
        "OCI_MCP_ACCESS_RESOURCE": "https://tools.example/v1/mcp",
        "OCI_MCP_AUDIT_LOG_ID": "ocid1.log.oc1.phx.aaaa",
    });

    let long = examined(json!({ "timeoutInSeconds": 15, "config": settings }), own());
    let short = examined(json!({ "timeoutInSeconds": 14, "config": settings }), own());
    let none = examined(json!({ "timeoutInSeconds": 2 }), own());

    let good = |finding: &Finding| finding.verdict == Verdict::Good;
    assert!(long.await.iter().all(good));
    says(
        wrong(&short.await),
        Verdict::Warning,
        &[
            "14 s",
            "the issuer",
            "OCI Logging",
            "--timeout-in-seconds 15",
        ],
    );
    says(
        wrong(&none.await),
        Verdict::Warning,
        &["nothing is left for a tool"],
    );
}

#[tokio::test]
async fn a_shape_of_another_processor_is_found_without_being_named() {
    let other = if OWN == "GENERIC_X86" {
        "GENERIC_ARM"
    } else {
        "GENERIC_X86"
    };

    let findings = examined(json!({}), json!({ "shape": other })).await;

    says(
        wrong(&findings),
        Verdict::Problem,
        &[other, "exec format error"],
    );
}

#[tokio::test]
async fn a_function_that_is_not_in_service_is_a_problem() {
    let failed = json!({ "lifecycleState": "FAILED" });

    let findings = examined(failed, json!({ "shape": OWN })).await;

    says(wrong(&findings), Verdict::Problem, &["mcp is FAILED"]);
}

#[tokio::test]
async fn what_may_not_be_read_is_told_with_the_policy() {
    let oci = fake::simulated();
    let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound");
    oci.inject(refusal.on(Method::GET, "/20260325/functions/"));
    let args = Args {
        function: oci.find("functions", "mcp").ok(),
        deployment: None,
    };

    let findings = args.examine(&identity(&oci), Path::new("/")).await;

    says(
        wrong(&findings),
        Verdict::Problem,
        &[
            "does not tell about ocid1.fnfunc.",
            "NotAuthorizedOrNotFound",
            "allow group",
        ],
    );
}

#[tokio::test]
async fn another_kind_of_thing_is_not_asked_for() {
    let args = Args {
        function: None,
        deployment: Some("ocid1.datasciencemodeldeployment.oc1.phx.aaaa".to_owned()),
    };

    let findings = args
        .examine(&identity(&fake::simulated()), Path::new("/"))
        .await;

    says(
        wrong(&findings),
        Verdict::Problem,
        &["ocid1.apideployment."],
    );
}

#[tokio::test]
async fn without_an_identity_nothing_is_asked() {
    let nobody = Identity {
        oci: None,
        region: None,
        can_sign: false,
        findings: Vec::new(),
    };
    let args = Args {
        function: Some("ocid1.fnfunc.oc1.phx.aaaa".to_owned()),
        deployment: None,
    };

    let findings = args.examine(&nobody, Path::new("/")).await;

    says(wrong(&findings), Verdict::NotChecked, &["see identity"]);
}

#[test]
fn a_gateway_that_gives_up_before_the_server_is_a_warning() {
    let route = |seconds: Value| {
        json!({ "path": "/mcp", "backend": {
            "type": "HTTP_BACKEND", "url": "http://10.0.1.5:8080/mcp", "readTimeoutInSeconds": seconds,
        } })
    };

    let short = way(&route(json!(10.0)), None);
    let long = way(&route(json!(300)), None);
    let unsaid = way(&route(Value::Null), None);

    says(&short, Verdict::Warning, &["/mcp waits 10 s", "504", "300"]);
    assert_eq!(long.verdict, Verdict::Good);
    assert_eq!(unsaid.verdict, Verdict::NotChecked);
}

#[test]
fn routes_that_lead_elsewhere_are_problems() {
    let to = |id: &str| json!({ "path": "/mcp", "backend": { "type": "ORACLE_FUNCTIONS_BACKEND", "functionId": id } });
    let stock = json!({ "path": "/oauth-protected-resource", "backend": { "type": "STOCK_RESPONSE_BACKEND" } });
    let dynamic = json!({ "path": "/mcp", "backend": { "type": "DYNAMIC_ROUTING_BACKEND" } });
    let deployment = |routes: &[&Value]| json!({ "lifecycleState": "ACTIVE", "specification": { "routes": routes } });
    let function = "ocid1.fnfunc.oc1.phx.aaaa";

    let other = ways(
        &deployment(&[&to("ocid1.fnfunc.oc1.phx.bbbb")]),
        Some(function),
    );
    let none = ways(&deployment(&[&stock]), Some(function));
    let unknown = ways(&deployment(&[&stock, &dynamic]), Some(function));

    says(
        wrong(&other),
        Verdict::Problem,
        &["another function", "bbbb"],
    );
    says(
        wrong(&none),
        Verdict::Problem,
        &["no route", "render apigateway"],
    );
    says(
        wrong(&unknown),
        Verdict::NotChecked,
        &["DYNAMIC_ROUTING_BACKEND"],
    );
}
