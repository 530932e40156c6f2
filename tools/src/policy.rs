//! Which operations may be called.

mod pattern;

use std::fmt;
use std::str::FromStr;

use oci_mcp::Vars;
use oci_rest::{Catalogue, Entry};

use self::pattern::Pattern;
pub(crate) use self::pattern::matches;
use crate::credentials;

/// What the operator allows. It judges the operation that was found, never the name by which a caller
/// asked for it.
#[derive(Debug)]
pub(crate) struct Policy {
    mutations: bool,
    allow: Option<Vec<Pattern>>,
    deny: Vec<Pattern>,
}

impl Policy {
    pub(crate) fn read(vars: &mut Vars<'_>, catalogue: &Catalogue) -> Self {
        let mutations = vars.parse(MUTATIONS).is_some_and(|Flag(flag)| flag);
        let mut patterns = |name: &str| {
            let patterns: Option<Vec<Pattern>> = vars.list(name);
            for pattern in patterns.iter().flatten() {
                if !catalogue.entries().any(|entry| pattern.fits(&entry)) {
                    vars.note(format_args!(
                        "`{name}` has `{pattern}`: no operation is called so; one is such as `core.list_instances`"
                    ));
                }
            }
            patterns
        };
        Self {
            mutations,
            allow: patterns(ALLOW),
            deny: patterns(DENY).unwrap_or_default(),
        }
    }

    pub(crate) fn allows_mutations(&self) -> bool {
        self.mutations
    }

    /// Whether the operator names operations, so that some may not be called.
    pub(crate) fn names_operations(&self) -> bool {
        self.allow.is_some() || !self.deny.is_empty()
    }

    /// Whether `entry` may be called. To deny wins over to allow.
    ///
    /// # Errors
    ///
    /// The [`Refusal`] that says which setting is against it.
    pub(crate) fn check(&self, entry: &Entry<'_>) -> Result<(), Refusal> {
        let allow = self.allow.as_deref();
        let is_named = allow.is_some_and(|allow| allow.iter().any(|own| own.names(entry)));
        match self.check_of_tool(entry) {
            Ok(()) | Err(Refusal::Mutation) if credentials::returns(entry) && !is_named => {
                Err(Refusal::Credentials)
            }
            outcome => outcome,
        }
    }

    /// The same for a tool that was made to hand out what `entry` answers.
    ///
    /// # Errors
    ///
    /// As [`Policy::check`], but for [`Refusal::Credentials`].
    pub(crate) fn check_of_tool(&self, entry: &Entry<'_>) -> Result<(), Refusal> {
        let allowed = self.allow.as_deref();
        if self.deny.iter().any(|pattern| pattern.fits(entry)) {
            return Err(Refusal::Denied);
        }
        if allowed.is_some_and(|allow| !allow.iter().any(|pattern| pattern.fits(entry))) {
            return Err(Refusal::NotAllowed);
        }
        if !self.mutations && !entry.is_read_only() {
            return Err(Refusal::Mutation);
        }
        Ok(())
    }
}

/// Why an operation may not be called. It displays as what is said of the operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    Denied,
    NotAllowed,
    Credentials,
    Mutation,
}

impl Refusal {
    /// What would have to be otherwise.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::Denied => "its operator denies it with `OCI_MCP_OPERATIONS_DENY`; do without it",
            Self::NotAllowed => {
                "its operator allows the operations that `OCI_MCP_OPERATIONS_ALLOW` lists; use one of them"
            }
            Self::Credentials => {
                "its operator can allow it by its whole name in `OCI_MCP_OPERATIONS_ALLOW`, without `*`"
            }
            Self::Mutation => "its operator allows changes with `ALLOW_MUTATIONS=true`",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied | Self::NotAllowed => "is not allowed on this server",
            Self::Credentials => "answers with a credential, which this server does not hand out",
            Self::Mutation => "changes something, and this server only reads",
        })
    }
}

