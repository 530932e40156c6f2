//! The tools, resources and prompts of the tests, served as any host would have it.

use std::process::ExitCode;

use oci_mcp_hosts::{environment, serve, stdio};
use oci_mcp_tests::{Gate, Greet, served};

fn main() -> ExitCode {
    let mut app = served();
    if let Some(pipe) = environment("GATE") {
        app = app.tool(Gate { pipe: pipe.into() });
    }
    // Without keys it could not ask.
    if environment("OCI_MCP_STATE_KEY").is_some() {
        app = app.tool(Greet);
    }
    if std::env::args().nth(1).as_deref() != Some("stdio") {
        return serve(app);
    }
    match stdio(|_| app, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
