//! Why what an author wrote gave nothing: a text for the caller, and a cause for the log.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// What the error types of tools, resources and prompts have in common.
#[derive(Debug)]
pub(crate) struct Fault {
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault that the caller should read.
    pub(crate) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// A fault of which the caller reads only `message`.
    pub(crate) fn internal(
        message: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            message: Cow::Borrowed(message),
            source: Some(source.into()),
        }
    }

    /// What the caller is told.
    pub(crate) fn into_message(self) -> Cow<'static, str> {
        self.message
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
