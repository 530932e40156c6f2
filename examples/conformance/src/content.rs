//! Tools that answer with each kind of content.

use oci_mcp::{App, CallResult, Content, Contents, Context, NoArgs, Tool, ToolError};

use crate::media::{WAV, image};

pub(crate) fn add(app: App) -> App {
    app.tool(SimpleText)
        .tool(Image)
        .tool(Audio)
        .tool(EmbeddedResource)
        .tool(Mixed)
        .tool(Failing)
}

struct SimpleText;

impl Tool for SimpleText {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_simple_text";
    const DESCRIPTION: &'static str = "Answers with a text.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        Ok("This is a simple text response for testing.")
    }
}

struct Image;

impl Tool for Image {
    type Args = NoArgs;
    type Output = CallResult;
    const NAME: &'static str = "test_image_content";
    const DESCRIPTION: &'static str = "Answers with a picture.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<CallResult, ToolError> {
        Ok(CallResult::new(vec![image()]))
    }
}

struct Audio;

impl Tool for Audio {
    type Args = NoArgs;
    type Output = CallResult;
    const NAME: &'static str = "test_audio_content";
    const DESCRIPTION: &'static str = "Answers with a sound.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<CallResult, ToolError> {
        Ok(CallResult::new(vec![Content::audio(WAV, "audio/wav")]))
    }
}

struct EmbeddedResource;

impl Tool for EmbeddedResource {
    type Args = NoArgs;
    type Output = CallResult;
    const NAME: &'static str = "test_embedded_resource";
    const DESCRIPTION: &'static str = "Answers with a resource.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<CallResult, ToolError> {
        let contents =
            Contents::text("This is an embedded resource content.").with_mime_type("text/plain");
        let resource = Content::resource("test://embedded-resource", contents);
        Ok(CallResult::new(vec![resource]))
    }
}

struct Mixed;

impl Tool for Mixed {
    type Args = NoArgs;
    type Output = CallResult;
    const NAME: &'static str = "test_multiple_content_types";
    const DESCRIPTION: &'static str = "Answers with a text, a picture and a resource.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<CallResult, ToolError> {
        let contents =
            Contents::text(r#"{"test":"data","value":123}"#).with_mime_type("application/json");
        Ok(CallResult::new(vec![
            Content::text("Multiple content types test:"),
            image(),
            Content::resource("test://mixed-content-resource", contents),
        ]))
    }
}

struct Failing;

impl Tool for Failing {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_error_handling";
    const DESCRIPTION: &'static str = "Fails.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        Err(ToolError::new(
            "This tool intentionally returns an error for testing",
        ))
    }
}
