//! `oci-mcp render`, as an operator has it: the documents, what is missing in them, and what platforms would refuse.

#![cfg(test)]

use std::process::{Command, Output};

use serde_json::{Value, json};

/// Renders with these variables set and no others.
fn render(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oci-mcp"))
        .arg("render")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn document(variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let output = render(variables, arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What is needed so that nothing is missing, with a target in front.
const WHOLE: [(&[&str], &[(&str, &str)]); 1] = [(
    &[
        "functions",
        "--application",
        "ocid1.fnapp.oc1..a",
        "--image",
        "iad.ocir.io/a/oci-mcp:1.0.0",
    ],
    &[],
)];

#[test]
fn what_is_missing_is_named_and_refused_if_asked() {
    for (arguments, variables) in WHOLE {
        let (target, _) = arguments.split_first().unwrap();
        let open = render(variables, &[target]);
        let strict = render(variables, &[target, "--strict"]);
        let whole = render(variables, &[&["--strict"], arguments].concat());

        let told = String::from_utf8_lossy(&open.stderr);
        assert!(told.contains("missing: <"), "{target}: {told}");
        assert_eq!(open.status.code(), Some(0), "{target}: {told}");
        assert_eq!(strict.status.code(), Some(2), "{target}");
        assert!(strict.stdout.is_empty(), "{target}");
        assert_eq!(String::from_utf8_lossy(&whole.stderr), "", "{target}");
        assert_eq!(whole.status.code(), Some(0), "{target}");
    }
}

#[test]
fn a_setting_of_the_environment_is_in_the_document_unless_an_option_says_otherwise() {
    let variables = [
        ("OCI_MCP_LOG", "debug"),
        ("OCI_MCP_TOOLSETS", "compute"),
        ("ALLOW_MUTATIONS", "true"),
        // Of this machine.
        ("OCI_CLI_AUTH", "security_token"),
        ("OCI_MCP_PEERS", "/peers"),
        ("PATH", "/bin"),
    ];
    let options = [
        "functions",
        "--set",
        "OCI_MCP_LOG=warn",
        "--set",
        "OCI_MCP_TOOLSETS=",
    ];

    let function = document(&variables, &options);

    let settings = json!({ "ALLOW_MUTATIONS": "true", "OCI_MCP_LOG": "warn" });
    assert_eq!(function["config"], settings);
}

#[test]
fn what_the_server_or_its_platform_would_refuse_is_refused_with_the_limit() {
    for (target, arguments, told) in REFUSED {
        let output = render(&[], &[&[*target], *arguments].concat());

        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(told), "{target} {arguments:?}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{target} {arguments:?}");
        assert!(output.stdout.is_empty(), "{target} {arguments:?}");
    }
}

#[test]
fn settings_that_are_too_many_are_counted() {
    let long = format!("OCI_MCP_ALLOWED_HOSTS={}", "a".repeat(5_000));
    let cases = [("functions", "5021 bytes: a function has 4096 at most")];

    for (target, told) in cases {
        let output = render(&[], &[target, "--set", &long]);

        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(told), "{target}: {errors}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let arguments = [
        "functions",
        "--memory-in-mbs",
        "200",
        "--set",
        "OCI_MCP_LOG=loud",
    ];

    let output = render(&[("OCI_MCP_PORTS", "1")], &arguments);

    let errors = String::from_utf8_lossy(&output.stderr);
    for part in ["`--memory-in-mbs`", "`OCI_MCP_LOG`", "`OCI_MCP_PORTS`"] {
        assert!(errors.contains(part), "{errors}");
    }
}

#[test]
fn a_function_is_what_the_cli_takes() {
    let options = [
        "functions",
        "--memory-in-mbs",
        "512",
        "--provisioned-instances",
        "2",
    ];

    let function = document(&[("OCI_MCP_LOG", "info")], &options);

    assert_eq!(
        function,
        json!({
            "applicationId": "<APPLICATION_ID>",
            "config": { "OCI_MCP_LOG": "info" },
            "displayName": "oci-mcp",
            "image": concat!("ocir.<REGION>.oci.oraclecloud.com/<NAMESPACE>/oci-mcp:", env!("CARGO_PKG_VERSION")),
            "memoryInMbs": 512,
            "provisionedConcurrency": { "count": 2, "strategy": "CONSTANT" },
            "timeoutInSeconds": 120,
        })
    );
}

/// A target, what is wrong, and what is told of it.
const REFUSED: &[(&str, &[&str], &str)] = &[
    (
        "functions",
        &["--memory-in-mbs", "200"],
        "one of [128, 256, 512, 1024, 2048, 3072]",
    ),
    (
        "functions",
        &["--timeout-in-seconds", "301"],
        "from 5 to 300 seconds",
    ),
    (
        "functions",
        &["--application", "ocid1.compartment.oc1..a"],
        "ocid1.fnapp",
    ),
    (
        "functions",
        &["--image", "iad.ocir.io/a/b:latest"],
        "other than `latest`",
    ),
    ("functions", &["--image", "docker.io/a/b:1"], "is in OCIR"),
    ("functions", &["--set", "FN_X=1"], "begins with neither FN_"),
    (
        "functions",
        &["--set", "OCI_MCP_HOST=container"],
        "in a function it is `functions`",
    ),
    (
        "functions",
        &["--set", "OCI_MCP_MAX_BODY_BYTES=7000000"],
        "6291456",
    ),
    (
        "functions",
        &[
            "--set",
            "OCI_MCP_STATE_KEY=a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        ],
        "is a secret",
    ),
    (
        "functions",
        &["--set", "OCI_MCP_ACCESS=jwt"],
        "`OCI_MCP_ACCESS_RESOURCE` is required",
    ),
    (
        "functions",
        &["--set", "OCI_MCP_LOGS=info"],
        "is `OCI_MCP_LOG` meant?",
    ),
];
