//! Variables that Kubernetes sets in a pod for every service of its namespace, whatever the service is
//! called: one called `oci-mcp` has `OCI_MCP_PORT`, which is a setting, too.

use oci_mcp::Vars;

/// Whether `name` is a service link (Kubernetes, "Accessing the Service", "Environment variables").
///
/// It is one only beside the `SERVICE_HOST` of the same service, which Kubernetes always sets, so that no
/// setting that is misspelt is taken for one. What the pod itself sets, it keeps.
pub(crate) fn is_service_link(vars: &Vars<'_>, name: &str) -> bool {
    let is_service = |name: &str| vars.get(&format!("{name}_SERVICE_HOST")).is_some();
    let is_url = || vars.get(name).is_some_and(|value| is_link_url(&value));
    name.match_indices('_').any(|(end, _)| {
        let (service, rest) = name.split_at(end);
        let has_form = match rest {
            "_SERVICE_HOST" | "_SERVICE_PORT" => true,
            // A number that the pod itself sets is a setting.
            "_PORT" => is_url(),
            _ => rest.starts_with("_SERVICE_PORT_") || is_of_one_port(rest),
        };
        has_form && is_service(service)
    })
}

/// Such as `tcp://10.0.0.11:8080`.
fn is_link_url(value: &str) -> bool {
    PROTOCOLS.iter().any(|protocol| {
        let rest = value.strip_prefix(&*protocol.to_ascii_lowercase());
        rest.is_some_and(|rest| rest.starts_with("://"))
    })
}

/// Such as `_PORT_8080_TCP` and `_PORT_8080_TCP_ADDR`.
fn is_of_one_port(rest: &str) -> bool {
    let mut parts = rest.split('_').skip(1);
    let is_number = |part: &str| part.parse::<u16>().is_ok();
    parts.next() == Some("PORT")
        && parts.next().is_some_and(is_number)
        && parts.next().is_some_and(|part| PROTOCOLS.contains(&part))
        && parts
            .next()
            .is_none_or(|part| ["ADDR", "PORT", "PROTO"].contains(&part))
        && parts.next().is_none()
}

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

#[cfg(test)]
mod tests {
    use super::*;

    /// What Kubernetes sets for a service of this name in capitals, at 10.0.0.11:8080.
    fn links(service: &str) -> Vec<(String, &'static str)> {
        let links = [
            ("SERVICE_HOST", "10.0.0.11"),
            ("SERVICE_PORT", "8080"),
            ("SERVICE_PORT_HTTP", "8080"),
            ("PORT", "tcp://10.0.0.11:8080"),
            ("PORT_8080_TCP", "tcp://10.0.0.11:8080"),
            ("PORT_8080_TCP_PROTO", "tcp"),
            ("PORT_8080_TCP_PORT", "8080"),
            ("PORT_8080_TCP_ADDR", "10.0.0.11"),
        ];
        let named = links.map(|(name, value)| (format!("{service}_{name}"), value));
        named.into()
    }

    /// Which of `set` are service links.
    fn found(set: &[(String, &str)]) -> Vec<String> {
        let vars = Vars::new(|name: &str| {
            let found = set.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let names = set.iter().map(|(name, _)| name.clone());
        names.filter(|name| is_service_link(&vars, name)).collect()
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_is_known_whatever_it_is_called() {
        for service in ["OCI_MCP", "OCI_MCP_SERVER", "OCI_MCP_PORT", "MCP"] {
            let set = links(service);

            assert_eq!(found(&set).len(), set.len(), "{service}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        let service = ("OCI_MCP_SERVICE_HOST".to_owned(), "10.0.0.11");
        for name in [
            "OCI_MCP_PORTS",
            "OCI_MCP_PORT_HTTP",
            "OCI_MCP_PORT_8080",
            "OCI_MCP_PORT_8080_TCP_ADDRESS",
            "OCI_MCP_PORT_8080_TCP_ADDR_X",
            "OCI_MCP_SERVICE_HOSTS",
            "OCI_MCP_SERVICE",
            "OCI_MCP_ACCESS_PORT",
        ] {
            let set = [service.clone(), (name.to_owned(), "tcp://10.0.0.11:8080")];

            assert_eq!(found(&set), ["OCI_MCP_SERVICE_HOST"], "{name}");
        }
    }

    #[test]
    fn a_port_that_the_pod_itself_sets_and_links_without_their_service_are_none() {
        let service = ("OCI_MCP_SERVICE_HOST".to_owned(), "10.0.0.11");
        let port = ("OCI_MCP_PORT".to_owned(), "9000");
        let mut lonely = links("OCI_MCP");
        lonely.remove(0);

        assert_eq!(found(&[service, port]), ["OCI_MCP_SERVICE_HOST"]);
        assert_eq!(found(&lonely), Vec::<String>::new());
    }
}
