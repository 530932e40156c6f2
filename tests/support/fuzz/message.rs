//! Any body with any headers: one answer to each request, whatever it is, and none where none is due.
//! A visitor over `serde_json`, which the server does not check with, tells what the body is.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use oci_mcp::{Delivery, HeaderPolicy};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Fuzzed;
use crate::Reply;
use crate::answer::{Answer, answers, id_of};

/// The largest answer that the host passes on.
const MAX_RESPONSE: usize = 256 * 1024;

/// What the answers to a batch of 100 may add, each of which says that it would be too large.
const MAX_ERRORS: usize = 100 * 512;

impl Fuzzed {
    /// Takes `data` for headers, a line each, an empty line and a body; for a body alone if there is
    /// no empty line.
    pub fn message(&self, data: &[u8]) {
        for policy in [HeaderPolicy::Required, HeaderPolicy::Optional] {
            let mut delivery = Delivery::http("fuzz");
            delivery.headers = policy;
            delivery.max_response_bytes = Some(MAX_RESPONSE);
            let mut request = request(data);
            request.extensions_mut().insert(delivery);
            let body = request.body().clone();

            let reply = self.send(request);

            judge(&reply, &body);
        }
    }
}

fn request(data: &[u8]) -> Request<Bytes> {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((&data[..0], data), |end| (&data[..end], &data[end + 2..]));
    let mut request = Request::post("/mcp")
        .body(Bytes::copy_from_slice(body))
        .unwrap();
    let headers = request.headers_mut();
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let json = HeaderValue::from_static("application/json");
    headers.entry("content-type").or_insert(json);
    request
}

fn judge(reply: &Reply, body: &[u8]) {
    assert!(reply.body.len() <= MAX_RESPONSE + MAX_ERRORS + body.len());
    let answers = answers(reply);
    for answer in &answers {
        // A panic becomes this error, and nothing else here does.
        let is_internal =
            answer.code() == -32603 && !answer.message().starts_with("the answer has");
        assert!(!is_internal, "{answer:?}");
    }
    let only = match &answers[..] {
        [only] => Some((reply.status.as_u16(), only.code())),
        _ => None,
    };
    if [403, 406, 415].contains(&reply.status.as_u16()) {
        assert_eq!(only.map(|(_, code)| code), Some(-32600));
        return;
    }
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    if !is_json || std::str::from_utf8(body).is_err() {
        assert_eq!(only, Some((400, -32700)));
    } else if has_duplicate(body) {
        assert_eq!(only, Some((400, -32600)));
    } else if let Ok(json) = serde_json::from_slice::<Value>(body) {
        judge_json(reply, &answers, &json, id_of(body));
    }
}

/// Judges the answers to a body that is one `json` to every reader.
fn judge_json(reply: &Reply, answers: &[Answer<'_>], json: &Value, id: Option<&str>) {
    let status = reply.status.as_u16();
    let Value::Object(message) = json else {
        let due = json.as_array().map_or(1, |elements| elements.len().max(1));
        assert!(answers.len() <= due);
        return;
    };
    let has = |member| message.contains_key(member);
    if !has("method") && (has("result") != has("error")) {
        assert_eq!(status, 400);
    } else if id.is_some() {
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0].id(), id);
    } else if !has("id") && status == 202 {
        assert_eq!(message["jsonrpc"], "2.0");
        assert!(message["method"].is_string());
    } else {
        assert_eq!(status, 400);
    }
}

fn has_duplicate(text: &[u8]) -> bool {
    let found = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = Duplicates(&found).deserialize(&mut deserializer);
    read.is_err() && found.get()
}

/// Whether an object has a key twice.
#[derive(Clone, Copy)]
struct Duplicates<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Duplicates<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Duplicates<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            if !seen.insert(key) {
                self.0.set(true);
                return Err(serde::de::Error::custom("duplicate"));
            }
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}
