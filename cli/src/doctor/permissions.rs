//! Whether OCI lets the tools do what they are for: each that needs no arguments is called, if it only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use oci_mcp::{AppService, Delivery};
use oci_mcp_tools::Requirement;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::finding::Finding;
use crate::terminal;

/// What came of one call.
#[derive(Debug, Eq, PartialEq)]
enum Outcome {
    /// It has an answer.
    Good,
    /// It has one but for what the operator denies, so that it may not have asked all else.
    GoodInPart,
    /// A policy is missing: what OCI said, and the statement.
    Refused { why: String, statement: String },
    /// Something else, of which other subjects tell.
    Failed(String),
}

/// Calls tools of `service` as `host` would deliver the calls. `requirements` say what each needs.
pub(super) async fn examine(
    service: &AppService,
    requirements: Vec<Requirement>,
    host: &'static str,
) -> Vec<Finding> {
    if let Some(refusal) = signature(service, host).await {
        return refusal;
    }
    let schemas = match terminal::tools(service).await {
        Ok(tools) => tools,
        Err(error) => return vec![Finding::problem("the tools cannot be listed").because(error)],
    };
    let (mut asked, mut left) = (JoinSet::new(), Vec::new());
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    for requirement in requirements {
        if requirement.needs.is_empty() {
            continue;
        }
        let schema = schemas.iter().find(|tool| tool["name"] == requirement.tool);
        let Some(arguments) = schema.and_then(arguments) else {
            left.push(requirement);
            continue;
        };
        let (room, service) = (Arc::clone(&room), service.clone());
        asked.spawn(async move {
            let _room = room.acquire_owned().await;
            let outcome = call(service, requirement.tool, &arguments, host).await;
            (requirement, outcome)
        });
    }
    let mut outcomes = asked.join_all().await;
    outcomes.sort_unstable_by_key(|(requirement, _)| requirement.tool);
    judge(&outcomes, &left)
}

/// What becomes of a request that needs no policy: of a signature that OCI does not accept nobody else needs to
/// tell.
async fn signature(service: &AppService, host: &'static str) -> Option<Vec<Finding>> {
    let report = match called(service.clone(), "oci_ping", &json!({}), host).await {
        Ok((false, report)) => report,
        Ok((true, text)) => return Some(vec![moot(text)]),
        Err(problem) => return Some(vec![moot(problem)]),
    };
    let error = report.pointer("/signed_call/error")?;
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    if error.get("status") != Some(&json!(401)) {
        let because = format!("one signed request had no good answer: {}", text("message"));
        return Some(vec![moot(because)]);
    }
    let refused = Finding::problem("OCI does not accept the signature")
        .because(format!("401 {}: {}", text("code"), text("message")))
        .mend(text("hint"));
    Some(vec![refused, moot("OCI does not accept the signature")])
}

fn moot(because: impl std::fmt::Display) -> Finding {
    Finding::not_checked("what tools may do", because)
}

