//! Resources: what an author implements, and what a read gives back.

mod contents;
mod library;
mod template;

pub use contents::Contents;
pub(crate) use library::{Found, Library};
pub(crate) use template::{is_uri, is_uri_template};

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::completion::{Completion, CompletionRequest};
use crate::content::ContentAnnotations;
use crate::context::Context;
use crate::fault::Fault;
use crate::icon::Icon;

/// A thing that a client may read, under a URI that is known beforehand (MCP, "Resources").
///
/// ```
/// use oci_mcp::{App, Contents, Context, Resource, ResourceError};
///
/// struct Limits;
///
/// impl Resource for Limits {
///     const URI: &'static str = "tenancy://limits";
///     const NAME: &'static str = "limits";
///     const DESCRIPTION: &'static str = "The service limits of the tenancy.";
///     const MIME_TYPE: Option<&'static str> = Some("application/json");
///
///     async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
///         Ok(Contents::text(r#"{"vcpus":16}"#))
///     }
/// }
///
/// let app = App::new("example", "1.0.0").resource(Limits);
/// ```
pub trait Resource: Send + Sync + 'static {
    /// Where it is: an absolute URI (RFC 3986), unique in the server.
    const URI: &'static str;
    /// A short name for programs.
    const NAME: &'static str;
    /// What it holds, for the model.
    const DESCRIPTION: &'static str;
    /// A name for people.
    const TITLE: Option<&'static str> = None;
    /// Pictures for people.
    const ICONS: &'static [Icon] = &[];
    /// Who it is for, and how much it matters.
    const ANNOTATIONS: ContentAnnotations = ContentAnnotations::NONE;
    /// The media type of what a read gives, unless [`Contents::with_mime_type`] says otherwise.
    const MIME_TYPE: Option<&'static str> = None;

    /// Reads it. Like a tool's call, a read is stopped before the deadline of the host.
    ///
    /// # Errors
    ///
    /// A [`ResourceError`] becomes a JSON-RPC error.
    fn read(&self, cx: &Context) -> impl Future<Output = Result<Contents, ResourceError>> + Send;
}

/// Things that a client may read, under URIs of one form (MCP, "Resource Templates").
///
/// ```
/// use oci_mcp::{App, Contents, Context, ResourceError, ResourceTemplate};
///
/// #[derive(serde::Deserialize)]
/// struct Named {
///     name: String,
/// }
///
/// struct Region;
///
/// impl ResourceTemplate for Region {
///     type Parameters = Named;
///     const URI_TEMPLATE: &'static str = "regions://{name}/key";
///     const NAME: &'static str = "region-key";
///     const DESCRIPTION: &'static str = "The three-letter key of a region.";
///
///     async fn read(&self, _: &Context, Named { name }: Named) -> Result<Contents, ResourceError> {
///         match &*name {
///             "us-phoenix-1" => Ok(Contents::text("PHX")),
///             _ => Err(ResourceError::not_found()),
///         }
///     }
/// }
///
/// let app = App::new("example", "1.0.0").resource_template(Region);
/// ```
pub trait ResourceTemplate: Send + Sync + 'static {
    /// The values of the template's expressions: a struct with a field for each. They come as
    /// strings, so a field is a `String` or what is read from one, such as an enum.
    type Parameters: DeserializeOwned + Send + 'static;

    /// The form of the URIs: an absolute URI with `{name}` in places, each followed by the end or by
    /// one of `: / ? # [ ] @ ! $ & ' ( ) * + , ; =` (RFC 6570, level 1).
    ///
    /// An expression stands for letters, digits, `- . _ ~` and percent-encoded UTF-8, at least one
    /// of them. What would lead elsewhere does not match: `.`, `..`, slashes, backslashes and
    /// control characters, encoded or not.
    const URI_TEMPLATE: &'static str;
    /// A short name for programs.
    const NAME: &'static str;
    /// What is there, for the model.
    const DESCRIPTION: &'static str;
    /// A name for people.
    const TITLE: Option<&'static str> = None;
    /// Pictures for people.
    const ICONS: &'static [Icon] = &[];
    /// Who it is for, and how much it matters.
    const ANNOTATIONS: ContentAnnotations = ContentAnnotations::NONE;
    /// The media type of all of them, unless [`Contents::with_mime_type`] says otherwise.
    const MIME_TYPE: Option<&'static str> = None;
    /// Whether [`ResourceTemplate::complete`] has anything to offer.
    const COMPLETES: bool = false;

    /// Reads the one with `parameters`. Like a tool's call, a read is stopped before the deadline of
    /// the host.
    ///
    /// # Errors
    ///
    /// A [`ResourceError`] becomes a JSON-RPC error; [`ResourceError::not_found`] if there is none.
    fn read(
        &self,
        cx: &Context,
        parameters: Self::Parameters,
    ) -> impl Future<Output = Result<Contents, ResourceError>> + Send;

    /// What could stand for a parameter that somebody is typing; nothing unless [`ResourceTemplate::COMPLETES`].
    fn complete(
        &self,
        _cx: &Context,
        _request: CompletionRequest<'_>,
    ) -> impl Future<Output = Completion> + Send {
        std::future::ready(Completion::default())
    }
}

/// Why a resource could not be read.
#[derive(Debug)]
pub struct ResourceError(Reason);

#[derive(Debug)]
pub(crate) enum Reason {
    NotFound,
    Failed(Fault),
}

impl ResourceError {
    /// There is nothing under this URI.
    #[must_use]
    pub fn not_found() -> Self {
        Self(Reason::NotFound)
    }

    /// A fault that the client should read: what was wrong, and what to do instead.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Reason::Failed(Fault::new(message)))
    }

    /// A fault that is none of the caller's business: it reads "the resource failed", the log says
    /// why.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Reason::Failed(Fault::internal(
            "the resource failed",
            source,
        )))
    }

    pub(crate) fn into_reason(self) -> Reason {
        self.0
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NotFound => f.write_str("there is no such resource"),
            Reason::Failed(fault) => fault.fmt(f),
        }
    }
}

impl StdError for ResourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Reason::NotFound => None,
            Reason::Failed(fault) => fault.source(),
        }
    }
}
