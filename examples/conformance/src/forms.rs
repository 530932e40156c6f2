//! Tools that the suite has ask the client with requests of their own, until 2025-11-25. Here they ask
//! as 2026-07-28 has it, and tell older clients why they cannot.

use oci_mcp::{App, Context, NoArgs, Sampling, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) fn add(app: App) -> App {
    app.tool(Sample).tool(Ask).tool(Defaults).tool(Enums)
}

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// What to ask.
    prompt: String,
}

struct Sample;

impl Tool for Sample {
    type Args = Prompt;
    type Output = String;
    const NAME: &'static str = "test_sampling";
    const DESCRIPTION: &'static str = "Asks the client's model.";

    async fn call(&self, cx: &Context, Prompt { prompt }: Prompt) -> Result<String, ToolError> {
        let answer = cx.sample("answer", Sampling::new(prompt, 100))?;
        Ok(format!("LLM response: {}", answer.text))
    }
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// What to say to the person.
    message: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "shown as it is")]
struct User {
    /// User's response
    username: String,
    /// User's email address
    email: String,
}

struct Ask;

impl Tool for Ask {
    type Args = Message;
    type Output = String;
    const NAME: &'static str = "test_elicitation";
    const DESCRIPTION: &'static str = "Asks the person for a name and an address.";

    async fn call(&self, cx: &Context, Message { message }: Message) -> Result<String, ToolError> {
        let user = cx.elicit::<User>("user", message)?;
        Ok(format!("User response: {user:?}"))
    }
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
    Pending,
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default)]
struct Profile {
    name: String,
    age: u8,
    score: f64,
    status: Status,
    verified: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "John Doe".into(),
            age: 30,
            score: 95.5,
            status: Status::Active,
            verified: true,
        }
    }
}

struct Defaults;

impl Tool for Defaults {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_elicitation_sep1034_defaults";
    const DESCRIPTION: &'static str = "Asks the person with a form that is filled in already.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let profile = cx.elicit::<Profile>("profile", "Is this right?")?;
        Ok(format!("Elicitation completed: {profile:?}"))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Untitled {
    Option1,
    Option2,
    Option3,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Titled {
    /// First Option
    Value1,
    /// Second Option
    Value2,
    /// Third Option
    Value3,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "shown as it is")]
struct Choices {
    untitled_single: Untitled,
    titled_single: Titled,
    untitled_multi: Vec<Untitled>,
    titled_multi: Vec<Titled>,
}

struct Enums;

impl Tool for Enums {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_elicitation_sep1330_enums";
    const DESCRIPTION: &'static str = "Asks the person to choose, one or several.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let choices = cx.elicit::<Choices>("choices", "What do you choose?")?;
        Ok(format!("Elicitation completed: {choices:?}"))
    }
}
