//! As much of a message as the connection must know. What is wrong with one is for the app to say.

use http::HeaderValue;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// Whether it claims a revision of its own, as every message of 2026-07-28 does.
    pub(super) claims: bool,
}

/// Ids are JSON text, because `1` and `"1"` are two.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) enum Kind {
    Initialize,
    Request(Box<str>),
    /// Of the request with this id.
    Cancellation(Box<str>),
    /// Another notification, a batch, or nothing that makes sense.
    #[default]
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: String,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestId")]
    request_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    protocol_version: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Initialized {
    result: Negotiated,
}

#[derive(Deserialize)]
struct Negotiated {
    #[serde(rename = "protocolVersion")]
    protocol_version: String,
}

impl Message {
    pub(super) fn read(line: &[u8]) -> Self {
        let text = std::str::from_utf8(line).unwrap_or_default();
        let Some(envelope) = object::<Envelope<'_>>(text) else {
            return Self::default();
        };
        let params = envelope.params.and_then(|params| object(params.get()));
        let Params { meta, request_id } = params.unwrap_or_default();
        let meta = meta.and_then(|meta| object::<Meta<'_>>(meta.get()));
        let text = |id: &RawValue| Box::from(id.get());
        let kind = match (envelope.method.as_str(), envelope.id) {
            ("initialize", _) => Kind::Initialize,
            ("notifications/cancelled", None) => {
                request_id.map_or(Kind::Other, |id| Kind::Cancellation(text(id)))
            }
            (_, Some(id)) => Kind::Request(text(id)),
            (_, None) => Kind::Other,
        };
        let claims = meta.is_some_and(|meta| meta.protocol_version.is_some());
        Self { kind, claims }
    }
}

/// The revision that an answer to `initialize` settles, unless it is an error.
pub(super) fn negotiated(answer: &[u8]) -> Option<HeaderValue> {
    let Initialized { result } = serde_json::from_slice(answer).ok()?;
    HeaderValue::try_from(result.protocol_version).ok()
}

/// Reads an object. Serde would take an array for one too, its elements for the fields in order.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let is_object = text.trim_ascii_start().starts_with('{');
    is_object.then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_connection_acts_on_is_told_apart() {
        for (line, kind) in [
            (r#"{"id":0,"method":"initialize"}"#, Kind::Initialize),
            (r#" {"id": 7 ,"method":"x"}"#, Kind::Request("7".into())),
            (
                r#"{"id":"7","method":"x","params":[1]}"#,
                Kind::Request(r#""7""#.into()),
            ),
            (
                r#"{"method":"notifications/cancelled","params":{"requestId":"a b"}}"#,
                Kind::Cancellation(r#""a b""#.into()),
            ),
            (r#"{"method":"notifications/cancelled"}"#, Kind::Other),
            (r#"{"method":"notifications/initialized"}"#, Kind::Other),
            (r#"{"id":7,"result":{}}"#, Kind::Other),
            (r#"[{"id":7,"method":"x"}]"#, Kind::Other),
            (r#"[7,"x",{}]"#, Kind::Other),
            (r#"{"id":7,"method":"x""#, Kind::Other),
            ("", Kind::Other),
        ] {
            let message = Message::read(line.as_bytes());

            assert_eq!(
                message,
                Message {
                    kind,
                    claims: false
                },
                "{line}"
            );
        }
        assert_eq!(
            Message::read(b"{\"id\":7,\"method\":\"\xff\"}").kind,
            Kind::Other
        );
    }

    #[test]
    fn a_claim_is_a_member_of_meta() {
        const KEY: &str = "io.modelcontextprotocol/protocolVersion";
        for (meta, claims) in [
            (format!(r#"{{"{KEY}":"2026-07-28"}}"#), true),
            (format!(r#"{{"a":{{}},"{KEY}":7}}"#), true),
            (format!(r#"{{"a":{{"{KEY}":"2026-07-28"}}}}"#), false),
            (r#"["2026-07-28"]"#.to_owned(), false),
            ("null".to_owned(), false),
        ] {
            let line = format!(r#"{{"id":7,"method":"x","params":{{"_meta":{meta}}}}}"#);

            assert_eq!(Message::read(line.as_bytes()).claims, claims, "{line}");
        }
    }

    #[test]
    fn an_answer_settles_a_revision_and_an_error_none() {
        let answer = br#"{"id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#;

        assert_eq!(negotiated(answer).unwrap(), "2025-06-18");
        assert_eq!(negotiated(br#"{"id":0,"error":{"code":-32602}}"#), None);
    }
}
