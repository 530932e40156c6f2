//! What is measured: `BENCH_TOOLS` tools (one unless set), on the host the process finds itself on.

use std::process::ExitCode;

use oci_mcp::{App, Context, DynamicTool, InvalidTool, Json, Tool, ToolError};
use oci_mcp_hosts::environment;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Operands {
    /// The first summand.
    a: i64,
    /// The second summand.
    b: i64,
}

struct Add;

impl Tool for Add {
    type Args = Operands;
    type Output = Json<i64>;
    const NAME: &'static str = "add";
    const DESCRIPTION: &'static str = "Adds two integers.";

    async fn call(&self, _: &Context, Operands { a, b }: Operands) -> Result<Json<i64>, ToolError> {
        let sum = a.checked_add(b);
        sum.map(Json)
            .ok_or_else(|| ToolError::new("the sum is out of range"))
    }
}

/// A tool as catalogues have them; only the typed one is called.
fn filler(index: usize) -> Result<DynamicTool, InvalidTool> {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {
            "a": { "type": "integer", "description": "The first summand." },
            "b": { "type": "integer", "description": "The second summand." },
        },
        "required": ["a", "b"],
    });
    DynamicTool::new(
        format!("add_{index}"),
        "Adds two integers.",
        schema,
        |_cx, arguments| async move { Ok(arguments.get().to_owned()) },
    )
}

fn main() -> ExitCode {
    let tools = environment("BENCH_TOOLS").and_then(|count| count.parse().ok());
    let mut app = App::new("bench", "1.0.0").tool(Add);
    for index in 1..tools.unwrap_or(1) {
        match filler(index) {
            Ok(tool) => app = app.dynamic_tool(tool),
            Err(_invalid) => return ExitCode::FAILURE,
        }
    }
    oci_mcp_hosts::serve(app)
}
