//! Serves an MCP server that was written with `rmcp`, the official SDK for Rust, from every host of
//! `oci-mcp`.
//!
//! Its tools, resources and prompts stay as they are; its `main` becomes one call:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use rmcp::ServerHandler;
//!
//! #[derive(Clone)]
//! struct Existing;
//!
//! impl ServerHandler for Existing {}
//!
//! fn main() -> ExitCode {
//!     # mod oci_mcp_hosts { pub fn serve(_: oci_mcp::App) -> std::process::ExitCode { 0.into() } }
//!     oci_mcp_hosts::serve(oci_mcp_rmcp::app(|| Existing))
//! }
//! ```
//!
//! What is around a request is the [`App`]'s: revisions, headers, batches, limits, access, whether
//! arguments fit a tool's schema. The handler is asked for what only it knows, as if by a client of the
//! same revision; what it logs with `rmcp` itself is set with `OCI_MCP_LOG=info,rmcp=warn`.
//!
//! There are no sessions, so a handler is made for each request, as `rmcp` does where it has no sessions
//! either. What requests share (a pool, a cache) is made outside and cloned into it.
//!
//! | of `rmcp` | here |
//! |---|---|
//! | `Peer::notify_progress`, `notify_logging_message` | reach the client that asked for them |
//! | `CallToolResponse::InputRequired` and the like | reach clients of 2026-07-28; a `requestState` needs `OCI_MCP_STATE_KEY` |
//! | `Peer::create_message`, `elicit`, `list_roots`, `ping` | an error: no host can ask while it answers |
//! | `notify_resource_updated`, `notify_*_list_changed`, subscriptions | nobody is told, and no capability says so |
//! | tasks, skills, custom requests | not served |
//! | `RequestContext::extensions` | holds the [`Context`], with caller, deadline and trace, and no HTTP headers |
//! | `get_info`, `list_tools` | asked once in the life of the process |

mod peer;

use oci_mcp::{App, Context, Mount, MountError, MountRequest};
use rmcp::model::{ClientRequest, GetExtensions, GetMeta, NumberOrString};
use rmcp::service::{RequestContext, RoleServer, Service};
use rmcp::{ErrorData, ServerHandler};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// An app that serves what the handlers that `make` gives serve, each for one request.
///
/// ```
/// use rmcp::handler::server::ServerHandler;
/// use rmcp::model::{Implementation, InitializeResult, ServerCapabilities};
///
/// struct Existing;
///
/// impl ServerHandler for Existing {
///     fn get_info(&self) -> InitializeResult {
///         InitializeResult::new(ServerCapabilities::builder().enable_tools().build())
///             .with_server_info(Implementation::new("existing", "1.0.0"))
///     }
/// }
///
/// let app = oci_mcp_rmcp::app(|| Existing);
/// ```
pub fn app<F, H>(make: F) -> App
where
    F: Fn() -> H + Send + Sync + 'static,
    H: ServerHandler,
{
    App::mount(Handlers { make })
}

struct Handlers<F> {
    make: F,
}

impl<F, H> Mount for Handlers<F>
where
    F: Fn() -> H + Send + Sync + 'static,
    H: ServerHandler,
{
    fn introduction(&self) -> Map<String, Value> {
        let info = ServerHandler::get_info(&(self.make)());
        members(&info).unwrap_or_default()
    }

    async fn answer(
        &self,
        cx: &Context,
        request: MountRequest,
    ) -> Result<Map<String, Value>, MountError> {
        let revision = request.revision;
        let mut request = read(request)?;
        let peer = peer::answering(cx, revision).map_err(error_of)?;
        // Any: it goes by another one than the client's, whose batches may have one twice.
        let mut context = RequestContext::new(NumberOrString::Number(0), peer.peer().clone());
        std::mem::swap(&mut context.meta, request.get_meta_mut());
        std::mem::swap(&mut context.extensions, request.extensions_mut());
        context.extensions.insert(cx.clone());
        // For what the handler has started besides.
        let _cancel = context.ct.clone().drop_guard();
        let handler = (self.make)();
        let result = Service::<RoleServer>::handle_request(&handler, request, context).await;
        members(&result.map_err(error_of)?)
    }
}

/// The request as `rmcp` has it.
///
/// # Errors
///
/// If `rmcp` cannot read the parameters: it would take them for those of a method that it does not know.
fn read(request: MountRequest) -> Result<ClientRequest, MountError> {
    let MountRequest { method, params, .. } = request;
    let read = serde_json::from_value(json!({ "method": method, "params": params }));
    match read {
        Ok(ClientRequest::CustomRequest(_)) | Err(_) => {
            let why =
                format!("the parameters of `{method}` are not of the form that MCP has for them");
            Err(MountError::new(-32602, why))
        }
        Ok(request) => Ok(request),
    }
}

fn members(value: &impl Serialize) -> Result<Map<String, Value>, MountError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(MountError::new(-32603, "the result is no JSON object")),
    }
}

fn error_of(error: ErrorData) -> MountError {
    let answer = MountError::new(error.code.0, error.message);
    match error.data {
        Some(data) => answer.with_data(data),
        None => answer,
    }
}
