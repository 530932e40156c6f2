//! One tool without arguments, and nothing else.

use std::process::ExitCode;

use oci_mcp::{App, Context, NoArgs, Tool, ToolError};

struct Hello;

impl Tool for Hello {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "hello";
    const DESCRIPTION: &'static str = "Says hello.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        Ok("Hello!")
    }
}

fn main() -> ExitCode {
    oci_mcp_hosts::serve(App::new("minimal", "1.0.0").tool(Hello))
}
