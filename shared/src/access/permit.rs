//! What a caller may see and call.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use oci_mcp_access::{Binding, Identity, Policy, Refusal, ToolFacts};
use serde_json::value::{RawValue, to_raw_value};

use crate::rpc::{Error, ErrorKind};
use crate::tool::{Description, Entry};

/// What the caller of one request may see and call: there only if the app has a policy.
#[derive(Debug)]
pub(crate) struct Permit {
    policy: Arc<Policy>,
    identity: Arc<Identity>,
    /// As the host calls it, for the log.
    request_id: Option<Arc<str>>,
    /// Why a call was refused, for the challenge: the dispatcher knows no HTTP.
    refused: OnceLock<Refusal>,
}

impl Permit {
    pub(crate) fn new(
        policy: Arc<Policy>,
        identity: Arc<Identity>,
        request_id: Option<Arc<str>>,
    ) -> Self {
        Self {
            policy,
            identity,
            request_id,
            refused: OnceLock::new(),
        }
    }

    /// Why a call was refused, if one was.
    pub(crate) fn refused(&self) -> Option<&Refusal> {
        self.refused.get()
    }

    /// Whether `tool` is in the caller's list: whether a call of it could succeed.
    pub(crate) fn shows(&self, tool: &Entry) -> bool {
        let facts = facts(&tool.describe());
        let mut bindings = self.policy.bindings(&facts);
        self.policy.check(&self.identity, &facts).is_ok()
            && bindings.all(|binding| !has(tool, binding) || binding.value(&self.identity).is_ok())
    }

    /// Whether the caller may see resources and prompts, which take the scopes of a tool that only reads.
    pub(crate) fn may_read(&self) -> bool {
        self.policy.check_reading(&self.identity).is_ok()
    }

    /// Lets the caller read a resource or a prompt.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the caller may not.
    pub(crate) fn admit_reading(&self) -> Result<(), Error> {
        let checked = self.policy.check_reading(&self.identity);
        checked.map_err(|refusal| self.refuse(refusal))
    }

    /// The arguments of `tool` that the token decides, which the model does not see.
    pub(crate) fn hidden(&self, tool: &Entry) -> Vec<&str> {
        let facts = facts(&tool.describe());
        let bindings = self.policy.bindings(&facts);
        bindings.map(Binding::argument).collect()
    }

    /// The `arguments`, a JSON object, with which the caller calls `tool`: those that the token decides
    /// are added, if the tool has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the caller may not call it, [`ErrorKind::InvalidParams`] if an
    /// argument is there that the token decides.
    pub(crate) fn admit<'a>(
        &self,
        tool: &Entry,
        arguments: &'a str,
    ) -> Result<Cow<'a, str>, Error> {
        let facts = facts(&tool.describe());
        self.policy
            .check(&self.identity, &facts)
            .map_err(|refusal| self.refuse(refusal))?;
        let mut bindings = self.policy.bindings(&facts).peekable();
        if bindings.peek().is_none() {
            return Ok(Cow::Borrowed(arguments));
        }
        let invalid = |why: String| Error::new(ErrorKind::InvalidParams, why);
        let mut all: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(arguments).map_err(|error| invalid(error.to_string()))?;
        for binding in bindings {
            let name = binding.argument();
            if all.contains_key(name) {
                let why = format!("`{name}` is decided by the token; leave it out");
                return Err(invalid(why));
            }
            if !has(tool, binding) {
                continue;
            }
            let value = binding.value(&self.identity);
            let value = value.map_err(|refusal| self.refuse(refusal))?;
            let value = to_raw_value(value).map_err(|error| invalid(error.to_string()))?;
            all.insert(name.to_owned(), value);
        }
        let all = serde_json::to_string(&all).map_err(|error| invalid(error.to_string()))?;
        Ok(Cow::Owned(all))
    }

    fn refuse(&self, refusal: Refusal) -> Error {
        let request_id = self.request_id.as_deref();
        let (reason, detail) = (refusal.reason().as_str(), refusal.detail());
        tracing::info!(request_id, reason, detail, "refused");
        let message = refusal.to_string();
        // Of a batch the first; its answer has no challenge anyway.
        self.refused.get_or_init(|| refusal);
        Error::new(ErrorKind::InvalidRequest, message)
    }
}

/// Whether `tool` has the argument.
fn has(tool: &Entry, binding: &Binding) -> bool {
    let schema = tool.arguments().schema().ok();
    let properties = schema.and_then(|schema| schema.get("properties"));
    properties.is_some_and(|properties| properties.get(binding.argument()).is_some())
}

/// What a policy goes by.
pub(crate) fn facts<'a>(tool: &Description<'a>) -> ToolFacts<'a> {
    ToolFacts {
        name: tool.name,
        toolset: tool.toolset,
        is_read_only: tool.annotations.read_only_hint == Some(true),
    }
}
