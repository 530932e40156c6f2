//! Prompts with each kind of content, and completion of an argument.

use oci_mcp::{
    App, Completion, CompletionRequest, Content, Contents, Context, NoArgs, Prompt, PromptError,
    PromptMessage,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::media::image;

pub(crate) fn add(app: App) -> App {
    app.prompt(Simple)
        .prompt(WithArguments)
        .prompt(WithResource)
        .prompt(WithImage)
}

struct Simple;

impl Prompt for Simple {
    type Args = NoArgs;
    const NAME: &'static str = "test_simple_prompt";
    const DESCRIPTION: &'static str = "A text.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(vec![PromptMessage::user(
            "This is a simple prompt for testing.",
        )])
    }
}

#[derive(Deserialize, JsonSchema)]
struct TwoArguments {
    /// The first argument.
    arg1: String,
    /// The second argument.
    arg2: String,
}

struct WithArguments;

impl Prompt for WithArguments {
    type Args = TwoArguments;
    const NAME: &'static str = "test_prompt_with_arguments";
    const DESCRIPTION: &'static str = "A text made of two arguments.";
    const COMPLETES: bool = true;

    async fn get(
        &self,
        _: &Context,
        TwoArguments { arg1, arg2 }: TwoArguments,
    ) -> Result<Vec<PromptMessage>, PromptError> {
        let text = format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");
        Ok(vec![PromptMessage::user(text)])
    }

    async fn complete(&self, _: &Context, request: CompletionRequest<'_>) -> Completion {
        let known = ["paris", "park", "party"];
        let typed = request.value();
        Completion::new(known.into_iter().filter(|value| value.starts_with(typed)))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// The URI of the resource to embed.
    resource_uri: String,
}

struct WithResource;

impl Prompt for WithResource {
    type Args = Embedded;
    const NAME: &'static str = "test_prompt_with_embedded_resource";
    const DESCRIPTION: &'static str = "A resource, and a text about it.";

    async fn get(
        &self,
        _: &Context,
        Embedded { resource_uri }: Embedded,
    ) -> Result<Vec<PromptMessage>, PromptError> {
        let contents =
            Contents::text("Embedded resource content for testing.").with_mime_type("text/plain");
        Ok(vec![
            PromptMessage::user(Content::resource(resource_uri, contents)),
            PromptMessage::user("Please process the embedded resource above."),
        ])
    }
}

struct WithImage;

impl Prompt for WithImage {
    type Args = NoArgs;
    const NAME: &'static str = "test_prompt_with_image";
    const DESCRIPTION: &'static str = "A picture, and a text about it.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(vec![
            PromptMessage::user(image()),
            PromptMessage::user("Please analyze the image above."),
        ])
    }
}
