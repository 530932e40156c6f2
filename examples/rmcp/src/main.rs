//! Serves it: the only file that knows of `oci-mcp`.

use std::process::ExitCode;

use rmcp_example::Library;

fn main() -> ExitCode {
    oci_mcp_hosts::serve(oci_mcp_rmcp::app(Library::new))
}
