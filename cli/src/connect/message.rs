//! As much of a message as the bridge must know. What is wrong with one is for the server to say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

/// A line from the client.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Bytes,
    pub(super) kind: Kind,
    /// The ids that want an answer, as JSON text: `1` and `"1"` are two.
    pub(super) ids: Vec<Box<str>>,
    /// The method of a request or a notification.
    pub(super) method: Option<String>,
    /// What `Mcp-Name` repeats of the parameters.
    pub(super) name: Option<String>,
    /// The revision that it claims in `_meta`, as every request of 2026-07-28 does.
    pub(super) revision: Option<String>,
}

#[derive(Debug, Default, Eq, PartialEq)]
pub(super) enum Kind {
    Initialize,
    /// Of the request with this id.
    Cancellation(Box<str>),
    #[default]
    Other,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
    #[serde(borrow, rename = "requestId")]
    request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    uri: Option<&'a RawValue>,
    #[serde(borrow, rename = "taskId")]
    task_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    protocol_version: Option<&'a RawValue>,
}

impl Message {
    /// Reads a line; `None` if it is not JSON.
    pub(super) fn read(bytes: &Bytes) -> Option<Self> {
        let mut message = Self {
            bytes: bytes.clone(),
            kind: Kind::Other,
            ids: Vec::new(),
            method: None,
            name: None,
            revision: None,
        };
        let whole: &RawValue = serde_json::from_slice(bytes).ok()?;
        if let Ok(batch) = serde_json::from_str::<Vec<&RawValue>>(whole.get()) {
            let envelopes = batch.iter().filter_map(|raw| object::<Envelope<'_>>(raw));
            message.ids = envelopes.filter_map(|envelope| envelope.asks()).collect();
        } else if let Some(envelope) = object::<Envelope<'_>>(whole) {
            message.take(&envelope);
        }
        Some(message)
    }

    fn take(&mut self, envelope: &Envelope<'_>) {
        self.ids.extend(envelope.asks());
        let Some(method) = envelope.method.as_deref() else {
            return;
        };
        let params: Params<'_> = envelope.params.and_then(object).unwrap_or_default();
        let meta = params.meta.and_then(object::<Meta<'_>>);
        self.revision = meta.and_then(|meta| text(meta.protocol_version));
        self.name = match method {
            "tools/call" | "prompts/get" => text(params.name),
            "resources/read" => text(params.uri),
            _ if method.starts_with("tasks/") => text(params.task_id),
            _ => None,
        };
        self.kind = match (method, params.request_id) {
            ("initialize", _) => Kind::Initialize,
            ("notifications/cancelled", Some(id)) => Kind::Cancellation(id.get().into()),
            _ => Kind::Other,
        };
        self.method = Some(method.to_owned());
    }

    /// The message with `revision` in `_meta`, where a server finds it that sees no headers; as it is,
    /// if it claims one or is none that could.
    pub(super) fn claiming(&self, revision: &str) -> Bytes {
        let is_free = self.method.is_some() && self.revision.is_none();
        let claimed = is_free.then(|| claim(&self.bytes, revision)).flatten();
        claimed.unwrap_or_else(|| self.bytes.clone())
    }
}

impl Envelope<'_> {
    /// The id, if it wants an answer.
    fn asks(&self) -> Option<Box<str>> {
        let id = self.id.filter(|_| self.method.is_some());
        id.map(|id| id.get().into())
    }
}

/// Splices `revision` into `params._meta`. Values stay as they are written, numbers above all.
fn claim(message: &[u8], revision: &str) -> Option<Bytes> {
    type Object = BTreeMap<String, Box<RawValue>>;
    let member = |object: &Object, name: &str| match object.get(name) {
        Some(value) => serde_json::from_str::<Object>(value.get()).ok(),
        None => Some(Object::new()),
    };
    let mut message: Object = serde_json::from_slice(message).ok()?;
    let mut params = member(&message, "params")?;
    let mut meta = member(&params, "_meta")?;
    meta.insert(PROTOCOL_VERSION.to_owned(), to_raw_value(revision).ok()?);
    params.insert("_meta".to_owned(), to_raw_value(&meta).ok()?);
    message.insert("params".to_owned(), to_raw_value(&params).ok()?);
    serde_json::to_vec(&message).ok().map(Bytes::from)
}

/// Reads an object. Serde would take an array for one too, its elements for the fields in order.
fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    let is_object = raw.get().starts_with('{');
    is_object.then(|| serde_json::from_str(raw.get()).ok())?
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(line: &'static str) -> Message {
        Message::read(&Bytes::from_static(line.as_bytes())).unwrap()
    }

    #[test]
    fn what_headers_repeat_is_found() {
        for (line, method, name) in [
            (
                r#"{"id":1,"method":"tools/call","params":{"name":"add","uri":"x"}}"#,
                "tools/call",
                Some("add"),
            ),
            (
                r#"{"id":1,"method":"resources/read","params":{"uri":"a:\u00e9"}}"#,
                "resources/read",
                Some("a:é"),
            ),
            (
                r#"{"id":1,"method":"tasks/get","params":{"taskId":"t"}}"#,
                "tasks/get",
                Some("t"),
            ),
            (
                r#"{"id":1,"method":"tools/list","params":{"name":"x"}}"#,
                "tools/list",
                None,
            ),
            (
                r#"{"id":1,"method":"tools/call","params":[1]}"#,
                "tools/call",
                None,
            ),
        ] {
            let message = read(line);

            assert_eq!(message.method.as_deref(), Some(method));
            assert_eq!(message.name.as_deref(), name, "{line}");
        }
    }

    #[test]
    fn who_wants_an_answer_is_known_even_of_a_batch() {
        for (line, ids) in [
            (r#"{"id":1,"method":"x"}"#, vec!["1"]),
            (r#"{"id":"1","method":"x"}"#, vec![r#""1""#]),
            (r#"{"method":"x"}"#, vec![]),
            (r#"{"id":1,"result":{}}"#, vec![]),
            (
                r#"[{"id":1,"method":"x"},{"method":"y"},{"id":2,"method":"z"}]"#,
                vec!["1", "2"],
            ),
            ("7", vec![]),
        ] {
            let found = read(line).ids;

            assert_eq!(found.iter().map(AsRef::as_ref).collect::<Vec<_>>(), ids);
        }
        assert!(Message::read(&Bytes::from_static(b"{")).is_none());
    }

    #[test]
    fn a_claim_is_added_where_there_is_none_and_numbers_keep_their_digits() {
        let line =
            r#"{"id":12345678901234567890,"method":"x","params":{"a":1.10,"_meta":{"b":1}}}"#;

        let claimed = read(line).claiming("2025-11-25");

        let text = std::str::from_utf8(&claimed).unwrap();
        assert!(
            text.contains("12345678901234567890") && text.contains("1.10"),
            "{text}"
        );
        let value: Value = serde_json::from_slice(&claimed).unwrap();
        let meta = json!({ "b": 1, PROTOCOL_VERSION: "2025-11-25" });
        assert_eq!(value["params"]["_meta"], meta);
        let kept = [
            r#"{"id":1,"result":{}}"#,
            r#"{"id":1,"method":"x","params":[1]}"#,
            r#"{"id":1,"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        ];
        for line in kept {
            assert_eq!(read(line).claiming("2025-11-25"), line);
        }
    }
}
