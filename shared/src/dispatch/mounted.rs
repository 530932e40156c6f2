//! What a mounted server is asked, and the form in which its answers leave.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use super::call::{in_time, invalid, misfit, stopped, too_large};
use super::input::{Purpose, cannot_ask, failed, undeclared};
use super::{Call, Dispatcher};
use crate::content::downgrade;
use crate::context::Context;
use crate::input::{InputKind, Kept};
use crate::mcp::{Method, Revision, SERVER_INFO};
use crate::mount::{MountError, MountRequest, Mounted};
use crate::rpc::{Error, ErrorKind, Text};
use crate::tool::{CallResult, Declared, Entry, Toolbox};

/// A mounted server, and the tools that it has said it has.
pub(super) struct Server {
    pub(super) mounted: Mounted,
    tools: OnceCell<Toolbox>,
}

/// Pages of tools that are asked for: a server whose list never ends has no more.
const MAX_PAGES: usize = 100;

impl Server {
    pub(super) fn new(mounted: Mounted) -> Self {
        Self {
            mounted,
            tools: OnceCell::new(),
        }
    }

    /// The tools, if they have been asked for.
    pub(super) fn tools(&self) -> Option<&Toolbox> {
        self.tools.get()
    }

    /// Asks for the tools, once in the life of the process.
    async fn learn(&self, cx: &Context) -> Result<(), Error> {
        // Not the call's own, which ends with what it does first.
        let cx = Context::new(cx.delivery().clone());
        let tools = self.tools.get_or_try_init(|| self.list_tools(&cx));
        in_time(&cx, tools)
            .await
            .map_err(|why| Error::new(ErrorKind::Internal, format!("the list of tools {why}")))??;
        Ok(())
    }

    async fn list_tools(&self, cx: &Context) -> Result<Toolbox, Error> {
        let revision = Revision::V2025_11_25;
        let mut tools = Toolbox::default();
        let mut params = Map::new();
        for _ in 0..MAX_PAGES {
            let request = MountRequest {
                revision: revision.as_str(),
                method: Method::ListTools.as_str(),
                params: std::mem::take(&mut params),
            };
            let page = self.mounted.answer(cx, request).await;
            let mut page = page.map_err(|error| error_of(error, revision))?;
            if let Some(Value::Array(listed)) = page.remove("tools") {
                for tool in listed {
                    if let Value::Object(tool) = tool
                        && let Some(tool) = Declared::read(tool)
                    {
                        tools.add_declared(tool);
                    }
                }
            }
            match page.remove("nextCursor") {
                Some(cursor @ Value::String(_)) => params.insert("cursor".to_owned(), cursor),
                _ => break,
            };
        }
        Ok(tools)
    }
}

impl Dispatcher {
    /// Gets the tools of a mounted server, if there is one, before they are looked at.
    pub(crate) async fn learn(&self, cx: &Context) -> Result<(), Error> {
        match &self.server {
            Some(server) if server.tools().is_none() => Box::pin(server.learn(cx)).await,
            _ => Ok(()),
        }
    }

    /// The answer of the mounted `server` to `call`, which is no `tools/call`.
    pub(super) async fn forward(&self, server: &Server, call: &Call<'_>) -> Result<Vec<u8>, Error> {
        let params = &call.request.params;
        #[cfg(feature = "access")]
        if let (Some(key), Some(permit)) = (list_key(call.method), call.permit()) {
            // Who may not read sees that there is nothing.
            if !permit.may_read() {
                let nothing = Map::from_iter([(key.to_owned(), json!([]))]);
                return Ok(self.encode(call, nothing));
            }
        }
        let target = match call.method {
            Method::GetPrompt => {
                params
                    .name()
                    .ok_or_else(|| invalid("`name` is required and must be a string"))?
                    .0
            }
            Method::ReadResource => {
                params
                    .uri()
                    .ok_or_else(|| invalid("`uri` is required and must be a string"))?
                    .0
            }
            Method::Complete => {
                call.rare_params().completing()?;
                "".into()
            }
            _ => {
                params.cursor()?;
                "".into()
            }
        };
        let purpose = Purpose {
            target: &target,
            arguments: params.arguments()?,
        };
        let answered = self.ask_server(server, call, purpose).await?;
        let result = answered.map_err(|why| {
            let (method, request_id) = (call.method.as_str(), call.cx.request_id());
            tracing::warn!(method, request_id, why = &*why, "stopped");
            Error::new(ErrorKind::Internal, format!("`{method}` {why}"))
        })?;
        Ok(self.encode(call, result))
    }

