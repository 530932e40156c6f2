//! As much of a message as the bridge must know. What is wrong with one is for the server to say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// The members of an object, each as it is written, so that numbers keep their digits.
pub(super) type Object = BTreeMap<String, Box<RawValue>>;

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

    /// A request with the id `id`, which is JSON.
    pub(super) fn request(id: &str, method: &str, params: &Object) -> Option<Self> {
        let id: &RawValue = serde_json::from_str(id).ok()?;
        let request = Request {
            jsonrpc: "2.0",
            id,
            method,
            params,
        };
        Self::read(&serde_json::to_vec(&request).ok()?.into())
    }

    /// Whether it is a request of 2026-07-28 or later.
    pub(super) fn is_modern(&self) -> bool {
        let revision = self.revision.as_deref();
        !self.ids.is_empty() && revision.is_some_and(|revision| revision >= MODERN)
    }

    /// The parameters, none if there are none.
    pub(super) fn params(&self) -> Object {
        let message: Option<Object> = serde_json::from_slice(&self.bytes).ok();
        let params = message.and_then(|message| member(&message, "params"));
        params.unwrap_or_default()
    }

    /// The same with `_meta` as `change` leaves it, or `None` if it has no place for that.
    pub(super) fn with_meta(&self, change: impl FnOnce(&mut Object)) -> Option<Self> {
        let mut message: Object = serde_json::from_slice(&self.bytes).ok()?;
        let mut params = member(&message, "params")?;
        let mut meta = member(&params, "_meta")?;
        change(&mut meta);
        params.insert("_meta".to_owned(), to_raw_value(&meta).ok()?);
        message.insert("params".to_owned(), to_raw_value(&params).ok()?);
        Self::read(&serde_json::to_vec(&message).ok()?.into())
    }

    /// The message with `revision` in `_meta`, where a server finds it that sees no headers; as it is,
    /// if it claims one or is none that could.
    pub(super) fn claiming(&self, revision: &str) -> Bytes {
        let is_free = self.method.is_some() && self.revision.is_none();
        let claim = |meta: &mut Object| put(meta, PROTOCOL_VERSION, revision);
        let claimed = is_free.then(|| self.with_meta(claim)).flatten();
        claimed.map_or_else(|| self.bytes.clone(), |claimed| claimed.bytes)
    }
}

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'a str,
    id: &'a RawValue,
    method: &'a str,
    params: &'a Object,
}

impl Envelope<'_> {
    /// The id, if it wants an answer.
    fn asks(&self) -> Option<Box<str>> {
        let id = self.id.filter(|_| self.method.is_some());
        id.map(|id| id.get().into())
    }
}

/// The object that is `name` in `object`, an empty one if nothing is; `None` if something else is.
pub(super) fn member(object: &Object, name: &str) -> Option<Object> {
    match object.get(name) {
        Some(value) => serde_json::from_str(value.get()).ok(),
        None => Some(Object::new()),
    }
}

/// Sets a member.
pub(super) fn put<T: Serialize + ?Sized>(object: &mut Object, name: &str, value: &T) {
    if let Ok(value) = to_raw_value(value) {
        object.insert(name.to_owned(), value);
    }
}

/// Reads an object. Serde would take an array for one too, its elements for the fields in order.
fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    let is_object = raw.get().starts_with('{');
    is_object.then(|| serde_json::from_str(raw.get()).ok())?
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

pub(super) const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The revision with which requests began to say all of themselves, without a handshake.
pub(super) const MODERN: &str = "2026-07-28";

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
