//! Tools that keep a state from one round of questions to the next.

use oci_mcp::{App, Context, NoArgs, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::input::{Name, accepted};

pub(crate) fn add(app: App) -> App {
    app.tool(Keeping).tool(Guarded).tool(TwoRounds)
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Whether to go on.
    ok: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Color {
    /// A color.
    color: String,
}

/// Asks for a confirmation, and says whether the state came back that was sent with the question.
fn confirm(cx: &Context) -> Result<&'static str, ToolError> {
    let has_state = cx.request_state() == Some("asked".to_owned());
    cx.set_request_state(&"asked");
    let answer = cx.elicit::<Confirmation>("confirm", "Please confirm")?;
    match accepted(answer)? {
        Confirmation { ok: true } if has_state => Ok("state-ok"),
        Confirmation { ok: true } => Err(ToolError::new("there is no state")),
        Confirmation { ok: false } => Ok("not confirmed"),
    }
}

struct Keeping;

impl Tool for Keeping {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_input_required_result_request_state";
    const DESCRIPTION: &'static str = "Asks for a confirmation, and keeps a state meanwhile.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        confirm(cx)
    }
}

struct Guarded;

impl Tool for Guarded {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "test_input_required_result_tampered_state";
    const DESCRIPTION: &'static str =
        "Asks for a confirmation, with a state that nobody can change.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        confirm(cx)
    }
}

struct TwoRounds;

impl Tool for TwoRounds {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "test_input_required_result_multi_round";
    const DESCRIPTION: &'static str = "Asks for a name, then for a color.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let name = cx.elicit::<Name>("step1", "Step 1: What is your name?")?;
        let Name { name } = accepted(name)?;
        let color = cx.elicit::<Color>("step2", "Step 2: What is your favorite color?")?;
        let Color { color } = accepted(color)?;
        Ok(format!("{name} likes {color}."))
    }
}
