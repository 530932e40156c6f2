//! Why no request was made of what an operation was given.

use std::error::Error;
use std::fmt;

/// Why no request was made of what an operation was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidParameters {
    operation: String,
    problems: Vec<Problem>,
}

impl InvalidParameters {
    pub(super) fn new(operation: String, problems: Vec<Problem>) -> Self {
        Self {
            operation,
            problems,
        }
    }

    /// What is wrong. After ten things nobody looks for more.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for InvalidParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        for (number, problem) in self.problems.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            write!(f, "{separator}{problem}")?;
        }
        if self.problems.len() == MAX_PROBLEMS {
            f.write_str("; and there may be more")?;
        }
        Ok(())
    }
}

impl Error for InvalidParameters {}

/// One thing that is wrong. It displays as `` `/limit` is "ten"; it must be an integer ``.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    pointer: String,
    what: String,
}

impl Problem {
    pub(super) fn new(pointer: String, what: String) -> Self {
        Self { pointer, what }
    }

    /// Where, as a JSON pointer (RFC 6901) into the parameters: `/body/shapeConfig/ocpus`.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong there, and what is accepted.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.pointer, self.what)
    }
}

pub(super) const MAX_PROBLEMS: usize = 10;
