//! Which scopes a tool takes, and which of its arguments the token decides. Pure data.

mod glob;

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use self::glob::Glob;
use crate::identity::Identity;
use crate::refusal::{Reason, Refusal};
use crate::scopes::Scopes;

/// Which scopes tools take, and which of their arguments the token decides.
///
/// The first rule that fits a tool holds; if none does, it goes by whether the tool changes anything.
/// No scope implies another: who may write and read has both.
///
/// ```
/// use oci_mcp_access::{Policy, ToolFacts};
///
/// let policy: Policy = serde_json::from_str(
///     r#"{"rules": [
///         {"tools": {"name": "compute_stop_instance"}, "scopes": ["write:tools", "compute:power"]},
///         {"tools": {"glob": "vault_*"}, "scopes": ["admin:vault"]}
///     ]}"#,
/// )?;
/// let stop = ToolFacts { name: "compute_stop_instance", toolset: None, is_read_only: false };
/// let list = ToolFacts { name: "compute_list_instances", toolset: None, is_read_only: true };
///
/// assert_eq!(policy.required(&stop).to_string(), "compute:power write:tools");
/// assert_eq!(policy.required(&list).to_string(), "read:tools");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    rules: Vec<Rule>,
    bindings: Vec<Binding>,
    read: Scopes,
    write: Scopes,
}

/// Which tools a rule is for, and all the scopes that they take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    tools: Tools,
    scopes: Scopes,
}

/// An argument whose value is a claim of the token: the model neither sees it nor changes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    tools: Tools,
    argument: String,
    claim: String,
}

/// Names are compared byte by byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tools {
    Name(String),
    Toolset(String),
    Glob(Glob),
}

/// What a policy goes by.
#[derive(Clone, Copy, Debug)]
pub struct ToolFacts<'a> {
    /// The name under which the server found it, never the one that a client wrote.
    pub name: &'a str,
    /// Its toolset, if it has one.
    pub toolset: Option<&'a str>,
    /// The hint `readOnlyHint`. A tool without it changes things.
    pub is_read_only: bool,
}

/// No rules: what changes nothing takes `read:tools`, all else `write:tools`.
impl Default for Policy {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            bindings: Vec::new(),
            read: Scopes::one("read:tools"),
            write: Scopes::one("write:tools"),
        }
    }
}

impl Policy {
    /// All the scopes that a call of `tool` takes.
    #[must_use]
    pub fn required(&self, tool: &ToolFacts<'_>) -> &Scopes {
        let rule = self.rules.iter().find(|rule| rule.tools.include(tool));
        match rule {
            Some(rule) => &rule.scopes,
            None if tool.is_read_only => &self.read,
            None => &self.write,
        }
    }

    /// Whether `identity` may call `tool`, and so whether it is in the list.
    ///
    /// # Errors
    ///
    /// [`Refusal`] that names all the scopes it takes.
    pub fn check(&self, identity: &Identity, tool: &ToolFacts<'_>) -> Result<(), Refusal> {
        has_all(identity, self.required(tool))
    }

    /// Whether `identity` may read what is no tool and changes nothing: it takes the scopes of a tool
    /// that only reads, and no rule.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn check_reading(&self, identity: &Identity) -> Result<(), Refusal> {
        has_all(identity, &self.read)
    }

    /// The arguments of `tool` that the token decides, as far as the tool has them.
    pub fn bindings(&self, tool: &ToolFacts<'_>) -> impl Iterator<Item = &Binding> {
        let bindings = self.bindings.iter();
        bindings.filter(move |binding| binding.tools.include(tool))
    }

    /// The arguments that the token decides for any tool.
    pub fn bound(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().map(Binding::argument)
    }

    /// The rules and bindings that are for none of `tools`, in words: such as of a name that is misspelt.
    #[must_use]
    pub fn idle(&self, tools: &[ToolFacts<'_>]) -> Vec<String> {
        let rules = self.rules.iter().map(|rule| ("a rule", &rule.tools));
        let bindings = self.bindings.iter();
        let bindings = bindings.map(|binding| ("a binding", &binding.tools));
        rules
            .chain(bindings)
            .filter(|(_, which)| !tools.iter().any(|tool| which.include(tool)))
            .map(|(what, which)| format!("{what} for {which}"))
            .collect()
    }

    /// All the scopes that any tool may take.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        let rules = self.rules.iter().map(|rule| &rule.scopes);
        rules.chain([&self.read, &self.write]).cloned().collect()
    }

    /// The claims that bindings need, for [`Requirements::keep`](crate::Requirements::keep).
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.bindings.iter().map(|binding| binding.claim.as_str())
    }
}

fn has_all(identity: &Identity, required: &Scopes) -> Result<(), Refusal> {
    if identity.scopes().contains_all(required) {
        Ok(())
    } else {
        Err(Refusal::insufficient_scope(required.clone()))
    }
}

impl Binding {
    /// The name of the argument.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.argument
    }

    /// The value of the argument for `identity`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the token does not have the claim, or an empty one: then nobody may choose.
    pub fn value<'a>(&self, identity: &'a Identity) -> Result<&'a Value, Refusal> {
        let claim = identity.claim(&self.claim);
        let claim = claim.filter(|claim| !claim.is_null() && **claim != "");
        claim.ok_or_else(|| {
            let detail = format!("`{}` comes from claim `{}`", self.argument, self.claim);
            Refusal::new(Reason::ClaimUnbound, detail)
        })
    }
}

