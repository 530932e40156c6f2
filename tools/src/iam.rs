//! What IAM must let the server do, and how a policy says so.

mod advice;
mod grantee;

pub(crate) use self::advice::{Advice, Told};
pub use self::grantee::Grantee;

use std::collections::{BTreeMap, BTreeSet};

use oci_rest::Catalogue;

use crate::curated::{Asked, COMPARTMENT, Needs, Row, rows};
use crate::error::{Category, Failure};
use crate::policy::{Policy, Refusal};
use crate::{OciTools, Shared};

/// The statement of a policy that lets `grantee`, in the group `group`, do what `need` says: a verb and a
/// resource type, and `in tenancy` if it cannot be in `place`.
fn statement(grantee: &Grantee, group: &str, need: &str, place: &str) -> String {
    match need.strip_suffix(IN_TENANCY) {
        Some(what) => grantee.statement(group, what, "tenancy"),
        None => grantee.statement(group, need, place),
    }
}

/// How a policy calls the compartment with the OCID `id`; the tenancy's is its root compartment's.
#[must_use]
pub fn place(id: &str) -> String {
    if is_tenancy(id) {
        return "tenancy".to_owned();
    }
    format!("compartment id {id}")
}

/// Whether the compartment with the OCID `id` is the root.
pub(crate) fn is_tenancy(id: &str) -> bool {
    let starts = ["ocid1.tenancy.", "ocidv1:tenancy:"];
    starts.iter().any(|start| id.starts_with(start))
}

impl OciTools {
    /// The statements of a policy that lets the server do what its tools need, and no more, in the order
    /// of the alphabet.
    ///
    /// `group` is the name of the group, or of the dynamic group, and `place` where resources are:
    /// `tenancy`, `compartment NAME` or `compartment id OCID`. What [`OciTools::unknown_needs`] names is not among
    /// it, nor what the tools need that call any operation, which is for whoever knows which are meant.
    #[must_use]
    pub fn statements(&self, grantee: &Grantee, group: &str, place: &str) -> Vec<String> {
        let callable = || rows().filter(|row| self.0.has(row));
        let mut needed: BTreeSet<&str> = callable().flat_map(|row| self.0.needs(row)).collect();
        let has_names = callable().any(|row| row.takes(COMPARTMENT));
        if has_names && !self.0.denied.contains_key(COMPARTMENTS.0) {
            needed.extend(COMPARTMENTS.1);
        }
        for operation in self.expanded() {
            needed.extend(needs_of(&operation).into_iter().flatten());
        }
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

    /// The operations that are tools of their own (`functions:*`), and of which is not known what they need.
    #[must_use]
    pub fn unknown_needs(&self) -> Vec<String> {
        let mut unknown = self.expanded();
        unknown.retain(|operation| needs_of(operation).is_none());
        unknown
    }

    /// Whether there is a tool that calls any operation.
    #[must_use]
    pub fn call_any_operation(&self) -> bool {
        self.0.toolsets.have_general()
    }

    /// The compartment of calls that name none (`COMPARTMENT_OCID`).
    #[must_use]
    pub fn compartment(&self) -> Option<&str> {
        self.0.compartment.as_deref()
    }

    fn expanded(&self) -> Vec<String> {
        let Shared {
            catalogue,
            policy,
            toolsets,
            ..
        } = &*self.0;
        let operations = toolsets
            .services()
            .into_iter()
            .flat_map(|service| catalogue.package(service));
        let entries = operations.map(|operation| operation.entry());
        let allowed = entries.filter(|entry| policy.check(entry).is_ok());
        let names: BTreeSet<String> = allowed.map(|entry| entry.to_string()).collect();
        names.into_iter().collect()
    }
}

impl Shared {
    /// Whether `row` can be called: it is in a toolset, and its operator allows what it is for.
    pub(crate) fn has(&self, row: &Row) -> bool {
        self.toolsets.have(row) && self.allows(row).is_ok()
    }