/// `true` or `false`, in any case.
struct Flag(bool);

impl FromStr for Flag {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err("it is `true` or `false`"),
        }
    }
}

const ALLOW: &str = "OCI_MCP_OPERATIONS_ALLOW";
const DENY: &str = "OCI_MCP_OPERATIONS_DENY";
const MUTATIONS: &str = "ALLOW_MUTATIONS";

#[cfg(test)]
mod tests {
    use oci_mcp::ConfigError;

    use super::*;

    fn policy(settings: &[(&str, &str)]) -> Result<Policy, ConfigError> {
        let mut vars = Vars::new(|name: &str| {
            let found = settings.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let policy = Policy::read(&mut vars, &Catalogue::new());
        vars.finish(Some(policy))
    }

    fn verdict(settings: &[(&str, &str)], operation: &str) -> Result<(), Refusal> {
        let catalogue = Catalogue::new();
        let operation = catalogue.find(operation).unwrap();
        policy(settings).unwrap().check(&operation.entry())
    }

    #[test]
    fn unless_told_otherwise_everything_may_be_read_but_credentials_and_nothing_changed() {
        let rows = [
            ("core.list_instances", Ok(())),
            ("usage_api.request_summarized_usages", Ok(())),
            ("core.instance_action", Err(Refusal::Mutation)),
            ("core.terminate_instance", Err(Refusal::Mutation)),
            ("secrets.get_secret_bundle", Err(Refusal::Credentials)),
            ("identity.create_auth_token", Err(Refusal::Credentials)),
        ];

        for (operation, expected) in rows {
            assert_eq!(verdict(&[], operation), expected, "{operation}");
        }
    }

    #[test]
    fn to_deny_wins_over_to_allow_and_over_mutations() {
        let settings = [
            (MUTATIONS, "TRUE"),
            (ALLOW, "compute, identity.list_*"),
            (DENY, "core.terminate_*"),
        ];
        let rows = [
            ("core.list_instances", Ok(())),
            ("Compute.LaunchInstance", Ok(())),
            ("identity.list_users", Ok(())),
            ("identity.get_user", Err(Refusal::NotAllowed)),
            // In the same package, and of another service.
            ("core.list_vcns", Err(Refusal::NotAllowed)),
            ("Compute.Terminate-Instance", Err(Refusal::Denied)),
        ];

        for (operation, expected) in rows {
            assert_eq!(verdict(&settings, operation), expected, "{operation}");
        }
    }

    #[test]
    fn a_credential_is_allowed_by_its_whole_name_alone() {
        let bundle = "secrets.get_secret_bundle";
        let rows = [
            ("secrets.*", Err(Refusal::Credentials)),
            ("secrets", Err(Refusal::Credentials)),
            ("*", Err(Refusal::Credentials)),
            ("secrets.get_secret_bundl*", Err(Refusal::Credentials)),
            ("*,secrets.get_secret_bundle", Ok(())),
        ];

        for (allow, expected) in rows {
            assert_eq!(verdict(&[(ALLOW, allow)], bundle), expected, "{allow}");
        }
        let settings = [(ALLOW, bundle), (DENY, "secrets")];
        assert_eq!(verdict(&settings, bundle), Err(Refusal::Denied));
    }

    #[test]
    fn every_setting_that_would_not_do_what_it_says_is_refused() {
        let settings = [
            (MUTATIONS, "yes"),
            (ALLOW, "core.list_instances, core list"),
            (DENY, "core.terminate_instances,dns.*"),
        ];

        let error = policy(&settings).unwrap_err();

        let [mutations, allow, deny] = error.problems() else {
            panic!("{error}");
        };
        assert!(
            mutations.contains("`ALLOW_MUTATIONS` is `yes`"),
            "{mutations}"
        );
        assert!(allow.contains("`core list`"), "{allow}");
        assert!(deny.contains("`core.terminate_instances`"), "{deny}");
    }
}
