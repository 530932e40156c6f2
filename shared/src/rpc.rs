//! JSON-RPC 2.0 envelopes. No I/O, no HTTP, no MCP.
//!
//! A message is parsed in one pass and without copying: the id and what the parameters `P` keep
//! are slices of the request's text, so that an id comes back byte for byte.

mod error;
mod member;
mod strict;
mod write;

pub(crate) use error::{Error, ErrorKind, quoted};
pub(crate) use member::{Text, is_there, object_or_other, present};
pub(crate) use write::{
    Answer, Payload, Shared, Unidentified, append_json, write_answer, write_batch,
};

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Messages in one batch. A batch multiplies answers, so a small body could ask for a huge one.
pub(crate) const MAX_BATCH: usize = 100;

/// What one HTTP body holds.
#[derive(Debug)]
pub(crate) enum Incoming<'a, P> {
    One(Message<'a, P>),
    Batch(Vec<Result<Message<'a, P>, Invalid<'a>>>),
}

/// One JSON-RPC message.
#[derive(Debug)]
pub(crate) enum Message<'a, P> {
    Request(Request<'a, P>),
    Notification(Notification<P>),
    /// An answer to a request this side never sent.
    Response,
}

#[derive(Debug)]
pub(crate) struct Request<'a, P> {
    /// A JSON string or integer, as it was written.
    pub(crate) id: &'a RawValue,
    pub(crate) method: Cow<'a, str>,
    /// Read from a JSON object; the default if there is none.
    pub(crate) params: P,
    /// The whole message.
    text: &'a str,
}

impl<'a, P> Request<'a, P> {
    /// The parameters read once more, for what few messages have: `P`, which every message is read
    /// into and moved with, is then the smaller.
    pub(crate) fn reread<T: Deserialize<'a> + Default>(&self) -> T {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
        struct Again<T> {
            #[serde(default, deserialize_with = "object_or_other")]
            params: T,
        }
        // What was read before can be read again.
        serde_json::from_str(self.text).map_or_else(|_| T::default(), |Again { params }| params)
    }
}

#[derive(Debug)]
pub(crate) struct Notification<P> {
    /// Read from a JSON object; the default if there is none.
    pub(crate) params: P,
}

/// Why a message was not understood, with its id where that could be read.
#[derive(Debug)]
pub(crate) struct Invalid<'a> {
    pub(crate) id: Option<&'a RawValue>,
    pub(crate) error: Error,
}

impl From<Error> for Invalid<'_> {
    fn from(error: Error) -> Self {
        Self { id: None, error }
    }
}

/// Parses a body: one message, or a batch of them.
///
/// # Errors
///
/// [`ErrorKind::Parse`] if `body` is not UTF-8 JSON, [`ErrorKind::InvalidRequest`] if it is JSON
/// but not a JSON-RPC 2.0 message: a duplicate key anywhere, nesting deeper than
/// [`strict::MAX_DEPTH`], an id that is neither string nor integer, parameters that are not an
/// object, an empty or oversized batch.
pub(crate) fn parse<'a, P>(body: &'a [u8]) -> Result<Incoming<'a, P>, Invalid<'a>>
where
    P: Deserialize<'a> + Default,
{
    let text = std::str::from_utf8(body)
        .map_err(|e| Error::new(ErrorKind::Parse, format!("the body is not UTF-8: {e}")))?;
    if text.trim_start().starts_with('[') {
        return parse_batch(text).map_err(Invalid::from);
    }
    let envelope = Envelope::read(text)?;
    // Only now, because the id of a message that is refused for what lies deeper in it is known.
    strict::check(text).map_err(|error| Invalid {
        id: envelope.readable_id(),
        error,
    })?;
    envelope.message(text).map(Incoming::One)
}

fn parse_batch<'a, P>(text: &'a str) -> Result<Incoming<'a, P>, Error>
where
    P: Deserialize<'a> + Default,
{
    let Elements(elements) = serde_json::from_str(text).map_err(|e| malformed(text, &e))?;
    strict::check(text)?;
    let messages = elements
        .into_iter()
        .map(|element| Envelope::read(element.get())?.message(element.get()))
        .collect();
    Ok(Incoming::Batch(messages))
}

