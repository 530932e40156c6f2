//! Tools: what an author implements, and what a call gives back.

mod declared;
mod dynamic;
mod output;
mod toolbox;

pub(crate) use declared::Declared;
pub use dynamic::{DynamicTool, InvalidTool};
pub use output::{CallResult, Json, Output};
#[cfg(feature = "access")]
pub(crate) use toolbox::Description;
pub(crate) use toolbox::{Entry, Running, Toolbox};

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::fault::Fault;
use crate::icon::Icon;

/// A tool with typed arguments.
///
/// Its fields are what it needs: clients, limits. Doc comments on the fields of `Args` become the
/// descriptions that the model reads.
///
/// ```
/// use oci_mcp::{Context, Json, Tool, ToolError};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Divide {
///     /// The dividend.
///     a: f64,
///     /// The divisor; not 0.
///     b: f64,
/// }
///
/// struct Divider;
///
/// impl Tool for Divider {
///     type Args = Divide;
///     type Output = Json<f64>;
///     const NAME: &'static str = "divide";
///     const DESCRIPTION: &'static str = "Divides a by b.";
///
///     async fn call(&self, _: &Context, Divide { a, b }: Divide) -> Result<Json<f64>, ToolError> {
///         if b == 0.0 {
///             return Err(ToolError::new("`b` must not be 0"));
///         }
///         Ok(Json(a / b))
///     }
/// }
/// ```
///
/// A name that clients would refuse does not compile (`cargo build` says so, `cargo check` does
/// not):
///
/// ```compile_fail,E0080
/// # use oci_mcp::{App, Context, NoArgs, Tool, ToolError};
/// struct Nameless;
///
/// impl Tool for Nameless {
///     type Args = NoArgs;
///     type Output = String;
///     const NAME: &'static str = "has space";
///     const DESCRIPTION: &'static str = "Never runs.";
///
///     async fn call(&self, _: &Context, _: NoArgs) -> Result<String, ToolError> {
///         Ok(String::new())
///     }
/// }
///
/// let app = App::new("example", "1.0.0").tool(Nameless);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Tool`",
    note = "a `DynamicTool` is added with `App::dynamic_tool`"
)]
pub trait Tool: Send + Sync + 'static {
    /// The arguments: a struct. [`NoArgs`] for a tool that takes none.
    type Args: DeserializeOwned + JsonSchema + Send + 'static;
    /// The result: text, [`Json`], or a [`CallResult`] made by hand.
    type Output: Output;

    /// 1 to 64 of `A-Z a-z 0-9 _ - .`, unique in the server.
    const NAME: &'static str;
    /// What the tool does and when to use it, for the model. Some clients cut it at 510 characters.
    const DESCRIPTION: &'static str;
    /// A name for people.
    const TITLE: Option<&'static str> = None;
    /// The toolset that it is in, by which a policy of scopes may name it with others.
    const TOOLSET: Option<&'static str> = None;
    /// What a client may assume about a call's effects.
    const ANNOTATIONS: Annotations = Annotations::NONE;
    /// Pictures for people.
    const ICONS: &'static [Icon] = &[];
    /// Whether the list tells the schema of the results (2025-06-18 and later), which costs a model
    /// tokens. Each result is then checked against it before it leaves. `Output` must be [`Json`].
    const OUTPUT_SCHEMA: bool = false;
    /// Whether a call blocks its thread (computes for long, or waits without `.await`).
    ///
    /// It then runs on a thread of its own, so that the answer leaves in time even if the call
    /// does not end; nothing can stop that thread, so it should ask [`Context::is_cancelled`].
    const BLOCKING: bool = false;

    /// Runs the tool.
    ///
    /// # Errors
    ///
    /// A [`ToolError`] becomes a result with `isError: true`, which the model reads and can act on.
    /// Another crate's error is either rephrased for the model with [`ToolError::new`], or kept from
    /// it with `map_err(`[`ToolError::internal`]`)?`.
    fn call(
        &self,
        cx: &Context,
        args: Self::Args,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;
}

/// Arguments of a tool that takes none.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoArgs {}

/// Hints about a tool's effects (MCP 2025-03-26, `ToolAnnotations`). `None` leaves the
/// specification's default: neither read-only nor idempotent, destructive, open world.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotations {
    /// The tool changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// The tool may delete or overwrite. Meaningful only if it is not read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// A second call with the same arguments changes nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// The tool reaches beyond a closed set of things, such as the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
}

impl Annotations {
    /// No hints at all.
    pub const NONE: Self = Self {
        read_only_hint: None,
        destructive_hint: None,
        idempotent_hint: None,
        open_world_hint: None,
    };

    /// A tool that only looks.
    pub const READ_ONLY: Self = Self {
        read_only_hint: Some(true),
        ..Self::NONE
    };
}

/// Why a tool gave no result.
#[derive(Debug)]
pub struct ToolError(Fault);

impl ToolError {
    /// A fault that the model should read: what was wrong, and what to do instead.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Fault::new(message))
    }

    /// A fault that is none of the caller's business: it reads "the tool failed", the log says why.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Fault::internal("the tool failed", source))
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for ToolError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Whether every client takes `name`: the specification allows 128 characters, clients 64.
pub(crate) const fn is_valid_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    if rest.is_empty() || rest.len() > 64 {
        return false;
    }
    while let [first, tail @ ..] = rest {
        if !(first.is_ascii_alphanumeric() || matches!(first, b'_' | b'-' | b'.')) {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for (name, is_valid) in [
            ("a", true),
            ("oci_compute.list-instances2", true),
            (&"a".repeat(64), true),
            (&"a".repeat(65), false),
            ("", false),
            ("has space", false),
            ("a/b", false),
            ("é", false),
        ] {
            assert_eq!(is_valid_name(name), is_valid, "{name}");
        }
    }

    #[test]
    fn an_internal_error_tells_the_log_what_it_does_not_tell_the_caller() {
        let error = ToolError::internal("password is hunter2");

        assert_eq!(error.to_string(), "the tool failed");
        assert_eq!(error.source().unwrap().to_string(), "password is hunter2");
    }
}
