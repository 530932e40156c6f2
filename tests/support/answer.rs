//! Answers as they are on the wire, where an id may be a string that is JSON and not Unicode.

use http::HeaderValue;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Reply;

/// One JSON-RPC answer, and nothing besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer<'a> {
    jsonrpc: &'a str,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: i64,
    message: String,
    #[serde(rename = "data")]
    _data: Option<Box<RawValue>>,
}

impl Answer<'_> {
    /// The id as it is written.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.map(RawValue::get)
    }

    /// The code of the error, 0 if there is none.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.error.as_ref().map_or(0, |error| error.code)
    }

    /// The message of the error.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error.as_ref().map_or("", |error| &error.message)
    }
}

/// The answers of a reply, each of which is a result or an error: at least one, or none and a 202.
#[must_use]
pub fn answers(reply: &Reply) -> Vec<Answer<'_>> {
    let text = std::str::from_utf8(&reply.body).unwrap();
    if text.is_empty() {
        assert_eq!(reply.status, 202);
        return Vec::new();
    }
    assert_ne!(reply.status, 202, "{text}");
    let content_type = reply.headers.get("content-type").map(HeaderValue::as_bytes);
    let json = match content_type {
        Some(b"text/event-stream") => last_event(text),
        Some(b"application/json") => text,
        other => panic!("{other:?}: {text}"),
    };
    let answers = if json.starts_with('[') {
        serde_json::from_str(json)
    } else {
        serde_json::from_str(json).map(|answer| vec![answer])
    };
    let answers: Vec<Answer<'_>> = answers.unwrap_or_else(|error| panic!("{error}: {json}"));
    assert!(!answers.is_empty());
    for answer in &answers {
        assert_eq!(answer.jsonrpc, "2.0", "{answer:?}");
        assert!(
            answer.result.is_some() != answer.error.is_some(),
            "{answer:?}"
        );
        assert!(answer.result.is_none() || answer.id.is_some(), "{answer:?}");
    }
    answers
}

/// The data of the last event; notifications come before the answer.
fn last_event(stream: &str) -> &str {
    let events = stream.strip_suffix("\n\n").unwrap();
    let last = events.rsplit("\n\n").next().unwrap();
    let data = last.lines().find_map(|line| line.strip_prefix("data: "));
    data.unwrap_or_else(|| panic!("no data: {last}"))
}

/// The id of a message, as it is written, if that is one: a string or an integer.
#[must_use]
pub(crate) fn id_of(message: &[u8]) -> Option<&str> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let Message { id } = serde_json::from_slice(message).ok()?;
    let is_number = id
        .get()
        .starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let is_integer = is_number && !id.get().contains(['.', 'e', 'E']);
    (is_integer || id.get().starts_with('"')).then(|| id.get())
}