    /// Whether the operator allows what `row` is for.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says which setting is against it.
    pub(crate) fn allows(&self, row: &Row) -> Result<(), Failure> {
        if row.change.is_some() && !self.policy.allows_mutations() {
            return Err(Failure::new(
                Category::Authorization,
                format!(
                    "`{}` changes something, and this server only reads",
                    row.name
                ),
            )
            .suggest(Refusal::Mutation.remedy()));
        }
        let refused = |name: &'static str| self.denied.get(name).map(|refusal| (name, *refusal));
        let mut asked = row.asked().map(|(name, _)| refused(name));
        let refused = if row.is_of_parts {
            asked
                .next()
                .flatten()
                .filter(|_| asked.all(|part| part.is_some()))
        } else {
            row.essential().find_map(refused)
        };
        refused.map_or(Ok(()), |(name, refusal)| {
            let problem = format!("`{}` asks {name}, which {refusal}", row.name);
            Err(Failure::new(Category::Authorization, problem).suggest(refusal.remedy()))
        })
    }

    /// What `row` needs for all that it may ask.
    pub(crate) fn needs(&self, row: &Row) -> BTreeSet<&'static str> {
        let asked = row.asked();
        let allowed = asked.filter(|(name, _)| !self.denied.contains_key(name));
        allowed.flat_map(|(_, needs)| needs).copied().collect()
    }
}

/// The operations of tools that an operator denies, or does not allow.
pub(crate) fn denied(catalogue: &Catalogue, policy: &Policy) -> BTreeMap<&'static str, Refusal> {
    if !policy.names_operations() {
        return BTreeMap::new();
    }
    let mut asked = BTreeMap::new();
    asked.extend(
        rows()
            .flat_map(Row::asked)
            .filter_map(|(name, _)| Some((name.split_once('.')?, name))),
    );
    let mut denied = BTreeMap::new();
    for entry in catalogue.entries() {
        let name = asked.get(&(entry.package(), entry.operation()));
        if let (Some(name), Err(refusal @ (Refusal::Denied | Refusal::NotAllowed))) =
            (name, policy.check(&entry))
        {
            denied.insert(*name, refusal);
        }
    }
    denied
}

/// What the operation `name` needs, where a tool knows.
fn needs_of(name: &str) -> Option<Needs> {
    let mut known = rows().flat_map(Row::asked);
    known.find_map(|(own, needs)| (own == name).then_some(needs))
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
/// What a compartment's name is looked up by.
const COMPARTMENTS: Asked = (
    "identity.list_compartments",
    &["inspect compartments in tenancy"],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_of_a_compartment_unless_it_cannot_be() {
        let place = "compartment production";

        assert_eq!(
            statement(&Grantee::Instance, "mcp", "read instances", place),
            "allow dynamic-group mcp to read instances in compartment production"
        );
        assert_eq!(
            statement(&Grantee::User, "mcp", "inspect users in tenancy", place),
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
        let needs = |row: &Row| row.asked().any(|(_, needs)| !needs.is_empty());
        let without = rows().filter(|row| !needs(row));
        let mut without: Vec<&str> = without.map(|row| row.name).collect();
        without.sort_unstable();

        assert_eq!(without, free);
        for need in rows().flat_map(Row::asked).flat_map(|(_, needs)| needs) {
            let verb = need.split(' ').next().unwrap();
            assert!(VERBS.contains(&verb), "{need}");
            assert!(!resource(need).is_empty(), "{need}");
        }
    }

    #[test]
    fn what_a_tool_cannot_do_without_is_among_what_it_asks() {
        for row in rows() {
            let asked: Vec<_> = row.asked().map(|(name, _)| name).collect();
            assert!(!asked.is_empty(), "{}", row.name);
            for name in row.essential() {
                assert!(asked.contains(&name), "{}: {name}", row.name);
            }
        }
    }
}
