//! One tool, and everything it takes to serve it.

use std::process::ExitCode;

use oci_mcp::{App, Context, Json, Tool, ToolError};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Operands {
    /// The first summand.
    a: f64,
    /// The second summand.
    b: f64,
}

struct Add;

impl Tool for Add {
    type Args = Operands;
    type Output = Json<f64>;
    const NAME: &'static str = "add";
    const DESCRIPTION: &'static str = "Adds two numbers.";

    async fn call(&self, _: &Context, Operands { a, b }: Operands) -> Result<Json<f64>, ToolError> {
        Ok(Json(a + b))
    }
}

fn main() -> ExitCode {
    oci_mcp_hosts::serve(App::new("calculator", "1.0.0").tool(Add))
}
