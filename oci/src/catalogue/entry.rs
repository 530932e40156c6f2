//! The names of all operations, which searches go through.

use std::fmt;
use std::str::Lines;

use http::Method;

use super::words;

/// An operation of OCI by its name, without its parameters. It displays as `core.list_instances`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Entry<'a> {
    pub(super) package: &'a str,
    pub(super) client: &'a str,
    pub(super) operation: &'a str,
    pub(super) method: &'a str,
}

impl<'a> Entry<'a> {
    /// The package of the official Python SDK that it is in: `core`. Names of operations are unique in
    /// it.
    #[must_use]
    pub fn package(&self) -> &'a str {
        self.package
    }

    /// The client of the official SDKs that has it: `ComputeClient`.
    #[must_use]
    pub fn client(&self) -> &'a str {
        self.client
    }

    /// The service as the client calls it: `compute`, `virtual_network`.
    #[must_use]
    pub fn service(&self) -> String {
        words::snake(self.client.trim_end_matches("Client"))
    }

    /// Its name alone: `list_instances`.
    #[must_use]
    pub fn operation(&self) -> &'a str {
        self.operation
    }

    /// The method of its requests.
    #[must_use]
    pub fn method(&self) -> Method {
        Method::from_bytes(self.method.as_bytes()).unwrap_or_default()
    }

    /// Whether it surely changes nothing in OCI.
    ///
    /// So do GET and HEAD, but for the links of mails that subscribe and unsubscribe, and the POSTs that search: those that get,
    /// list, search or summarize, and a few that are known by name. Queries of `nosql` are not among
    /// them, because a statement may update. What it answers may still be a secret.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        let starts = |verbs: &[&str]| verbs.iter().any(|verb| self.operation.starts_with(verb));
        match self.method {
            "GET" | "HEAD" => !LINKS.contains(&(self.package, self.operation)),
            "POST" => {
                starts(&[
                    "get_",
                    "list_",
                    "search_",
                    "summarize_",
                    "request_summarized_",
                ]) || QUERIES.contains(&(self.package, self.operation))
            }
            _ => false,
        }
    }

    /// What it does, made from its name: `List instances`.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = self.operation.replace('_', " ");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text
    }
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.package, self.operation)
    }
}

/// The entries in the text of the index.
pub(super) fn entries(index: &str) -> Entries<'_> {
    Entries {
        lines: index.lines(),
        package: "",
        client: "",
    }
}

pub(super) struct Entries<'a> {
    lines: Lines<'a>,
    package: &'a str,
    client: &'a str,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            match self.lines.next()?.split_once('\t')? {
                ("P", package) => self.package = package,
                ("C", client) => self.client = client,
                (method, operation) => {
                    return Some(Entry {
                        package: self.package,
                        client: self.client,
                        operation,
                        method,
                    });
                }
            }
        }
    }
}

/// GETs that change something: where links in mails lead to.
const LINKS: [(&str, &str); 3] = [
    ("devops", "unsubscribe_pull_request"),
    ("ons", "get_confirm_subscription"),
    ("ons", "get_unsubscription"),
];
/// POSTs that look something up, whose names do not start as others' do.
const QUERIES: [(&str, &str); 12] = [
    ("apm_traces", "query"),
    ("artifacts", "lookup_container_image_by_uri"),
    ("cloud_guard", "request_risk_scores"),
    ("cloud_guard", "request_security_score_summarized_trend"),
    ("cloud_guard", "request_security_scores"),
    ("container_instances", "retrieve_logs"),
    ("log_analytics", "parse_query"),
    ("log_analytics", "query"),
    ("log_analytics", "suggest"),
    ("monitoring", "retrieve_dimension_states"),
    (
        "stack_monitoring",
        "request_monitored_resources_summarized_count",
    ),
    ("usage_api", "request_usage_carbon_emissions"),
];
