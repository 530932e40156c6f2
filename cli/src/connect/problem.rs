//! Why a request has no answer of the server's own, and what to do about it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use oci_rest::{TransportError, TransportErrorKind};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::target::{Kind, Target};

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    status: Option<StatusCode>,
    opc_request_id: Option<String>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            status: None,
            opc_request_id: None,
        }
    }

    /// There was no connection, or it ended too soon.
    pub(super) fn of_transport(error: &TransportError, target: &Target) -> Self {
        let remedy = match error.kind() {
            TransportErrorKind::Connect if target.is_local() => {
                "; start the server, such as with `oci-mcp dev`, and ask again"
            }
            TransportErrorKind::Connect | TransportErrorKind::ConnectTimeout => {
                "; look at the URL, the network, and whether a proxy or VPN is needed, and ask again"
            }
            kind if kind.may_have_been_sent() => {
                "; it may have been carried out nevertheless: look before asking for it again"
            }
            _ => "",
        };
        Self::new(format!("{error}{remedy}"))
    }

    pub(super) fn silence(target: &Target) -> Self {
        Self::new(format!(
            "`{}` said nothing for {} s, longer than {} may take; it may have been carried out \
             nevertheless: look before asking for it again",
            target.host(),
            target.patience().as_secs(),
            target.kind().name(),
        ))
    }

    pub(super) fn too_large(bytes: usize, target: &Target) -> Self {
        Self::new(format!(
            "the message is {bytes} bytes long, and {} takes {} at most; send less at a time",
            target.kind().name(),
            target.max_bytes(),
        ))
    }

    /// An answer that is not MCP, such as that of a service in front of the server.
    pub(super) fn of_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        target: &Target,
    ) -> Self {
        let Refusal { code, message } = serde_json::from_slice(body).unwrap_or_default();
        let code = code.as_ref().and_then(|code| code.as_str());
        let date = headers.get(http::header::DATE);
        let date = date
            .and_then(|date| date.to_str().ok())
            .unwrap_or("unknown");
        let remedy = remedy(status, code.unwrap_or_default(), date, target);
        let mut text = format!("`{}` answered {status}", target.host());
        for part in [code, message.as_deref()].into_iter().flatten() {
            text.push_str(": ");
            text.extend(
                part.chars()
                    .filter(|char| !char.is_control())
                    .take(MAX_SHOWN),
            );
        }
        text.push_str("; ");
        text.push_str(&remedy);
        let id = headers.get("opc-request-id");
        Self {
            message: text,
            status: Some(status),
            opc_request_id: id.and_then(|id| Some(id.to_str().ok()?.to_owned())),
        }
    }

    /// The error that answers the request with this id, which is JSON.
    pub(super) fn answer(&self, id: &str) -> Bytes {
        let mut data = serde_json::Map::new();
        if let Some(status) = self.status {
            data.insert("status".to_owned(), status.as_u16().into());
        }
        if let Some(id) = &self.opc_request_id {
            data.insert("opcRequestId".to_owned(), id.as_str().into());
        }
        error(id, INTERNAL, &self.message, data)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// A JSON-RPC error; `id` is JSON.
pub(super) fn error(
    id: &str,
    code: i32,
    message: &str,
    data: serde_json::Map<String, serde_json::Value>,
) -> Bytes {
    let id: Option<&RawValue> = serde_json::from_str(id).ok();
    let mut error = json!({ "code": code, "message": message });
    if let (false, Some(error)) = (data.is_empty(), error.as_object_mut()) {
        error.insert("data".to_owned(), data.into());
    }
    let answer = Answer {
        jsonrpc: "2.0",
        id,
        error,
    };
    serde_json::to_vec(&answer).unwrap_or_default().into()
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    jsonrpc: &'a str,
    id: Option<&'a RawValue>,
    error: serde_json::Value,
}

/// What OCI's services and API gateway say. The gateway's code is a number.
#[derive(Default, Deserialize)]
struct Refusal {
    code: Option<serde_json::Value>,
    message: Option<String>,
}

fn remedy(status: StatusCode, code: &str, date: &str, target: &Target) -> String {
    match status {
        StatusCode::UNAUTHORIZED if target.is_signed() => format!(
            "OCI does not accept the signature: look whether the key was deleted, the session has \
             expired (`oci session authenticate`) or is of another tenancy, and whether this machine's \
             clock is right (there it is {date}). A server that wants an OAuth token is not for \
             `connect`: give the client its URL"
        ),
        StatusCode::UNAUTHORIZED => "it wants to know who calls, and requests are not signed, because \
             the host is none of OCI's: --sign signs nevertheless; where an OAuth token is wanted, give \
             the client the URL itself"
            .to_owned(),
        StatusCode::FORBIDDEN => policy(target),
        StatusCode::NOT_FOUND if code == "NotAuthorizedOrNotFound" => {
            format!("either it does not exist in this region, or {}", policy(target))
        }
        StatusCode::NOT_FOUND => "look at the path of the URL: a model deployment needs the paths of \
             MCP among its `customHttpEndpoints`"
            .to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => "nothing takes messages there: look at the path of the URL"
            .to_owned(),
        StatusCode::CONFLICT if target.kind() == Kind::PredictionStream => {
            "what answers there is no stream: the URL must end with `/mcp/stream`, or begin with \
             `/predict/` for answers in one piece"
                .to_owned()
        }
        StatusCode::PAYLOAD_TOO_LARGE => "send less at a time".to_owned(),
        StatusCode::TOO_MANY_REQUESTS => "too many requests: wait before the next one".to_owned(),
        StatusCode::GATEWAY_TIMEOUT => format!(
            "it took longer than {} may: ask for less, or have its timeout raised",
            target.kind().name()
        ),
        status if status.is_redirection() => "redirects are not followed, because a signed request \
             must not go where an answer sends it: use the final URL"
            .to_owned(),
        status if status.is_server_error() => {
            "the server failed: its log says why; ask again later".to_owned()
        }
        status if status.is_success() => "that is not MCP: look at the path of the URL".to_owned(),
        _ => "look at the log of the server".to_owned(),
    }
}

fn policy(target: &Target) -> String {
    let (verb, what) = match target.kind() {
        Kind::Function => ("use", "functions-family"),
        Kind::Prediction | Kind::PredictionStream => ("use", "data-science-model-deployments"),
        Kind::Http => return "the caller may not do that".to_owned(),
    };
    format!(
        "no policy lets the caller do that: one such as `allow group <group> to {verb} {what} in \
         compartment <compartment>` must be there"
    )
}

/// JSON-RPC's code for what went wrong on the way.
pub(super) const INTERNAL: i32 = -32603;

/// How much of each part of a foreign error is repeated, in characters.
const MAX_SHOWN: usize = 300;
