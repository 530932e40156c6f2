//! A network as a whole.

use futures_util::future::{self, join_all, join4};
use serde_json::{Value, json};

use super::{Arguments, Composing, part, sort, text, wanted};
use crate::answer::{Fields, field, put};
use crate::error::Failure;
use crate::session::Session;

/// A VCN with its gateways, and its subnets unless a caller does without.
pub(in crate::curated) fn vcn<'a>(session: &'a Session<'a>, arguments: Arguments) -> Composing<'a> {
    Box::pin(async move {
        let vcn = get(session, &arguments).await?;
        let within =
            json!({ "compartmentId": field(&vcn, "compartmentId"), "vcnId": field(&vcn, "id") });
        let (subnets, internet, nat, service) = join4(
            wanted(
                arguments.get("include_subnets") != Some(&Value::Bool(false)),
                session.items("core.list_subnets", within.clone()),
            ),
            session.items("core.list_internet_gateways", within.clone()),
            session.items("core.list_nat_gateways", within.clone()),
            session.items("core.list_service_gateways", within),
        )
        .await;
        let mut answer = Fields::of(VCN).project(&vcn);
        let rows = [
            ("subnets", subnets, SUBNET),
            (
                "internet_gateways",
                Some(internet),
                "id name=displayName enabled=isEnabled",
            ),
            ("nat_gateways", Some(nat), "id name=displayName ip=natIp"),
            (
                "service_gateways",
                Some(service),
                "id name=displayName services=services.serviceName",
            ),
        ];
        for (name, found, shows) in rows {
            if let Some(found) = found.and_then(|found| part(&mut answer, name, found)) {
                let fields = Fields::of(shows);
                let found: Vec<Value> = found.iter().map(|item| fields.project(item)).collect();
                put(&mut answer, name, found);
            }
        }
        Ok(answer)
    })
}

/// VCNs of a compartment with the subnets that they have there.
pub(in crate::curated) fn listed<'a>(
    session: &'a Session<'a>,
    _: Arguments,
    vcns: Value,
) -> Composing<'a> {
    Box::pin(async move {
        let mut answer = json!({});
        let mut vcns = vcns.as_array().cloned().unwrap_or_default();
        if let Some(first) = vcns.first() {
            let within = json!({ "compartmentId": field(first, "compartmentId") });
            let subnets = session.items("core.list_subnets", within).await;
            if let Some(subnets) = part(&mut answer, "subnets", subnets) {
                for vcn in &mut vcns {
                    join(vcn, &subnets);
                }
            }
        }
        put(&mut answer, "items", vcns);
        Ok(answer)
    })
}

fn join(vcn: &mut Value, subnets: &[Value]) {
    let own = subnets.iter();
    let own = own.filter(|subnet| field(subnet, "vcnId") == field(vcn, "id"));
    let fields = Fields::of(SUBNET);
    let own: Vec<Value> = own.map(|subnet| fields.project(subnet)).collect();
    put(vcn, "subnets", own);
}

/// What a VCN lets in from anywhere.
pub(in crate::curated) fn analyze<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let vcn = get(session, &arguments).await?;
        let (mut answer, findings) = looked(session, &vcn).await?;
        put(&mut answer, "vcn", field(&vcn, "displayName").clone());
        put(&mut answer, "note", "of the compartment that the VCN is in");
        put(&mut answer, "findings", findings);
        Ok(answer)
    })
}

/// What was looked at and what was not, and what is dangerous of it, the worst first.
///
/// # Errors
///
/// Why security lists could not be read, if no rules of groups could either: of nothing there are no findings.
pub(super) async fn looked(
    session: &Session<'_>,
    vcn: &Value,
) -> Result<(Value, Vec<Value>), Failure> {
    let within = json!({ "compartmentId": field(vcn, "compartmentId"), "vcnId": field(vcn, "id") });
    let (lists, groups) = future::join(
        session.items("core.list_security_lists", within.clone()),
        session.items("core.list_network_security_groups", within),
    )
    .await;
    let asked = groups.iter().flatten().take(MAX_GROUPS);
    let asked = asked.map(|group| async move {
        let rules = json!({ "networkSecurityGroupId": field(group, "id"), "direction": "INGRESS" });
        let operation = "core.list_network_security_group_security_rules";
        (
            name_of(group).to_owned(),
            session.items(operation, rules).await,
        )
    });
    let rules = join_all(asked).await;
    let read = rules.iter().filter(|(_, rules)| rules.is_ok()).count();
    let has_none = groups.as_ref().is_ok_and(Vec::is_empty);
    let lists = match lists {
        Err(failure) if read == 0 && !has_none => return Err(failure),
        lists => lists,
    };
    let (mut answer, mut checked, mut findings) = (json!({}), json!({}), Vec::new());
    // What could not be read is not none.
    if let Some(lists) = part(&mut answer, "security_lists", lists) {
        put(&mut checked, "security_lists", lists.len());
        findings.extend(lists.iter().flat_map(of_list));
    }
    if let Some(groups) = part(&mut answer, "nsgs", groups) {
        put(&mut checked, "nsgs", read);
        if read < groups.len() {
            put(&mut checked, "of_nsgs", groups.len());
        }
    }
    for (group, rules) in rules {
        let place = format!("NSG {group}");
        let rules = part(&mut answer, &place, rules).unwrap_or_default();
        let inward = rules
            .iter()
            .filter(|rule| field(rule, "direction") == "INGRESS");
        findings.extend(inward.filter_map(|rule| finding(&place, rule)));
    }
    put(&mut answer, "checked", checked);
    sort(&mut findings, &|finding| {
        usize::from(field(finding, "severity") != "CRITICAL")
    });
    Ok((answer, findings))
}

