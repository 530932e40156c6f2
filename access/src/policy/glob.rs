//! Patterns for the names of tools.

use std::error::Error;
use std::fmt;

use serde::Deserialize;

/// A pattern in which `*` stands for any characters, also none. All others stand for themselves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(super) struct Glob(String);

impl Glob {
    /// Whether all of `name` is as the pattern has it.
    pub(super) fn fits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        // What is found first leaves most for the parts that follow.
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Glob {
    type Error = InvalidGlob;

    fn try_from(pattern: String) -> Result<Self, InvalidGlob> {
        // What a tool's name may have: anything else could never fit, and so is a mistake.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*".contains(&byte);
        if pattern.is_empty() || !pattern.bytes().all(is_allowed) {
            return Err(InvalidGlob(pattern));
        }
        Ok(Self(pattern))
    }
}

/// What was to be a pattern is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct InvalidGlob(String);

impl fmt::Display for InvalidGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = &self.0;
        write!(
            f,
            "glob `{pattern}` has other than letters, digits, `_`, `-`, `.` and `*`"
        )
    }
}

impl Error for InvalidGlob {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, name: &str) -> bool {
        Glob::try_from(pattern.to_owned()).unwrap().fits(name)
    }

    /// As slow and as plain as can be.
    fn plainly_fits(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, _) => name.is_empty(),
            (Some((b'*', others)), _) => {
                (0..=name.len()).any(|skip| plainly_fits(others, &name[skip..]))
            }
            (Some((byte, others)), Some((first, rest))) => {
                byte == first && plainly_fits(others, rest)
            }
            (Some(_), None) => false,
        }
    }

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        let cases = [
            ("*", "", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*b*a", "aba", true),
            ("*_delete", "vault_delete", true),
            ("*_delete", "vault_delete_all", false),
            ("vault_*", "my_vault_list", false),
            ("vault_list", "vault_lists", false),
            ("vault_*", "VAULT_list", false),
            ("a.c", "abc", false),
        ];

        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    proptest! {
        #[test]
        fn it_fits_what_trying_everything_fits(pattern in "[ab*]{1,7}", name in "[ab]{0,9}") {
            let expected = plainly_fits(pattern.as_bytes(), name.as_bytes());

            prop_assert_eq!(fits(&pattern, &name), expected);
        }
    }
}
