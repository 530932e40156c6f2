//! `oci-mcp tools`, `call` and `render policy`, as a person or a script has them.

#![cfg(test)]

use std::process::{Command, Output};

use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
    command.args(arguments).env_clear();
    command.env("HOME", "/nonexistent");
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_tools_are_a_table_or_what_a_client_gets() {
    let table = run(&["tools"]);
    let json = run(&["tools", "--json"]);

    let rows = text(&table.stdout).lines();
    let row = rows
        .clone()
        .find(|row| row.starts_with("oci_compute_list_instances "));
    assert!(row.unwrap().contains(" reads "), "{row:?}");
    let tools: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(rows.count(), tools.len() + 1);
    // With `oci_ping`.
    let size = Value::from(tools).to_string().len();
    assert!(size <= 25_000, "{size}");
}

#[test]
fn a_call_prints_the_answer_and_needs_no_host() {
    let output = run(&["call", "oci_search_operations", r#"{"query": "list vms"}"#]);

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["operations"][0]["operation"], "core.list_instances");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_exit_code_tells_what_kind_of_failure_it_was() {
    let rows: [(&[&str], i32, &str); 5] = [
        (
            &["call", "nothing"],
            2,
            "there is no tool `nothing`; see `oci-mcp tools`",
        ),
        (&["call", "oci_ping", "{bad"], 2, "line 1 column 2"),
        (
            &["call", "oci_compute_list_instances", r#"{"limit": 0.5}"#],
            2,
            "limit",
        ),
        (
            &["call", "oci_compute_list_instances"],
            3,
            "`oci-mcp doctor --only identity`",
        ),
        (
            &[
                "call",
                "oci_compute_stop_instance",
                r#"{"instance_id": "a"}"#,
            ],
            4,
            "ALLOW_MUTATIONS=true",
        ),
    ];

    for (arguments, code, problem) in rows {
        let output = run(arguments);

        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {output:?}"
        );
        assert!(
            text(&output.stderr).contains(problem),
            "{arguments:?}: {output:?}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn every_failure_of_a_call_is_json_for_who_asks_for_it() {
    let rows: [(&[&str], &str, &str); 4] = [
        (&["nothing"], "validation", "there is no tool `nothing`"),
        (&["oci_ping", "{bad"], "validation", "no JSON object"),
        (
            &["oci_compute_list_instances", r#"{"limit": 0.5, "x": 1}"#],
            "validation",
            "invalid arguments for `oci_compute_list_instances`",
        ),
        (
            &["oci_compute_stop_instance", r#"{"instance_id": "a"}"#],
            "authorization",
            "only reads",
        ),
    ];

    for (arguments, category, problem) in rows {
        let output = run(&[&["call", "--json"], arguments].concat());

        let failure: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(failure["category"], category, "{failure}");
        assert!(
            failure["error"].as_str().unwrap().contains(problem),
            "{failure}"
        );
    }
}

#[test]
fn the_exit_codes_are_where_one_looks_for_them() {
    let help = run(&["call", "--help"]);
    let readme = include_str!("../../README.md").replace('\n', " ");
    let categories = [
        "validation",
        "authentication",
        "authorization",
        "not_found",
        "conflict",
        "rate_limit",
        "service",
        "network",
        "timeout",
    ];

    for (category, code) in categories.iter().zip(2..) {
        let row = format!("{code}  {category}");
        assert!(text(&help.stdout).contains(&row), "{row}: {help:?}");
        let words = format!("{code} `{category}`");
        assert!(readme.contains(&words), "{words}");
    }
}

#[test]
fn a_name_that_is_no_setting_is_refused_before_it_has_no_effect() {
    for arguments in [
        &["tools"][..],
        &["call", "oci_ping"],
        &["render", "policy"],
        &["policy", "test", "/nonexistent"],
    ] {
        let output = command(arguments)
            .env("OCI_MCP_OPERATION_DENY", "compute")
            .output()
            .unwrap();

        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let problem = text(&output.stderr);
        assert!(problem.contains("`OCI_MCP_OPERATIONS_DENY`"), "{problem}");
    }
}

#[test]
fn what_cannot_be_written_is_told() {
    for arguments in [&["tools"][..], &["render", "policy"]] {
        let full = std::fs::File::create("/dev/full").unwrap();

        let output = command(arguments).stdout(full).output().unwrap();

        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&output.stderr).contains("stdout: No space left"),
            "{output:?}"
        );
    }
}

#[test]
fn a_policy_is_rendered_for_the_toolsets_that_are_named() {
    let output = run(&[
        "render",
        "policy",
        "--host",
        "container",
        "--toolsets",
        "lb",
    ]);

    let policy = text(&output.stdout);
    assert!(
        policy.contains("resource.type = 'computecontainerinstance'"),
        "{policy}"
    );
    let statement =
        "allow dynamic-group oci-mcp to read load-balancers in compartment id <COMPARTMENT_ID>";
    assert!(policy.contains(statement), "{policy}");
    let names = "allow dynamic-group oci-mcp to inspect compartments in tenancy";
    assert!(policy.contains(names), "{policy}");
    assert_eq!(policy.matches("allow ").count(), 2, "{policy}");
}
