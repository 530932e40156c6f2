//! Resource search: what there is, of all kinds.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::list;
use super::received::Received;
use super::refusal::{Refusal, text};
use super::state::State;
use super::value::field;

/// `POST /20180409/resources`: `query TYPE resources [where field = 'value' | matching 'text']`, or free text.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn search_resources(
    state: &State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    let everything = SEARCHABLE.iter().flat_map(|(kind, collection)| {
        let items = state.items(collection).iter();
        items.map(move |item| (*kind, item))
    });
    let found: Vec<Value> = match text(&body, "type")? {
        "FreeText" => {
            let words = text(&body, "text")?.to_lowercase();
            let found =
                everything.filter(|(_, item)| item.to_string().to_lowercase().contains(&words));
            found.map(|(kind, item)| resource(kind, item)).collect()
        }
        "Structured" => {
            let query = Structured::parse(text(&body, "query")?)?;
            let found = everything.filter(|(kind, item)| query.matches(kind, item));
            found.map(|(kind, item)| resource(kind, item)).collect()
        }
        other => {
            return Err(Refusal::invalid(format!(
                "type must be Structured or FreeText, not `{other}`"
            )));
        }
    };
    list::page(&found, true, request)
}

fn resource(kind: &str, item: &Value) -> Value {
    let name = if item["displayName"].is_null() {
        &item["name"]
    } else {
        &item["displayName"]
    };
    json!({
        "resourceType": kind,
        "identifier": item["id"],
        "compartmentId": item["compartmentId"],
        "timeCreated": item["timeCreated"],
        "displayName": name,
        "availabilityDomain": item["availabilityDomain"],
        "lifecycleState": item["lifecycleState"],
        "freeformTags": {},
        "definedTags": {},
        "systemTags": {},
    })
}

struct Structured<'a> {
    kind: &'a str,
    conditions: Vec<(&'a str, &'a str, &'a str)>,
    words: String,
}

impl<'a> Structured<'a> {
    fn parse(text: &'a str) -> Result<Self, Refusal> {
        let bad = || {
            Refusal::invalid(format!(
                "the query `{text}` must be like `query instance resources where displayName = 'a'`"
            ))
        };
        let rest = text.trim().strip_prefix("query ").ok_or_else(bad)?;
        let (kind, rest) = rest.trim_start().split_once(" resources").ok_or_else(bad)?;
        let (rest, words) = match rest.trim().strip_prefix("matching ") {
            Some(words) => ("", quoted(words).ok_or_else(bad)?),
            None => (rest.trim(), ""),
        };
        let conditions = match rest.strip_prefix("where ") {
            None if rest.is_empty() => Vec::new(),
            None => return Err(bad()),
            Some(conditions) => {
                let conditions = conditions.split("&&").map(|condition| {
                    let (field, rest) = condition.trim().split_once(' ')?;
                    let (operator, value) = rest.trim().split_once(' ')?;
                    let known = ["=", "!=", "=~"].contains(&operator);
                    known.then_some((field, operator, value.trim().trim_matches(['\'', '"'])))
                });
                conditions.collect::<Option<_>>().ok_or_else(bad)?
            }
        };
        Ok(Self {
            kind: kind.trim(),
            conditions,
            words: words.to_lowercase(),
        })
    }

    fn matches(&self, kind: &str, item: &Value) -> bool {
        let wanted = self.kind.eq_ignore_ascii_case("all") || self.kind.eq_ignore_ascii_case(kind);
        let resource = resource(kind, item);
        wanted
            && item.to_string().to_lowercase().contains(&self.words)
            && self.conditions.iter().all(|(name, operator, value)| {
                let found = field(&resource, name)
                    .as_str()
                    .unwrap_or_default()
                    .to_lowercase();
                let value = value.to_lowercase();
                match *operator {
                    "=" => found == value,
                    "!=" => found != value,
                    _ => found.contains(&value),
                }
            })
    }
}

/// What is in one pair of single quotation marks, with nothing after them.
fn quoted(text: &str) -> Option<&str> {
    let text = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!text.contains('\'')).then_some(text)
}

/// The types of resource search that are collections here.
const SEARCHABLE: &[(&str, &str)] = &[
    ("Instance", "instances"),
    ("Vcn", "vcns"),
    ("Subnet", "subnets"),
    ("Volume", "volumes"),
    ("BootVolume", "bootVolumes"),
    ("AutonomousDatabase", "autonomousDatabases"),
    ("FunctionsApplication", "applications"),
    ("FunctionsFunction", "functions"),
    ("Compartment", "compartments"),
    ("ContainerInstance", "containerInstances"),
    ("DataScienceModelDeployment", "modelDeployments"),
    ("ClustersCluster", "clusters"),
    ("LoadBalancer", "loadBalancers"),
    ("VaultSecret", "secrets"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_matches_is_in_one_pair_of_quotation_marks() {
        let words = |words: &str| {
            let query = format!("query vcn resources matching {words}");
            Structured::parse(&query).map(|query| query.words).ok()
        };

        assert_eq!(words("'Main a\" b'"), Some("main a\" b".to_owned()));
        for bad in [
            "main",
            "\"main\"",
            "'main",
            "main'",
            "'",
            "'a'b'",
            "'a' where b = 'c'",
        ] {
            assert_eq!(words(bad), None, "{bad}");
        }
    }
}
