//! `oci-mcp policy test`: what a policy of scopes lets callers call, before it decides.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use oci_mcp::App;
use oci_mcp_access::{Policy, Scopes};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::stdout;

/// What can be done with a policy.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Says whether a policy (`OCI_MCP_ACCESS_POLICY`) decides as it should about this program's tools
    ///
    /// FILE is JSON that names the policy, relative to itself, and for sets of scopes which tools are
    /// allowed and refused; the README has an example. Exits with 1 if a case does not hold.
    Test {
        /// The cases
        file: PathBuf,
    },
}

/// A policy, and what it should decide.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    policy: PathBuf,
    cases: Vec<Case>,
}

/// What a caller with these scopes may call, and what not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// With spaces between them, as a token has them.
    scopes: String,
    #[serde(default)]
    allowed: Vec<String>,
    #[serde(default)]
    refused: Vec<String>,
}

/// Which scopes each tool takes.
type Required = BTreeMap<String, Scopes>;

pub(crate) fn run(app: &App, command: &Command) -> ExitCode {
    let Command::Test { file } = command;
    match test(app, file) {
        Ok(report) => {
            let code = if report.holds() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
            stdout::print_and(&report.to_string(), code)
        }
        Err(problem) => {
            // There is nobody left to tell if stderr is closed.
            let _written = writeln!(io::stderr(), "error: {problem}");
            ExitCode::from(2)
        }
    }
}

/// What became of the cases in `file`.
///
/// # Errors
///
/// Why they could not be tried: a file that is none, a scope or a tool that does not exist, nothing to try.
fn test(app: &App, file: &Path) -> Result<Report, String> {
    let suite: Suite = read(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let policy: Policy = read(&folder.join(&suite.policy))?;
    let tools: Vec<_> = app.tool_facts().collect();
    for idle in policy.idle(&tools) {
        // As the server warns when it starts.
        let _written = writeln!(
            io::stderr(),
            "warning: the policy has {idle}, and this program no tool that it fits"
        );
    }
    let required: Required = tools
        .iter()
        .map(|tool| (tool.name.to_owned(), policy.required(tool).clone()))
        .collect();
    let mut report = Report::default();
    for case in &suite.cases {
        let added = report.add(case, &required);
        added.map_err(|problem| format!("`{}`: {problem}", file.display()))?;
    }
    if report.lines.is_empty() {
        let file = file.display();
        return Err(format!("`{file}` has no case: it names no tool"));
    }
    Ok(report)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let shown = path.display();
    let text = fs::read(path).map_err(|error| format!("`{shown}`: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("`{shown}`: {error}"))
}

/// What became of the cases, a line each.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: usize,
}

impl Report {
    fn add(&mut self, case: &Case, required: &Required) -> Result<(), String> {
        let granted = Scopes::parse(&case.scopes)
            .map_err(|error| format!("`scopes` is `{}`: {error}", case.scopes.escape_debug()))?;
        let who = match &*granted.to_string() {
            "" => "no scope".to_owned(),
            scopes => scopes.to_owned(),
        };
        let expected = [(&case.allowed, true), (&case.refused, false)];
        let tools = expected
            .into_iter()
            .flat_map(|(tools, may)| tools.iter().map(move |tool| (tool, may)));
        for (tool, should) in tools {
            let Some(takes) = required.get(tool) else {
                let tool = tool.escape_debug();
                return Err(format!("there is no tool `{tool}` in this program"));
            };
            let may = granted.contains_all(takes);
            let verb = if may { "may call" } else { "may not call" };
            let takes = match &*takes.to_string() {
                "" => "nothing".to_owned(),
                scopes => scopes.to_owned(),
            };
            if may == should {
                self.lines.push(format!("ok    {who}: {verb} {tool}"));
            } else {
                self.failed += 1;
                let line = format!("FAIL  {who}: {verb} {tool}, which takes {takes}");
                self.lines.push(line);
            }
        }
        Ok(())
    }

    fn holds(&self) -> bool {
        self.failed == 0
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        let all = self.lines.len();
        writeln!(f, "{} of {all} hold", all - self.failed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    fn try_out(policy: &Value, cases: &Value) -> Result<Report, String> {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, json: &Value| {
            fs::write(folder.path().join(name), json.to_string()).unwrap();
        };
        write("policy.json", policy);
        write(
            "cases.json",
            &json!({ "policy": "policy.json", "cases": cases }),
        );
        test(
            &crate::configured().unwrap(),
            &folder.path().join("cases.json"),
        )
    }

    #[test]
    fn a_policy_that_decides_as_it_should_holds() {
        let cases = json!([
            { "scopes": "write:tools  read:tools", "allowed": ["oci_ping"] },
            { "scopes": "READ:tools", "refused": ["oci_ping"] },
            { "scopes": "", "refused": ["oci_ping"] },
        ]);

        let report = try_out(&json!({}), &cases).unwrap();

        assert_eq!(
            report.to_string(),
            "ok    read:tools write:tools: may call oci_ping\n\
             ok    READ:tools: may not call oci_ping\n\
             ok    no scope: may not call oci_ping\n\
             3 of 3 hold\n",
        );
        assert!(report.holds());
    }

    #[test]
    fn what_it_decides_otherwise_is_told_with_the_scopes_that_count() {
        let rule = json!({ "tools": { "glob": "oci_*" }, "scopes": ["admin"] });
        let cases = json!([
            { "scopes": "read:tools", "allowed": ["oci_ping"] },
            { "scopes": "admin", "refused": ["oci_ping"] },
        ]);

        let report = try_out(&json!({ "rules": [rule] }), &cases).unwrap();

        assert_eq!(
            report.to_string(),
            "FAIL  read:tools: may not call oci_ping, which takes admin\n\
             FAIL  admin: may call oci_ping, which takes admin\n\
             0 of 2 hold\n",
        );
        assert!(!report.holds());
    }

    #[test]
    fn a_rule_may_be_for_a_toolset() {
        let rules = json!([
            { "tools": { "toolset": "compute" }, "scopes": ["machines"] },
            { "tools": { "toolset": "general" }, "scopes": ["all"] },
        ]);
        let tools = json!(["oci_compute_list_instances", "oci_compute_list_images"]);
        let general = [
            "oci_search_operations",
            "oci_describe_operation",
            "oci_call_operation",
        ];
        let cases = json!([
            { "scopes": "machines", "allowed": tools, "refused": ["oci_network_list_vcns"] },
            { "scopes": "all", "allowed": general, "refused": tools },
        ]);

        let report = try_out(&json!({ "rules": rules }), &cases).unwrap();

        assert!(report.holds(), "{report}");
    }

    #[test]
    fn what_cannot_be_tried_is_no_success() {
        let cases = [
            (json!({}), json!([]), "has no case"),
            (json!({}), json!([{ "scopes": "a" }]), "has no case"),
            (
                json!({}),
                json!([{ "scopes": "a", "allowed": ["oci_pong"] }]),
                "no tool `oci_pong`",
            ),
            (
                json!({}),
                json!([{ "scopes": "a\"", "allowed": ["oci_ping"] }]),
                "printable ASCII",
            ),
            (
                json!({}),
                json!([{ "scopes": "a", "allow": ["oci_ping"] }]),
                "unknown field `allow`",
            ),
            (json!({ "rule": [] }), json!([]), "unknown field `rule`"),
        ];

        for (policy, cases, problem) in cases {
            let error = try_out(&policy, &cases).err().unwrap();

            assert!(error.contains(problem), "{error}");
        }
    }
}
