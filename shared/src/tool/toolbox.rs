//! The tools of a server, by name, with their types erased.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Annotations, CallResult, Declared, DynamicTool, Output, Tool, ToolError};
use crate::context::Context;
use crate::icon::Icon;
use crate::schema::{self, Arguments, Results};

type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<CallResult, ToolError>> + Send + 'a>>;

/// Tools in the order of their names, which is the order of every list.
#[derive(Default)]
pub(crate) struct Toolbox {
    entries: BTreeMap<Cow<'static, str>, Arc<Entry>>,
    duplicates: Vec<String>,
}

/// One tool. What is costly about it is made when first asked for.
pub(crate) struct Entry {
    tool: Box<dyn ErasedTool>,
    is_listed: bool,
    arguments: OnceLock<Arguments>,
    results: OnceLock<Option<Results>>,
    running: AtomicU32,
}

/// A call that runs, until it is dropped.
pub(crate) struct Running(Arc<Entry>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a list says of a tool, besides its input schema.
#[derive(Clone, Copy)]
pub(crate) struct Description<'a> {
    pub(crate) name: &'a str,
    pub(crate) title: Option<&'a str>,
    #[cfg_attr(
        not(feature = "access"),
        expect(dead_code, reason = "a policy goes by it")
    )]
    pub(crate) toolset: Option<&'a str>,
    pub(crate) text: &'a str,
    pub(crate) annotations: Annotations,
    pub(crate) icons: &'static [Icon],
    /// Members that are passed on as they are.
    pub(crate) more: Option<&'a Map<String, Value>>,
}

trait ErasedTool: Send + Sync {
    fn describe(&self) -> Description<'_>;
    fn schema(&self) -> Value;
    fn output_schema(&self) -> Option<Value>;
    fn is_blocking(&self) -> bool;
    fn call<'a>(&'a self, cx: &'a Context, arguments: &'a str) -> CallFuture<'a>;
}

impl Toolbox {
    pub(crate) fn add<T: Tool>(&mut self, tool: T) {
        self.insert(Cow::Borrowed(T::NAME), Box::new(Typed(tool)), true);
    }

    pub(crate) fn add_dynamic(&mut self, tool: DynamicTool) {
        let is_listed = tool.is_listed;
        self.insert(Cow::Owned(tool.name.clone()), Box::new(tool), is_listed);
    }

    pub(crate) fn add_declared(&mut self, tool: Declared) {
        self.insert(Cow::Owned(tool.name.clone()), Box::new(tool), true);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names that more than one tool was added under; only the first tool of each is there.
    pub(crate) fn duplicates(&self) -> &[String] {
        &self.duplicates
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Entry>> {
        self.entries.get(name)
    }

    /// The same, with the name as it was added.
    pub(crate) fn find_named(&self, name: &str) -> Option<(&Cow<'static, str>, &Entry)> {
        let (name, entry) = self.entries.get_key_value(name)?;
        Some((name, entry))
    }

    /// Those that lists show.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.values().map(|entry| &**entry);
        entries.filter(|entry| entry.is_listed)
    }

    fn insert(&mut self, name: Cow<'static, str>, tool: Box<dyn ErasedTool>, is_listed: bool) {
        match self.entries.entry(name) {
            Slot::Occupied(slot) => self.duplicates.push(slot.key().clone().into_owned()),
            Slot::Vacant(slot) => {
                let entry = Entry {
                    tool,
                    is_listed,
                    arguments: OnceLock::new(),
                    results: OnceLock::new(),
                    running: AtomicU32::new(0),
                };
                slot.insert(Arc::new(entry));
            }
        }
    }
}

impl Entry {
    pub(crate) fn describe(&self) -> Description<'_> {
        self.tool.describe()
    }

    pub(crate) fn arguments(&self) -> &Arguments {
        self.arguments
            .get_or_init(|| Arguments::new(self.tool.schema()))
    }

    /// What the results are, if the tool tells it.
    pub(crate) fn results(&self) -> Option<&Results> {
        let make = || self.tool.output_schema().map(Results::new);
        self.results.get_or_init(make).as_ref()
    }

    /// Begins a call, unless as many run as `limit` says.
    pub(crate) fn begin(self: &Arc<Self>, limit: Option<u32>) -> Option<Running> {
        let earlier = self.running.fetch_add(1, Ordering::Relaxed);
        // Made first, so that dropping it takes the count back.
        let running = Running(Arc::clone(self));
        limit.is_none_or(|limit| earlier < limit).then_some(running)
    }

