//! What a host knows of a request that HTTP does not say.

use std::sync::Arc;
use std::time::Instant;

#[cfg(feature = "access")]
use oci_mcp_access::Identity;

#[cfg(feature = "access")]
use crate::access::Permit;
use crate::audit::Entry;

/// How a request reached this process: a request extension that the host sets.
///
/// Without it a request counts as plain HTTP, with no deadline and no size limit of its own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The host's name, such as `functions`.
    pub host: &'static str,
    /// Whether the caller was able to set headers.
    pub headers: HeaderPolicy,
    /// When the host gives up waiting for the answer.
    pub deadline: Option<Instant>,
    /// The largest answer the host passes on, in bytes.
    pub max_response_bytes: Option<usize>,
    /// The size of a body that the host did not read to its end, because it is over
    /// [`Config::max_body_bytes`](crate::Config::max_body_bytes). The request is answered with 413.
    pub undelivered_bytes: Option<u64>,
    /// The host's name for the request, for the log.
    pub request_id: Option<Arc<str>>,
    /// Who calls, as far as the host has established it.
    pub caller: Option<Principal>,
    /// What a verified token says of the caller.
    #[cfg(feature = "access")]
    pub identity: Option<Arc<Identity>>,
    /// What the caller may see and call, if the app has a policy.
    #[cfg(feature = "access")]
    pub(crate) permit: Option<Arc<Permit>>,
    /// What becomes known of the request, if there is a record.
    pub(crate) audit: Option<Arc<Entry>>,
    /// The form in which the host passes an answer on.
    pub reply: Reply,
    /// Whether the host passes events on as they come, rather than in one piece when all are there.
    pub is_live: bool,
    /// Whether an answer that is dropped means no more than that the client hung up. Before 2026-07-28
    /// that is no cancellation, so the tool then goes on: until the deadline, ten minutes at most, and
    /// only some at a time. Not for hosts that stand still between requests.
    pub outlives_client: bool,
}

/// Whether the headers that MCP requires on HTTP may be absent.
///
/// A present header must match the body either way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HeaderPolicy {
    /// The caller speaks HTTP: 2026-07-28 requires `MCP-Protocol-Version`, `Mcp-Method` and
    /// `Mcp-Name`.
    Required,
    /// The caller cannot set headers (a plain function invoke, `/predict`, stdio): the body
    /// decides.
    Optional,
}

/// The form of an answer, of which MCP leaves the choice to the server (2025-11-25, "Streamable
/// HTTP", "Sending Messages to the Server").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// `application/json`: one document, for callers who read nothing else.
    Json,
    /// One document, unless there are notifications for a client that takes event streams.
    #[default]
    Auto,
    /// `text/event-stream`, for platforms that pass nothing else on. Refusals come as an event, too,
    /// with the status that they have as JSON.
    EventStream,
}

/// The identity of a caller, as a host or an authentication layer established it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal(Arc<str>);

impl Delivery {
    /// A request that reached `host` as ordinary HTTP.
    #[must_use]
    pub fn http(host: &'static str) -> Self {
        Self {
            host,
            headers: HeaderPolicy::Required,
            deadline: None,
            max_response_bytes: None,
            undelivered_bytes: None,
            request_id: None,
            caller: None,
            #[cfg(feature = "access")]
            identity: None,
            #[cfg(feature = "access")]
            permit: None,
            audit: None,
            reply: Reply::default(),
            is_live: false,
            outlives_client: false,
        }
    }
}

impl Principal {
    /// A caller called `id`: an OCID, or the subject of a token.
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The caller's identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
