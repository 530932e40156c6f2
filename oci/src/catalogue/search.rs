//! Which operations answer a question, the best first.

use std::cmp::Reverse;

use super::entry::{Entry, entries};
use super::words;

/// The entries of `index` that have something of `question`, the best first.
///
/// Only the start of a question counts, and only some words of it, because a model may ask anything.
pub(super) fn search<'a>(index: &'a str, question: &str) -> Vec<Entry<'a>> {
    let terms = terms(question);
    let mut service = Service::default();
    let mut found: Vec<(u32, Entry<'a>)> = entries(index)
        .filter_map(|entry| {
            service.enter(&entry, &terms);
            Some((score(&entry, &service, &terms)?, entry))
        })
        .collect();
    // Stable: among equals, the order of the index.
    found.sort_by_key(|(score, _)| Reverse(*score));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// A word that is looked for.
struct Term {
    stem: String,
    is_verb: bool,
    synonyms: Vec<&'static str>,
}

impl Term {
    fn of(word: &str) -> Self {
        let stem = words::stem(word).to_owned();
        Self {
            is_verb: words::is_verb(&stem),
            synonyms: words::synonyms(&stem).collect(),
            stem,
        }
    }

    /// How well it fits the stem of a word of a name, up to 10.
    fn fit(&self, stem: &str) -> u32 {
        if stem == self.stem {
            10
        } else if self.synonyms.contains(&stem) {
            8
        } else if self.stem.len() > 2 && stem.starts_with(&self.stem) {
            5
        } else {
            0
        }
    }
}

fn terms(question: &str) -> Vec<Term> {
    let start: String = question.chars().take(MAX_CHARS).collect();
    let mut terms = Vec::new();
    for word in words::split(&start) {
        if words::says_nothing(&word) {
            continue;
        }
        match words::meaning(&word) {
            Some(meaning) => terms.extend(meaning.split(' ').map(Term::of)),
            None => terms.push(Term::of(&word)),
        }
    }
    terms.truncate(MAX_TERMS);
    terms
}

/// How well each term fits the service that the entries are of.
#[derive(Default)]
struct Service<'a> {
    client: &'a str,
    package: &'a str,
    fits: Vec<u32>,
}

impl<'a> Service<'a> {
    fn enter(&mut self, entry: &Entry<'a>, terms: &[Term]) {
        if (self.package, self.client) == (entry.package, entry.client) {
            return;
        }
        (self.package, self.client) = (entry.package, entry.client);
        let mut names = words::split(entry.client.trim_end_matches("Client"));
        names.extend(entry.package.split('_').map(str::to_owned));
        // `object_storage` is also written in one word.
        names.push(entry.package.replace('_', ""));
        let stems: Vec<&str> = names.iter().map(|name| words::stem(name)).collect();
        let best = |term: &Term| stems.iter().map(|stem| term.fit(stem)).max().unwrap_or(0);
        self.fits = terms.iter().map(best).collect();
    }
}

/// The sum of what each term adds, less what else is in the name; `None` if nothing fits.
fn score(entry: &Entry<'_>, service: &Service<'_>, terms: &[Term]) -> Option<u32> {
    let mut in_name = [0; MAX_TERMS];
    let mut words = 0_u32;
    for word in entry.operation.split('_') {
        let stem = words::stem(word);
        for (best, term) in in_name.iter_mut().zip(terms) {
            *best = term.fit(stem).max(*best);
        }
        words += 1;
    }
    let mut sum = 0;
    let mut all_fit = true;
    for ((term, in_service), in_name) in terms.iter().zip(&service.fits).zip(in_name) {
        words = words.saturating_sub(u32::from(in_name > 0));
        // What is done tells less than what it is done to, and where less than both.
        let weight = if term.is_verb { 5 } else { 10 };
        let value = (in_name * weight).max(in_service * 8);
        sum += value;
        all_fit &= value > 0;
    }
    if sum == 0 {
        return None;
    }
    sum += u32::from(all_fit) * 40 + likelihood(entry);
    Some(sum.saturating_sub(words * 25))
}

