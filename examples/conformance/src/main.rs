//! The server that MCP's official conformance suite talks to: `make conformance`.
//!
//! What each thing is called and answers is the suite's choice; `tests/conformance` runs it. It is
//! served as any other server is, on whichever host it finds itself.

mod content;
mod forms;
mod input;
mod media;
mod notifications;
mod prompts;
mod resources;
mod rounds;
mod schemas;

use std::process::ExitCode;

use oci_mcp::{App, InvalidTool};

fn main() -> Result<ExitCode, InvalidTool> {
    let app = App::new("conformance", "1.0.0").title("Conformance fixtures");
    let app = content::add(app);
    let app = forms::add(app);
    let app = input::add(app);
    let app = notifications::add(app);
    let app = prompts::add(app);
    let app = resources::add(app);
    let app = rounds::add(app);
    let app = schemas::add(app)?;
    Ok(oci_mcp_hosts::serve(app))
}
