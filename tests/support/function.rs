//! The tools, resources and prompts of the tests, served as any host would have it.

use std::process::ExitCode;

use oci_mcp_hosts::{environment, serve, stdio};
use oci_mcp_tests::{Gate, served};

fn main() -> ExitCode {
    let app = match environment("GATE") {
        Some(pipe) => served().tool(Gate { pipe: pipe.into() }),
        None => served(),
    };
    if std::env::args().nth(1).as_deref() != Some("stdio") {
        return serve(app);
    }
    match stdio(app, environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
