//! From a method to its answer: what this server does, whichever host it runs on.

mod call;
mod lists;

use std::borrow::Cow;

use crate::app::Identity;
use crate::context::Context;
use crate::mcp::{Method, Params, Revision};
use crate::rpc::Error;
use crate::tool::Toolbox;
use lists::Lists;

/// Answers requests. Nothing it keeps is needed by the next one.
pub(crate) struct Dispatcher {
    tools: Toolbox,
    lists: Lists,
}

/// A request that has passed every check of the transport.
pub(crate) struct Call<'a> {
    pub(crate) revision: Revision,
    pub(crate) method: Method,
    pub(crate) params: &'a Params<'a>,
    pub(crate) cx: &'a Context,
}

impl Dispatcher {
    pub(crate) fn new(identity: Identity, tools: Toolbox) -> Self {
        Self {
            tools,
            lists: Lists::new(identity),
        }
    }

    /// `name`, if there is a tool that is called so.
    pub(crate) fn known_tool(&self, name: &str) -> Option<Cow<'static, str>> {
        self.tools.name(name).cloned()
    }

    /// The result object of `call`, as JSON shaped for its revision.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error to answer with.
    pub(crate) async fn dispatch(&self, call: &Call<'_>) -> Result<Cow<'_, [u8]>, Error> {
        match call.method {
            // Boxed, so that what every request allocates stays below the size (1 KiB in glibc) from
            // which on an allocation costs several times as much.
            Method::CallTool => Box::pin(self.call_tool(call)).await.map(Cow::Owned),
            Method::Discover => Ok(self.lists.discovery().into()),
            Method::Initialize => {
                let requested = call.params.protocol_version()?.0;
                Ok(self.lists.handshake(Revision::negotiate(&requested)).into())
            }
            Method::ListTools => {
                let cursor = call.params.cursor()?;
                let cursor = cursor.as_ref().map(|cursor| &*cursor.0);
                let page = self.lists.tools(&self.tools, call.revision, cursor)?;
                Ok(page.into())
            }
            Method::Ping => Ok(EMPTY.into()),
            Method::SetLogLevel => {
                // Nothing is remembered between requests: every call logs at the level of most clients.
                call.params.level()?;
                Ok(EMPTY.into())
            }
        }
    }
}

/// The result that says nothing but that all went well.
const EMPTY: &[u8] = b"{}";
