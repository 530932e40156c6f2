//! A server that asks its client, and a client that answers.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::Request;
use oci_mcp::{
    Answer, App, Contents, Context, DynamicTool, InputKind, InputRequired, NoArgs, Prompt,
    PromptError, PromptMessage, Resource, ResourceError, Sampling, StateKeys, Tool, ToolError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Reply, Server, modern};

/// A key that seals states.
pub const KEY_1: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// Another one.
pub const KEY_2: &str = "k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A wall clock that tests move.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    /// Lets `time` pass.
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    /// Keys that go by this clock.
    #[must_use]
    pub fn keys(&self, text: &str) -> StateKeys {
        let seconds = Arc::clone(&self.0);
        let now = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst));
        StateKeys::parse(text, now).unwrap()
    }
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    /// What you want to be called.
    #[schemars(length(min = 1))]
    name: String,
}

/// Asks for a name, and greets.
#[derive(Debug)]
pub struct Greet;

impl Tool for Greet {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "greet";
    const DESCRIPTION: &'static str = "Greets by name.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        match cx.elicit::<Name>("user_name", "What is your name?")? {
            Answer::Accepted(Name { name }) => Ok(format!("Hello, {name}!")),
            Answer::Declined => Ok("Hello, stranger!".to_owned()),
            Answer::Cancelled => Err(ToolError::new("nobody to greet")),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Target {
    #[serde(default)]
    target: String,
}

#[derive(Deserialize, JsonSchema)]
struct Step {
    text: String,
}

#[derive(Deserialize, Serialize)]
struct Progress {
    asked: u32,
}

/// Asks twice, the second time in the light of the first, and counts what it asked.
pub(crate) struct Steps;

impl Tool for Steps {
    type Args = Target;
    type Output = String;
    const NAME: &'static str = "steps";
    const DESCRIPTION: &'static str = "Asks twice.";
    const BLOCKING: bool = true;

    async fn call(&self, cx: &Context, args: Target) -> Result<String, ToolError> {
        let asked = cx
            .request_state::<Progress>()
            .map_or(0, |progress| progress.asked);
        cx.set_request_state(&Progress { asked: asked + 1 });
        let [first, second] = ["step1", "step2"].map(|key| {
            move |message: &str| {
                let answer = cx.elicit::<Step>(key, message)?;
                let answer = answer.accepted().map(|step| step.text);
                answer.ok_or_else(|| ToolError::new("refused"))
            }
        });
        let first = first("first?")?;
        let second = second(&format!("after {first}?"))?;
        Ok(format!("{}: {first}, {second}, asked {asked}", args.target))
    }
}

/// Asks for everything at once.
struct All;

impl Tool for All {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "all";
    const DESCRIPTION: &'static str = "Asks for everything.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let name = cx.elicit::<Name>("name", "Your name?");
        let consent = cx.elicit_url("consent", "Please agree.", "https://example.com/consent");
        let capital = cx.sample("capital", Sampling::new("The capital of France?", 100));
        let roots = cx.list_roots("roots");
        let (name, consent, capital, roots) = (name?, consent?, capital?, roots?);
        let name = name.accepted().map(|form| form.name);
        Ok(format!(
            "{name:?} {consent:?} {} {}",
            capital.text, roots[0].uri
        ))
    }
}

/// Asks for what the client has.
struct Able;

impl Tool for Able {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "able";
    const DESCRIPTION: &'static str = "Asks for what can be asked.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        if cx.can_ask(InputKind::Sampling) {
            return Ok(cx.sample("s", Sampling::new("Well?", 10))?.text);
        }
        Ok("without".to_owned())
    }
}

struct Brief;

impl Prompt for Brief {
    type Args = NoArgs;
    const NAME: &'static str = "brief";
    const DESCRIPTION: &'static str = "Asks for context.";

    async fn get(&self, cx: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        let step = cx.elicit::<Step>("context", "Which context?")?.accepted();
        let text = step.map_or("none".to_owned(), |step| step.text);
        Ok(vec![PromptMessage::user(text)])
    }
}

struct Home;

impl Resource for Home {
    const URI: &'static str = "test://home";
    const NAME: &'static str = "home";
    const DESCRIPTION: &'static str = "Where the person works.";

    async fn read(&self, cx: &Context) -> Result<Contents, ResourceError> {
        let roots = cx.list_roots("roots")?;
        Ok(Contents::text(roots[0].uri.clone()))
    }
}

/// An error of somebody else, with a cause.
#[derive(Debug)]
struct Wrapped(InputRequired);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("something happened")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A server of which everything asks its client.
pub fn asker() -> App {
    let wrapped = DynamicTool::new(
        "wrapped",
        "Asks, with an error of its own around it.",
        json!({ "type": "object" }),
        |cx, _| async move {
            let asked = cx.elicit::<Name>("user_name", "Your name?");
            asked.map_err(|error| ToolError::internal(Wrapped(error)))?;
            Ok::<_, ToolError>("asked")
        },
    );
    App::new("asker", "1.0.0")
        .tool(Greet)
        .tool(Steps)
        .tool(All)
        .tool(Able)
        .dynamic_tool(wrapped.unwrap())
        .prompt(Brief)
        .resource(Home)
}

/// Such a server with `keys`.
#[must_use]
pub fn asking(clock: &Clock, keys: &str) -> Server {
    Server::new(asker().state_keys(clock.keys(keys)))
}

/// The capabilities of a client that can be asked for everything.
#[must_use]
pub fn everything() -> Value {
    json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} })
}

/// A request of a client with `capabilities`.
#[must_use]
pub fn capable(method: &str, params: &Value, capabilities: &Value) -> Request<Bytes> {
    let mut request = modern(method, params);
    let mut body: Value = serde_json::from_slice(request.body()).unwrap();
    body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
    *request.body_mut() = body.to_string().into();
    request
}

/// A call of `tool` without arguments, by a client that can be asked for everything, with `more` parameters.
#[must_use]
pub fn call_asking(tool: &str, more: &Value) -> Request<Bytes> {
    let mut params = json!({ "name": tool, "arguments": {} });
    let members = params.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    capable("tools/call", &params, &everything())
}

/// The answer of a person who fills in a form.
#[must_use]
pub fn accept(content: &Value) -> Value {
    json!({ "action": "accept", "content": content })
}

/// The text of a tool's result.
#[must_use]
pub fn text_of(reply: &Reply) -> String {
    let result = &reply.json()["result"];
    assert_eq!(result["resultType"], "complete", "{result}");
    result["content"][0]["text"].as_str().unwrap().to_owned()
}

/// What is asked, and the state to come back with.
#[must_use]
pub fn asked(reply: &Reply) -> (Value, Value) {
    let mut result = reply.json()["result"].take();
    assert_eq!(reply.status, 200);
    assert_eq!(result["resultType"], "input_required", "{:?}", reply.json());
    (
        result["inputRequests"].take(),
        result["requestState"].take(),
    )
}

/// Whether the client is asked for something.
#[must_use]
pub fn is_question(reply: &Reply) -> bool {
    reply.json()["result"]["resultType"] == "input_required"
}