    /// The answer of the mounted `server` to a `tools/call` of `entry` whose arguments fit.
    pub(super) async fn forward_call(
        &self,
        server: &Server,
        call: &Call<'_>,
        entry: &Entry,
        purpose: Purpose<'_>,
    ) -> Result<Vec<u8>, Error> {
        let tail = self.lists.result_tail(call.revision);
        let mut result = match self.ask_server(server, call, purpose).await? {
            Ok(result) => result,
            Err(why) => {
                return Ok(stopped(call.cx, purpose.target, &why).encode(call.revision, tail));
            }
        };
        let is_error = result.get("isError") == Some(&Value::Bool(true));
        if !is_error && is_complete(&result) {
            let structured = result.get("structuredContent").map(Value::to_string);
            if let Some(problem) = misfit(entry, structured.as_deref()) {
                return Ok(problem.encode(call.revision, tail));
            }
        }
        shape_structured(&mut result, call.revision);
        let encoded = self.encode(call, result);
        match call.cx.delivery().max_response_bytes {
            Some(limit) if encoded.len() > limit => {
                Ok(too_large(encoded.len(), limit).encode(call.revision, tail))
            }
            _ => Ok(encoded),
        }
    }

    /// The result, or what became of the work if it did not end in time.
    async fn ask_server(
        &self,
        server: &Server,
        call: &Call<'_>,
        purpose: Purpose<'_>,
    ) -> Result<Result<Map<String, Value>, Cow<'static, str>>, Error> {
        let mut params: Map<String, Value> = call.request.reread();
        if call.method == Method::CallTool {
            // Those that the token decides among them.
            let arguments = serde_json::from_str(purpose.arguments).unwrap_or_default();
            params.insert("arguments".to_owned(), arguments);
        }
        self.unseal(call, purpose, &mut params)?;
        let request = MountRequest {
            revision: call.revision.as_str(),
            method: call.method.as_str(),
            params,
        };
        call.cx.start();
        let work = server.mounted.answer(call.cx, request);
        let answer = match in_time(call.cx, work).await {
            Ok(answer) => answer,
            Err(why) => return Ok(Err(why)),
        };
        let mut result = answer.map_err(|mut error| {
            // What is not there is named (2026-07-28, "Resources", "Error Handling").
            if call.method == Method::ReadResource && matches!(error.code, -32002 | -32602) {
                error.data.get_or_insert(json!({ "uri": purpose.target }));
            }
            error_of(error, call.revision)
        })?;
        if !is_complete(&result) {
            self.seal(call, purpose, &mut result)?;
        }
        Ok(Ok(result))
    }

    /// Opens the `requestState` of an earlier round, which was sealed on its way out.
    fn unseal(
        &self,
        call: &Call<'_>,
        purpose: Purpose<'_>,
        params: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        if !call.revision.is_modern() {
            params.remove("requestState");
            params.remove("inputResponses");
            return Ok(());
        }
        if !call.request.params.is_next_round() {
            return Ok(());
        }
        let rare = call.rare_params();
        rare.input_responses()?;
        if let Some(Text(state)) = rare.request_state()? {
            let kept = self.kept(call, purpose, &state)?;
            let state = kept
                .state()
                .and_then(|raw| serde_json::from_str(raw.get()).ok());
            params.insert("requestState".to_owned(), state.unwrap_or_default());
        }
        Ok(())
    }

    /// Checks that the client can be asked for what `result` asks, and seals the state in it.
    fn seal(
        &self,
        call: &Call<'_>,
        purpose: Purpose<'_>,
        result: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let target = purpose.target;
        if !call.revision.is_modern() {
            return Err(cannot_ask(call, target));
        }
        let is_question = result.get("resultType") == Some(&json!("input_required"));
        if !is_question || !call.method.is_work() {
            return Err(failed(call, target, "the result is of an unknown type"));
        }
        let requests = result.get("inputRequests").and_then(Value::as_object);
        let kinds: Option<Vec<_>> = requests
            .into_iter()
            .flat_map(Map::values)
            .map(InputKind::of)
            .collect();
        let Some(mut kinds) = kinds else {
            return Err(failed(
                call,
                target,
                "it asks for what no client can be asked",
            ));
        };
        let capabilities = call.request.params.meta().client_capabilities();
        kinds.retain(|kind| !kind.is_declared(capabilities));
        if !kinds.is_empty() {
            return Err(undeclared(target, &kinds));
        }
        if let Some(state) = result.get_mut("requestState") {
            let kept = Kept::of_state(state)
                .ok_or_else(|| failed(call, target, "the state is not JSON"))?;
            *state = self.sealed(call, purpose, kept)?.into();
        }
        Ok(())
    }

    /// `result` as the caller's revision has it.
    fn encode(&self, call: &Call<'_>, mut result: Map<String, Value>) -> Vec<u8> {
        let is_prompt = call.method == Method::GetPrompt;
        let shown = result.get_mut(if is_prompt { "messages" } else { "content" });
        for shown in shown.and_then(Value::as_array_mut).into_iter().flatten() {
            let content = if is_prompt {
                shown.get_mut("content")
            } else {
                Some(shown)
            };
            if let Some(content) = content {
                downgrade(content, call.revision);
            }
        }
        if call.revision.is_modern() {
            self.complete_modern(call.method, &mut result);
        } else {
            for key in ["cacheScope", "resultType", "ttlMs"] {
                result.remove(key);
            }
            if let Some(Value::Object(meta)) = result.get_mut("_meta") {
                meta.remove(SERVER_INFO);
                if meta.is_empty() {
                    result.remove("_meta");
                }
            }
        }
        Value::from(result).to_string().into_bytes()
    }

    /// Adds what every result of 2026-07-28 has.
    fn complete_modern(&self, method: Method, result: &mut Map<String, Value>) {
        if is_complete(result) && (list_key(method).is_some() || method == Method::ReadResource) {
            result.entry("ttlMs").or_insert(json!(0));
            let scope = result.entry("cacheScope").or_insert(json!("private"));
            if self.lists.scope == "private" {
                *scope = json!("private");
            }
        }
        result.entry("resultType").or_insert(json!("complete"));
        if let Value::Object(meta) = result.entry("_meta").or_insert(json!({})) {
            meta.insert(SERVER_INFO.to_owned(), self.lists.stamp());
        }
    }
}

