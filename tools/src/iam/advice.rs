//! What to do about it when IAM may be why OCI refuses a call.

use oci_rest::SecurityToken;
use serde_json::{Map, Value};

use super::{COMPARTMENTS, Grantee, place, statement};
use crate::answer::{field, put};
use crate::curated::{COMPARTMENT, PARENT, Row, rows};
use crate::session::Session;

/// What is said of a call of `row` that OCI refuses.
pub(crate) struct Advice<'a> {
    session: &'a Session<'a>,
    row: &'a Row,
    /// An argument that was to be an OCID and is none, and what it is.
    name: Option<(String, String)>,
    pub(crate) compartment: Option<String>,
}

/// What is told of a failure. That of OCI begins with the operation that was asked.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) error: &'a str,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<&'a str>,
}

impl<'a> Advice<'a> {
    pub(crate) fn new(
        session: &'a Session<'a>,
        row: &'a Row,
        arguments: &Map<String, Value>,
    ) -> Self {
        // Compartments may be named.
        let is_id = |name: &str| name.ends_with("_id") && ![COMPARTMENT, PARENT].contains(&name);
        let is_ocid = |id: &str| id.starts_with("ocid1.") || id.starts_with("ocidv1:");
        let name = arguments.iter().find_map(|(name, value)| {
            let id = value.as_str().filter(|id| is_id(name) && !is_ocid(id))?;
            Some((name.clone(), id.escape_debug().take(100).collect()))
        });
        Self {
            session,
            row,
            name,
            compartment: None,
        }
    }

    /// Adds it to what `answer` says of its parts that failed.
    pub(crate) async fn on_parts(&self, answer: &mut Value) {
        let parts = answer.get_mut("missing").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten() {
            let Some(failure) = part.get_mut("error") else {
                continue;
            };
            let details = field(failure, "details");
            let status = field(details, "status").as_u64();
            let told = Told {
                error: field(failure, "error").as_str().unwrap_or_default(),
                status: status.and_then(|status| u16::try_from(status).ok()),
                code: field(details, "code").as_str(),
            };
            if let Some(text) = self.on(told).await {
                put(failure, "suggestion", text);
            }
        }
    }

    /// None if something else is the reason.
    pub(crate) async fn on(&self, told: Told<'_>) -> Option<String> {
        let is_about_ids = matches!(told.status, Some(400 | 404));
        let name = self.name.as_ref().filter(|_| is_about_ids);
        let name = name.map(|(argument, id)| self.on_name(argument, id));
        let policy = if told.is_refused() {
            self.on_policy(told).await
        } else {
            None
        };
        match (name, policy) {
            (Some(name), Some(policy)) => Some(format!("{name}. With an OCID: {policy}")),
            (name, policy) => name.or(policy),
        }
    }

    fn on_name(&self, argument: &str, id: &str) -> String {
        let text = format!("`{argument}` is `{id}`, which is no OCID: those begin with `ocid1.`");
        let lister = LISTERS.iter().find(|(own, _)| *own == argument);
        let served = |name: &&str| {
            let row = rows().find(|row| row.name == *name);
            row.is_some_and(|row| self.session.shared.has(row))
        };
        let listers = lister.map(|(_, tool)| *tool).into_iter().chain([SEARCH]);
        match listers.into_iter().find(served) {
            Some(tool) => format!("{text}; `{tool}` tells it"),
            None => text,
        }
    }

    async fn on_policy(&self, told: Told<'_>) -> Option<String> {
        let needs = self.needs(told.operation());
        if needs.is_empty() {
            return None;
        }
        let (grantee, home) = grantee(self.session).await;
        let within = self.compartment.as_deref();
        let within = within.filter(|id| id.starts_with("ocid"));
        let within = within.map_or_else(|| "compartment <compartment>".to_owned(), place);
        let statements = needs
            .iter()
            .map(|need| format!("`{}`", statement(&grantee, "<group>", need, &within)));
        let statements: Vec<String> = statements.collect();
        let mut text = format!("it needs a policy with {}", statements.join(", "));
        let home = home.as_deref().unwrap_or("<compartment OCID>");
        if let Some(rule) = grantee.matching_rule(home) {
            text.push_str("; the dynamic group's rule is such as `");
            text.push_str(&rule);
            text.push('`');
        }
        Some(if told.status == Some(404) {
            format!("either it does not exist in this region, or {text}")
        } else {
            text
        })
    }

