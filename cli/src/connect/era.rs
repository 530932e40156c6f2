//! Between a client of a handshake and a server that knows none, and the other way round: "Backward
//! Compatibility with Initialization-Based Versions" of 2026-07-28, which itself offers no way.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::message::{MODERN, Message, Object, PROTOCOL_VERSION, member, put};
use super::problem::INTERNAL;

/// What stands between the client and the server.
#[derive(Clone, Debug, Default)]
pub(super) enum Era {
    /// Neither has shown what it knows.
    #[default]
    Unknown,
    /// Nothing.
    Same,
    /// The client shook hands; the server wants this `_meta` in each request.
    ToModern(Arc<Object>),
    /// The server shook hands, and this is what it would have said to `server/discover`.
    ToLegacy(Arc<RawValue>),
}

/// What becomes of a message.
#[derive(Debug)]
pub(super) enum Step {
    AsItIs,
    Send(Message),
    Answer(Bytes),
    /// The answer, and what is different from then on.
    Change(Bytes, Era),
    Nothing,
}

impl Era {
    /// What becomes of `message` of the client.
    pub(super) fn step(&self, message: &Message) -> Step {
        match self {
            Self::Unknown | Self::Same => Step::AsItIs,
            Self::ToModern(meta) => to_modern(message, meta),
            Self::ToLegacy(discovery) => to_legacy(message, discovery),
        }
    }

    /// What the client is to see of `message`, which came while `method` was asked for; `None` if it is not
    /// for its eyes.
    pub(super) fn seen(&self, method: &str, message: &[u8]) -> Option<Bytes> {
        if !matches!(self, Self::ToLegacy(_)) {
            return Some(Bytes::copy_from_slice(message));
        }
        let Ok(mut object) = serde_json::from_slice::<Object>(message) else {
            return Some(Bytes::copy_from_slice(message));
        };
        if object.contains_key("method") {
            // Servers ask nothing of a client of 2026-07-28 in this way.
            let is_request = object.contains_key("id");
            return (!is_request).then(|| Bytes::copy_from_slice(message));
        }
        if object.contains_key("result")
            && let Some(mut result) = member(&object, "result")
        {
            complete(&mut result, method);
            put(&mut object, "result", &result);
        } else if let Some(mut error) = member(&object, "error")
            && error
                .get("code")
                .is_some_and(|code| code.get() == NOT_FOUND)
        {
            put(&mut error, "code", &INVALID_PARAMS);
            put(&mut object, "error", &error);
        }
        serde_json::to_vec(&object).ok().map(Bytes::from)
    }
}

/// Whether `answer` is an error that a server of the other era may give to a handshake, or to `server/discover`.
pub(super) fn is_refusal(answer: &Value) -> bool {
    let error = &answer["error"];
    // What went wrong on the way would do so again; but 400 may have been all that the server said.
    error.is_object()
        && (error["code"] != INTERNAL || answer.pointer("/error/data/status") == Some(&400.into()))
}

/// `server/discover` in the place of the handshake `initialize`, and `_meta` for all that follow.
pub(super) fn discover(initialize: &Message) -> Option<(Message, Object)> {
    let mut meta = Object::new();
    put(&mut meta, PROTOCOL_VERSION, MODERN);
    put(&mut meta, CAPABILITIES, &Map::new());
    if let Some(info) = initialize.params().remove("clientInfo") {
        meta.insert(CLIENT_INFO.to_owned(), info);
    }
    let mut params = Object::new();
    put(&mut params, "_meta", &meta);
    let id = initialize.ids.first()?;
    Some((Message::request(id, DISCOVER, &params)?, meta))
}

/// What the answer to `server/discover` makes of the answer to `initialize`.
pub(super) fn introduction(initialize: &Message, discovery: &Value) -> Option<Bytes> {
    let result = &discovery["result"];
    let supported = result["supportedVersions"].as_array()?;
    if !supported.iter().any(|version| version == MODERN) {
        return None;
    }
    let params = initialize.params();
    let wanted = params.get("protocolVersion").map(|version| version.get());
    let wanted = wanted.and_then(|version| serde_json::from_str::<&str>(version).ok());
    let known = LEGACY.into_iter().find(|known| Some(*known) == wanted);
    let mut introduction = json!({
        "protocolVersion": known.unwrap_or(LEGACY[0]),
        "capabilities": quiet(&result["capabilities"]),
        "serverInfo": named(result.get("_meta").and_then(|meta| meta.get(SERVER_INFO))),
    });
    if let (Some(text), Some(object)) = (
        result["instructions"].as_str(),
        introduction.as_object_mut(),
    ) {
        object.insert("instructions".to_owned(), text.into());
    }
    answer(initialize.ids.first()?, &introduction)
}

/// A request of 2026-07-28 beside `message`, with what its `_meta` says of the client.
pub(super) fn beside(message: &Message, method: &str, mut params: Object) -> Option<Message> {
    let mut meta = member(&message.params(), "_meta")?;
    meta.retain(|name, _| [PROTOCOL_VERSION, CAPABILITIES, CLIENT_INFO].contains(&&**name));
    put(&mut params, "_meta", &meta);
    Message::request(OURS, method, &params)
}

