//! Variables that look like settings and are none: whoever set one thinks that it has an effect.

use oci_mcp::Vars;

use crate::kubernetes::is_service_link;

/// Every setting whose name begins as ours do, of whatever host and scheme.
const SETTINGS: [&str; 47] = [
    "OCI_MCP_ACCESS",
    "OCI_MCP_ACCESS_AUDIENCE",
    "OCI_MCP_ACCESS_CLIENT_ID",
    "OCI_MCP_ACCESS_CLIENT_SECRET_FILE",
    "OCI_MCP_ACCESS_CLIENT_SECRET_ID",
    "OCI_MCP_ACCESS_GATEWAY",
    "OCI_MCP_ACCESS_IDENTITY_DOMAIN",
    "OCI_MCP_ACCESS_INTROSPECTION_URL",
    "OCI_MCP_ACCESS_ISSUER",
    "OCI_MCP_ACCESS_JWKS_FILE",
    "OCI_MCP_ACCESS_JWKS_URL",
    "OCI_MCP_ACCESS_POLICY",
    "OCI_MCP_ACCESS_RESOURCE",
    "OCI_MCP_ACCESS_SCOPES",
    "OCI_MCP_ACCESS_SECRET_FILE",
    "OCI_MCP_ACCESS_SECRET_ID",
    "OCI_MCP_ACCESS_TOKENS_FILE",
    "OCI_MCP_ALLOWED_HOSTS",
    "OCI_MCP_ALLOWED_ORIGINS",
    "OCI_MCP_AUDIT",
    "OCI_MCP_AUDIT_ARGUMENTS",
    "OCI_MCP_AUDIT_FAIL_CLOSED",
    "OCI_MCP_AUDIT_LOG_ID",
    "OCI_MCP_AUTH_TYPE",
    "OCI_MCP_BIND",
    "OCI_MCP_CALLS_PER_MINUTE",
    "OCI_MCP_DELEGATION_TOKEN_FILE",
    "OCI_MCP_HOST",
    "OCI_MCP_LOG",
    "OCI_MCP_MAX_BODY_BYTES",
    "OCI_MCP_MAX_RESPONSE_BYTES",
    "OCI_MCP_MAX_RESULT_BYTES",
    "OCI_MCP_OKE_SERVICE_ACCOUNT_TOKEN_PATH",
    "OCI_MCP_OPERATIONS_ALLOW",
    "OCI_MCP_OPERATIONS_DENY",
    "OCI_MCP_PATH",
    "OCI_MCP_PORT",
    "OCI_MCP_REPLY",
    "OCI_MCP_STATE_KEY",
    "OCI_MCP_STATE_KEY_FILE",
    "OCI_MCP_STATE_KEY_SECRET_ID",
    "OCI_MCP_TOOLSETS",
    "OCI_MCP_TOOL_CALLS_PER_MINUTE",
    "OCI_MCP_TOOL_CONCURRENCY",
    "OCI_MCP_TRANSPORT",
    // What `make` and tests go by, which a developer may have set.
    "OCI_MCP_JUDGE",
    "OCI_MCP_PEERS",
];

/// Names that differ in more characters are hardly mistaken for each other.
const SIMILAR: usize = 4;

/// Notes in `vars` which of the `names` that are set are no settings, and which setting may be meant.
pub(crate) fn note(vars: &mut Vars<'_>, names: impl IntoIterator<Item = String>) {
    let mut unknown: Vec<_> = names
        .into_iter()
        .filter(|name| name.starts_with("OCI_MCP_") && !SETTINGS.contains(&&**name))
        .filter(|name| vars.get(name).is_some() && !is_service_link(vars, name))
        .collect();
    unknown.sort_unstable();
    for name in unknown {
        let nearest = SETTINGS
            .iter()
            .map(|setting| (strsim::damerau_levenshtein(&name, setting), setting))
            .min()
            .filter(|(distance, _)| *distance <= SIMILAR);
        let name = name.escape_debug();
        match nearest {
            Some((_, setting)) => vars.note(format_args!(
                "`{name}` is no setting; is `{setting}` meant?"
            )),
            None => vars.note(format_args!("`{name}` is no setting")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(names: &[&str]) -> Vec<String> {
        let mut vars = Vars::new(|_: &str| Some("1".to_owned()));
        note(&mut vars, names.iter().map(|name| (*name).to_owned()));
        match vars.finish(Some(())) {
            Ok(()) => Vec::new(),
            Err(error) => error.problems().to_owned(),
        }
    }

    #[test]
    fn a_setting_that_is_misspelt_is_refused_with_the_one_that_is_meant() {
        let cases = [
            ("OCI_MCP_ACCESSES", "OCI_MCP_ACCESS"),
            ("OCI_MCP_ALLOWED_ORIGIN", "OCI_MCP_ALLOWED_ORIGINS"),
            ("OCI_MCP_ACCESS_TOKEN_FILE", "OCI_MCP_ACCESS_TOKENS_FILE"),
            ("OCI_MCP_MAX_BODY_BYTE", "OCI_MCP_MAX_BODY_BYTES"),
        ];

        for (wrong, meant) in cases {
            let expected = format!("`{wrong}` is no setting; is `{meant}` meant?");
            assert_eq!(problems(&[wrong]), [expected]);
        }
        assert_eq!(
            problems(&["OCI_MCP_X509_THUMBPRINTS", "OCI_MCP_ACCESS_FOO"]).len(),
            2
        );
    }

    #[test]
    fn what_is_none_of_ours_or_empty_is_left_alone() {
        let others = [
            "PATH",
            "MCP_PORTS",
            "OCI_CLI_AUTH",
            // Kubernetes', for a service called `oci-mcp-server`.
            "OCI_MCP_SERVER_SERVICE_HOST",
            "OCI_MCP_SERVER_PORT_8080_TCP_ADDR",
        ];
        let mut empty = Vars::new(|_: &str| Some(String::new()));

        note(&mut empty, ["OCI_MCP_FOO".to_owned()]);

        assert!(empty.finish(Some(())).is_ok());
        assert_eq!(problems(&others), Vec::<String>::new());
        assert_eq!(problems(&SETTINGS), Vec::<String>::new());
    }

    #[test]
    fn every_name_that_is_read_somewhere_is_known_here() {
        let sources = [
            include_str!("../../README.md"),
            include_str!("../../shared/src/config.rs"),
            include_str!("../../oci/src/principal/select.rs"),
            include_str!("../../oci/src/principal/workload.rs"),
            include_str!("../../tools/src/lib.rs"),
            include_str!("access.rs"),
            include_str!("access/known.rs"),
            include_str!("audit.rs"),
            include_str!("container.rs"),
            include_str!("datascience.rs"),
            include_str!("functions.rs"),
            include_str!("host.rs"),
            include_str!("http.rs"),
            include_str!("lib.rs"),
            include_str!("state.rs"),
        ];
        let words = sources
            .iter()
            .flat_map(|source| source.split(|c: char| !c.is_ascii_uppercase() && c != '_'));

        let names: Vec<_> = words
            .filter(|word| word.starts_with("OCI_MCP_") && !word.ends_with('_'))
            .collect();

        assert!(names.len() > 100, "{}", names.len());
        for name in names {
            assert!(SETTINGS.contains(&name), "{name}");
        }
    }
}