/// With what a tool is called that needs nothing to be told: for one item, with all that may be included. `None` if
/// it does, or changes something.
fn arguments(tool: &Value) -> Option<Value> {
    let schema = tool.get("inputSchema")?;
    let required = schema.get("required").and_then(Value::as_array);
    let reads = tool.pointer("/annotations/readOnlyHint") == Some(&Value::Bool(true));
    if !reads || required.is_some_and(|names| !names.is_empty()) {
        return None;
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut arguments = Map::new();
    for name in properties.into_iter().flat_map(Map::keys) {
        if name == "limit" {
            arguments.insert(name.clone(), json!(1));
        } else if name.starts_with("include_") {
            arguments.insert(name.clone(), json!(true));
        }
    }
    Some(arguments.into())
}

async fn call(service: AppService, tool: &str, arguments: &Value, host: &'static str) -> Outcome {
    match called(service, tool, arguments, host).await {
        Ok((false, answer)) => of_parts(&answer),
        Ok((true, failure)) => outcome(&failure),
        Err(problem) => Outcome::Failed(problem),
    }
}

/// What comes of an answer in which parts may be missing.
fn of_parts(answer: &Value) -> Outcome {
    let missing = answer.get("missing").and_then(Value::as_array);
    let mut errors = missing
        .into_iter()
        .flatten()
        .filter_map(|part| part.get("error"))
        .peekable();
    if errors.peek().is_none() {
        return Outcome::Good;
    }
    // The operator's own refusal has nothing that OCI said.
    let is_own =
        |error: &&Value| error["category"] == "authorization" && error.get("details").is_none();
    errors
        .find(|error| !is_own(error))
        .map_or(Outcome::GoodInPart, outcome)
}

/// Whether a call failed, and what it answers.
async fn called(
    service: AppService,
    tool: &str,
    arguments: &Value,
    host: &'static str,
) -> Result<(bool, Value), String> {
    let params = json!({ "name": tool, "arguments": arguments });
    let mut request: Request<_> = terminal::request("tools/call", &params);
    let mut delivery = Delivery::http(host);
    delivery.deadline = Some((Instant::now() + PATIENCE).into_std());
    request.extensions_mut().insert(delivery);
    let answer = timeout(PATIENCE + SPARE, terminal::answer(service, request)).await;
    let answer = answer.map_err(|_late| format!("no answer within {PATIENCE:?}"))?;
    let answer = answer.map_err(|error| error.to_string())?;
    if let Some(problem) = answer.pointer("/error/message").and_then(Value::as_str) {
        return Err(problem.to_owned());
    }
    let text = answer
        .pointer("/result/content/0/text")
        .and_then(Value::as_str);
    let text = text.unwrap_or_default();
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    Ok((
        answer.pointer("/result/isError") == Some(&Value::Bool(true)),
        value,
    ))
}

/// What a failure that a tool tells says of policies.
fn outcome(failure: &Value) -> Outcome {
    let text = |path: &str| {
        let text = failure.pointer(path).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let status = failure.pointer("/details/status").and_then(Value::as_u64);
    let code = text("/details/code");
    if status == Some(403) || code == "NotAuthorizedOrNotFound" {
        let status = status.unwrap_or_default();
        return Outcome::Refused {
            why: format!("{status} {code}: {}", text("/error")),
            statement: text("/suggestion"),
        };
    }
    let told = text("/error");
    Outcome::Failed(if told.is_empty() {
        failure.to_string()
    } else {
        told
    })
}

/// A finding for each policy that is missing, one for what is well, and one for what was left out.
fn judge(outcomes: &[(Requirement, Outcome)], left: &[Requirement]) -> Vec<Finding> {
    let mut good = Vec::new();
    let mut refused: BTreeMap<&str, (Vec<&str>, &str)> = BTreeMap::new();
    let mut failed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut proved: BTreeSet<&str> = BTreeSet::new();
    for (requirement, outcome) in outcomes {
        match outcome {
            Outcome::Good => {
                good.push(requirement.tool);
                proved.extend(&requirement.needs);
            }
            Outcome::GoodInPart => good.push(requirement.tool),
            Outcome::Refused { why, statement } => {
                let entry = refused.entry(statement).or_insert((Vec::new(), why));
                entry.0.push(requirement.tool);
            }
            Outcome::Failed(problem) => failed.entry(problem).or_default().push(requirement.tool),
        }
    }
    let mut findings = Vec::new();
    if !good.is_empty() {
        let number = good.len();
        let names = good.join(", ");
        findings.push(Finding::good(format!(
            "{number} tools may do what they ask for: {names}"
        )));
    }
    for (statement, (tools, why)) in refused {
        findings.push(
            Finding::problem(format!("OCI refuses {}", tools.join(", ")))
                .because(why)
                .mend(statement),
        );
    }
    for (problem, tools) in failed {
        findings.push(Finding::not_checked(tools.join(", "), problem));
    }
    findings.extend(left_out(left, &proved));
    findings
}

/// What the tools need that were not called, if others have not shown that it is there.
fn left_out(left: &[Requirement], proved: &BTreeSet<&str>) -> Option<Finding> {
    let left = left.iter().map(|requirement| {
        let needs = requirement.needs.iter().copied();
        let open: Vec<_> = needs.filter(|need| !proved.contains(need)).collect();
        (requirement.tool, open)
    });
    let left: Vec<_> = left.filter(|(_, open)| !open.is_empty()).collect();
    let needs: BTreeSet<_> = left.iter().flat_map(|(_, open)| open).copied().collect();
    let tools: Vec<_> = left.iter().map(|(tool, _)| *tool).collect();
    let needs: Vec<_> = needs.into_iter().collect();
    let needs = needs.join(", ");
    let because = format!("they take arguments, or change something; they need to {needs}");
    (!tools.is_empty()).then(|| {
        Finding::not_checked(tools.join(", "), because)
            .mend("oci-mcp render policy has the statements")
    })
}

const AT_A_TIME: usize = 6;
/// For one call: a connection that is not answered ends after 5 s.
const PATIENCE: Duration = Duration::from_secs(15);
/// What tells of a deadline comes a little later than it.
const SPARE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{Method, StatusCode};
    use oci_emulator::{Fault, SimulatedOci};
    use oci_mcp::{App, Config, Vars};
    use oci_mcp_tools::{Connection, OciTools};
    use oci_rest::{Client, Credential, Endpoints, Fixed, PrivateKey, Surroundings};

    use super::*;
    use crate::doctor::finding::Verdict;
    use crate::oci::{Oci, fake};
    use crate::ping::Ping;

    /// What is found of the tools of `toolsets`, which ask `oci` with the key of a user.
    async fn examined(oci: &SimulatedOci, toolsets: &'static str) -> Vec<Finding> {
        examined_but(oci, toolsets, None).await
    }

    /// The same, if `denied` is what the operator denies.
    async fn examined_but(
        oci: &SimulatedOci,
        toolsets: &'static str,
        denied: Option<&'static str>,
    ) -> Vec<Finding> {
        let compartment = oci.find("compartments", "production").unwrap();
        let mut vars = Vars::new(move |name: &str| match name {
            "COMPARTMENT_OCID" => Some(compartment.clone()),
            "OCI_MCP_TOOLSETS" => Some(toolsets.to_owned()),
            "OCI_MCP_OPERATIONS_DENY" => denied.map(str::to_owned),
            _ => None,
        });
        let way = way(oci);
        let ping = way.clone();
        let ping = Ping::new(
            Instant::now().into_std(),
            fake::environment([("OCI_REGION", "us-phoenix-1")]),
            Box::new(move |_| Ok(ping.clone())),
        );
        let connect = move || {
            let Oci {
                client,
                endpoints,
                region,
            } = way.clone();
            Ok(Connection {
                client,
                endpoints,
                region,
            })
        };
        let tools = OciTools::read(&mut vars, Box::new(connect));
        let requirements = tools.requirements().collect();
        let app = tools.add_to(App::new("test", "1").tool(ping));
        let service = app.into_service(Config::default()).unwrap();
        examine(&service, requirements, "functions").await
    }

    fn refused(findings: &[Finding]) -> &Finding {
        let mut findings = findings.iter();
        let refused = findings.find(|finding| finding.verdict == Verdict::Problem);
        refused.unwrap()
    }

    fn way(oci: &SimulatedOci) -> Oci {
        let key = oci.api_key("ada@example.com").unwrap();
        let private = PrivateKey::from_pem(key.private_key.as_bytes(), None).unwrap();
        let credential = Credential::api_key(&key.tenancy, &key.user, Arc::new(private)).unwrap();
        let Surroundings { services, .. } = fake::with(oci);
        let endpoints = Endpoints::default();
        let region = endpoints.regions().requested("phx").unwrap();
        let principal = Arc::new(Fixed::new("resource principal 2.2", credential));
        Oci {
            client: Client::new(principal, services, fake::clock(), || 7),
            endpoints,
            region: Some(region),
        }
    }

    #[tokio::test]
    async fn tools_that_may_do_what_they_ask_for_are_good_and_the_others_are_named() {
        let findings = examined(&fake::simulated(), "compute").await;

        assert_eq!(findings.len(), 2, "{findings:#?}");
        assert_eq!(findings[0].verdict, Verdict::Good);
        assert!(
            findings[0].what.contains("oci_compute_list_instances"),
            "{findings:#?}"
        );
        assert_eq!(findings[1].verdict, Verdict::NotChecked);
        assert!(
            findings[1].what.contains("oci_compute_get_instance"),
            "{findings:#?}"
        );
        assert!(
            findings[1].why.as_ref().unwrap().contains("read metrics"),
            "{findings:#?}"
        );
    }

    #[tokio::test]
    async fn a_part_that_the_operator_denies_is_not_for_a_policy() {
        let findings = examined_but(&fake::simulated(), "compute", Some("core.get_vnic")).await;

        assert_eq!(findings[0].verdict, Verdict::Good, "{findings:#?}");
        assert!(
            findings[0].what.contains("oci_compute_list_instances"),
            "{findings:#?}"
        );
    }

    #[tokio::test]
    async fn what_a_tool_tells_only_when_asked_must_be_allowed_too() {
        let oci = fake::simulated();
        let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
        oci.inject(refusal.on(Method::GET, "/20160918/vnicAttachments"));

        let findings = examined(&oci, "compute").await;

        let refused = refused(&findings);
        assert_eq!(refused.what, "OCI refuses oci_compute_list_instances");
        let remedy = refused.remedy.as_ref().unwrap();
        assert!(remedy.contains(" to read vnic-attachments in "), "{remedy}");
    }

    #[tokio::test]
    async fn a_policy_that_is_missing_is_told_with_the_statement_that_is_rendered_for_it() {
        let oci = fake::simulated();
        let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
        oci.inject(refusal.on(Method::GET, "/20160918/instances"));

        let findings = examined(&oci, "compute").await;

        let refused = refused(&findings);
        assert_eq!(refused.what, "OCI refuses oci_compute_list_instances");
        assert!(
            refused
                .why
                .as_ref()
                .unwrap()
                .contains("404 NotAuthorizedOrNotFound"),
            "{refused:?}"
        );
        let remedy = refused.remedy.as_ref().unwrap();
        let place = oci.find("compartments", "production").unwrap();
        let place = format!("compartment id {place}");
        let statement = format!("allow dynamic-group <group> to read instances in {place}");
        assert!(remedy.contains(&statement), "{remedy}");
        let tools = |vars: &mut Vars<'_>| OciTools::read(vars, Box::new(|| Err("nothing".into())));
        let mut vars =
            Vars::new(|name: &str| (name == "OCI_MCP_TOOLSETS").then(|| "compute".to_owned()));
        let function = oci_mcp_tools::Grantee::of_host("functions").unwrap();
        let rendered = tools(&mut vars).statements(&function, "<group>", &place);
        assert!(rendered.contains(&statement), "{rendered:?}");
    }

    #[tokio::test]
    async fn a_signature_that_is_not_accepted_is_told_once_and_the_rest_is_moot() {
        let oci = fake::simulated();
        oci.inject(Fault::new(StatusCode::UNAUTHORIZED, "NotAuthenticated").times(9));

        let findings = examined(&oci, "compute").await;

        let verdicts: Vec<_> = findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!(
            verdicts,
            [Verdict::Problem, Verdict::NotChecked],
            "{findings:#?}"
        );
        assert!(
            findings[0]
                .why
                .as_ref()
                .unwrap()
                .contains("401 NotAuthenticated")
        );
    }

    #[tokio::test]
    async fn a_service_that_has_a_problem_of_its_own_is_no_missing_policy() {
        let oci = fake::simulated();
        let fault = Fault::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented").times(9);
        oci.inject(fault.on(Method::GET, "/20160918/shapes"));

        let findings = examined(&oci, "compute").await;

        let failed = findings
            .iter()
            .find(|finding| finding.what == "oci_compute_list_shapes");
        assert_eq!(
            failed.unwrap().verdict,
            Verdict::NotChecked,
            "{findings:#?}"
        );
        assert!(
            findings
                .iter()
                .all(|finding| finding.verdict != Verdict::Problem)
        );
    }
}
