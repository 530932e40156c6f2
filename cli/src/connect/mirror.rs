//! `Mcp-Param-*`: arguments that servers want in headers, too. Which, tools/list says: "Custom Headers from Tool
//! Parameters" of 2026-07-28.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use oci_mcp::Mirrored;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::header::encode;
use super::message::{Message, Object, member, put};

/// The tools of a server that want arguments in headers.
#[derive(Debug, Default)]
pub(super) struct Tools(Mutex<HashMap<String, Box<[Mirrored]>>>);

#[derive(Deserialize)]
struct Tool {
    name: String,
    #[serde(default, rename = "inputSchema")]
    input_schema: Value,
}

impl Tools {
    /// Takes note of an answer to tools/list, and returns it without the tools that no client may take for
    /// what they say of headers.
    pub(super) fn learn(&self, answer: Bytes) -> Bytes {
        let mut tools = self.lock();
        // Few servers have any, and lists are long.
        let has_any = answer.windows(KEYWORD.len()).any(|part| part == KEYWORD);
        if !has_any && tools.is_empty() {
            return answer;
        }
        learn(&mut tools, &answer).unwrap_or(answer)
    }

    /// The headers of a call.
    pub(super) fn headers(&self, call: &Message) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let tools = self.lock();
        let Some(mirrored) = call.name.as_ref().and_then(|name| tools.get(name)) else {
            return headers;
        };
        let arguments = call.params().remove("arguments");
        let arguments = arguments.and_then(|arguments| serde_json::from_str(arguments.get()).ok());
        let arguments: Value = arguments.unwrap_or_default();
        for parameter in mirrored {
            let text = match parameter.value(&arguments) {
                Some(Value::String(text)) => text.clone(),
                Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
                // What has no form as a header does not fit the schema either.
                _ => continue,
            };
            headers.insert(parameter.header(), encode(&text));
        }
        headers
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Box<[Mirrored]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `None` if the answer is to stay as it is.
fn learn(known: &mut HashMap<String, Box<[Mirrored]>>, answer: &[u8]) -> Option<Bytes> {
    let mut answer: Object = serde_json::from_slice(answer).ok()?;
    let mut result = member(&answer, "result")?;
    let tools: Vec<&RawValue> = serde_json::from_str(result.get("tools")?.get()).ok()?;
    let count = tools.len();
    let good: Vec<_> = tools
        .into_iter()
        .filter(|tool| note(known, tool))
        .map(ToOwned::to_owned)
        .collect();
    if good.len() == count {
        return None;
    }
    put(&mut result, "tools", &good);
    put(&mut answer, "result", &result);
    serde_json::to_vec(&answer).ok().map(Bytes::from)
}

/// Whether a client may have the tool.
fn note(known: &mut HashMap<String, Box<[Mirrored]>>, tool: &RawValue) -> bool {
    let Ok(Tool { name, input_schema }) = serde_json::from_str(tool.get()) else {
        return true;
    };
    known.remove(&name);
    match Mirrored::all(&input_schema) {
        Ok(mirrored) => {
            if !mirrored.is_empty() && known.len() < MAX_TOOLS {
                known.insert(name, mirrored);
            }
            true
        }
        Err(problem) => {
            let name: String = name.escape_debug().take(100).collect();
            tracing::warn!("the tool `{name}` is left out: {problem}");
            false
        }
    }
}

const KEYWORD: &[u8] = br#""x-mcp-header""#;

/// More than any server has; one without end must not fill the memory.
const MAX_TOOLS: usize = 10_000;