/// Under which key a list has its entries, if `method` asks for one.
fn list_key(method: Method) -> Option<&'static str> {
    match method {
        Method::ListPrompts => Some("prompts"),
        Method::ListResources => Some("resources"),
        Method::ListTemplates => Some("resourceTemplates"),
        _ => None,
    }
}

fn is_complete(result: &Map<String, Value>) -> bool {
    let kind = result.get("resultType").and_then(Value::as_str);
    kind.is_none_or(|kind| kind == "complete")
}

/// As [`CallResult`](crate::tool::CallResult) has it for results of our own.
fn shape_structured(result: &mut Map<String, Value>, revision: Revision) {
    let Some(value) = result.get("structuredContent") else {
        return;
    };
    let text = value.to_string();
    if !CallResult::has_structured(revision, &text) {
        result.remove("structuredContent");
    }
    if let Some(Value::Array(content)) = result.get_mut("content")
        && content.is_empty()
    {
        content.push(json!({ "type": "text", "text": text }));
    }
}

/// The error of a mounted server as `revision` has it: what it has no code for is a fault within.
fn error_of(error: MountError, revision: Revision) -> Error {
    let is_modern = revision.is_modern();
    let kind = match error.code {
        -32601 => ErrorKind::MethodNotFound,
        -32602 => ErrorKind::InvalidParams,
        -32603 => ErrorKind::Internal,
        -32002 if is_modern => ErrorKind::InvalidParams,
        -32002 => ErrorKind::ResourceNotFound,
        -32021 if is_modern => ErrorKind::MissingCapability,
        -32022 if is_modern => ErrorKind::UnsupportedProtocolVersion,
        // To visit a URL is asked for otherwise since 2026-07-28, and was not before 2025-11-25.
        -32042 if revision != Revision::V2025_11_25 => ErrorKind::Internal,
        code => ErrorKind::Application(code),
    };
    let answer = Error::new(kind, error.message);
    match error.data {
        Some(data) => answer.with_data(&data),
        None => answer,
    }
}
