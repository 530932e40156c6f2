//! MCP servers for serverless hosts.
//!
//! An [`App`] is a name and some [`Tool`]s. As a [`tower::Service`] it answers MCP requests of every
//! revision from 2024-11-05 to 2026-07-28, each on its own: there are no sessions, so any instance
//! can answer any request. Hosts (an OCI Function, a model deployment, a container) turn what
//! their platform delivers into HTTP requests for it; this crate knows none of them.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::BodyExt;
//! use oci_mcp::{App, Config, Context, Json, NoArgs, Tool, ToolError};
//! use tower::ServiceExt;
//!
//! struct Answer;
//!
//! impl Tool for Answer {
//!     type Args = NoArgs;
//!     type Output = Json<u32>;
//!     const NAME: &'static str = "answer";
//!     const DESCRIPTION: &'static str = "The answer to everything.";
//!
//!     async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<u32>, ToolError> {
//!         Ok(Json(42))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = App::new("deep-thought", "1.0.0").tool(Answer).into_service(Config::default())?;
//!
//! let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"answer"}}"#;
//! let request = Request::post("/mcp")
//!     .header("content-type", "application/json")
//!     .body(Bytes::from_static(body.as_bytes()))?;
//! let response = service.oneshot(request).await?;
//!
//! let answer = response.into_body().collect().await?.to_bytes();
//! let content = r#"{"content":[{"type":"text","text":"42"}]}"#;
//! assert_eq!(answer, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{content}}}"#));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "access")]
mod access;
mod app;
mod audit;
mod body;
mod completion;
mod config;
mod content;
mod context;
mod cors;
mod delivery;
mod dispatch;
mod endpoint;
mod fault;
mod icon;
mod identity;
mod input;
mod limits;
mod log;
mod mcp;
mod mount;
mod notify;
mod prepare;
mod prompt;
mod resource;
mod rpc;
mod schema;
mod tool;

#[cfg(feature = "access")]
pub use access::Access;
pub use app::{App, AppFuture, AppService, InvalidApp};
pub use audit::{Audit, AuditSink, Flush};
pub use body::{Body, Events};
pub use completion::{Completion, CompletionRequest};
pub use config::{ByteLimit, Config, ConfigError, Vars};
pub use content::{Content, ContentAnnotations, ResourceLink, Role};
pub use context::{Context, TraceContext};
pub use delivery::{Delivery, HeaderPolicy, Principal, Reply};
pub use icon::{Icon, IconTheme};
pub use input::{
    Answer, InputKind, InputRequired, InvalidStateKeys, Root, Sampled, Sampling, StateKeys,
};
pub use mount::{Mount, MountError, MountRequest};
pub use notify::LogLevel;
pub use prepare::Preparing;
pub use prompt::{Prompt, PromptError, PromptMessage};
pub use resource::{Contents, Resource, ResourceError, ResourceTemplate};
pub use schema::Mirrored;
pub use tool::{
    Annotations, CallResult, DynamicTool, InvalidTool, Json, NoArgs, Output, Tool, ToolError,
};