    /// What `operation` needs.
    fn needs(&self, operation: &str) -> &'static [&'static str] {
        let mut asked = self.row.asked().chain([COMPARTMENTS]);
        let own = asked.find(|(name, _)| *name == operation);
        let own = own.or_else(|| self.row.asked().next());
        own.map_or(&[], |(_, needs)| needs)
    }
}

impl Told<'_> {
    /// Whether IAM may be the reason. Object Storage has codes of its own, and says so in words.
    fn is_refused(self) -> bool {
        let says_so = || self.error.contains("not authorized");
        match self.status {
            Some(403) => true,
            Some(404) => self.code == Some("NotAuthorizedOrNotFound") || says_so(),
            _ => false,
        }
    }

    fn operation(&self) -> &str {
        self.error.split(": ").next().unwrap_or_default()
    }
}

/// Whom policies are for that are for the identity of `session`, and the compartment that it is in, if it tells.
async fn grantee(session: &Session<'_>) -> (Grantee, Option<String>) {
    let principal = session.connection.client.principal();
    let name = principal.name();
    let is_of = |kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
    if is_of(&["API key", "session"]) || name.ends_with("on behalf of a user") {
        return (Grantee::User, None);
    }
    if is_of(&["OKE"]) {
        let pod = Grantee::Workload {
            cluster: "<cluster OCID>".to_owned(),
            namespace: "<namespace>".to_owned(),
            service_account: "<service account>".to_owned(),
        };
        return (pod, None);
    }
    let credential = principal.credential().await.ok();
    let token = credential.and_then(|known| SecurityToken::parse(known.key_id()).ok());
    let home = token.as_ref().and_then(SecurityToken::compartment);
    let home = home.map(str::to_owned);
    if is_of(&["instance"]) {
        return (Grantee::Instance, home);
    }
    let kind = token.as_ref().and_then(SecurityToken::resource_type);
    let known = kind.map(|kind| Grantee::Resource(kind.to_owned()));
    let known = known.or_else(|| Grantee::of_host(session.cx.host()));
    let unknown = || Grantee::Resource("<resource type>".to_owned());
    (known.unwrap_or_else(unknown), home)
}

const SEARCH: &str = "oci_search_resources";
/// The tools that tell the OCIDs which arguments want.
const LISTERS: [(&str, &str); 19] = [
    ("alarm_id", "oci_observability_list_alarms"),
    ("application_id", "oci_functions_list_applications"),
    ("cluster_id", "oke_list_clusters"),
    ("container_id", "oci_containers_get_instance"),
    ("container_instance_id", "oci_containers_list_instances"),
    ("database_id", "oci_database_list_autonomous"),
    ("function_id", "oci_functions_list_functions"),
    ("gateway_id", "oci_apigateway_list_gateways"),
    ("image_id", "oci_compute_list_images"),
    ("instance_id", "oci_compute_list_instances"),
    ("load_balancer_id", "oci_lb_list"),
    ("log_group_id", "oci_observability_list_log_groups"),
    (
        "model_deployment_id",
        "oci_datascience_list_model_deployments",
    ),
    ("nsg_id", "oci_network_list_nsgs"),
    ("stack_id", "oci_resourcemanager_list_stacks"),
    ("subnet_id", "oci_network_list_subnets"),
    ("topic_id", "oci_notifications_list_topics"),
    ("user_id", "oci_security_list_users"),
    ("vcn_id", "oci_network_list_vcns"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_that_tells_ocids_is_there_and_each_argument_is_one() {
        for (argument, tool) in LISTERS {
            assert!(rows().any(|row| row.name == tool), "{tool}");
            assert!(rows().any(|row| row.takes(argument)), "{argument}");
        }
        assert!(rows().any(|row| row.name == SEARCH));
    }
}
