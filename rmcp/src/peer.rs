//! The client as a handler sees it: it can be told things, and asked for nothing.

use std::convert::Infallible;
use std::future::ready;

use oci_mcp::Context;
use rmcp::ServerHandler;
use rmcp::model::{
    ClientCapabilities, ErrorCode, ErrorData, Implementation, InitializeRequestParams,
    JsonRpcMessage, ProtocolVersion,
};
use rmcp::service::{
    RoleServer, RunningService, RxJsonRpcMessage, TxJsonRpcMessage, serve_directly,
};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::sync::mpsc;

/// Nobody: what `rmcp` runs has a peer, and is never sent a request.
pub(crate) struct Nobody;

impl ServerHandler for Nobody {}

/// The client of the call `cx`, which speaks `revision`, until it is dropped.
///
/// `rmcp` makes a peer only for a server that runs, so one runs beside the handler, with nothing to do
/// but to pass on what the handler says. The handler itself is called by us: it then ends when its
/// future is dropped, and its panics are ours to see.
pub(crate) fn answering(
    cx: &Context,
    revision: &'static str,
) -> Result<RunningService<RoleServer, Nobody>, ErrorData> {
    let version = ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .find(|version| version.as_str() == revision);
    let version = version.ok_or_else(|| {
        ErrorData::internal_error(format!("rmcp does not know revision {revision}"), None)
    })?;
    // What a client can do it says in each request, since 2026-07-28; before, nobody here remembers it.
    let client = Implementation::new("unknown", "unknown");
    let client = InitializeRequestParams::new(ClientCapabilities::default(), client)
        .with_protocol_version(version.clone());
    let (refuse, refusals) = mpsc::unbounded_channel();
    let channel = Channel {
        cx: cx.clone(),
        refuse,
        refusals,
    };
    Ok(serve_directly(Nobody, channel, Some(client)))
}

struct Channel {
    cx: Context,
    refuse: mpsc::UnboundedSender<RxJsonRpcMessage<RoleServer>>,
    refusals: mpsc::UnboundedReceiver<RxJsonRpcMessage<RoleServer>>,
}

impl Transport<RoleServer> for Channel {
    type Error = Infallible;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let written = serde_json::to_value(&message).unwrap_or_default();
        match message {
            JsonRpcMessage::Request(request) => {
                let method = written.get("method").and_then(Value::as_str);
                let message = format!(
                    "this host answers requests and cannot send `{}`; since MCP 2026-07-28 a result can \
                     ask instead",
                    method.unwrap_or_default()
                );
                let error = ErrorData::new(ErrorCode::INVALID_REQUEST, message, None);
                let refusal = JsonRpcMessage::error(error, Some(request.id));
                // The other end is ours, and there for as long as this one.
                let _sent = self.refuse.send(refusal);
            }
            JsonRpcMessage::Notification(_) => tell(&self.cx, &written),
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        self.refusals.recv().await
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Passes on what belongs to the call; the rest is of what nobody is subscribed to.
fn tell(cx: &Context, notification: &Value) {
    let Some(params) = notification.get("params") else {
        return;
    };
    let text = |key| params.get(key).and_then(Value::as_str);
    let number = |key| params.get(key).and_then(Value::as_f64);
    match notification.get("method").and_then(Value::as_str) {
        Some("notifications/progress") => {
            if let Some(progress) = number("progress") {
                cx.progress(progress, number("total"), text("message"));
            }
        }
        Some("notifications/message") => {
            if let Some(level) = text("level").and_then(|level| level.parse().ok()) {
                cx.log(level, params.get("data"));
            }
        }
        _ => {}
    }
}
