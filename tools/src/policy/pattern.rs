//! Patterns of operations, as an operator writes them.

use std::fmt;
use std::str::FromStr;

use oci_rest::Entry;

/// `service.operation` or `service`, with `*` for any characters. A service is the package of the
/// official Python SDK, `core`, or the client in it, `compute`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pattern {
    service: String,
    operation: Option<String>,
}

impl Pattern {
    pub(super) fn fits(&self, entry: &Entry<'_>) -> bool {
        let operation = self.operation.as_deref();
        operation.is_none_or(|operation| matches(operation, entry.operation()))
            && (matches(&self.service, entry.package()) || matches(&self.service, &entry.service()))
    }

    /// Whether it is the whole name of `entry`, so that it surely was meant.
    pub(super) fn names(&self, entry: &Entry<'_>) -> bool {
        let has_star = self.to_string().contains('*');
        !has_star && self.operation.is_some() && self.fits(entry)
    }
}

impl FromStr for Pattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a pattern is such as `core.list_*`, `compute` or `*.list_*`, of `a-z 0-9 _ *` and one dot";
        let text = text.to_ascii_lowercase();
        let (service, operation) = match text.split_once('.') {
            Some((service, operation)) => (service, Some(operation)),
            None => (text.as_str(), None),
        };
        let known = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '*';
        let good = |part: &str| (1..=100).contains(&part.len()) && part.chars().all(known);
        if !good(service) || operation.is_some_and(|operation| !good(operation)) {
            return Err(FORM);
        }
        Ok(Self {
            service: service.to_owned(),
            operation: operation.map(str::to_owned),
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.service)?;
        match &self.operation {
            Some(operation) => write!(f, ".{operation}"),
            None => Ok(()),
        }
    }
}

/// Whether `text` fits `pattern`: what is before the first `*` begins it, what is after the last ends
/// it, and what is between comes in that order.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // The first place is as good as any, for the next part then has the most room.
    for part in between.split('*') {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let rows = [
            ("list_instances", "list_instances", true),
            ("list_instance", "list_instances", false),
            ("list_*", "list_instances", true),
            ("list_*", "list_", true),
            ("*", "", true),
            ("*_instances", "list_instances", true),
            ("*_instance", "list_instances", false),
            ("l*_*s", "list_instances", true),
            ("a*a", "a", false),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("**", "x", true),
        ];

        for (pattern, text, expected) in rows {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let long = "*a".repeat(60);
        for text in [
            "",
            ".",
            "core.",
            ".list",
            "a.b.c",
            "core.list instances",
            "core/list",
            "ç",
            &long,
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }

    /// The definition, which takes time that grows with every star.
    fn defined(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((b'*', after)), None) => defined(after, text),
            (Some((b'*', after)), Some((_, rest))) => {
                defined(after, text) || defined(pattern, rest)
            }
            (Some((want, after)), Some((have, rest))) => want == have && defined(after, rest),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn it_fits_as_the_definition_says(pattern in "[ab*]{0,8}", text in "[ab]{0,8}") {
            let expected = defined(pattern.as_bytes(), text.as_bytes());

            prop_assert_eq!(matches(&pattern, &text), expected);
        }
    }
}
