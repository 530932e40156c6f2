//! The settings, as the server itself reads them.

use oci_mcp::Vars;
use oci_mcp_hosts::Place;

use super::finding::Finding;

/// What the server would refuse in the settings that `lookup` finds, whose names are `names`; and where
/// it would be.
pub(super) fn examine(
    lookup: impl Fn(&str) -> Option<String>,
    names: impl IntoIterator<Item = String>,
) -> (Vec<Finding>, Option<Place>) {
    let mut vars = Vars::new(lookup);
    let place = oci_mcp_hosts::check(crate::app, &mut vars, names);
    let findings = match (vars.finish(Some(())), place) {
        (Err(error), _) => error.problems().iter().map(refused).collect(),
        (Ok(()), Some(place)) if place.is_left_to_the_network => vec![
            Finding::warning("whoever reaches the server may call its tools")
                .because("`OCI_MCP_ACCESS` is `none`, and it listens for other machines")
                .mend(
                    "OCI_MCP_ACCESS=jwt, introspection, static or gateway, unless network rules \
                        let \
                     nobody but a gateway in that asks who calls",
                ),
        ],
        (Ok(()), Some(place)) => vec![Finding::good(format!(
            "the settings can be used, by the host `{}`",
            place.host
        ))],
        (Ok(()), None) => Vec::new(),
    };
    (findings, place)
}

fn refused(problem: &String) -> Finding {
    Finding::problem(problem)
        .because("the server ends at once when a setting cannot be used")
        .mend(
            "set it right where the server gets it: a flag, this shell, the configuration of the \
             function, the variables of the container or pod",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    fn examined(variables: &[(&str, &str)]) -> (Vec<Finding>, Option<Place>) {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        examine(lookup, variables.iter().map(|(name, _)| (*name).to_owned()))
    }

    #[test]
    fn every_problem_that_the_server_would_refuse_is_a_finding() {
        let (findings, place) = examined(&[
            ("OCI_MCP_BIND", "0.0.0.0"),
            ("OCI_MCP_PORTS", "9000"),
            ("OCI_MCP_MAX_BODY_BYTES", "many"),
            ("ALLOW_MUTATIONS", "perhaps"),
        ]);

        let problems: Vec<_> = findings.iter().map(|finding| &*finding.what).collect();
        for part in [
            "OCI_MCP_ACCESS",
            "OCI_MCP_PORTS",
            "OCI_MCP_MAX_BODY_BYTES",
            "ALLOW_MUTATIONS",
        ] {
            assert!(
                problems.iter().any(|text| text.contains(part)),
                "{part}: {problems:?}"
            );
        }
        assert!(
            findings
                .iter()
                .all(|finding| finding.verdict == Verdict::Problem)
        );
        assert_eq!(place.unwrap().host, "container");
    }

    #[test]
    fn a_server_that_is_open_to_the_network_is_warned_of() {
        let (findings, _) = examined(&[("OCI_MCP_BIND", "0.0.0.0"), ("OCI_MCP_ACCESS", "none")]);

        assert_eq!(findings[0].verdict, Verdict::Warning);
        assert!(findings[0].what.contains("whoever reaches"), "{findings:?}");
    }

    #[test]
    fn settings_that_can_be_used_are_good_and_tell_the_place() {
        let (findings, place) = examined(&[("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock")]);

        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].verdict, Verdict::Good);
        let place = place.unwrap();
        assert_eq!((place.host, place.address), ("functions", None));
    }
}
