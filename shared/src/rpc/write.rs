//! JSON-RPC answers as bytes. A result is spliced in, not parsed and written again.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Error;

/// One answer: the result's JSON text, or an error.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// `None` where the request's id could not be read.
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) outcome: Result<Payload, Error>,
}

/// A result's JSON text.
#[derive(Debug)]
pub(crate) enum Payload {
    /// This answer's own.
    Own(Vec<u8>),
    Shared(Shared),
}

/// A result's JSON text that many answers have, and the brace which closes them after it: a long one
/// is the end of each of them without a copy.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Bytes);

impl Shared {
    pub(crate) fn new(mut result: Vec<u8>) -> Self {
        result.reserve_exact(1);
        result.push(b'}');
        Self(result.into())
    }

    /// A result that says nothing more.
    pub(crate) const fn empty_object() -> Self {
        Self(Bytes::from_static(b"{}}"))
    }
}

/// How an error without a readable id says so: 2026-07-28 leaves `id` out, earlier revisions
/// write `null`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unidentified {
    Null,
    Omit,
}

/// What a response adds before a result and to an id, to the byte: a buffer that is full to its end
/// becomes a `Bytes` without another allocation.
const ENVELOPE: usize = VERSION.len() + ID.len() + RESULT.len();
const VERSION: &[u8] = br#"{"jsonrpc":"2.0""#;
const ID: &[u8] = br#","id":"#;
const RESULT: &[u8] = br#","result":"#;

/// So many bytes cost more to copy than to send as a piece of their own.
const LONG: usize = 8 * 1024;

/// An answer in two pieces, of which the second may be empty.
pub(crate) fn write_answer(answer: &Answer<'_>, unidentified: Unidentified) -> (Vec<u8>, Bytes) {
    let rest = match &answer.outcome {
        Ok(Payload::Shared(Shared(result))) if result.len() > LONG => result.clone(),
        _ => Bytes::new(),
    };
    let mut out = Vec::with_capacity(answer.size_hint() - rest.len());
    append_start(&mut out, answer.id, unidentified);
    if rest.is_empty() {
        append_outcome(&mut out, &answer.outcome);
    } else {
        out.extend_from_slice(RESULT);
    }
    (out, rest)
}

/// The answers of a batch, as a JSON array.
pub(crate) fn write_batch<'a>(answers: impl Iterator<Item = &'a Answer<'a>> + Clone) -> Vec<u8> {
    let sizes = answers.clone().map(|answer| answer.size_hint() + 1);
    let mut out = Vec::with_capacity(1 + sizes.sum::<usize>());
    for answer in answers {
        out.push(if out.is_empty() { b'[' } else { b',' });
        append_start(&mut out, answer.id, Unidentified::Null);
        append_outcome(&mut out, &answer.outcome);
    }
    out.push(b']');
    out
}

impl Answer<'_> {
    /// About how many bytes the answer takes, and hardly ever less.
    pub(crate) fn size_hint(&self) -> usize {
        let outcome = match &self.outcome {
            Ok(Payload::Own(result)) => result.len() + 1,
            Ok(Payload::Shared(Shared(result))) => result.len(),
            // Quotation marks and control characters in the message are escaped.
            Err(error) => {
                let data = error.data.as_ref().map_or(0, |data| data.get().len());
                49 + error.message.len() * 2 + data
            }
        };
        ENVELOPE + self.id.map_or(0, |id| id.get().len()) + outcome
    }
}

fn append_start(out: &mut Vec<u8>, id: Option<&RawValue>, unidentified: Unidentified) {
    out.extend_from_slice(VERSION);
    let id = match (id, unidentified) {
        (Some(id), _) => Some(id.get()),
        (None, Unidentified::Null) => Some("null"),
        (None, Unidentified::Omit) => None,
    };
    if let Some(id) = id {
        out.extend_from_slice(ID);
        out.extend_from_slice(id.as_bytes());
    }
}

/// The outcome and the answer's last brace.
fn append_outcome(out: &mut Vec<u8>, outcome: &Result<Payload, Error>) {
    match outcome {
        Ok(Payload::Own(result)) => {
            out.extend_from_slice(RESULT);
            out.extend_from_slice(result);
            out.push(b'}');
        }
        Ok(Payload::Shared(Shared(result))) => {
            out.extend_from_slice(RESULT);
            out.extend_from_slice(result);
        }
        Err(error) => {
            out.extend_from_slice(br#","error":"#);
            append_json(out, &ErrorObject::from(error));
            out.push(b'}');
        }
    }
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
        let (start, rest) = write_answer(answer, unidentified);
        String::from_utf8([&start[..], &rest].concat()).unwrap()
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
            outcome: Ok(Payload::Own(b"{ \"x\":1 }".to_vec())),
        };

        let written = text(&answer, Unidentified::Null);

        assert_eq!(
            written,
            r#"{"jsonrpc":"2.0","id":"\u0061","result":{ "x":1 }}"#
        );
        assert_eq!(written.len(), answer.size_hint());
    }

    #[test]
    fn a_long_result_that_answers_share_is_not_copied() {
        let result = format!(r#"["{}"]"#, "x".repeat(LONG));
        let shared = Shared::new(result.clone().into_bytes());
        let answer = Answer {
            id: Some(serde_json::from_str("1").unwrap()),
            outcome: Ok(Payload::Shared(shared.clone())),
        };

        let (start, rest) = write_answer(&answer, Unidentified::Null);

        assert_eq!(start, br#"{"jsonrpc":"2.0","id":1,"result":"#);
        assert_eq!(rest.as_ptr(), shared.0.as_ptr());
        let whole = text(&answer, Unidentified::Null);
        assert_eq!(
            whole,
            format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)
        );
        assert_eq!(
            write_batch([&answer].into_iter()),
            format!("[{whole}]").as_bytes()
        );
    }
}
