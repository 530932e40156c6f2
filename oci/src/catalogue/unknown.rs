//! A name that is no operation's.

use std::error::Error;
use std::fmt;

/// A name that is no operation's, or that of several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownOperation {
    name: String,
    is_ambiguous: bool,
    near: Vec<String>,
}

impl UnknownOperation {
    pub(super) fn new(name: &str, is_ambiguous: bool, near: Vec<String>) -> Self {
        Self {
            name: name.escape_debug().take(100).collect(),
            is_ambiguous,
            near,
        }
    }

    /// The operations that may have been meant.
    pub fn near(&self) -> impl Iterator<Item = &str> {
        self.near.iter().map(String::as_str)
    }
}

impl fmt::Display for UnknownOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_ambiguous {
            "more than one operation"
        } else {
            "no operation of OCI"
        };
        write!(f, "`{}` is {what}", self.name)?;
        match self.near.as_slice() {
            [] => f.write_str("; a name is such as `core.list_instances`"),
            near => write!(f, "; did you mean {}?", near.join(", ")),
        }
    }
}

impl Error for UnknownOperation {}
