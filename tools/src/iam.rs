//! What IAM must let the server do, and how a policy says so.

use std::collections::BTreeSet;

use crate::curated::rows;
use crate::{OciTools, Shared};

/// Whom a policy is for: by what a host is known to IAM.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grantee {
    /// A function of OCI Functions.
    Functions,
    /// A model deployment of Data Science.
    DataScience,
    /// A container instance.
    Container,
    /// A person, whose key or session is used.
    User,
}

impl Grantee {
    /// The one that a host named `host` has: `functions`, `datascience`, `container`.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        match host {
            "functions" => Some(Self::Functions),
            "datascience" => Some(Self::DataScience),
            "container" => Some(Self::Container),
            _ => None,
        }
    }

    /// The matching rule of a dynamic group that has those in `compartment`, an OCID.
    #[must_use]
    pub fn matching_rule(self, compartment: &str) -> Option<String> {
        let kind = match self {
            Self::Functions => "fnfunc",
            Self::DataScience => "datasciencemodeldeployment",
            Self::Container => "computecontainerinstance",
            Self::User => return None,
        };
        Some(format!(
            "ALL {{resource.type = '{kind}', resource.compartment.id = '{compartment}'}}"
        ))
    }

    fn subject(self, group: &str) -> String {
        match self {
            Self::User => format!("group {group}"),
            _ => format!("dynamic-group {group}"),
        }
    }
}

/// The statement of a policy that lets `grantee`, in the group `group`, do what `need` says: a verb and a
/// resource type, and `in tenancy` if it cannot be in `place`.
pub(crate) fn statement(grantee: Grantee, group: &str, need: &str, place: &str) -> String {
    let (what, place) = match need.strip_suffix(IN_TENANCY) {
        Some(what) => (what, "tenancy"),
        None => (need, place),
    };
    format!("allow {} to {what} in {place}", grantee.subject(group))
}

impl OciTools {
    /// The statements of a policy that lets the server do what its tools need, and no more, in the order
    /// of the alphabet.
    ///
    /// `group` is the name of the group, or of the dynamic group, and `place` where resources are:
    /// `tenancy`, `compartment NAME` or `compartment id OCID`. What the tools need that call any operation
    /// is for whoever knows which operations are meant.
    #[must_use]
    pub fn statements(&self, grantee: Grantee, group: &str, place: &str) -> Vec<String> {
        let needed = rows()
            .filter(|row| self.0.has(row))
            .flat_map(|row| row.needs);
        let needed: BTreeSet<&str> = needed.copied().collect();
        let mut kept: Vec<&str> = Vec::new();
        for need in &needed {
            if !needed.iter().any(|other| includes(other, need)) {
                kept.push(need);
            }
        }
        kept.sort_by_key(|need| resource(need));
        let statements = kept.into_iter();
        statements
            .map(|need| statement(grantee, group, need, place))
            .collect()
    }
}

impl Shared {
    /// Whether `row` can be called: it is in a toolset, and changes nothing unless that is allowed.
    pub(crate) fn has(&self, row: &crate::curated::Row) -> bool {
        let may_change = self.policy.allows_mutations();
        self.toolsets.have(row) && (row.change.is_none() || may_change)
    }
}

/// Whether `other` lets do all that `need` does, and more: each verb includes those before it.
fn includes(other: &str, need: &str) -> bool {
    let rank = |need: &str| {
        let verb = need.split(' ').next().unwrap_or_default();
        VERBS.iter().position(|own| *own == verb)
    };
    resource(other) == resource(need) && rank(other) > rank(need)
}

/// What a need is of: all but its verb.
fn resource(need: &str) -> &str {
    need.split_once(' ').map_or("", |(_, resource)| resource)
}

const VERBS: [&str; 4] = ["inspect", "read", "use", "manage"];
const IN_TENANCY: &str = " in tenancy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_of_a_compartment_unless_it_cannot_be() {
        let place = "compartment production";

        assert_eq!(
            statement(Grantee::Functions, "mcp", "read instances", place),
            "allow dynamic-group mcp to read instances in compartment production"
        );
        assert_eq!(
            statement(Grantee::User, "mcp", "inspect users in tenancy", place),
            "allow group mcp to inspect users in tenancy"
        );
    }

    #[test]
    fn a_verb_includes_those_before_it() {
        assert!(includes("manage instances", "read instances"));
        assert!(!includes("read instances", "read instances"));
        assert!(!includes("manage vcns", "read instances"));
    }

    #[test]
    fn no_tool_lacks_what_it_needs_but_those_that_need_nothing() {
        // The namespace is told to whoever asks, and a search finds what its caller may see.
        let free = [
            "fetch",
            "oci_search_resources",
            "oci_storage_get_namespace",
            "search",
        ];
        let without = rows().filter(|row| row.needs.is_empty());
        let mut without: Vec<&str> = without.map(|row| row.name).collect();
        without.sort_unstable();

        assert_eq!(without, free);
        for need in rows().flat_map(|row| row.needs) {
            let verb = need.split(' ').next().unwrap();
            assert!(VERBS.contains(&verb), "{need}");
            assert!(!resource(need).is_empty(), "{need}");
        }
    }
}