/// What is dangerous of a security list.
fn of_list(list: &Value) -> Vec<Value> {
    let place = format!("security list {}", name_of(list));
    let rules = field(list, "ingressSecurityRules").as_array();
    let rules = rules.into_iter().flatten();
    rules.filter_map(|rule| finding(&place, rule)).collect()
}

async fn get(session: &Session<'_>, arguments: &Arguments) -> Result<Value, Failure> {
    let id = json!({ "vcnId": text(arguments, "vcn_id") });
    session.get("core.get_vcn", id).await
}

fn name_of(item: &Value) -> &str {
    field(item, "displayName")
        .as_str()
        .unwrap_or("without a name")
}

/// What is dangerous about a rule, if anything is.
fn finding(place: &str, rule: &Value) -> Option<Value> {
    let source = field(rule, "source")
        .as_str()
        .filter(|source| ANYWHERE.contains(source))?;
    let (protocol, options) = match field(rule, "protocol").as_str()? {
        "6" => ("tcp", "tcpOptions"),
        "17" => ("udp", "udpOptions"),
        "all" => ("all protocols", ""),
        // ICMP and what is rare.
        _ => return None,
    };
    let range = field(field(rule, options), "destinationPortRange");
    let ports = [field(range, "min"), field(range, "max")].map(Value::as_u64);
    let (severity, ports, why) = match ports {
        [Some(least), Some(most)] => {
            let open = SENSITIVE
                .iter()
                .filter(|(port, _)| (least..=most).contains(&u64::from(*port)));
            let open: Vec<&str> = open.map(|(_, name)| *name).collect();
            let text = if least == most {
                least.to_string()
            } else {
                format!("{least}-{most}")
            };
            match (open.is_empty(), most - least.min(most) >= MANY) {
                (false, _) => (
                    "CRITICAL",
                    text,
                    format!("anyone can reach {}", open.join(", ")),
                ),
                (true, true) => ("HIGH", text, "anyone can reach many ports".to_owned()),
                (true, false) => return None,
            }
        }
        _ => (
            "CRITICAL",
            "all ports".to_owned(),
            "anyone can reach every port".to_owned(),
        ),
    };
    Some(json!({
        "severity": severity,
        "in": place,
        "rule": format!("{protocol} {ports} from {source}"),
        "why": why,
    }))
}

const SUBNET: &str = "id name=displayName cidr=cidrBlock private=prohibitPublicIpOnVnic";
const VCN: &str = "id name=displayName cidrs=cidrBlocks dns=vcnDomainName state=lifecycleState compartment_id=compartmentId";
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];
const MAX_GROUPS: usize = 20;
/// Ports of one rule that nobody needs all of.
const MANY: u64 = 100;
/// Ports behind which is what should not be open to all.
const SENSITIVE: [(u16, &str); 16] = [
    (22, "SSH"),
    (23, "Telnet"),
    (445, "SMB"),
    (1433, "SQL Server"),
    (1521, "Oracle Database"),
    (1522, "Oracle Database"),
    (2375, "Docker"),
    (3306, "MySQL"),
    (3389, "RDP"),
    (5432, "PostgreSQL"),
    (5900, "VNC"),
    (6379, "Redis"),
    (6443, "Kubernetes"),
    (9200, "OpenSearch"),
    (10250, "kubelet"),
    (27017, "MongoDB"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(source: &str, protocol: &str, ports: Option<(u16, u16)>) -> Value {
        let mut rule = json!({ "source": source, "protocol": protocol });
        if let Some((min, max)) = ports {
            let options = if protocol == "6" {
                "tcpOptions"
            } else {
                "udpOptions"
            };
            put(
                &mut rule,
                options,
                json!({ "destinationPortRange": { "min": min, "max": max } }),
            );
        }
        rule
    }

    #[test]
    fn what_is_open_to_all_and_should_not_be_is_found() {
        let rows = [
            (rule("0.0.0.0/0", "6", Some((22, 22))), Some("CRITICAL")),
            (rule("::/0", "6", Some((1, 65535))), Some("CRITICAL")),
            (rule("0.0.0.0/0", "all", None), Some("CRITICAL")),
            (rule("0.0.0.0/0", "6", None), Some("CRITICAL")),
            (
                rule("0.0.0.0/0", "17", Some((30_000, 32_000))),
                Some("HIGH"),
            ),
            (rule("0.0.0.0/0", "6", Some((443, 443))), None),
            (rule("0.0.0.0/0", "1", None), None),
            (rule("10.0.0.0/16", "all", None), None),
        ];

        for (rule, severity) in rows {
            let found = finding("a list", &rule);

            let found = found
                .as_ref()
                .and_then(|finding| finding["severity"].as_str());
            assert_eq!(found, severity, "{rule}");
        }
    }
}