/// The handshake that a client of 2026-07-28 with `message` does not make.
pub(super) fn initialize(message: &Message) -> Option<Message> {
    let meta = member(&message.params(), "_meta")?;
    let mut params = Object::new();
    put(&mut params, "protocolVersion", LEGACY[0]);
    // None, because what a server asks of its client has another form in the other era.
    put(&mut params, "capabilities", &Map::new());
    let us = json!({ "name": "oci-mcp connect", "version": env!("CARGO_PKG_VERSION") });
    match meta.get(CLIENT_INFO) {
        Some(info) => put(&mut params, "clientInfo", info),
        None => put(&mut params, "clientInfo", &us),
    }
    Message::request(OURS, "initialize", &params)
}

/// The end of a handshake.
pub(super) fn initialized() -> Option<Message> {
    Message::read(&Bytes::from_static(
        br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    ))
}

/// What the answer to `initialize` makes of the one to `server/discover`.
pub(super) fn discovery(introduction: &Value) -> Option<Box<RawValue>> {
    let result = &introduction["result"];
    let mut discovery = json!({
        "resultType": "complete",
        "supportedVersions": [MODERN],
        "capabilities": quiet(&result["capabilities"]),
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": { SERVER_INFO: named(result.get("serverInfo")) },
    });
    if let (Some(text), Some(object)) = (result["instructions"].as_str(), discovery.as_object_mut())
    {
        object.insert("instructions".to_owned(), text.into());
    }
    serde_json::value::to_raw_value(&discovery).ok()
}

fn to_modern(message: &Message, meta: &Arc<Object>) -> Step {
    let id = message.ids.first();
    let done = id.and_then(|id| answer(id, &Map::new()));
    match (message.method.as_deref(), done) {
        (Some("ping"), Some(done)) => Step::Answer(done),
        (Some("logging/setLevel"), Some(done)) => {
            let mut meta = Object::clone(meta);
            if let Some(level) = message.params().remove("level") {
                meta.insert(LOG_LEVEL.to_owned(), level);
            }
            Step::Change(done, Era::ToModern(Arc::new(meta)))
        }
        // Over HTTP a client of 2026-07-28 sends requests alone.
        (_, None) => Step::Nothing,
        (_, Some(_)) => {
            let enveloped = message.with_meta(|own| {
                own.extend(
                    meta.iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
            });
            enveloped.map_or(Step::AsItIs, Step::Send)
        }
    }
}

fn to_legacy(message: &Message, discovery: &RawValue) -> Step {
    if message.method.as_deref() == Some(DISCOVER) {
        let id = message.ids.first();
        let told = id.and_then(|id| answer(id, discovery));
        return told.map_or(Step::Nothing, Step::Answer);
    }
    let bare = message.with_meta(|meta| {
        meta.retain(|name, _| {
            ![PROTOCOL_VERSION, CAPABILITIES, CLIENT_INFO, LOG_LEVEL].contains(&&**name)
        });
    });
    bare.map_or(Step::AsItIs, Step::Send)
}

/// What 2026-07-28 has in each result, or in those that may be kept.
fn complete(result: &mut Object, method: &str) {
    let mut add = |name: &str, value: Value| {
        if !result.contains_key(name) {
            put(result, name, &value);
        }
    };
    add("resultType", "complete".into());
    if KEPT.contains(&method) {
        add("ttlMs", 0.into());
        add("cacheScope", "private".into());
    }
}

/// `capabilities` without those for which a server would have to speak unasked.
fn quiet(capabilities: &Value) -> Value {
    let mut capabilities = capabilities.as_object().cloned().unwrap_or_default();
    capabilities.retain(|name, _| !["extensions", "tasks"].contains(&&**name));
    for capability in capabilities.values_mut().filter_map(Value::as_object_mut) {
        capability.retain(|name, _| !["listChanged", "subscribe"].contains(&&**name));
    }
    capabilities.into()
}

/// Who a server says that it is, which it need not.
fn named(info: Option<&Value>) -> Value {
    let is_named = |info: &&Value| info["name"].is_string() && info["version"].is_string();
    let unknown = || json!({ "name": "unknown", "version": "unknown" });
    info.filter(is_named).cloned().unwrap_or_else(unknown)
}

/// The answer to the request with the id `id`, which is JSON.
fn answer<T: Serialize + ?Sized>(id: &str, result: &T) -> Option<Bytes> {
    #[derive(Serialize)]
    struct Answer<'a, T: ?Sized> {
        jsonrpc: &'a str,
        id: &'a RawValue,
        result: &'a T,
    }
    let answer = Answer {
        jsonrpc: "2.0",
        id: serde_json::from_str(id).ok()?,
        result,
    };
    serde_json::to_vec(&answer).ok().map(Bytes::from)
}

pub(super) const DISCOVER: &str = "server/discover";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// Revisions of a handshake, newest first.
const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What is asked for whose results say how long they may be kept.
const KEPT: [&str; 5] = [
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "tools/list",
];

/// The id of a request that is not the client's. Each is on its own, so that it may be that of another.
const OURS: &str = r#""oci-mcp connect""#;

/// That there is no such resource, which 2026-07-28 says as of any other parameter.
const NOT_FOUND: &str = "-32002";
const INVALID_PARAMS: i32 = -32602;
