//! MCP's own JSON Schemas, which judge every message that passes through a [`crate::Server`], and every
//! answer that comes through a host.
//!
//! `tests/peers/install.sh` takes them out of the conformance suite, which has all but that of
//! 2024-11-05. Its successor's stands in for it: it adds to it and takes nothing away.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use http::{HeaderValue, Request};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::peer::installed;
use crate::{LEGACY, MODERN, Reply, revisions};

const VERSION: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

static SCHEMAS: LazyLock<Option<HashMap<&'static str, Schema>>> = LazyLock::new(|| {
    let folder = installed("schemas").ok()?;
    let read = |revision| {
        let file = match revision {
            "2024-11-05" => "2025-03-26",
            other => other,
        };
        let text = std::fs::read(folder.join(file).with_extension("json")).unwrap();
        (
            revision,
            Schema::new(serde_json::from_slice(&text).unwrap()),
        )
    };
    Some(revisions().map(read).collect())
});

/// The schema of a revision, and the definitions of it that were needed so far.
struct Schema {
    document: Value,
    definitions: &'static str,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Marks a request that may be one that MCP's schemas do not allow.
#[derive(Clone)]
pub(crate) struct Loose;

/// What of a request decides how its answer is judged.
pub(crate) struct Sent {
    body: Bytes,
    header: Option<String>,
    is_loose: bool,
}

impl Sent {
    pub(crate) fn new(request: &Request<Bytes>) -> Self {
        let header = request.headers().get("mcp-protocol-version");
        let header = header.and_then(|value| value.to_str().ok());
        Self {
            body: request.body().clone(),
            header: header.map(str::to_owned),
            is_loose: request.extensions().get::<Loose>().is_some(),
        }
    }

    /// What is sent through a host by tests that want to know what becomes of anything: only answers are judged.
    pub(crate) fn anything(request: &Request<Bytes>) -> Self {
        Self {
            is_loose: true,
            ..Self::new(request)
        }
    }

    /// Panics if `reply` has a message that is not of its revision or an error that MCP has not, or
    /// if what was sent is not of its revision and got a result all the same.
    pub(crate) fn judge(&self, reply: &Reply) {
        let sent = serde_json::from_slice(&self.body).unwrap_or_default();
        for message in messages(reply) {
            let request = match &sent {
                Value::Array(batch) => of_batch(batch, &message),
                one => one,
            };
            let revision = self.revision(request, &message);
            let code = message["error"]["code"].as_i64();
            assert!(code.is_none_or(is_known), "{revision}: {message}");
            let wrong = violations(revision, request["method"].as_str(), &message);
            assert!(wrong.is_empty(), "{revision}: {wrong:?} in {message}");
            if message.get("result").is_some() && !self.is_loose {
                let wrong = violations(revision, None, request);
                assert!(wrong.is_empty(), "{revision}: {wrong:?} in {request}");
            }
        }
    }

    /// As which revision `request` was served.
    fn revision(&self, request: &Value, answer: &Value) -> &'static str {
        // The claim of what is no message is not read.
        let is_message = !matches!(answer["error"]["code"].as_i64(), Some(-32700 | -32600));
        let claimed = request.pointer(VERSION).filter(|_| is_message);
        let claimed = claimed.and_then(Value::as_str);
        let agreed = answer.pointer("/result/protocolVersion");
        let agreed = agreed.and_then(Value::as_str);
        let told = agreed.or(claimed).or(self.header.as_deref());
        // What is not a message has an error that only the newer revisions describe.
        let nobodys = answer.get("error").is_some() && answer.get("id").is_none_or(Value::is_null);
        let unstated = if nobodys { LEGACY[3] } else { LEGACY[1] };
        match revisions().find(|revision| Some(*revision) == told) {
            Some(revision) if nobodys && revision != MODERN => LEGACY[3],
            Some(revision) => revision,
            None => unstated,
        }
    }
}

/// What is wrong, as the schema of `revision` sees it, with a message that answers a request of
/// `method`. Nothing is wrong if there are no schemas.
#[must_use]
pub fn violations(revision: &str, method: Option<&str>, message: &Value) -> Vec<String> {
    let Some(schema) = SCHEMAS.as_ref().and_then(|schemas| schemas.get(revision)) else {
        return Vec::new();
    };
    if let Some(event) = message["method"].as_str() {
        let definition = schema.of_method(event);
        return schema.violations(definition.unwrap_or("JSONRPCNotification"), message);
    }
    if message.get("error").is_some() {
        let mut message = message.clone();
        // JSON-RPC's own way to say that there was no id to read, of which MCP's schemas know nothing.
        if revision != MODERN && message["id"].is_null() {
            message.as_object_mut().unwrap().remove("id");
        }
        return schema.violations(schema.of_error(&message["error"]["code"]), &message);
    }
    let envelope = schema.first(&["JSONRPCResultResponse", "JSONRPCResponse"]);
    let mut wrong = schema.violations(envelope, message);
    let request = method.and_then(|method| schema.of_method(method));
    let result = match (request, message["result"]["resultType"].as_str()) {
        (_, Some("input_required")) => "InputRequiredResult".to_owned(),
        (Some(request), _) => request.replace("Request", "Result"),
        (None, _) => "EmptyResult".to_owned(),
    };
    let result = schema.first(&[&result, "EmptyResult"]);
    wrong.extend(schema.violations(result, &message["result"]));
    wrong
}

