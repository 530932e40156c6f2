//! The tools of the tests and one that tries what a sandbox forbids, served as a function.

use std::fs;
use std::net::TcpStream;
use std::process::ExitCode;

use oci_mcp::{Context, Json, NoArgs, Tool, ToolError};
use serde::Serialize;

#[derive(schemars::JsonSchema, Serialize)]
struct Findings {
    /// Which thread it ran on.
    thread: Option<String>,
    /// What it could not do, each with the reason.
    refused: Vec<String>,
}

struct Try;

impl Tool for Try {
    type Args = NoArgs;
    type Output = Json<Findings>;
    const NAME: &'static str = "try";
    const DESCRIPTION: &'static str = "Tries what a sandbox forbids, on a thread of its own.";
    const BLOCKING: bool = true;

    async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<Findings>, ToolError> {
        let attempts = [
            ("write to /tmp", fs::write("/tmp/inmate", "x")),
            ("write to /", fs::write("/inmate", "x")),
            ("write to /etc", fs::write("/etc/inmate", "x")),
            ("read /etc/shadow", fs::read("/etc/shadow").map(drop)),
            (
                "use the network",
                TcpStream::connect("127.0.0.1:9").map(drop),
            ),
        ];
        let refused = attempts.into_iter().filter_map(|(attempt, outcome)| {
            let error = outcome.err()?;
            Some(format!("{attempt}: {error}"))
        });
        let thread = std::thread::current().name().map(str::to_owned);
        Ok(Json(Findings {
            thread,
            refused: refused.collect(),
        }))
    }
}

fn main() -> ExitCode {
    oci_mcp_hosts::serve(oci_mcp_tests::app().tool(Try))
}
