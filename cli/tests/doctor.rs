//! `oci-mcp doctor`, as a person or a script has it: the real binary, and a simulated OCI with this or that wrong.

#![cfg(test)]

use std::process::Output;
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use oci_emulator::{Fault, ResourcePrincipal, SimulatedOci, Tenancy};
use oci_mcp_tests::Container;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_oci-mcp");

/// A function in a simulated OCI.
struct Function {
    oci: SimulatedOci,
    variables: Vec<(&'static str, String)>,
    folder: TempDir,
}

impl Function {
    /// One whose OCI has another time than this machine, and gives it a token for `lifetime`.
    async fn new(skew: SignedDuration, lifetime: Duration) -> Self {
        let clock = move || Timestamp::now() + skew;
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), clock).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(oci.clone().serve(listener));
        let folder = TempDir::new().unwrap();
        let resource = oci.find("functions", "mcp").unwrap();
        let principal = ResourcePrincipal::new(oci.clone(), folder.path(), &resource, lifetime);
        let mut variables = principal.unwrap().environment();
        let listener = format!("unix:{}/lsnr.sock", folder.path().display());
        variables.extend([
            (
                "COMPARTMENT_OCID",
                oci.find("compartments", "production").unwrap(),
            ),
            ("FN_LISTENER", listener),
            ("OCI_ENDPOINT_OVERRIDE", url),
            ("OCI_MCP_TOOLSETS", "compute,identity".to_owned()),
        ]);
        Self {
            oci,
            variables,
            folder,
        }
    }

    async fn healthy() -> Self {
        Self::new(SignedDuration::ZERO, HOUR).await
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let own = self.variables.iter();
        own.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// What is found, with `more` in the environment.
    async fn examined(&self, more: &[(&str, &str)]) -> Report {
        let mut variables = self.variables();
        variables.extend(more);
        let report = Report::of(&["--json"], &variables).await;
        // A secret is in no finding, whatever is wrong.
        for file in ["rpst", "private.pem"] {
            let secret = std::fs::read_to_string(self.folder.path().join(file)).unwrap();
            let parts = secret.split(['.', '\n']).filter(|part| part.len() > 40);
            for part in parts {
                assert!(!report.text.contains(part), "{file}: {}", report.text);
            }
        }
        report
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// What a doctor found.
struct Report {
    code: i32,
    json: Value,
    text: String,
}

impl Report {
    async fn of(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let output = run(arguments, variables).await;
        let text = String::from_utf8(output.stdout).unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        Self {
            code: output.status.code().unwrap(),
            json: serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{error}: {text}{problem}")),
            text,
        }
    }

    /// The findings of `subject` with this `verdict`, whole.
    fn found(&self, subject: &str, verdict: &str) -> Vec<String> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["subject"] == subject && finding["verdict"] == verdict)
            .map(ToString::to_string)
            .collect()
    }

    /// That there is exactly one such finding, with all of `parts` in it.
    fn has(&self, subject: &str, verdict: &str, parts: &[&str]) {
        let found = self.found(subject, verdict);
        assert_eq!(found.len(), 1, "{subject} {verdict}: {}", self.text);
        for part in parts {
            assert!(found[0].contains(part), "no {part} in {}", found[0]);
        }
    }
}

async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(BINARY)
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_healthy_function_has_nothing_wrong() {
    let function = Function::healthy().await;

    let report = function.examined(&[]).await;

    assert_eq!(report.code, 0, "{}", report.text);
    for finding in report.json["findings"].as_array().unwrap() {
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["good", "not checked"].contains(&verdict), "{finding}");
    }
    let tenancy = function.oci.tenancy_id();
    let identity = report.found("identity", "good").join(" ");
    for part in [
        "resource principal 2.2",
        "/rpst",
        "more minutes",
        &tenancy,
        "us-phoenix-1",
    ] {
        assert!(identity.contains(part), "no {part} in {identity}");
    }
    for subject in [
        "configuration",
        "listener",
        "image",
        "limits",
        "endpoints",
        "clock",
        "permissions",
    ] {
        assert!(
            !report.found(subject, "good").is_empty(),
            "{subject}: {}",
            report.text
        );
    }
}

#[tokio::test]
async fn a_missing_permission_is_told_with_its_statement() {
    let function = Function::healthy().await;
    let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
    function
        .oci
        .inject(refusal.on(Method::GET, "/20160918/instances"));
    let compartment = function.oci.find("compartments", "production").unwrap();

    let report = function.examined(&[]).await;

    assert_eq!(report.code, 2);
    let statement =
        format!("allow dynamic-group <group> to read instances in compartment id {compartment}");
    report.has(
        "permissions",
        "problem",
        &["oci_compute_list_instances", &statement],
    );
    assert_eq!(
        report.found("permissions", "good").len(),
        1,
        "{}",
        report.text
    );
}

