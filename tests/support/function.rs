//! The tools of the tests, served as a function.

use std::process::ExitCode;

fn main() -> ExitCode {
    oci_mcp_hosts::serve(oci_mcp_tests::app())
}
