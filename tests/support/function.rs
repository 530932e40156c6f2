//! The tools of the tests, served as any host would have it.

use std::process::ExitCode;

use oci_mcp_hosts::{environment, serve, stdio};
use oci_mcp_tests::app;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() != Some("stdio") {
        return serve(app());
    }
    match stdio(app(), environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
