//! Headers that repeat what the body says: served if they agree, and only then. The `base64` crate,
//! which the server does not use, tells what a value means.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request};
use serde_json::{Value, json};

use super::Fuzzed;
use crate::{LEGACY, MODERN, legacy, meta, post, rpc, with};

impl Fuzzed {
    /// Takes `data` for the value of each header in turn.
    pub fn headers(&self, data: &[u8]) {
        let Ok(value) = HeaderValue::from_bytes(data) else {
            return;
        };
        self.revision(&value);
        self.name(&value);
        self.region(&value);
        self.limit(&value);
    }

    fn revision(&self, value: &HeaderValue) {
        let Some(version) = plain(value) else {
            return;
        };
        let mut claim = call("tools/list", &json!({}), version);
        claim.headers_mut().insert(VERSION, value.clone());
        let mut header = legacy("", "tools/list", &json!({}));
        header.headers_mut().insert(VERSION, value.clone());

        let (claim, header) = (self.send(claim), self.send(header));

        let (claimed, named) = match version {
            MODERN => ((200, 0), (400, -32602)),
            _ if LEGACY.contains(&version) => ((200, 0), (200, 0)),
            _ => ((400, -32022), (400, -32022)),
        };
        assert_eq!(claim.error(), claimed, "{version:?}");
        assert_eq!(header.error(), named, "{version:?}");
    }

    fn name(&self, value: &HeaderValue) {
        let said = decoded(value);
        for stated in said
            .as_deref()
            .into_iter()
            .chain(plain(value))
            .chain(["look"])
        {
            let mut request = call("tools/call", &json!({ "name": stated }), MODERN);
            request.headers_mut().insert("mcp-name", value.clone());

            let (status, code) = self.send(request).error();

            let agrees = said.as_deref() == Some(stated);
            assert_eq!(code != -32020, agrees, "{value:?}: {stated:?}: {code}");
            // These ask for what this client has not declared.
            let is_served = agrees && !["greet", "steps"].contains(&stated);
            assert_eq!(status, if is_served { 200 } else { 400 }, "{stated:?}");
        }
    }

    fn region(&self, value: &HeaderValue) {
        let said = decoded(value);
        for stated in said
            .as_deref()
            .into_iter()
            .chain(plain(value))
            .chain(["phoenix"])
        {
            let mut request = look(&json!({ "region": stated }));
            request
                .headers_mut()
                .insert("mcp-param-region", value.clone());

            let reply = self.send(request);

            if said.as_deref() == Some(stated) {
                let text = reply.json()["result"]["content"][0]["text"].take();
                let arguments: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
                assert_eq!(arguments["region"], stated);
            } else {
                assert_eq!(reply.error(), (400, -32020), "{value:?}: {stated:?}");
            }
        }
    }

    fn limit(&self, value: &HeaderValue) {
        let mut request = look(&json!({ "limit": 42 }));
        request
            .headers_mut()
            .insert("mcp-param-limit", value.clone());

        let error = self.send(request).error();

        let said = decoded(value).unwrap_or_default();
        match error {
            // Rust reads every number of JSON, and more.
            (200, 0) => assert_eq!(said.trim().parse(), Ok(42.0)),
            error => {
                assert_eq!(error, (400, -32020), "{value:?}");
                assert!(said != "42" && said != "42.0");
            }
        }
    }
}

const VERSION: &str = "mcp-protocol-version";

fn look(arguments: &Value) -> Request<Bytes> {
    let params = json!({ "name": "look", "arguments": arguments });
    with(call("tools/call", &params, MODERN), "mcp-name", "look")
}

/// A request that claims `version` in its body alone.
fn call(method: &str, params: &Value, version: &str) -> Request<Bytes> {
    let mut params = params.clone();
    params["_meta"] = meta(version);
    let request = with(post(rpc(method, &params)), VERSION, MODERN);
    with(request, "mcp-method", method)
}

/// What a value says that may be base64.
fn decoded(value: &HeaderValue) -> Option<String> {
    let text = plain(value)?;
    let encoded = text
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        Some(encoded) => String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok(),
        None => Some(text.to_owned()),
    }
}

fn plain(value: &HeaderValue) -> Option<&str> {
    value
        .to_str()
        .ok()
        .map(|text| text.trim_matches([' ', '\t']))
}