#[tokio::test]
async fn what_oci_has_of_a_function_and_a_gateway_is_held_together() {
    let function = Function::healthy().await;
    let id = function.oci.find("functions", "mcp").unwrap();
    let deployment = function.oci.find("deployments", "mcp").unwrap();
    let arguments = [
        "--json",
        "--only=deployed",
        "--function",
        &id,
        "--deployment",
        &deployment,
    ];

    let report = Report::of(&arguments, &function.variables()).await;

    assert_eq!(report.code, 2);
    let good = report.found("deployed", "good").join(" ");
    for part in ["the settings can be used", "a request may take 30 s"] {
        assert!(good.contains(part), "no {part} in {}", report.text);
    }
    report.has("deployed", "problem", &["no route", "render apigateway"]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_and_what_comes_of_it() {
    let function = Function::new(SignedDuration::from_mins(10), HOUR).await;

    let report = function.examined(&[]).await;

    assert_eq!(report.code, 2);
    report.has("clock", "problem", &["s behind", "5 minutes", "set-ntp"]);
    report.has(
        "permissions",
        "problem",
        &["does not accept the signature", "clock"],
    );
    report.has("permissions", "not checked", &["signature"]);
}

#[tokio::test]
async fn a_token_that_has_expired_hides_nothing_else() {
    let function = Function::new(SignedDuration::from_hours(-2), HOUR).await;

    let report = function.examined(&[]).await;

    assert_eq!(report.code, 2);
    report.has(
        "identity",
        "problem",
        &["resource principal 2.2", "expired at", "/rpst"],
    );
    report.has("permissions", "not checked", &["nothing to sign with"]);
    assert!(
        !report.found("endpoints", "good").is_empty(),
        "{}",
        report.text
    );
}

#[tokio::test]
async fn a_token_that_was_revoked_is_told_with_what_oci_says() {
    let function = Function::healthy().await;
    let token = std::fs::read_to_string(function.folder.path().join("rpst")).unwrap();
    function.oci.revoke(&token);

    let report = function.examined(&[]).await;

    report.has(
        "permissions",
        "problem",
        &["401 NotAuthenticated", "deleted"],
    );
    assert_eq!(report.found("clock", "good").len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_is_told_and_makes_others_moot() {
    let function = Function::healthy().await;
    // Nothing listens at the port of discarded data, and no name ends so (RFC 6761).
    let closed = ("OCI_ENDPOINT_OVERRIDE", "http://127.0.0.1:9");
    let unknown = [
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", "https://issuer.invalid/"),
        ("OCI_MCP_ACCESS_RESOURCE", "https://tools.example/mcp"),
    ];

    let closed = function.examined(&[closed]).await;
    let unknown = function.examined(&unknown).await;

    closed.has(
        "endpoints",
        "problem",
        &["http://127.0.0.1:9", "nothing listens", "443"],
    );
    closed.has("clock", "not checked", &["see endpoints"]);
    closed.has("permissions", "not checked", &["no good answer"]);
    unknown.has(
        "endpoints",
        "problem",
        &["issuer.invalid is not known", "nslookup"],
    );
    assert_eq!((closed.code, unknown.code), (2, 2));
}

#[tokio::test]
async fn every_problem_of_the_settings_is_told_and_the_rest_is_looked_at() {
    let function = Function::healthy().await;
    let wrong = [
        ("OCI_MCP_PORTS", "9000"),
        ("OCI_MCP_MAX_BODY_BYTES", "many"),
        ("FN_FORMAT", "json"),
    ];

    let report = function.examined(&wrong).await;
    let authorities = [("SSL_CERT_FILE", "/no/such/file")];
    let untrusted = function.examined(&authorities).await;

    let problems = report.found("configuration", "problem").join(" ");
    for part in [
        "is `OCI_MCP_PORT` meant",
        "OCI_MCP_MAX_BODY_BYTES",
        "FN_FORMAT",
    ] {
        assert!(problems.contains(part), "no {part} in {problems}");
    }
    report.has("listener", "not checked", &["see configuration"]);
    untrusted.has("configuration", "problem", &["SSL_CERT_FILE", "PEM"]);
    untrusted.has("permissions", "not checked", &["see identity"]);
    assert!(
        !report.found("permissions", "good").is_empty(),
        "{}",
        report.text
    );
}

#[tokio::test]
async fn without_an_identity_it_says_what_gives_one_on_this_host() {
    let function = [("FN_LISTENER", "unix:/tmp/lsnr.sock")];
    let pod = [
        ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
        ("OCI_MCP_PORT", "0"),
    ];

    let function = Report::of(&["--json"], &function).await;
    let pod = Report::of(&["--json"], &pod).await;

    function.has(
        "identity",
        "problem",
        &["no identity for OCI", "resource.type = 'fnfunc'"],
    );
    assert!(
        !function.text.contains("oci setup config"),
        "{}",
        function.text
    );
    pod.has(
        "identity",
        "problem",
        &["request.principal.type = 'workload'"],
    );
    function.has("permissions", "not checked", &["see identity"]);
    function.has("endpoints", "not checked", &["region"]);
}

#[tokio::test]
async fn the_way_through_a_url_is_looked_at_beside_the_rest_or_alone() {
    let server = Container::start(BINARY, &[("OCI_MCP_TOOLSETS", "general")]).await;
    let url = format!("http://{}/mcp", server.address());

    let alone = Report::of(&["--json", "--only", "gateway", "--url", &url], &[]).await;
    let nowhere = format!("{url}/nothing");
    let wrong = Report::of(&["--json", "--only", "gateway", "--url", &nowhere], &[]).await;
    let moot = Report::of(&["--json", "--only", "gateway"], &[]).await;
    let unknown = [
        "--json",
        "--only",
        "gateway",
        "--url",
        "https://gateway.invalid/mcp",
    ];
    let lost = [&unknown[..], &["--token-file", "/no/such/file"]].concat();
    let (unknown, lost) = (
        Report::of(&unknown, &[]).await,
        Report::of(&lost, &[]).await,
    );

    assert_eq!(alone.code, 0, "{}", alone.text);
    let good = alone.found("gateway", "good").join(" ");
    for part in ["lists", "mcp-name arrive", "405"] {
        assert!(good.contains(part), "no {part} in {good}");
    }
    assert_eq!(wrong.code, 2, "{}", wrong.text);
    lost.has("gateway", "problem", &["/no/such/file", "cannot be read"]);
    unknown.has("gateway", "problem", &["gateway.invalid is not known"]);
    moot.has("gateway", "not checked", &["--url is not given"]);
}

#[tokio::test]
async fn people_get_a_table_as_the_page_shows_it() {
    let function = Function::healthy().await;
    let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound").times(9);
    let refusal = refusal.on(Method::GET, "/20160918/instances");
    function.oci.inject(refusal);
    let variables = function.variables.iter();
    let variables: Vec<_> = variables.map(|(name, value)| (*name, &**value)).collect();

    let output = run(&["--only", "permissions"], &variables).await;

    let table = std::str::from_utf8(&output.stdout).unwrap();
    let page = include_str!("../../docs/doctor.md");
    let found = table
        .lines()
        .position(|line| page.contains(line.trim_end()) && line.contains("problem"));
    let told: Vec<_> = table.lines().skip(found.unwrap()).take(3).collect();
    for (line, end) in told
        .iter()
        .zip(["instances", "core.list_instances:", "`allow"])
    {
        let (start, _) = line.split_once(end).unwrap();
        assert!(page.contains(start), "{start}: {table}");
    }
}

#[tokio::test]
async fn a_shape_of_another_processor_is_found_without_a_network() {
    let output = run(&["--only", "image,limits", "--shape", "GENERIC_ARM"], &[]).await;

    let table = std::str::from_utf8(&output.stdout).unwrap();
    let expected = if cfg!(target_arch = "aarch64") {
        (0, "good")
    } else {
        (2, "problem")
    };
    assert_eq!(output.status.code(), Some(expected.0), "{table}");
    assert!(
        table.contains(&format!("image          {}", expected.1)),
        "{table}"
    );
    assert!(table.contains("limits         good"), "{table}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn every_command_of_its_page_runs() {
    let server = Container::start(BINARY, &[("OCI_MCP_TOOLSETS", "general")]).await;
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("token.txt"),
        "0123456789abcdef0123456789abcdef",
    )
    .unwrap();
    let page = include_str!("../../docs/doctor.md");
    let gateway = format!("http://{}/mcp", server.address());
    let commands = page
        .lines()
        .filter_map(|line| line.strip_prefix("oci-mcp doctor "));
    let commands: Vec<_> = commands.filter_map(|line| line.split('#').next()).collect();

    for command in &commands {
        let command = command.replace("https://<GATEWAY>/v1/mcp", &gateway);
        let output = Command::new(BINARY)
            .arg("doctor")
            .args(command.split_whitespace())
            .env_clear()
            .env("HOME", "/nonexistent")
            .current_dir(folder.path())
            .output()
            .await
            .unwrap();

        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.stderr.is_empty() && !text.is_empty(),
            "{command}: {output:?}"
        );
        assert!(output.status.code().unwrap() <= 2, "{command}: {output:?}");
        let is_json = serde_json::from_str::<Value>(&text).is_ok();
        assert_eq!(is_json, command.contains("--json"), "{command}: {text}");
    }

    assert_eq!(commands.len(), 6, "{commands:?}");
}