/// What `answer` answers; nothing if that cannot be told.
fn of_batch<'a>(batch: &'a [Value], answer: &Value) -> &'a Value {
    let mut same = batch.iter().filter(|one| one.get("id") == answer.get("id"));
    match (same.next(), same.next()) {
        (Some(one), None) => one,
        _ => &Value::Null,
    }
}

/// Whether MCP has an error with this code, or leaves it to servers: of what JSON-RPC and MCP
/// reserve, nobody may make up any.
fn is_known(code: i64) -> bool {
    let of_mcp = [-32002, -32020, -32021, -32022];
    let of_json_rpc = [-32700, -32600, -32601, -32602, -32603];
    of_mcp.contains(&code) || of_json_rpc.contains(&code) || !(-32768..=-32000).contains(&code)
}

/// The messages of an answer: of one, of a batch or of a stream.
fn messages(reply: &Reply) -> Vec<Value> {
    let media_type = reply.headers.get("content-type");
    let messages = match media_type.map(HeaderValue::as_bytes) {
        Some(b"text/event-stream") => {
            let text = String::from_utf8_lossy(&reply.body);
            let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
            data.map(|data| serde_json::from_str(data).unwrap())
                .collect()
        }
        Some(b"application/json") => match reply.json() {
            Value::Array(batch) => batch,
            one => vec![one],
        },
        _ => Vec::new(),
    };
    // `/health` answers with JSON too.
    let is_message = |value: &Value| value.get("jsonrpc").is_some();
    messages.into_iter().filter(is_message).collect()
}

impl Schema {
    fn new(document: Value) -> Self {
        let definitions = ["$defs", "definitions"];
        let definitions = definitions
            .into_iter()
            .find(|key| document.get(key).is_some());
        Self {
            document,
            definitions: definitions.unwrap(),
            compiled: Mutex::default(),
        }
    }

    /// The definition of the message with this method.
    fn of_method(&self, method: &str) -> Option<&str> {
        let of_method = |definition: &Value| definition["properties"]["method"]["const"] == method;
        self.find(of_method)
    }

    /// The definition of an error, of one with this code if there is one.
    fn of_error(&self, code: &Value) -> &str {
        let of_code = |definition: &Value| {
            let parts = definition["properties"]["error"]["allOf"].as_array();
            parts.is_some_and(|parts| {
                let codes = parts
                    .iter()
                    .map(|part| &part["properties"]["code"]["const"]);
                codes.into_iter().any(|this| this == code)
            })
        };
        let any = || self.first(&["JSONRPCErrorResponse", "JSONRPCError"]);
        self.find(of_code).unwrap_or_else(any)
    }

    fn find(&self, is_it: impl Fn(&Value) -> bool) -> Option<&str> {
        let definitions = self.document[self.definitions].as_object().unwrap();
        let mut found = definitions
            .iter()
            .filter(|(_, definition)| is_it(definition));
        found.next().map(|(name, _)| name.as_str())
    }

    /// The first of `names` that this revision has.
    fn first<'a>(&self, names: &[&'a str]) -> &'a str {
        let definitions = &self.document[self.definitions];
        let mut names = names
            .iter()
            .filter(|name| definitions.get(**name).is_some());
        names.next().unwrap()
    }

    fn violations(&self, definition: &str, instance: &Value) -> Vec<String> {
        let validator = self.compiled(definition);
        let errors = validator.iter_errors(instance);
        errors
            .map(|error| format!("{definition}{}: {error}", error.instance_path()))
            .collect()
    }

    fn compiled(&self, definition: &str) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap();
        let compile = || {
            let mut document = self.document.clone();
            document["$ref"] = json!(format!("#/{}/{definition}", self.definitions));
            Arc::new(jsonschema::validator_for(&document).unwrap())
        };
        let validator = compiled
            .entry(definition.to_owned())
            .or_insert_with(compile);
        Arc::clone(validator)
    }
}