/// The elements of a batch. Reading stops at one too many.
struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Elements<'de> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 to {MAX_BATCH} messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Self, A::Error> {
        while let Some(element) = elements.next_element()? {
            self.0.push(element);
            if self.0.len() > MAX_BATCH {
                break;
            }
        }
        if (1..=MAX_BATCH).contains(&self.0.len()) {
            return Ok(self);
        }
        Err(A::Error::invalid_length(self.0.len(), &self))
    }
}

/// The members of a message that JSON-RPC knows; others are ignored.
#[derive(Deserialize)]
#[serde(bound(deserialize = "P: Deserialize<'de> + Default"))]
struct Envelope<'a, P> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "member::params")]
    params: P,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// The id of a message that is wrong in another member, such as one that is there twice.
#[derive(Deserialize)]
struct OnlyId<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl<'a> OnlyId<'a> {
    fn read(text: &'a str) -> Option<&'a RawValue> {
        let Self { id } = serde_json::from_str(text).ok()?;
        is_id(id.get()).then_some(id)
    }
}

impl<'a, P: Deserialize<'a> + Default> Envelope<'a, P> {
    fn read(text: &'a str) -> Result<Self, Invalid<'a>> {
        // A JSON array would fill the struct by position.
        if !text.trim_start().starts_with('{') {
            let error = serde_json::from_str::<IgnoredAny>(text).err();
            let kind = ErrorKind::InvalidRequest;
            let error = error.map_or_else(
                || Error::new(kind, "a message is a JSON object"),
                |error| malformed(text, &error),
            );
            return Err(error.into());
        }
        serde_json::from_str(text).map_err(|error| Invalid {
            id: OnlyId::read(text),
            error: malformed(text, &error),
        })
    }

    fn readable_id(&self) -> Option<&'a RawValue> {
        self.id.filter(|id| is_id(id.get()))
    }

    /// The message that `text` is.
    fn message(self, text: &'a str) -> Result<Message<'a, P>, Invalid<'a>> {
        let id = self.readable_id();
        let refuse = |why| {
            Err(Invalid {
                id,
                error: Error::new(ErrorKind::InvalidRequest, why),
            })
        };
        if self.jsonrpc.map(RawValue::get) != Some(r#""2.0""#) {
            return refuse("`jsonrpc` must be \"2.0\"");
        }
        if self.id.is_some() && id.is_none() {
            return refuse("`id` must be a string or an integer");
        }
        let Some(method) = self.method else {
            if self.result.is_some() != self.error.is_some() {
                return Ok(Message::Response);
            }
            return refuse("`method` is missing");
        };
        let Some(Text(method)) = Text::of(method) else {
            return refuse("`method` must be a string");
        };
        if self.result.is_some() || self.error.is_some() {
            return refuse("a request has no `result` and no `error`");
        }
        Ok(match id {
            Some(id) => Message::Request(Request {
                id,
                method,
                params: self.params,
                text,
            }),
            None => Message::Notification(Notification {
                params: self.params,
            }),
        })
    }
}

/// Whether JSON text is an id, or a token of that form: a string or an integer.
pub(crate) fn is_id(raw: &str) -> bool {
    match raw.as_bytes() {
        [b'"', ..] => true,
        [b'-' | b'0'..=b'9', ..] => !raw.contains(['.', 'e', 'E']),
        _ => false,
    }
}

