//! From a method to its answer: what this server does, whichever host it runs on.

mod call;
mod complete;
mod get;
mod input;
mod lists;
mod mounted;
mod read;
#[cfg(feature = "access")]
mod views;

use std::borrow::Cow;
use std::sync::Arc;

use tracing::{Instrument, Span, error_span};

#[cfg(feature = "access")]
use crate::access::Permit;
use crate::config::Config;
use crate::context::Context;
use crate::identity::Identity;
use crate::input::StateKeys;
use crate::limits::Limits;
use crate::mcp::{Method, Params, RareParams, Revision};
use crate::mount::Mounted;
use crate::prompt::Catalog;
use crate::resource::Library;
use crate::rpc::{Error, Payload, Request, Shared};
use crate::tool::{Entry, Toolbox};
use lists::{Capabilities, Lists};
use mounted::Server;

/// Answers requests. Nothing it keeps is needed by the next one.
pub(crate) struct Dispatcher {
    /// One that has the tools, resources and prompts instead of those here.
    server: Option<Server>,
    tools: Toolbox,
    resources: Library,
    prompts: Catalog,
    lists: Lists,
    state_keys: Option<Arc<StateKeys>>,
    limits: Limits,
}

/// A request that has passed every check of the transport.
pub(crate) struct Call<'a> {
    pub(crate) revision: Revision,
    pub(crate) method: Method,
    pub(crate) request: &'a Request<'a, Params<'a>>,
    pub(crate) cx: &'a Context,
}

impl<'a> Call<'a> {
    fn rare_params(&self) -> RareParams<'a> {
        self.request.reread()
    }
}

#[cfg(feature = "access")]
impl Call<'_> {
    /// What the caller may see and call, if that is not everything.
    fn permit(&self) -> Option<&Permit> {
        self.cx.delivery().permit.as_deref()
    }
}

impl Dispatcher {
    pub(crate) fn new(
        config: &Config,
        identity: Identity,
        tools: Toolbox,
        resources: Library,
        prompts: Catalog,
    ) -> Self {
        let capabilities = Capabilities {
            completions: prompts.completes() || resources.completes(),
            prompts: !prompts.is_empty(),
            resources: !resources.is_empty(),
            subscriptions: resources.accepts_subscriptions(),
        };
        Self {
            server: None,
            tools,
            resources,
            prompts,
            lists: Lists::new(identity, capabilities),
            state_keys: None,
            limits: Limits::new(config),
        }
    }

    /// The same, with `keys` that seal what passes through a client, if there are any.
    pub(crate) fn sealed_with(mut self, keys: Option<Arc<StateKeys>>) -> Self {
        self.state_keys = keys;
        self
    }

    /// The same, with what a mounted server has, if there is one.
    pub(crate) fn mounting(mut self, mounted: Option<Mounted>) -> Self {
        if let Some(mounted) = mounted {
            self.lists.capabilities = Capabilities {
                completions: mounted.completions,
                prompts: mounted.prompts,
                resources: mounted.resources,
                // Nobody would ever be told of a change.
                subscriptions: false,
            };
            self.server = Some(Server::new(mounted));
        }
        self
    }

    /// The same, with lists that are for who is known, and for no shared cache.
    #[cfg(feature = "access")]
    pub(crate) fn private(mut self) -> Self {
        self.lists.scope = "private";
        self
    }

    /// The tool that is called `name`, and that name as it was added, which may cost nothing to keep.
    pub(crate) fn known_tool(&self, name: &str) -> Option<(&Cow<'static, str>, &Entry)> {
        self.toolbox().find_named(name)
    }

    /// The tools, once [`Dispatcher::learn`] has got them.
    fn toolbox(&self) -> &Toolbox {
        let learned = self.server.as_ref().and_then(Server::tools);
        learned.unwrap_or(&self.tools)
    }

    /// Whether `method` is of a feature that is there.
    pub(crate) fn serves(&self, method: Method) -> bool {
        match method {
            Method::Complete => self.lists.capabilities.completions,
            Method::GetPrompt | Method::ListPrompts => self.lists.capabilities.prompts,
            Method::ListResources | Method::ListTemplates | Method::ReadResource => {
                self.lists.capabilities.resources
            }
            Method::Subscribe | Method::Unsubscribe => self.lists.capabilities.subscriptions,
            _ => true,
        }
    }

    /// The result object of `call`, as JSON shaped for its revision.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error to answer with.
    pub(crate) async fn dispatch(&self, call: &Call<'_>) -> Result<Payload, Error> {
        if call.method.is_work() || call.method == Method::Complete {
            self.limits.count_caller(call.cx)?;
        }
        #[cfg(feature = "access")]
        if let Some(permit) = call.permit().filter(|_| call.method.only_reads()) {
            permit.admit_reading()?;
        }
        if let Some(server) = self
            .server
            .as_ref()
            .filter(|_| call.method.is_of_features())
        {
            let work = self.forward(server, call).instrument(span(call.cx));
            return Box::pin(work).await.map(Payload::Own);
        }
        match call.method {
            // Boxed, so that what every request allocates stays below the size (1 KiB in glibc) from
            // which on an allocation costs several times as much.
            Method::CallTool => {
                let work = self.call_tool(call).instrument(span(call.cx));
                Box::pin(work).await.map(Payload::Own)
            }
            Method::Complete => Box::pin(self.complete(call)).await.map(Payload::Own),
            Method::Discover => Ok(self.lists.discovery()),
            Method::GetPrompt => {
                let work = self.get_prompt(call).instrument(span(call.cx));
                Box::pin(work).await.map(Payload::Own)
            }
            Method::Initialize => {
                let requested = call.request.params.protocol_version()?.0;
                Ok(self.lists.handshake(Revision::negotiate(&requested)))
            }
            Method::ListPrompts => self.lists.prompts(&self.prompts, call),
            Method::ListResources => self.lists.resources(&self.resources, call),
            Method::ListTemplates => self.lists.templates(&self.resources, call),
            Method::ListTools => self.lists.tools(self.toolbox(), call),
            Method::Ping => Ok(EMPTY),
            Method::SetLogLevel => {
                // Nothing is remembered between requests: every call logs at the level of most clients.
                call.rare_params().level()?;
                Ok(EMPTY)
            }
            Method::ReadResource => {
                let work = self.read_resource(call).instrument(span(call.cx));
                Box::pin(work).await.map(Payload::Own)
            }
            // Nothing is remembered here either: what is there does not change.
            Method::Subscribe | Method::Unsubscribe => self.known_resource(call).map(|_| EMPTY),
        }
    }
}

/// What is logged meanwhile belongs to the caller's trace, if there is one (2026-07-28, SEP-414).
fn span(cx: &Context) -> Span {
    cx.trace().map_or_else(Span::none, |trace| {
        // Of the severest level, so that it is there whatever is logged.
        error_span!(
            "call",
            trace_id = trace.trace_id(),
            parent_id = trace.parent_id()
        )
    })
}

/// The result that says nothing but that all went well.
const EMPTY: Payload = Payload::Shared(Shared::empty_object());