impl Tools {
    fn include(&self, tool: &ToolFacts<'_>) -> bool {
        match self {
            Self::Name(name) => name == tool.name,
            Self::Toolset(toolset) => tool.toolset == Some(toolset),
            Self::Glob(glob) => glob.fits(tool.name),
        }
    }
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Name(name) => ("the name", name.as_str()),
            Self::Toolset(toolset) => ("the toolset", toolset.as_str()),
            Self::Glob(glob) => ("the glob", glob.as_str()),
        };
        write!(f, "{kind} `{}`", text.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn policy(text: &Value) -> Policy {
        Policy::deserialize(text).unwrap()
    }

    fn tool<'a>(name: &'a str, toolset: &'a str) -> ToolFacts<'a> {
        ToolFacts {
            name,
            toolset: Some(toolset),
            is_read_only: false,
        }
    }

    fn caller(scopes: &str, claims: &Value) -> Identity {
        Identity {
            subject: "user".to_owned(),
            issuer: None,
            client: None,
            scopes: Scopes::parse(scopes).unwrap(),
            claims: claims.as_object().cloned().unwrap_or_else(Map::new),
            expires: None,
        }
    }

    #[test]
    fn the_first_rule_that_fits_holds() {
        let policy = policy(&json!({ "rules": [
            { "tools": { "name": "vault_list" }, "scopes": ["one"] },
            { "tools": { "glob": "vault_*" }, "scopes": ["two"] },
            { "tools": { "toolset": "security" }, "scopes": ["three"] },
        ] }));

        let required = |name, toolset| policy.required(&tool(name, toolset)).to_string();

        assert_eq!(required("vault_list", "security"), "one");
        assert_eq!(required("vault_delete", "security"), "two");
        assert_eq!(required("audit_list", "security"), "three");
        assert_eq!(required("Vault_list", "Security"), "write:tools");
    }

    #[test]
    fn a_tool_that_does_not_say_that_it_reads_takes_the_scope_of_those_that_write() {
        let policy = policy(&json!({ "read": ["mcp:read"], "write": ["mcp:write"] }));
        let reads = ToolFacts {
            is_read_only: true,
            ..tool("a", "b")
        };

        assert_eq!(policy.required(&reads).to_string(), "mcp:read");
        assert_eq!(policy.required(&tool("a", "b")).to_string(), "mcp:write");
    }

    #[test]
    fn a_caller_needs_every_scope_and_is_told_all_of_them() {
        let policy = policy(&json!({ "rules": [
            { "tools": { "glob": "*" }, "scopes": ["a", "b"] },
        ] }));
        let check = |scopes| policy.check(&caller(scopes, &json!({})), &tool("x", ""));

        let refusal = check("a c").unwrap_err();

        assert_eq!(check("c b a"), Ok(()));
        assert_eq!(refusal.reason(), Reason::InsufficientScope);
        assert_eq!(refusal.scopes().to_string(), "a b");
    }

    #[test]
    fn a_bound_argument_is_the_callers_claim_and_without_it_nothing_is_called() {
        let policy = policy(&json!({ "bindings": [
            { "tools": { "toolset": "compute" }, "argument": "compartment_id", "claim": "tenant" },
        ] }));
        let facts = tool("compute_list", "compute");
        let binding = policy.bindings(&facts).next().unwrap();

        let bound = caller("", &json!({ "tenant": "ocid1.compartment.oc1..a" }));

        assert_eq!(binding.argument(), "compartment_id");
        assert_eq!(
            binding.value(&bound),
            Ok(&json!("ocid1.compartment.oc1..a"))
        );
        for claims in [
            json!({}),
            json!({ "tenant": null }),
            json!({ "tenant": "" }),
        ] {
            let refusal = binding.value(&caller("", &claims)).cloned().unwrap_err();
            assert_eq!(refusal.reason(), Reason::ClaimUnbound, "{claims}");
        }
        assert_eq!(policy.bindings(&tool("vault_list", "vault")).count(), 0);
        assert_eq!(policy.claims().collect::<Vec<_>>(), ["tenant"]);
        assert_eq!(policy.bound().collect::<Vec<_>>(), ["compartment_id"]);
    }

    #[test]
    fn rules_and_bindings_for_no_tool_are_found() {
        let policy = policy(&json!({
            "rules": [
                { "tools": { "name": "vault_list" }, "scopes": [] },
                { "tools": { "name": "vault_lst" }, "scopes": ["admin"] },
                { "tools": { "toolset": "vaults" }, "scopes": ["admin"] },
            ],
            "bindings": [
                { "tools": { "glob": "vault_*" }, "argument": "a", "claim": "b" },
                { "tools": { "glob": "Vault_*" }, "argument": "a", "claim": "b" },
            ],
        }));

        let idle = policy.idle(&[tool("audit_list", "audit"), tool("vault_list", "vault")]);

        let expected = [
            "a rule for the name `vault_lst`",
            "a rule for the toolset `vaults`",
            "a binding for the glob `Vault_*`",
        ];
        assert_eq!(idle, expected);
    }

    #[test]
    fn a_policy_with_a_key_that_is_unknown_or_a_rule_for_nothing_is_refused() {
        let policies = [
            json!({ "rule": [] }),
            json!({ "rules": [{ "scopes": [] }] }),
            json!({ "rules": [{ "tools": { "glob": "a" } }] }),
            json!({ "rules": [{ "tools": { "name": "a", "glob": "b" }, "scopes": [] }] }),
            json!({ "rules": [{ "tools": { "names": "a" }, "scopes": [] }] }),
            json!({ "rules": [{ "tools": { "glob": "a?" }, "scopes": [] }] }),
            json!({ "rules": [{ "tools": { "glob": "a" }, "scopes": ["a b"] }] }),
            json!({ "bindings": [{ "tools": { "glob": "*" }, "argument": "a" }] }),
        ];

        for text in policies {
            assert!(Policy::deserialize(&text).is_err(), "{text}");
        }
    }
}
