//! The plain form of a call, for callers that know no JSON-RPC: what it becomes, and what becomes of
//! the answer.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use oci_mcp::Body;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `{"tool": …, "arguments": …}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain<'a> {
    #[serde(borrow)]
    tool: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The members by which a plain call and a JSON-RPC message are told apart.
#[derive(Deserialize)]
struct Members {
    tool: Option<IgnoredAny>,
    jsonrpc: Option<IgnoredAny>,
}

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: u8,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Error>,
}

#[derive(Deserialize)]
struct Error {
    code: i64,
    message: String,
}

/// What a body of `/predict` is.
pub(crate) enum Predict {
    /// JSON-RPC, or nothing that is known here: the app decides.
    Message,
    /// The `tools/call` that a plain call stands for.
    Call(Bytes),
    /// A plain call that cannot be made, with the reason.
    Invalid(String),
}

impl Predict {
    pub(crate) fn read(body: &[u8]) -> Self {
        let error = match serde_json::from_slice::<Plain<'_>>(body) {
            Ok(Plain { tool, arguments }) => return Self::call(&tool, arguments),
            Err(error) => error,
        };
        match serde_json::from_slice(body) {
            Ok(Members {
                tool: Some(_),
                jsonrpc: None,
            }) => Self::Invalid(format!(
                "{error}; a call is {{\"tool\": NAME, \"arguments\": {{…}}}}"
            )),
            _ => Self::Message,
        }
    }

    fn call(tool: &str, arguments: Option<&RawValue>) -> Self {
        let request = Request {
            jsonrpc: "2.0",
            id: 1,
            method: "tools/call",
            params: Params {
                name: tool,
                arguments,
            },
        };
        match serde_json::to_vec(&request) {
            Ok(message) => Self::Call(message.into()),
            Err(error) => Self::Invalid(error.to_string()),
        }
    }
}

/// The result of a `tools/call` without its envelope. An error becomes the result of a failed call,
/// so that a caller meets one shape, and has a status of its own.
pub(crate) async fn unwrap(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    let body = match serde_json::from_slice(&body) {
        Ok(Answer {
            result: Some(result),
            ..
        }) => body.slice_ref(result.get().as_bytes()),
        Ok(Answer {
            error: Some(error), ..
        }) => {
            if head.status.is_success() {
                head.status = error.status();
            }
            failed(&error.message)
        }
        _ => body,
    };
    Response::from_parts(head, body.into())
}

/// The app's refusal of a plain call that cannot be made, in words that fit the plain form.
pub(crate) async fn refuse(why: &str, response: Response<Body>) -> Response<Body> {
    let mut response = unwrap(response).await;
    if response.status() == StatusCode::BAD_REQUEST {
        *response.body_mut() = failed(why).into();
    }
    response
}

impl Error {
    fn status(&self) -> StatusCode {
        match self.code {
            INTERNAL_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

fn failed(why: &str) -> Bytes {
    let text = serde_json::json!({ "type": "text", "text": why });
    serde_json::json!({ "content": [text], "isError": true })
        .to_string()
        .into()
}

/// JSON-RPC 2.0, 5.1.
const INTERNAL_ERROR: i64 = -32603;
