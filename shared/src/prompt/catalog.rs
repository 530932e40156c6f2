//! The prompts of a server, by name, with their types erased.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Prompt, PromptError, PromptMessage};
use crate::completion::{CompleteFuture, CompletionRequest};
use crate::context::Context;
use crate::icon::{Icon, icons_for};
use crate::mcp::Revision;
use crate::rpc::quoted;
use crate::schema;

type GetFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<PromptMessage>, PromptError>> + Send + 'a>>;

/// Prompts in the order of their names, which is the order of every list.
#[derive(Default)]
pub(crate) struct Catalog {
    entries: BTreeMap<&'static str, Entry>,
    duplicates: Vec<String>,
}

/// One prompt. Its arguments are made when first asked for.
pub(crate) struct Entry {
    prompt: Box<dyn ErasedPrompt>,
    arguments: OnceLock<Vec<Argument>>,
}

/// `PromptArgument`.
#[derive(Serialize)]
struct Argument {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    required: bool,
}

/// A prompt as a list shows it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    description: &'static str,
    #[serde(skip_serializing_if = "<[Argument]>::is_empty")]
    arguments: &'a [Argument],
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'static [Icon],
}

/// What a list says of a prompt, besides its arguments.
struct Description {
    name: &'static str,
    title: Option<&'static str>,
    text: &'static str,
    icons: &'static [Icon],
}

trait ErasedPrompt: Send + Sync {
    fn describe(&self) -> Description;
    fn schema(&self) -> Value;
    fn get<'a>(&'a self, cx: &'a Context, arguments: Map<String, Value>) -> GetFuture<'a>;
    fn completes(&self) -> bool;
    fn complete<'a>(
        &'a self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> CompleteFuture<'a>;
}

impl Catalog {
    pub(crate) fn add<P: Prompt>(&mut self, prompt: P) {
        let entry = Entry {
            prompt: Box::new(Typed(prompt)),
            arguments: OnceLock::new(),
        };
        if self.entries.insert(P::NAME, entry).is_some() {
            self.duplicates.push(P::NAME.to_owned());
        }
    }

    /// Names that more than one prompt was added under.
    pub(crate) fn duplicates(&self) -> &[String] {
        &self.duplicates
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether any prompt completes its arguments.
    pub(crate) fn completes(&self) -> bool {
        self.entries.values().any(|entry| entry.prompt.completes())
    }

    /// The first prompt with this argument.
    #[cfg(feature = "access")]
    pub(crate) fn prompt_with(&self, argument: &str) -> Option<&'static str> {
        let has = |entry: &Entry| entry.arguments().iter().any(|its| its.name == argument);
        let mut prompts = self.entries.iter();
        prompts.find_map(|(name, entry)| has(entry).then_some(*name))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The prompts as a list of `revision` shows them.
    pub(crate) fn list(&self, revision: Revision) -> Vec<Box<RawValue>> {
        let texts = self.entries.values().filter_map(|entry| {
            let Description {
                name,
                title,
                text,
                icons,
            } = entry.prompt.describe();
            let listed = Listed {
                name,
                title: title.filter(|_| revision >= Revision::V2025_06_18),
                description: text,
                arguments: entry.arguments(),
                icons: icons_for(icons, revision),
            };
            // A struct of strings always serialises.
            to_raw_value(&listed).ok()
        });
        texts.collect()
    }
}

impl Entry {
    /// Reads the text of a JSON object as arguments of this prompt.
    ///
    /// # Errors
    ///
    /// What is wrong: an argument that is missing, unknown, or not a string.
    pub(crate) fn read(&self, arguments: &str) -> Result<Map<String, Value>, String> {
        let read: Map<String, Value> = serde_json::from_str(arguments)
            .map_err(|error| format!("`arguments` is not an object of strings: {error}"))?;
        let known = self.arguments();
        for (name, value) in &read {
            if !known.iter().any(|argument| argument.name == *name) {
                return Err(format!("there is no argument {}", quoted(name)));
            }
            if !value.is_string() {
                return Err(format!("argument {} must be a string", quoted(name)));
            }
        }
        let missing = known
            .iter()
            .find(|argument| argument.required && !read.contains_key(&argument.name));
        match missing {
            Some(argument) => Err(format!("argument `{}` is required", argument.name)),
            None => Ok(read),
        }
    }

    /// The messages for `arguments`. Panics if the prompt does.
    pub(crate) fn get<'a>(
        &'a self,
        cx: &'a Context,
        arguments: Map<String, Value>,
    ) -> GetFuture<'a> {
        self.prompt.get(cx, arguments)
    }

    /// What could stand for an argument, if there is such an argument. Panics if the prompt does.
    pub(crate) fn complete<'a>(
        &'a self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> Option<CompleteFuture<'a>> {
        let mut known = self.arguments().iter();
        let is_known = known.any(|argument| argument.name == request.argument());
        is_known.then(|| self.prompt.complete(cx, request))
    }

    fn arguments(&self) -> &[Argument] {
        self.arguments
            .get_or_init(|| Argument::all(&self.prompt.schema()))
    }
}

impl Argument {
    /// The members of the object that `schema` describes.
    fn all(schema: &Value) -> Vec<Self> {
        let required: Vec<_> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let members = schema.get("properties").and_then(Value::as_object);
        let arguments = members.into_iter().flatten().map(|(name, member)| Self {
            name: name.clone(),
            description: member
                .get("description")
                .and_then(Value::as_str)
                .map(str::to_owned),
            required: required.contains(&name.as_str()),
        });
        arguments.collect()
    }
}

struct Typed<P>(P);

impl<P: Prompt> ErasedPrompt for Typed<P> {
    fn describe(&self) -> Description {
        Description {
            name: P::NAME,
            title: P::TITLE,
            text: P::DESCRIPTION,
            icons: P::ICONS,
        }
    }

    fn schema(&self) -> Value {
        schema::of::<P::Args>()
    }

    fn get<'a>(&'a self, cx: &'a Context, arguments: Map<String, Value>) -> GetFuture<'a> {
        Box::pin(async move {
            let arguments = serde_json::from_value(arguments.into()).map_err(|error| {
                PromptError::new(format!("invalid arguments for `{}`: {error}", P::NAME))
            })?;
            self.0.get(cx, arguments).await
        })
    }

    fn completes(&self) -> bool {
        P::COMPLETES
    }

    fn complete<'a>(
        &'a self,
        cx: &'a Context,
        request: CompletionRequest<'a>,
    ) -> CompleteFuture<'a> {
        Box::pin(self.0.complete(cx, request))
    }
}
