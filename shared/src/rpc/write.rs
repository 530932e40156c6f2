//! JSON-RPC answers as bytes. A result is spliced in, not parsed and written again.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Error;

/// One answer: the result's JSON text, or an error.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// `None` where the request's id could not be read.
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) outcome: Result<Cow<'a, [u8]>, Error>,
}

/// How an error without a readable id says so: 2026-07-28 leaves `id` out, earlier revisions
/// write `null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unidentified {
    Null,
    Omit,
}

/// What a response adds around a result and an id, to the byte: a buffer that is full to its end
/// becomes a `Bytes` without another allocation.
const ENVELOPE: usize = VERSION.len() + ID.len() + RESULT.len() + 1;
const VERSION: &[u8] = br#"{"jsonrpc":"2.0""#;
const ID: &[u8] = br#","id":"#;
const RESULT: &[u8] = br#","result":"#;

pub(crate) fn write_answer(answer: &Answer<'_>, unidentified: Unidentified) -> Vec<u8> {
    let mut out = Vec::with_capacity(answer.size_hint());
    append(&mut out, answer, unidentified);
    out
}

/// The answers of a batch, as a JSON array.
pub(crate) fn write_batch<'a>(answers: impl Iterator<Item = &'a Answer<'a>> + Clone) -> Vec<u8> {
    let mut out = Vec::with_capacity(answers.clone().map(|answer| answer.size_hint() + 1).sum());
    for answer in answers {
        out.push(if out.is_empty() { b'[' } else { b',' });
        append(&mut out, answer, Unidentified::Null);
    }
    out.push(b']');
    out
}

impl Answer<'_> {
    /// About how many bytes the answer takes, and hardly ever less.
    pub(crate) fn size_hint(&self) -> usize {
        let outcome = match &self.outcome {
            Ok(result) => result.len(),
            // Quotation marks and control characters in the message are escaped.
            Err(error) => {
                let data = error.data.as_ref().map_or(0, |data| data.get().len());
                48 + error.message.len() * 2 + data
            }
        };
        ENVELOPE + self.id.map_or(0, |id| id.get().len()) + outcome
    }
}

fn append(out: &mut Vec<u8>, answer: &Answer<'_>, unidentified: Unidentified) {
    out.extend_from_slice(VERSION);
    let id = match (answer.id, unidentified) {
        (Some(id), _) => Some(id.get()),
        (None, Unidentified::Null) => Some("null"),
        (None, Unidentified::Omit) => None,
    };
    if let Some(id) = id {
        out.extend_from_slice(ID);
        out.extend_from_slice(id.as_bytes());
    }
    match &answer.outcome {
        Ok(result) => {
            out.extend_from_slice(RESULT);
            out.extend_from_slice(result);
        }
        Err(error) => {
            out.extend_from_slice(br#","error":"#);
            append_json(out, &ErrorObject::from(error));
        }
    }
    out.push(b'}');
}

/// Appends `value` as JSON. Only for types that always serialise: strings, numbers, structs of
/// them.
pub(crate) fn append_json(out: &mut Vec<u8>, value: &impl Serialize) {
    if serde_json::to_writer(&mut *out, value).is_err() {
        debug_assert!(false, "a value that always serialises did not");
    }
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: i32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

impl<'a> From<&'a Error> for ErrorObject<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            code: error.kind.code(),
            message: &error.message,
            data: error.data.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::ErrorKind;

    fn text(answer: &Answer<'_>, unidentified: Unidentified) -> String {
        String::from_utf8(write_answer(answer, unidentified)).unwrap()
    }

    #[test]
    fn an_error_without_an_id_says_so_as_its_revision_does() {
        let answer = Answer {
            id: None,
            outcome: Err(Error::new(ErrorKind::Parse, "no")),
        };

        let legacy = text(&answer, Unidentified::Null);
        let modern = text(&answer, Unidentified::Omit);

        assert_eq!(
            legacy,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#
        );
        assert_eq!(
            modern,
            r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}"#
        );
    }

    #[test]
    fn a_result_is_spliced_as_it_is() {
        let id = serde_json::from_str::<&RawValue>(r#""\u0061""#).unwrap();
        let answer = Answer {
            id: Some(id),
            outcome: Ok(Cow::Borrowed(b"{ \"x\":1 }")),
        };

        let written = text(&answer, Unidentified::Null);

        assert_eq!(
            written,
            r#"{"jsonrpc":"2.0","id":"\u0061","result":{ "x":1 }}"#
        );
        assert!(written.len() <= answer.size_hint());
    }
}
