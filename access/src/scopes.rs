//! What a token allows.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scopes (RFC 6749, section 3.3), in alphabetical order and compared byte by byte.
///
/// ```
/// use oci_mcp_access::Scopes;
///
/// let granted = Scopes::parse("read:tools write:tools")?;
///
/// assert!(granted.contains_all(&Scopes::parse("read:tools")?));
/// assert!(!granted.contains_all(&Scopes::parse("READ:tools")?));
/// # Ok::<(), oci_mcp_access::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Vec<String>")]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads scopes with spaces between them.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if one has a character that no scope may have.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        Self::from_names(text.split(' ').filter(|scope| !scope.is_empty()))
    }

    /// The set of these scopes.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if one is empty or has a character that no scope may have.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidScope> {
        let valid = |name: &str| is_scope(name).then(|| name.to_owned());
        let names: Option<_> = names.into_iter().map(valid).collect();
        names.map(Self).ok_or(InvalidScope)
    }

    /// The set of one that is known to be a scope.
    pub(crate) fn one(name: &'static str) -> Self {
        Self(BTreeSet::from([name.to_owned()]))
    }

    /// Whether every one of `others` is in it.
    #[must_use]
    pub fn contains_all(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// The scopes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// With spaces between them, as challenges and tokens have them.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// All scopes of these sets.
impl FromIterator<Self> for Scopes {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        Self(sets.into_iter().flat_map(|set| set.0).collect())
    }
}

impl TryFrom<Vec<String>> for Scopes {
    type Error = InvalidScope;

    fn try_from(names: Vec<String>) -> Result<Self, InvalidScope> {
        Self::from_names(names.iter().map(String::as_str))
    }
}

/// What was to be a scope is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidScope;

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope has printable ASCII characters only, and no space, `\"` or `\\`")
    }
}

impl Error for InvalidScope {}

/// RFC 6749, appendix A.4. It is what makes a scope safe within quotation marks.
fn is_scope(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !text.is_empty() && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_could_leave_its_quotation_marks_is_none() {
        for text in ["a\"b", "a\\b", "a\tb", "a\nb", "ä", "a\u{a0}b", "\u{7f}"] {
            assert_eq!(Scopes::parse(text), Err(InvalidScope), "{text:?}");
        }
        assert_eq!(Scopes::from_names(["a b"]), Err(InvalidScope));
        assert_eq!(Scopes::from_names([""]), Err(InvalidScope));
    }

    #[test]
    fn order_repetition_and_spaces_do_not_matter() {
        let scopes = Scopes::parse("  b a  a ").unwrap();

        assert_eq!(scopes, Scopes::from_names(["a", "b"]).unwrap());
        assert_eq!(scopes.to_string(), "a b");
    }

    #[test]
    fn no_scope_is_part_of_another() {
        let granted = Scopes::parse("read:tools:all").unwrap();

        for needed in [
            "read:tools",
            "read",
            "READ:TOOLS:ALL",
            "read:tools:all:more",
        ] {
            assert!(
                !granted.contains_all(&Scopes::parse(needed).unwrap()),
                "{needed}"
            );
        }
    }
}
