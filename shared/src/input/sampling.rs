//! Asking the client's model (2026-07-28, "Sampling").

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::kinds::read;

/// What to ask the client's model (`CreateMessageRequest`).
///
/// ```
/// use oci_mcp::Sampling;
///
/// let question = Sampling::new("What is the capital of France?", 100)
///     .with_system_prompt("Answer in one word.");
/// ```
#[derive(Clone, Debug)]
pub struct Sampling {
    params: Map<String, Value>,
}

impl Sampling {
    /// Asks `question`, for an answer of at most `max_tokens` tokens.
    #[must_use]
    pub fn new(question: impl Into<String>, max_tokens: u32) -> Self {
        let content = json!({ "type": "text", "text": question.into() });
        let mut params = Map::new();
        params.insert(
            "messages".into(),
            json!([{ "role": "user", "content": content }]),
        );
        params.insert("maxTokens".into(), max_tokens.into());
        Self { params }
    }

    /// Adds what the model should know beforehand; the client may leave it out.
    #[must_use]
    pub fn with_system_prompt(mut self, prompt: impl Into<String>) -> Self {
        let prompt = Value::String(prompt.into());
        self.params.insert("systemPrompt".into(), prompt);
        self
    }

    pub(super) fn into_params(self) -> Value {
        self.params.into()
    }
}

/// What the client's model has answered (`CreateMessageResult`).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sampled {
    /// The text of the answer. Other content is left out.
    pub text: String,
    /// The name of the model.
    pub model: String,
    /// Why it stopped: `endTurn`, `stopSequence`, `maxTokens`, or the model's own word.
    pub stop_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateMessageResult {
    content: OneOrMore,
    model: String,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(Block),
    More(Vec<Block>),
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

impl Sampled {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let CreateMessageResult {
            content,
            model,
            stop_reason,
        } = read(text)?;
        let blocks = match content {
            OneOrMore::One(block) => vec![block],
            OneOrMore::More(blocks) => blocks,
        };
        let texts = blocks.into_iter().filter(|block| block.kind == "text");
        Ok(Self {
            text: texts.map(|block| block.text).collect(),
            model,
            stop_reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_answer_is_that_of_its_blocks() {
        let text = json!({ "type": "text", "text": "Paris" });
        let picture = json!({ "type": "image", "data": "", "mimeType": "image/png" });
        for content in [&text, &json!([picture, text])] {
            let answer = json!({ "role": "assistant", "content": content, "model": "m" });

            let sampled = Sampled::read(&answer.to_string()).unwrap();

            assert_eq!((&*sampled.text, &*sampled.model), ("Paris", "m"));
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for answer in [
            "{}",
            r#"{"content":7,"model":"m"}"#,
            r#"{"action":"accept"}"#,
        ] {
            assert!(Sampled::read(answer).is_err(), "{answer}");
        }
    }
}
