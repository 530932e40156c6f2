//! Why a function cannot be served.

use std::{fmt, io};

/// Why a function cannot be served; once it is, nothing stops it.
#[derive(Debug)]
pub struct Error {
    pub(crate) attempt: String,
    pub(crate) source: io::Error,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.attempt)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
