//! A server that was written with another library, served as an app's own.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::identity::Identity;

/// A server that was written with another library, whose tools, resources and prompts an app serves
/// ([`App::mount`](crate::App::mount)).
///
/// It is asked for what only it knows. Revisions, headers, batches, handshakes, `ping`, limits,
/// access, and whether arguments fit a tool's schema, are the app's, which also gives each answer the
/// form of the caller's revision.
///
/// ```
/// use oci_mcp::{App, Context, Mount, MountError, MountRequest};
/// use serde_json::{Map, Value, json};
///
/// struct Elsewhere;
///
/// impl Mount for Elsewhere {
///     fn introduction(&self) -> Map<String, Value> {
///         let server = json!({ "name": "elsewhere", "version": "1.0.0" });
///         Map::from_iter([("serverInfo".to_owned(), server)])
///     }
///
///     async fn answer(
///         &self,
///         _: &Context,
///         request: MountRequest,
///     ) -> Result<Map<String, Value>, MountError> {
///         match request.method {
///             "tools/list" => Ok(Map::from_iter([("tools".to_owned(), json!([]))])),
///             method => Err(MountError::new(-32601, format!("there is no {method}"))),
///         }
///     }
/// }
///
/// let app = App::mount(Elsewhere);
/// ```
pub trait Mount: Send + Sync + 'static {
    /// What the server says of itself: the members of `InitializeResult` (2025-11-25). Of them count
    /// `serverInfo`, apart from icons, `instructions`, and which of `completions`, `prompts` and
    /// `resources` are among the `capabilities`.
    fn introduction(&self) -> Map<String, Value>;

    /// The members of the result of `request`. Dropping the future is to end the work.
    ///
    /// `request` has the method's parameters in their place: a name, a URI and a cursor are strings,
    /// and the arguments of a tool fit the schema that the server gave for it.
    ///
    /// A result of 2026-07-28 may ask the client for input. A `requestState` in it is sealed before it
    /// leaves, with the app's [`StateKeys`](crate::StateKeys), and opened when it comes back.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error to answer with.
    fn answer(
        &self,
        cx: &Context,
        request: MountRequest,
    ) -> impl Future<Output = Result<Map<String, Value>, MountError>> + Send;
}

/// A request for a server that is mounted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MountRequest {
    /// The revision that it is of, such as `2025-11-25`.
    pub revision: &'static str,
    /// `completion/complete`, `prompts/get`, `prompts/list`, `resources/list`, `resources/read`,
    /// `resources/templates/list`, `tools/call` or `tools/list`.
    pub method: &'static str,
    /// Its parameters, as they came.
    pub params: Map<String, Value>,
}

/// Why a server that is mounted has no result: a JSON-RPC error.
#[derive(Clone, Debug)]
pub struct MountError {
    pub(crate) code: i32,
    pub(crate) message: Cow<'static, str>,
    pub(crate) data: Option<Value>,
}

impl MountError {
    /// An error with a code of JSON-RPC's, of MCP's or of the server's own.
    #[must_use]
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// Adds what a program can read.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MountError {}

/// A mounted server with its type erased, and what it says that it has.
pub(crate) struct Mounted {
    server: Box<dyn ErasedMount>,
    pub(crate) completions: bool,
    pub(crate) prompts: bool,
    pub(crate) resources: bool,
}

type AnswerFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Map<String, Value>, MountError>> + Send + 'a>>;

trait ErasedMount: Send + Sync {
    fn answer<'a>(&'a self, cx: &'a Context, request: MountRequest) -> AnswerFuture<'a>;
}

impl<M: Mount> ErasedMount for M {
    fn answer<'a>(&'a self, cx: &'a Context, request: MountRequest) -> AnswerFuture<'a> {
        Box::pin(Mount::answer(self, cx, request))
    }
}

impl Mounted {
    /// `server`, and who it says it is.
    pub(crate) fn new(server: impl Mount) -> (Self, Identity) {
        let introduction = Value::from(server.introduction());
        let text = |pointer| {
            let value = introduction.pointer(pointer).and_then(Value::as_str);
            value.map(str::to_owned)
        };
        let identity = Identity {
            name: text("/serverInfo/name").unwrap_or_default(),
            version: text("/serverInfo/version").unwrap_or_default(),
            title: text("/serverInfo/title"),
            description: text("/serverInfo/description"),
            website_url: text("/serverInfo/websiteUrl"),
            icons: &[],
            instructions: text("/instructions"),
        };
        let has = |pointer| introduction.pointer(pointer).is_some_and(Value::is_object);
        let mounted = Self {
            server: Box::new(server),
            completions: has("/capabilities/completions"),
            prompts: has("/capabilities/prompts"),
            resources: has("/capabilities/resources"),
        };
        (mounted, identity)
    }

    /// As [`Mount::answer`].
    pub(crate) fn answer<'a>(&'a self, cx: &'a Context, request: MountRequest) -> AnswerFuture<'a> {
        self.server.answer(cx, request)
    }
}
