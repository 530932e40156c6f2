//! Prompts: what an author implements, and what a client gets for it.

mod catalog;
mod message;

pub(crate) use catalog::Catalog;
pub use message::PromptMessage;
pub(crate) use message::append_messages;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::completion::{Completion, CompletionRequest};
use crate::context::Context;
use crate::fault::Fault;
use crate::icon::Icon;

/// Messages that a person starts with, made from arguments (MCP, "Prompts").
///
/// ```
/// use oci_mcp::{App, Context, Prompt, PromptError, PromptMessage};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Review {
///     /// The OCID of the compartment to look at.
///     compartment: String,
///     /// What to look for; everything if it is left out.
///     focus: Option<String>,
/// }
///
/// struct Reviewer;
///
/// impl Prompt for Reviewer {
///     type Args = Review;
///     const NAME: &'static str = "review";
///     const DESCRIPTION: &'static str = "Reviews what is in a compartment.";
///
///     async fn get(&self, _: &Context, args: Review) -> Result<Vec<PromptMessage>, PromptError> {
///         let focus = args.focus.as_deref().unwrap_or("everything");
///         let text = format!("Review {focus} in {}.", args.compartment);
///         Ok(vec![PromptMessage::user(text)])
///     }
/// }
///
/// let app = App::new("example", "1.0.0").prompt(Reviewer);
/// ```
pub trait Prompt: Send + Sync + 'static {
    /// The arguments: a struct, whose fields' doc comments are what a person reads. They come as
    /// strings, so a field is a `String`, an `Option<String>`, or what is read from a string, such as
    /// an enum. [`NoArgs`](crate::NoArgs) for a prompt that takes none.
    type Args: DeserializeOwned + JsonSchema + Send + 'static;

    /// 1 to 64 of `A-Z a-z 0-9 _ - .`, unique among the prompts of the server.
    const NAME: &'static str;
    /// What the prompt is for.
    const DESCRIPTION: &'static str;
    /// A name for people.
    const TITLE: Option<&'static str> = None;
    /// Pictures for people.
    const ICONS: &'static [Icon] = &[];
    /// Whether [`Prompt::complete`] has anything to offer.
    const COMPLETES: bool = false;

    /// The messages. Like a tool's call, this is stopped before the deadline of the host.
    ///
    /// # Errors
    ///
    /// A [`PromptError`] becomes a JSON-RPC error.
    fn get(
        &self,
        cx: &Context,
        args: Self::Args,
    ) -> impl Future<Output = Result<Vec<PromptMessage>, PromptError>> + Send;

    /// What could stand for an argument that somebody is typing; nothing unless [`Prompt::COMPLETES`].
    fn complete(
        &self,
        _cx: &Context,
        _request: CompletionRequest<'_>,
    ) -> impl Future<Output = Completion> + Send {
        std::future::ready(Completion::default())
    }
}

/// Why a prompt gave no messages.
#[derive(Debug)]
pub struct PromptError(Fault);

impl PromptError {
    /// Wrong arguments (-32602): what was wrong, and what to do instead.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Fault::new(message))
    }

    /// A fault that is none of the caller's business (-32603): it reads "the prompt failed", the log
    /// says why.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Fault::internal("the prompt failed", source))
    }

    pub(crate) fn into_fault(self) -> Fault {
        self.0
    }
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for PromptError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
