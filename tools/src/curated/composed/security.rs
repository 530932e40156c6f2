//! What is not safe, from several sides.

use futures_util::future::{join_all, join3};
use serde_json::{Value, json};

use super::{Arguments, Composing, lacks, network, part, sort, text, wanted};
use crate::answer::{Fields, field, put};
use crate::error::Failure;
use crate::session::Session;

/// Users and policies of the tenancy, what Cloud Guard found, and networks of a compartment.
pub(in crate::curated) fn audit<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let compartment = text(&arguments, "compartment_id");
        let included = |name: &str| arguments.get(name) != Some(&Value::Bool(false));
        let (iam, problems, networks) = join3(
            wanted(included("include_iam"), iam(session)),
            wanted(
                included("include_cloud_guard"),
                problems(session, compartment),
            ),
            wanted(
                included("include_network_security"),
                networks(session, compartment),
            ),
        )
        .await;
        let mut answer = json!({});
        let mut findings = Vec::new();
        let parts = [
            ("iam", iam),
            ("cloud_guard", problems),
            ("network_security", networks),
        ];
        for (name, outcome) in parts {
            let Some(outcome) = outcome else { continue };
            if let Some(looked) = part(&mut answer, name, outcome) {
                put(&mut answer, name, looked.checked);
                findings.extend(looked.findings);
                for missing in looked.missing {
                    lacks(&mut answer, missing);
                }
            }
        }
        sort(&mut findings, &|finding| {
            let severity = field(finding, "severity").as_str().unwrap_or_default();
            let place = SEVERITIES.iter().position(|own| *own == severity);
            place.map_or(0, |place| place + 1)
        });
        put(&mut answer, "findings", findings);
        Ok(answer)
    })
}

/// What was looked at, what was found there, and what could not be read.
struct Looked {
    checked: Value,
    findings: Vec<Value>,
    missing: Vec<Value>,
}

impl Looked {
    fn at(checked: Value, findings: Vec<Value>) -> Self {
        Self {
            checked,
            findings,
            missing: Vec::new(),
        }
    }
}

async fn iam(session: &Session<'_>) -> Result<Looked, Failure> {
    let tenancy = json!({ "compartmentId": session.tenancy().await? });
    let users = session
        .items("identity.list_users", tenancy.clone())
        .await?;
    let policies = session.items("identity.list_policies", tenancy).await?;
    let without = users.iter().filter(|user| {
        field(user, "isMfaActivated") == false && field(user, "lifecycleState") == "ACTIVE"
    });
    let mut findings: Vec<Value> = without
        .map(|user| {
            finding(
                "HIGH",
                "user",
                field(user, "name"),
                "has no second factor (MFA)",
            )
        })
        .collect();
    for policy in &policies {
        let statements = field(policy, "statements").as_array().into_iter().flatten();
        for statement in statements.filter_map(Value::as_str) {
            if let Some((severity, why)) = broad(statement) {
                let why = format!("{why}: `{statement}`");
                findings.push(finding(severity, "policy", field(policy, "name"), &why));
            }
        }
    }
    let checked = json!({ "users": users.len(), "policies": policies.len() });
    Ok(Looked::at(checked, findings))
}

/// What a statement of a policy lets too many do.
fn broad(statement: &str) -> Option<(&'static str, &'static str)> {
    let words = statement.to_ascii_lowercase();
    let words: Vec<&str> = words.split_ascii_whitespace().collect();
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|part| part == wanted);
    if has(&["any-user"]) && !words.contains(&"where") {
        return Some(("CRITICAL", "it lets anyone in"));
    }
    let is_all = has(&["manage", "all-resources", "in", "tenancy"]);
    (is_all && !has(&["group", "administrators"]))
        .then_some(("HIGH", "it lets others than administrators do all"))
}

async fn problems(session: &Session<'_>, compartment: &str) -> Result<Looked, Failure> {
    let active = json!({ "compartmentId": compartment, "lifecycleState": "ACTIVE" });
    let problems = session.items("cloud_guard.list_problems", active).await?;
    let fields =
        Fields::of("severity=riskLevel what=resourceType name=resourceName why=detectorRuleId");
    let findings = problems
        .iter()
        .map(|problem| fields.project(problem))
        .collect();
    let checked = json!({ "problems": problems.len() });
    Ok(Looked::at(checked, findings))
}

async fn networks(session: &Session<'_>, compartment: &str) -> Result<Looked, Failure> {
    let within = json!({ "compartmentId": compartment });
    let vcns = session.items("core.list_vcns", within).await?;
    let looked = vcns
        .iter()
        .take(MAX_VCNS)
        .map(|vcn| network::looked(session, vcn));
    let (mut findings, mut missing) = (Vec::new(), Vec::<Value>::new());
    for (vcn, looked) in vcns.iter().zip(join_all(looked).await) {
        let name = field(vcn, "displayName");
        let mut own = json!({});
        let (looked, found) = part(&mut own, "rules", looked).unwrap_or((own, Vec::new()));
        let parts = field(&looked, "missing").as_array();
        // Rules that were not read are no reason to say that there are none.
        if parts.is_some() || field(field(&looked, "checked"), "of_nsgs").is_number() {
            findings
                .push(json!({ "severity": "LOW", "vcn": name, "why": "not all was looked at" }));
        }
        for part in parts.into_iter().flatten() {
            let part = named(part, name);
            if !missing.iter().any(|known| is_same(known, &part)) {
                missing.push(part);
            }
        }
        for mut finding in found {
            put(&mut finding, "vcn", name.clone());
            findings.push(finding);
        }
    }
    Ok(Looked {
        checked: json!({ "vcns": vcns.len().min(MAX_VCNS), "of": vcns.len() }),
        findings,
        missing,
    })
}

/// `part`, with the name of the VCN that it is of.
fn named(part: &Value, vcn: &Value) -> Value {
    let mut named = part.clone();
    let (own, vcn) = (field(part, "part").as_str(), vcn.as_str());
    put(
        &mut named,
        "part",
        format!("{} of {}", own.unwrap_or_default(), vcn.unwrap_or_default()),
    );
    named
}

/// Whether they are the same part, which is missing for the same kind of reason.
fn is_same(one: &Value, other: &Value) -> bool {
    let category = |part| field(field(part, "error"), "category");
    field(one, "part") == field(other, "part") && category(one) == category(other)
}

fn finding(severity: &str, what: &str, name: &Value, why: &str) -> Value {
    json!({ "severity": severity, "what": what, "name": name, "why": why })
}

const SEVERITIES: [&str; 5] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "MINOR"];
const MAX_VCNS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_lets_too_many_do_too_much_is_found() {
        let rows = [
            (
                "Allow any-user to read buckets in tenancy",
                Some("CRITICAL"),
            ),
            (
                "allow any-user to use fn-invocation in tenancy where request.principal.type = 'ApiGateway'",
                None,
            ),
            (
                "Allow group Engineers to manage all-resources in tenancy",
                Some("HIGH"),
            ),
            (
                "ALLOW GROUP Administrators to manage all-resources IN TENANCY",
                None,
            ),
            (
                "Allow group Engineers to manage all-resources in compartment development",
                None,
            ),
            ("Allow group Readers to read all-resources in tenancy", None),
        ];

        for (statement, severity) in rows {
            assert_eq!(
                broad(statement).map(|(severity, _)| severity),
                severity,
                "{statement}"
            );
        }
    }
}
