//! Every setting has a value that stops the server before it listens, and a test that shows whom or what it keeps out.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use oci_mcp_tests::workspace;
use tokio::process::Command;
use tokio::time::timeout;

/// Variables, and what each is set to.
type Variables = &'static [(&'static str, &'static str)];

/// A setting; what it is set to and with which others, so that it cannot be used; the test that shows what it does.
type Row = (&'static str, &'static str, Variables, &'static str);

const JWT: Variables = &[
    ("OCI_MCP_ACCESS", "jwt"),
    ("OCI_MCP_ACCESS_ISSUER", "https://issuer.example"),
    ("OCI_MCP_ACCESS_RESOURCE", "https://tools.example/mcp"),
];
const INTROSPECTION: Variables = &[("OCI_MCP_ACCESS", "introspection")];
const GATEWAY: Variables = &[("OCI_MCP_ACCESS", "gateway")];
const STATIC: Variables = &[("OCI_MCP_ACCESS", "static")];
const RECORDED: Variables = &[("OCI_MCP_AUDIT", "stderr")];

/// What stops the server when it starts.
const AT_START: [Row; 42] = [
    ("OCI_MCP_ACCESS", "JWT", &[], INTRUDERS),
    ("OCI_MCP_ACCESS_AUDIENCE", "a,,b", JWT, AUDIENCES),
    ("OCI_MCP_ACCESS_CLIENT_ID", "x", JWT, UNKNOWN_SERVER),
    (
        "OCI_MCP_ACCESS_CLIENT_SECRET_FILE",
        "/nowhere",
        INTROSPECTION,
        UNKNOWN_SERVER,
    ),
    (
        "OCI_MCP_ACCESS_CLIENT_SECRET_ID",
        "x",
        INTROSPECTION,
        "hosts/src/access/tests.rs::a_secret_may_be_in_a_vault_instead_of_a_file",
    ),
    (
        "OCI_MCP_ACCESS_GATEWAY",
        "x",
        GATEWAY,
        "tests/intruders/gateway.rs::a_function_takes_nothing_that_did_not_come_through_its_own_gateway",
    ),
    (
        "OCI_MCP_ACCESS_IDENTITY_DOMAIN",
        "x",
        JWT,
        "access/tests/access/claims.rs::a_token_of_an_identity_domain_is_taken_by_its_own_keys_alone",
    ),
    (
        "OCI_MCP_ACCESS_INTROSPECTION_URL",
        "x",
        INTROSPECTION,
        UNKNOWN_SERVER,
    ),
    ("OCI_MCP_ACCESS_ISSUER", "x", INTROSPECTION, INTRUDERS),
    ("OCI_MCP_ACCESS_JWKS_FILE", "/keys", STATIC, INTRUDERS),
    (
        "OCI_MCP_ACCESS_JWKS_URL",
        "x",
        JWT,
        "tests/issuer.rs::keys_are_taken_from_where_the_operator_says",
    ),
    ("OCI_MCP_ACCESS_POLICY", "/nowhere", JWT, AUDIENCES),
    ("OCI_MCP_ACCESS_RESOURCE", "x", INTROSPECTION, INTRUDERS),
    (
        "OCI_MCP_ACCESS_SCOPES",
        "a\"b",
        JWT,
        "tests/issuer.rs::a_client_whose_token_allows_too_little_is_sent_for_one_that_allows_more",
    ),
    (
        "OCI_MCP_ACCESS_SECRET_FILE",
        "/nowhere",
        GATEWAY,
        "tests/intruders/gateway.rs::a_gateway_is_known_by_its_secret_and_nothing_else_on_any_host",
    ),
    (
        "OCI_MCP_ACCESS_SECRET_ID",
        "x",
        GATEWAY,
        "tests/access.rs::a_gateways_secret_may_be_in_a_vault_and_until_it_is_read_nobody_is_let_in",
    ),
    (
        "OCI_MCP_ACCESS_TOKENS_FILE",
        "/nowhere",
        STATIC,
        "tests/intruders/gateway.rs::a_static_token_is_taken_as_it_is_or_not_at_all_on_any_host",
    ),
    (
        "OCI_MCP_ALLOWED_HOSTS",
        "http://x",
        &[],
        "tests/http.rs::only_named_hosts_are_served_once_the_operator_names_some",
    ),
    (
        "OCI_MCP_ALLOWED_ORIGINS",
        "*",
        &[],
        "tests/http.rs::only_pages_of_this_machine_may_call_unless_the_operator_names_others",
    ),
    (
        "OCI_MCP_AUDIT",
        "/no/such/file",
        &[],
        "tests/audit.rs::a_function_and_a_container_put_every_request_on_record",
    ),
    (
        "OCI_MCP_AUDIT_ARGUMENTS",
        "yes",
        RECORDED,
        "tests/audit.rs::a_stream_and_a_batch_leave_a_line_each",
    ),
    ("OCI_MCP_AUDIT_FAIL_CLOSED", "yes", RECORDED, FAIL_CLOSED),
    ("OCI_MCP_AUDIT_LOG_ID", "x", &[], FAIL_CLOSED),
    (
        "OCI_MCP_BIND",
        "localhost",
        &[],
        "tests/access.rs::a_container_that_others_reach_does_not_start_without_a_word_on_who_may_call",
    ),
    (
        "OCI_MCP_CALLS_PER_MINUTE",
        "0",
        &[],
        "tests/limits.rs::a_caller_who_calls_too_often_waits_and_others_do_not",
    ),
    (
        "OCI_MCP_HOST",
        "lambda",
        &[],
        "hosts/src/host/tests.rs::a_named_host_overrides_them_must_exist_and_find_what_it_needs",
    ),
    (
        "OCI_MCP_LOG",
        "loud",
        &[],
        "hosts/src/logging.rs::a_level_that_is_none_is_refused",
    ),
    (
        "OCI_MCP_MAX_BODY_BYTES",
        "4MB",
        &[],
        "tests/http.rs::a_body_over_the_limit_is_refused_with_the_limits_name",
    ),
    (
        "OCI_MCP_MAX_RESPONSE_BYTES",
        "4MB",
        &[],
        "tests/hosts.rs::a_container_keeps_to_the_largest_answer_it_was_given",
    ),
    (
        "OCI_MCP_MAX_RESULT_BYTES",
        "4MB",
        &[],
        "tools/tests/tools/reading.rs::a_list_over_the_budget_is_cut_at_an_item_and_goes_on_there",
    ),
    (
        "OCI_MCP_OPERATIONS_ALLOW",
        "x",
        &[],
        "tools/tests/tools/settings.rs::what_is_not_on_the_list_cannot_be_called_and_what_is_can",
    ),
    (
        "OCI_MCP_OPERATIONS_DENY",
        "x",
        &[],
        "tools/tests/tools/changes.rs::every_spelling_of_a_denied_operation_is_denied",
    ),
    (
        "OCI_MCP_PATH",
        "mcp",
        &[],
        "tests/http.rs::a_path_that_the_operator_chose_is_the_only_one",
    ),
    (
        "OCI_MCP_PORT",
        "65536",
        &[],
        "hosts/src/host/tests.rs::a_port_that_a_model_deployment_cannot_have_is_refused_with_the_reason",
    ),
    (
        "OCI_MCP_REPLY",
        "stream",
        &[],
        "tests/replies.rs::the_operator_decides_on_the_form_on_every_host",
    ),
    (
        "OCI_MCP_STATE_KEY",
        "x",
        &[],
        "tests/intruders/states.rs::a_state_opens_for_whom_it_was_made_and_for_nobody_else",
    ),
    (
        "OCI_MCP_STATE_KEY_FILE",
        "/nowhere",
        &[],
        "hosts/src/state.rs::keys_come_from_a_variable_or_a_file",
    ),
    (
        "OCI_MCP_STATE_KEY_SECRET_ID",
        "x",
        &[],
        "hosts/src/secrets/vault/tests.rs::until_it_can_be_read_and_used_requests_are_refused",
    ),
    (
        "OCI_MCP_TOOLSETS",
        "x",
        &[],
        "tools/tests/tools/curated.rs::toolsets_decide_what_there_is",
    ),
    (
        "OCI_MCP_TOOL_CALLS_PER_MINUTE",
        "0",
        &[],
        "tests/limits.rs::a_tool_that_is_called_too_often_refuses_everybody_and_others_do_not",
    ),
    (
        "OCI_MCP_TOOL_CONCURRENCY",
        "0",
        &[],
        "tests/limits.rs::as_many_calls_of_a_tool_run_at_a_time_as_the_operator_allows",
    ),
    (
        "OCI_MCP_TRANSPORT",
        "sse",
        &[],
        "tests/hosts.rs::the_handshake_that_guides_show_works_as_it_is_typed",
    ),
];

/// What is told when OCI is first asked, which a server may do without.
const AT_A_CALL: [Row; 3] = [
    (
        "OCI_MCP_AUTH_TYPE",
        "root",
        &[],
        "oci/tests/principals/selection.rs::names_that_are_unknown_or_not_ours_are_refused",
    ),
    (
        "OCI_MCP_DELEGATION_TOKEN_FILE",
        "/nowhere",
        &[("OCI_MCP_AUTH_TYPE", "instance_principal_delegation")],
        "oci/tests/principals/selection.rs::a_resource_principal_may_act_for_a_user",
    ),
    (
        "OCI_MCP_OKE_SERVICE_ACCOUNT_TOKEN_PATH",
        "/nowhere",
        &[
            ("OCI_MCP_AUTH_TYPE", "oke_workload_identity"),
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
            ("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1"),
            ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
        ],
        "oci/tests/principals/workload.rs::the_account_may_be_in_three_variables",
    ),
];

const INTRUDERS: &str = "tests/intruders/main.rs::nobody_gets_in_who_should_not_on_any_host";
const AUDIENCES: &str =
    "tests/intruders/settings.rs::an_audience_and_a_policy_keep_out_whom_they_should_on_any_host";
const UNKNOWN_SERVER: &str =
    "tests/issuer.rs::a_server_that_the_issuer_does_not_know_lets_nobody_in";
const FAIL_CLOSED: &str =
    "tests/audit.rs::what_may_change_something_is_not_called_when_its_record_has_no_place";

/// What the binary says, and with which code it ends, with `variables` and nothing else in its environment.
async fn run(arguments: &[&str], row: &Row) -> (Option<i32>, String) {
    let (setting, value, others, _) = *row;
    let mut command = Command::new(env!("CARGO_BIN_EXE_oci-mcp"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent");
    command.envs(others.iter().copied()).env(setting, value);
    let output = command.kill_on_drop(true).output();
    let output = timeout(Duration::from_secs(60), output).await;
    let output = output
        .unwrap_or_else(|_| panic!("{setting}: it listens"))
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_value_that_cannot_be_used_stops_the_server_with_the_name_of_the_setting() {
    for row in &AT_START {
        let (code, said) = run(&["serve"], row).await;

        assert_eq!(code, Some(2), "{row:?}: {said}");
        assert!(said.contains(&format!("`{}`", row.0)), "{row:?}: {said}");
    }
}

#[tokio::test]
async fn what_cannot_be_used_of_an_identity_is_told_by_its_name_when_oci_is_asked() {
    for row in &AT_A_CALL {
        let (code, said) = run(&["call", "oci_compute_list_instances"], row).await;

        assert_ne!(code, Some(0), "{row:?}: {said}");
        assert!(said.contains(&format!("`{}`", row.0)), "{row:?}: {said}");
    }
}

#[test]
fn no_setting_is_without_a_refusal_and_a_test_of_what_it_does() {
    let source = include_str!("../../hosts/src/unknown.rs");
    let registry = source
        .split("const SETTINGS")
        .nth(1)
        .unwrap()
        .split("];")
        .next()
        .unwrap();
    // The last are for developers.
    let (registry, _) = registry.split_once("//").unwrap();
    let registered: BTreeSet<_> = registry
        .split('"')
        .filter(|name| name.starts_with("OCI_MCP_"))
        .collect();

    let rows = || AT_START.iter().chain(&AT_A_CALL);

    let tried: BTreeSet<_> = rows().map(|row| row.0).collect();
    assert_eq!(tried, registered);
    for (setting, .., shown) in rows() {
        let (file, test) = shown.split_once("::").unwrap();
        let source = fs::read_to_string(workspace().join(file)).unwrap();
        assert!(
            source.contains(&format!("fn {test}(")),
            "{setting}: {shown}"
        );
    }
}