/// How likely it is that somebody asks for it, of operations that fit as well.
fn likelihood(entry: &Entry<'_>) -> u32 {
    if LIKELY.contains(&(entry.package, entry.operation)) {
        return 50;
    }
    // A list answers most questions, and the core services are asked about most.
    u32::from(entry.operation.starts_with("list_")) * 2 + u32::from(entry.package == "core")
}

/// What people mean though they say it in other words.
const LIKELY: [(&str, &str); 6] = [
    ("core", "instance_action"),
    ("loggingsearch", "search_logs"),
    ("monitoring", "summarize_metrics_data"),
    ("object_storage", "list_objects"),
    ("resource_search", "search_resources"),
    ("usage_api", "request_summarized_usages"),
];

const MAX_CHARS: usize = 256;
const MAX_TERMS: usize = 16;

#[cfg(test)]
mod tests {
    use super::search;
    use crate::catalogue::{chunk, chunks};

    fn first(question: &str, count: usize) -> Vec<String> {
        let index = chunk::inflate(chunks::INDEX);
        let found = search(&index, question);
        found.iter().take(count).map(ToString::to_string).collect()
    }

    #[test]
    fn what_people_ask_for_is_among_the_first_three() {
        let rows = [
            ("list instances", "core.list_instances"),
            ("show my VMs", "core.list_instances"),
            ("ListInstances", "core.list_instances"),
            ("compute instance list", "core.list_instances"),
            ("stop a vm", "core.instance_action"),
            ("terminate instance", "core.terminate_instance"),
            ("launch_instance", "core.launch_instance"),
            ("create a bucket", "object_storage.create_bucket"),
            ("s3 list objects", "object_storage.list_objects"),
            ("upload object", "object_storage.put_object"),
            ("k8s clusters", "container_engine.list_clusters"),
            ("list node pools", "container_engine.list_node_pools"),
            ("autonomous databases", "database.list_autonomous_databases"),
            ("start adb", "database.start_autonomous_database"),
            (
                "nsg rules",
                "core.list_network_security_group_security_rules",
            ),
            ("vpc", "core.list_vcns"),
            ("iam policies", "identity.list_policies"),
            ("list compartments", "identity.list_compartments"),
            ("monthly cost", "usage_api.request_summarized_usages"),
            ("query metrics", "monitoring.summarize_metrics_data"),
            ("search logs", "loggingsearch.search_logs"),
            ("invoke function", "functions.invoke_function"),
            ("audit events", "audit.list_events"),
            (
                "load balancer health",
                "load_balancer.get_load_balancer_health",
            ),
            ("alarms", "monitoring.list_alarms"),
            ("model deployments", "data_science.list_model_deployments"),
            ("get secret bundle", "secrets.get_secret_bundle"),
            (
                "container instances",
                "container_instances.list_container_instances",
            ),
            ("boot volumes", "core.list_boot_volumes"),
            ("search resources", "resource_search.search_resources"),
            ("dns zones", "dns.list_zones"),
        ];

        let missed: Vec<_> = rows
            .into_iter()
            .filter(|(question, wanted)| !first(question, 3).iter().any(|found| found == wanted))
            .map(|(question, wanted)| (question, wanted, first(question, 6)))
            .collect();

        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn a_question_about_nothing_finds_nothing() {
        for question in ["", "zzz", "the of a", "\0\u{202e}☃", "../../etc"] {
            assert!(first(question, 1).is_empty(), "{question}");
        }
    }

    #[test]
    fn a_question_without_end_costs_no_more_than_its_start() {
        let long = "instance ".repeat(200_000);

        assert_eq!(first(&long, 1), first(&"instance ".repeat(16), 1));
    }
}
