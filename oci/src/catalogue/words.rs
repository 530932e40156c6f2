//! Words of names and of questions, and which of them mean the same here.

/// `VirtualNetwork` as `virtual_network`, `ListDBSystems` as `list_db_systems`.
pub(super) fn snake(name: &str) -> String {
    split(name).join("_")
}

/// The words of a text, in lower case. They end where letters and digits do, and within `camelCase`.
pub(super) fn split(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
    let mut words = vec![String::new()];
    let mut before = ' ';
    for (index, char) in chars.iter().enumerate() {
        // `VMs` is one word, `DBSystems` two.
        let plural = at(index + 1) == 's' && !at(index + 2).is_ascii_alphabetic();
        let acronym_ends =
            before.is_ascii_uppercase() && at(index + 1).is_ascii_lowercase() && !plural;
        let lower_ends = before.is_ascii_lowercase() || before.is_ascii_digit();
        if char.is_ascii_uppercase() && (acronym_ends || lower_ends)
            || !char.is_ascii_alphanumeric()
        {
            words.push(String::new());
        }
        if char.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(char.to_ascii_lowercase());
        }
        before = *char;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A word without the ending that tells one from many: `instances`, `policies`, `addresses`.
pub(super) fn stem(word: &str) -> &str {
    // Most words end in neither, and a search asks for the stems of all names.
    if !word.ends_with(['s', 'y']) {
        return word;
    }
    let strip = |ending: &str| word.strip_suffix(ending).filter(|rest| rest.len() > 1);
    let keeps = ["ss", "us", "is"]
        .iter()
        .any(|ending| word.ends_with(ending));
    let plural = ["sses", "xes", "ches", "shes"]
        .iter()
        .any(|ending| word.ends_with(ending));
    match () {
        () if plural => strip("es"),
        () if keeps => None,
        () => strip("ies").or_else(|| strip("y")).or_else(|| strip("s")),
    }
    .unwrap_or(word)
}

/// What a word stands for, if it is an abbreviation or a name that another cloud uses.
pub(super) fn meaning(word: &str) -> Option<&'static str> {
    let found = MEANINGS.binary_search_by_key(&word, |(short, _)| short);
    MEANINGS.get(found.ok()?).map(|(_, long)| *long)
}

/// The words, already without their endings, that are taken for `stem`.
pub(super) fn synonyms(stem: &str) -> impl Iterator<Item = &'static str> {
    let groups = SYNONYMS.iter().filter(move |group| group.contains(&stem));
    groups.flat_map(|group| group.iter().copied())
}

pub(super) fn says_nothing(word: &str) -> bool {
    EMPTY.contains(&word)
}

/// Whether it is what is done, rather than what it is done to.
pub(super) fn is_verb(stem: &str) -> bool {
    VERBS.contains(&stem)
}

const EMPTY: [&str; 24] = [
    "a", "all", "an", "and", "are", "by", "can", "do", "for", "from", "how", "i", "in", "is", "my",
    "oci", "of", "on", "oracle", "the", "to", "what", "which", "with",
];

const VERBS: [&str; 14] = [
    "add",
    "change",
    "create",
    "delete",
    "find",
    "get",
    "launch",
    "list",
    "modif",
    "remove",
    "search",
    "show",
    "terminate",
    "update",
];

/// Stems.
const SYNONYMS: [&[&str]; 13] = [
    &["get", "describe", "read", "show", "view", "fetch", "detail"],
    &["list", "find", "enumerate", "show", "search"],
    &["create", "launch", "add", "new", "provision", "make"],
    &["delete", "terminate", "remove", "destroy", "drop"],
    &["update", "modif", "change", "edit", "set", "rename"],
    &["action", "start", "stop", "reboot", "restart", "reset"],
    &["query", "search", "summarize"],
    &["upload", "put"],
    &["download", "get"],
    &["cost", "usage", "bill", "spend", "spending", "billing"],
    &["invoke", "call", "run", "execute"],
    &["subnet", "subnetwork"],
    &["topic", "notification"],
];

/// In the order of the alphabet.
const MEANINGS: [(&str, &str); 39] = [
    ("adb", "autonomous database"),
    ("adw", "autonomous database"),
    ("atp", "autonomous database"),
    ("cert", "certificate"),
    ("certs", "certificate"),
    ("disk", "volume"),
    ("disks", "volume"),
    ("docker", "container"),
    ("ec2", "instance compute"),
    ("eks", "container engine cluster"),
    ("firewall", "network security rule"),
    ("fn", "function"),
    ("gke", "container engine cluster"),
    ("iam", "identity"),
    ("k8s", "container engine cluster"),
    ("kafka", "stream"),
    ("kms", "key management"),
    ("kubernetes", "container engine cluster"),
    ("lambda", "function"),
    ("lb", "load balancer"),
    ("lbs", "load balancer"),
    ("lpg", "local peering gateway"),
    ("machine", "compute instance"),
    ("machines", "compute instance"),
    ("nlb", "network load balancer"),
    ("nsg", "network security group"),
    ("nsgs", "network security group"),
    ("oke", "container engine cluster"),
    ("pod", "container"),
    ("rds", "db system"),
    ("s3", "object storage"),
    ("server", "compute instance"),
    ("servers", "compute instance"),
    ("sg", "network security group"),
    ("terraform", "resource manager stack"),
    ("vm", "compute instance"),
    ("vms", "compute instance"),
    ("vpc", "vcn"),
    ("waf", "web app firewall"),
];

#[cfg(test)]
mod tests {
    use super::{MEANINGS, snake, split, stem};

    #[test]
    fn words_end_where_their_writing_says_so() {
        let rows: [(&str, &[&str]); 6] = [
            ("list_instances", &["list", "instances"]),
            ("ListInstances", &["list", "instances"]),
            ("listDBSystems", &["list", "db", "systems"]),
            ("stop my VMs, now!", &["stop", "my", "vms", "now"]),
            ("ipv6s-é", &["ipv6s"]),
            ("", &[]),
        ];

        for (text, words) in rows {
            assert_eq!(split(text), words, "{text}");
        }
        assert_eq!(snake("VirtualNetwork"), "virtual_network");
    }

    #[test]
    fn one_and_many_have_the_same_stem() {
        let pairs = [
            ("instance", "instances"),
            ("policy", "policies"),
            ("address", "addresses"),
            ("status", "status"),
            ("index", "indexes"),
            ("key", "keys"),
        ];

        for (one, many) in pairs {
            assert_eq!(stem(stem(many)), stem(one), "{many}");
        }
    }

    #[test]
    fn the_table_of_meanings_is_in_order() {
        assert!(MEANINGS.is_sorted_by_key(|(short, _)| short));
    }
}
