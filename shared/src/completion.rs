//! Completion: what could stand for an argument that somebody is typing.

use std::collections::BTreeMap;
use std::pin::Pin;

use serde::Serialize;

/// Values in one answer (MCP, "Completion").
const MOST: usize = 100;

pub(crate) type CompleteFuture<'a> = Pin<Box<dyn Future<Output = Completion> + Send + 'a>>;

/// An argument of a prompt, or a parameter of a resource template, that somebody is typing.
#[derive(Clone, Copy, Debug)]
pub struct CompletionRequest<'a> {
    pub(crate) argument: &'a str,
    pub(crate) value: &'a str,
    pub(crate) others: &'a BTreeMap<String, String>,
}

impl<'a> CompletionRequest<'a> {
    /// The name of the argument.
    #[must_use]
    pub fn argument(&self) -> &'a str {
        self.argument
    }

    /// What has been typed of it.
    #[must_use]
    pub fn value(&self) -> &'a str {
        self.value
    }

    /// Another argument that has been filled in before (2025-06-18 and later).
    #[must_use]
    pub fn other(&self, argument: &str) -> Option<&'a str> {
        self.others.get(argument).map(String::as_str)
    }
}

/// What could stand for an argument, best first.
///
/// ```
/// use oci_mcp::Completion;
///
/// let typed = "eu-";
/// let regions = ["eu-frankfurt-1", "eu-zurich-1", "us-phoenix-1"];
///
/// let completion = Completion::new(regions.into_iter().filter(|region| region.starts_with(typed)));
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completion {
    values: Vec<String>,
    total: usize,
    has_more: bool,
}

impl Completion {
    /// The first 100 of `values`, and how many there are.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item: Into<String>>) -> Self {
        let mut rest = values.into_iter();
        let values: Vec<_> = rest.by_ref().take(MOST).map(Into::into).collect();
        let total = values.len() + rest.count();
        Self {
            has_more: total > values.len(),
            total,
            values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_has_a_hundred_values_and_says_how_many_there_are() {
        for (all, sent, has_more) in [(0, 0, false), (100, 100, false), (101, 100, true)] {
            let completion = Completion::new((0..all).map(|n| n.to_string()));

            assert_eq!(completion.values.len(), sent);
            assert_eq!(completion.total, all);
            assert_eq!(completion.has_more, has_more);
        }
    }
}
