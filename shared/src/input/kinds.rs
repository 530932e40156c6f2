//! The kinds of input, what a client declares of each, and what it answers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a client may be asked for (2026-07-28, `ClientCapabilities`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum InputKind {
    /// A form that the person fills in: [`Context::elicit`](crate::Context::elicit).
    Elicitation,
    /// A visit to a URL: [`Context::elicit_url`](crate::Context::elicit_url).
    UrlElicitation,
    /// An answer of the client's model: [`Context::sample`](crate::Context::sample).
    Sampling,
    /// The folders that the person works on: [`Context::list_roots`](crate::Context::list_roots).
    Roots,
}

impl InputKind {
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Elicitation | Self::UrlElicitation => "elicitation/create",
            Self::Sampling => "sampling/createMessage",
            Self::Roots => "roots/list",
        }
    }

    /// What `request`, one of `inputRequests`, asks for.
    pub(crate) fn of(request: &Value) -> Option<Self> {
        let is_url = request.pointer("/params/mode").and_then(Value::as_str) == Some("url");
        match request.get("method")?.as_str()? {
            "elicitation/create" if is_url => Some(Self::UrlElicitation),
            "elicitation/create" => Some(Self::Elicitation),
            "sampling/createMessage" => Some(Self::Sampling),
            "roots/list" => Some(Self::Roots),
            _ => None,
        }
    }

    /// Whether `capabilities`, the text of a JSON object, has it.
    pub(crate) fn is_declared(self, capabilities: &str) -> bool {
        declares(capabilities, self)
    }

    /// The capabilities that a client must declare for all of `kinds`.
    pub(crate) fn required(kinds: &[Self]) -> Value {
        let mut required = Map::new();
        for kind in kinds {
            match kind {
                Self::Elicitation => {
                    required.entry("elicitation").or_insert_with(|| json!({}));
                }
                Self::UrlElicitation => {
                    required.insert("elicitation".to_owned(), json!({ "url": {} }));
                }
                Self::Sampling => {
                    required.insert("sampling".to_owned(), json!({}));
                }
                Self::Roots => {
                    required.insert("roots".to_owned(), json!({}));
                }
            }
        }
        required.into()
    }
}

/// Whether `capabilities`, the text of a JSON object, has `kind`.
pub(super) fn declares(capabilities: &str, kind: InputKind) -> bool {
    let Ok(declared) = serde_json::from_str::<Value>(capabilities) else {
        return false;
    };
    let has = |pointer| declared.pointer(pointer).is_some_and(Value::is_object);
    match kind {
        // An empty object means forms alone, as it did before there were modes.
        InputKind::Elicitation => {
            has("/elicitation") && (has("/elicitation/form") || !has("/elicitation/url"))
        }
        InputKind::UrlElicitation => has("/elicitation/url"),
        InputKind::Sampling => has("/sampling"),
        InputKind::Roots => has("/roots"),
    }
}

/// What a person answers to an elicitation (2026-07-28, `ElicitResult`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer<T> {
    /// The form, filled in.
    Accepted(T),
    /// An explicit no.
    Declined,
    /// No choice: the question was dismissed.
    Cancelled,
}

impl<T> Answer<T> {
    /// What was accepted, for callers to whom one refusal is as good as another.
    #[must_use]
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(value) => Some(value),
            Self::Declined | Self::Cancelled => None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ElicitResult {
    action: Action,
    #[serde(default)]
    content: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Accept,
    Decline,
    Cancel,
}

impl ElicitResult {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        read(text)
    }

    pub(super) fn answer<T>(
        self,
        accepted: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Answer<T>, String> {
        match self.action {
            Action::Accept => accepted(self.content.into()).map(Answer::Accepted),
            Action::Decline => Ok(Answer::Declined),
            Action::Cancel => Ok(Answer::Cancelled),
        }
    }
}

/// A folder that the person works on (2026-07-28, `Root`).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Root {
    /// Where it is, on the client's machine: a `file://` URI. Not checked.
    pub uri: String,
    /// A name for people.
    pub name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ListRootsResult {
    roots: Vec<Root>,
}

impl ListRootsResult {
    pub(super) fn read(text: &str) -> Result<Vec<Root>, String> {
        read(text).map(|Self { roots }| roots)
    }
}

/// Reads an answer, and says for the client's author what is wrong with it.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_declared_by_an_object() {
        use InputKind::{Elicitation, Roots, Sampling, UrlElicitation};
        for (capabilities, expected) in [
            ("{}", &[][..]),
            (r#"{"elicitation":{}}"#, &[Elicitation]),
            (r#"{"elicitation":{"form":{}}}"#, &[Elicitation]),
            (r#"{"elicitation":{"url":{}}}"#, &[UrlElicitation]),
            (
                r#"{"elicitation":{"form":{},"url":{}}}"#,
                &[Elicitation, UrlElicitation],
            ),
            (
                r#"{"sampling":{"tools":{}},"roots":{}}"#,
                &[Sampling, Roots],
            ),
            (r#"{"elicitation":true,"sampling":null,"roots":[]}"#, &[]),
        ] {
            for kind in [Elicitation, UrlElicitation, Sampling, Roots] {
                let is_declared = declares(capabilities, kind);

                assert_eq!(
                    is_declared,
                    expected.contains(&kind),
                    "{capabilities} {kind:?}"
                );
            }
        }
    }

    #[test]
    fn required_capabilities_are_an_object_that_declares_them() {
        use InputKind::{Elicitation, Roots, Sampling, UrlElicitation};

        let required = InputKind::required(&[UrlElicitation, Elicitation, Roots]).to_string();

        assert!(declares(&required, UrlElicitation));
        assert!(declares(&required, Roots));
        assert!(!declares(&required, Sampling));
    }
}
