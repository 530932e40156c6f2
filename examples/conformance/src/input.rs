//! Tools and a prompt that ask the client.

use oci_mcp::{
    Answer, App, Context, InputKind, NoArgs, Prompt, PromptError, PromptMessage, Sampling, Tool,
    ToolError,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) fn add(app: App) -> App {
    app.tool(Elicitation)
        .tool(Sample)
        .tool(Roots)
        .tool(Several)
        .tool(Declared)
        .tool(Undeclared)
        .tool(Streaming)
        .prompt(Asking)
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Name {
    /// A name.
    pub(crate) name: String,
}

/// What the person has filled in; who does not is not served.
pub(crate) fn accepted<T>(answer: Answer<T>) -> Result<T, ToolError> {
    let declined = || ToolError::new("the person did not answer");
    answer.accepted().ok_or_else(declined)
}

fn capital() -> Sampling {
    Sampling::new("What is the capital of France?", 100)
}

struct Elicitation;

impl Tool for Elicitation {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_input_required_result_elicitation";
    const DESCRIPTION: &'static str = "Asks the person for a name.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let answer = cx.elicit::<Name>("user_name", "What is your name?")?;
        let Name { name } = accepted(answer)?;
        Ok(format!("Hello, {name}!"))
    }
}

struct Sample;

impl Tool for Sample {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_input_required_result_sampling";
    const DESCRIPTION: &'static str = "Asks the client's model.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        Ok(cx.sample("capital_question", capital())?.text)
    }
}

struct Roots;

impl Tool for Roots {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_input_required_result_list_roots";
    const DESCRIPTION: &'static str = "Asks for the client's folders.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let roots = cx.list_roots("client_roots")?;
        let uris: Vec<_> = roots.into_iter().map(|root| root.uri).collect();
        Ok(uris.join(" "))
    }
}

struct Several;

impl Tool for Several {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_input_required_result_multiple_inputs";
    const DESCRIPTION: &'static str = "Asks for a name, a greeting and folders at once.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let name = cx.elicit::<Name>("user_name", "What is your name?");
        let greeting = cx.sample("greeting", Sampling::new("Generate a greeting", 50));
        let roots = cx.list_roots("client_roots");
        let (name, greeting, roots) = (accepted(name?)?, greeting?, roots?);
        let (name, greeting) = (name.name, greeting.text);
        Ok(format!("{greeting} {name}: {} folders", roots.len()))
    }
}

struct Declared;

impl Tool for Declared {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_input_required_result_capabilities";
    const DESCRIPTION: &'static str =
        "Asks for all that the client can give, and for nothing else.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        let name = cx
            .can_ask(InputKind::Elicitation)
            .then(|| cx.elicit::<Name>("user_name", "What is your name?"));
        let answer = cx
            .can_ask(InputKind::Sampling)
            .then(|| cx.sample("capital_question", capital()));
        let roots = cx
            .can_ask(InputKind::Roots)
            .then(|| cx.list_roots("client_roots"));
        name.transpose()?;
        answer.transpose()?;
        roots.transpose()?;
        Ok("Asked for what the client can give.")
    }
}

struct Undeclared;

impl Tool for Undeclared {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_missing_capability";
    const DESCRIPTION: &'static str = "Asks the client's model, whether or not there is one.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        Ok(cx.sample("capital_question", capital())?.text)
    }
}

struct Streaming;

impl Tool for Streaming {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_streaming_elicitation";
    const DESCRIPTION: &'static str = "Asks the person, and sends no request of its own for it.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let answer = cx.elicit::<Name>("user_name", "What is your name?")?;
        Ok(accepted(answer)?.name)
    }
}

#[derive(Deserialize, JsonSchema)]
struct UserContext {
    /// What it is about.
    context: String,
}

struct Asking;

impl Prompt for Asking {
    type Args = NoArgs;
    const NAME: &'static str = "test_input_required_result_prompt";
    const DESCRIPTION: &'static str = "A text about what the person says.";

    async fn get(&self, cx: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        let question = "What context should the prompt use?";
        let answer = cx.elicit::<UserContext>("user_context", question)?;
        let Some(UserContext { context }) = answer.accepted() else {
            return Err(PromptError::new("the person did not answer"));
        };
        Ok(vec![PromptMessage::user(context)])
    }
}