    /// Runs the tool with the text of a JSON object that fits its schema. Panics if the tool does.
    pub(crate) async fn call(
        self: &Arc<Self>,
        cx: &Context,
        arguments: &str,
        running: Running,
    ) -> Result<CallResult, ToolError> {
        if !self.tool.is_blocking() {
            cx.start();
            return self.tool.call(cx, arguments).await;
        }
        let (entry, cx, arguments) = (Arc::clone(self), cx.clone(), arguments.to_owned());
        let runtime = tokio::runtime::Handle::current();
        let span = tracing::Span::current();
        let thread = tokio::task::spawn_blocking(move || {
            // The thread goes on when nobody waits for it any more.
            let _running = running;
            // It may have waited for a thread for so long that it was answered without having run.
            if cx.is_cancelled() {
                return Err(ToolError::new("cancelled before it started"));
            }
            cx.start();
            let _entered = span.enter();
            runtime.block_on(entry.tool.call(&cx, &arguments))
        });
        match thread.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => Err(ToolError::internal(error)),
        }
    }
}

struct Typed<T>(T);

impl<T: Tool> ErasedTool for Typed<T> {
    fn describe(&self) -> Description<'_> {
        Description {
            name: T::NAME,
            title: T::TITLE,
            toolset: T::TOOLSET,
            text: T::DESCRIPTION,
            annotations: T::ANNOTATIONS,
            icons: T::ICONS,
            more: None,
        }
    }

    fn schema(&self) -> Value {
        schema::of::<T::Args>()
    }

    fn output_schema(&self) -> Option<Value> {
        let schema = T::Output::SCHEMA.filter(|_| T::OUTPUT_SCHEMA)?;
        Some(schema())
    }

    fn is_blocking(&self) -> bool {
        T::BLOCKING
    }

    fn call<'a>(&'a self, cx: &'a Context, arguments: &'a str) -> CallFuture<'a> {
        Box::pin(async move {
            // A type may refuse what its schema allows, such as a date that does not exist.
            let arguments = serde_json::from_str(arguments)
                .map_err(|e| ToolError::new(format!("invalid arguments for `{}`: {e}", T::NAME)))?;
            self.0.call(cx, arguments).await?.into_result()
        })
    }
}

impl ErasedTool for DynamicTool {
    fn describe(&self) -> Description<'_> {
        Description {
            name: &self.name,
            title: self.title.as_deref(),
            toolset: self.toolset.as_deref(),
            text: &self.description,
            annotations: self.annotations,
            icons: &[],
            more: None,
        }
    }

    fn schema(&self) -> Value {
        (self.schema)()
    }

    fn output_schema(&self) -> Option<Value> {
        self.output_schema.clone()
    }

    fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    fn call<'a>(&'a self, cx: &'a Context, arguments: &'a str) -> CallFuture<'a> {
        Box::pin(async move {
            let arguments =
                RawValue::from_string(arguments.to_owned()).map_err(ToolError::internal)?;
            (self.handler)(cx.clone(), arguments).await
        })
    }
}

impl ErasedTool for Declared {
    fn describe(&self) -> Description<'_> {
        Description {
            name: &self.name,
            title: self.title.as_deref(),
            toolset: None,
            text: &self.description,
            annotations: self.annotations,
            icons: &[],
            more: Some(&self.more),
        }
    }

    fn schema(&self) -> Value {
        self.schema.clone()
    }

    fn output_schema(&self) -> Option<Value> {
        self.output_schema.clone()
    }

    fn is_blocking(&self) -> bool {
        false
    }

    fn call<'a>(&'a self, _: &'a Context, _: &'a str) -> CallFuture<'a> {
        Box::pin(std::future::ready(Err(ToolError::internal(
            "only the server that declares it can run it",
        ))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unlisted_tool_is_found_and_not_listed_and_makes_its_schema_when_asked() {
        let made = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&made);
        let schema = move || {
            count.fetch_add(1, Ordering::Relaxed);
            json!({ "type": "object" })
        };
        let tool = DynamicTool::deferred("hidden", "Is not listed.", schema, |_, _| async {
            Ok::<_, ToolError>("")
        });

        let mut tools = Toolbox::default();
        tools.add_dynamic(tool.unwrap().unlisted());

        assert_eq!(tools.iter().count(), 0);
        assert_eq!(made.load(Ordering::Relaxed), 0);
        assert!(tools.find("hidden").unwrap().arguments().schema().is_ok());
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