fn malformed(text: &str, error: &serde_json::Error) -> Error {
    // Not by the error: a key that is not Unicode is one of syntax to the reader, and still JSON.
    let kind = match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => ErrorKind::InvalidRequest,
        Err(_) => ErrorKind::Parse,
    };
    Error::new(kind, format!("the body cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> Result<Incoming<'_, IgnoredAny>, Invalid<'_>> {
        super::parse(body)
    }

    fn error(body: &str) -> (ErrorKind, Option<&str>) {
        let invalid = parse(body.as_bytes()).unwrap_err();
        (invalid.error.kind, invalid.id.map(RawValue::get))
    }

    fn request(body: &str) -> Request<'_, IgnoredAny> {
        match parse(body.as_bytes()).unwrap() {
            Incoming::One(Message::Request(request)) => request,
            other => panic!("not a request: {other:?}"),
        }
    }

    #[test]
    fn an_id_keeps_its_text() {
        for id in [
            "1",
            "-7",
            "123456789012345678901234567890",
            r#""a\u0041\/é""#,
            r#""""#,
        ] {
            let body = format!(r#"{{"jsonrpc":"2.0","id": {id} ,"method":"ping"}}"#);

            assert_eq!(request(&body).id.get(), id);
        }
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        for body in [
            "",
            " ",
            "{",
            "nope",
            r#"{"jsonrpc":"2.0"} x"#,
            "[1,",
            "{'a':1}",
        ] {
            assert_eq!(error(body), (ErrorKind::Parse, None), "{body}");
        }
        assert_eq!(parse(b"\"\xff\"").unwrap_err().error.kind, ErrorKind::Parse);
    }

    #[test]
    fn what_is_json_but_no_message_is_an_invalid_request() {
        for body in ["1", "null", r#""x""#, "{}", "[]", r#"{"jsonrpc":"2.0"}"#] {
            assert_eq!(error(body), (ErrorKind::InvalidRequest, None), "{body}");
        }
    }

    #[test]
    fn a_faulty_message_keeps_its_id_where_that_is_readable() {
        for (body, id) in [
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, Some("1")),
            (r#"{"id":"a","method":"ping"}"#, Some(r#""a""#)),
            (r#"{"jsonrpc":"2.0","id":2,"method":7}"#, Some("2")),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"ping","params":[]}"#,
                Some("3"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":3,"method":"ping","params":null}"#,
                Some("3"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":4,"method":"ping","params":{"a":1,"a":2}}"#,
                Some("4"),
            ),
            (
                r#"{"jsonrpc":"2.0","id":5,"method":"ping","result":{}}"#,
                Some("5"),
            ),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, None),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, None),
            (r#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, None),
            (r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, None),
            (
                r#"{"jsonrpc":"2.0","id":6,"method":"ping","method":"ping"}"#,
                Some("6"),
            ),
            (r#"{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}"#, None),
        ] {
            assert_eq!(error(body), (ErrorKind::InvalidRequest, id), "{body}");
        }
    }

    #[test]
    fn a_message_without_an_id_is_a_notification_and_one_with_a_result_a_response() {
        let notification = parse(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        let response = parse(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#);

        assert!(matches!(
            notification,
            Ok(Incoming::One(Message::Notification(_)))
        ));
        assert!(matches!(response, Ok(Incoming::One(Message::Response))));
    }

    #[test]
    fn a_faulty_element_does_not_spoil_its_batch() {
        let body = br#"[{"jsonrpc":"2.0","id":1,"method":"ping"},7]"#;

        let Incoming::Batch(messages) = parse(body).unwrap() else {
            panic!("not a batch")
        };

        assert!(matches!(&messages[..], [Ok(Message::Request(_)), Err(_)]));
    }

    #[test]
    fn a_batch_has_a_largest_size() {
        let element = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let body = format!("[{}]", vec![element; MAX_BATCH + 1].join(","));

        assert_eq!(error(&body), (ErrorKind::InvalidRequest, None));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(body: Vec<u8>) {
            drop(parse(&body));
        }

        #[test]
        fn any_integer_or_string_id_comes_back_unchanged(number: i64, text: String) {
            for id in [number.to_string(), serde_json::to_string(&text).unwrap()] {
                let body = format!(r#"{{"id":{id},"jsonrpc":"2.0","method":"ping"}}"#);

                proptest::prop_assert_eq!(request(&body).id.get(), id);
            }
        }
    }
}
