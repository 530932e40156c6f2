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

const OPEN: (&str, &str) = ("OCI_MCP_ACCESS", "none");
const IMAGE: &str = "--image=iad.ocir.io/a/oci-mcp:1.0.0";
const COMPARTMENT: &str = "--compartment=ocid1.compartment.oc1..a";
const APPLICATION: &str = "--application=ocid1.generativeaihostedapplication.oc1..a";

/// Arguments with a target in front, and variables.
type Whole = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// What is needed so that nothing is missing.
const WHOLE: [Whole; 8] = [
    (
        &["functions", IMAGE, "--application=ocid1.fnapp.oc1..a"],
        &[],
    ),
    (
        &[
            "datascience",
            IMAGE,
            COMPARTMENT,
            "--project=ocid1.datascienceproject.oc1..a",
            "--model=ocid1.datasciencemodel.oc1..a",
        ],
        &[],
    ),
    (
        &[
            "container-instance",
            IMAGE,
            COMPARTMENT,
            "--availability-domain=Uocm:AD-1",
            "--subnet=ocid1.subnet.oc1..a",
        ],
        &[OPEN],
    ),
    (
        &[
            "hosted-application",
            COMPARTMENT,
            "--domain=https://idcs.example",
            "--scope=mcp",
            "--audience=mcp",
        ],
        &[OPEN],
    ),
    (
        &[
            "hosted-application",
            "--deployment",
            IMAGE,
            COMPARTMENT,
            APPLICATION,
        ],
        &[OPEN],
    ),
    (
        &[
            "apigateway",
            COMPARTMENT,
            "--gateway=ocid1.apigateway.oc1..a",
            "--hostname=gw.example",
            "--function=ocid1.fnfunc.oc1..a",
            "--issuers=https://identity.oraclecloud.com/",
            "--audiences=mcp",
            "--jwks-url=https://idcs.example/jwk",
        ],
        &[],
    ),
    (
        &[
            "apigateway",
            "--metadata",
            COMPARTMENT,
            "--gateway=ocid1.apigateway.oc1..a",
            "--hostname=gw.example",
            "--authorization-servers=https://idcs.example",
        ],
        &[],
    ),
    (&["kubernetes", IMAGE], &[OPEN]),
];

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
    for row in REFUSED.lines() {
        let (arguments, told) = row.split_once(" | ").unwrap();
        let output = render(&[], &arguments.split(' ').collect::<Vec<_>>());

        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(told), "{row}: {errors}");
        assert_eq!(output.status.code(), Some(2), "{row}");
        assert!(output.stdout.is_empty(), "{row}");
    }
}

#[test]
fn settings_that_are_too_many_are_counted() {
    let long = format!("OCI_MCP_ALLOWED_HOSTS={}", "a".repeat(5_000));
    let cases = [
        ("functions", "5021 bytes: a function has 4096 at most"),
        (
            "datascience",
            "5021 bytes: a model deployment has 2048 at most",
        ),
    ];

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

#[test]
fn a_model_deployment_has_the_ports_and_paths_that_the_server_has() {
    let variables = [("OCI_MCP_PORT", "9000"), ("OCI_MCP_PATH", "/tools")];

    let deployment = document(
        &variables,
        &["datascience", "--subnet", "ocid1.subnet.oc1..a"],
    );

    let details = &deployment["modelDeploymentConfigurationDetails"];
    let environment = &details["environmentConfigurationDetails"];
    assert_eq!(environment["serverPort"], 9000);
    assert_eq!(environment["healthCheckPort"], 9000);
    assert_eq!(
        environment["customHttpEndpoints"],
        json!([
            { "endpointUriSuffix": "/tools", "httpMethods": ["POST", "GET", "DELETE"] },
            { "endpointUriSuffix": "/tools/stream", "httpMethods": ["POST"] },
        ])
    );
    let instance = &details["modelConfigurationDetails"]["instanceConfiguration"];
    assert_eq!(instance["networkAccessType"], "CUSTOM_NETWORKING");
}

#[test]
fn a_container_listens_where_it_is_asked() {
    let variables = [OPEN, ("OCI_MCP_PORT", "9000")];

    let instance = document(&variables, &["container-instance"]);
    let pods = document(&variables, &["kubernetes"]);

    let settings = json!({
        "OCI_MCP_ACCESS": "none", "OCI_MCP_BIND": "0.0.0.0", "OCI_MCP_HOST": "container", "OCI_MCP_PORT": "9000",
    });
    let container = &instance["containers"][0];
    assert_eq!(container["environmentVariables"], settings);
    assert_eq!(container["healthChecks"][0]["port"], 9000);
    let items = pods["items"].as_array().unwrap();
    let deployment = items
        .iter()
        .find(|item| item["kind"] == "Deployment")
        .unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["ports"][0]["containerPort"], 9000);
}

#[test]
fn a_gateway_asks_for_tokens_without_exception_and_says_where_to_get_one() {
    let options = [
        "apigateway",
        "--hostname",
        "gw.example",
        "--authorization-servers",
        "https://idcs.example",
    ];

    let server = document(&[], &options);
    let metadata = document(&[], &[&options[..], &["--metadata"]].concat());

    let authentication = &server["specification"]["requestPolicies"]["authentication"];
    assert_eq!(authentication["isAnonymousAccessAllowed"], false);
    let failure = &authentication["validationFailurePolicy"]["responseHeaderTransformations"];
    let challenge = "Bearer resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/v1/mcp\"";
    let item =
        json!({ "ifExists": "OVERWRITE", "name": "WWW-Authenticate", "values": [challenge] });
    assert_eq!(failure["setHeaders"]["items"], json!([item]));
    assert_eq!(metadata["pathPrefix"], "/.well-known");
    let routes = metadata["specification"]["routes"].as_array().unwrap();
    let paths: Vec<_> = routes
        .iter()
        .map(|route| route["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "/oauth-protected-resource/v1/mcp",
            "/oauth-protected-resource"
        ]
    );
    let body: Value = serde_json::from_str(routes[0]["backend"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["resource"], "https://gw.example/v1/mcp");
    assert_eq!(
        body["authorization_servers"],
        json!(["https://idcs.example"])
    );
}

#[test]
fn who_asks_for_tokens_is_the_one_that_the_server_expects() {
    let asked_by_server = [
        ("OCI_MCP_ACCESS", "jwt"),
        ("OCI_MCP_ACCESS_ISSUER", "https://issuer.example"),
        ("OCI_MCP_ACCESS_RESOURCE", "https://gw.example/v1/mcp"),
    ];
    let options = ["apigateway", "--url", "http://10.0.0.5:8080"];

    let by_gateway = document(&[OPEN], &options);
    let by_server = document(&asked_by_server, &options);
    let metadata = document(&asked_by_server, &[&options[..], &["--metadata"]].concat());

    let route = &by_gateway["specification"]["routes"][0];
    assert_eq!(route["backend"]["url"], "http://10.0.0.5:8080/mcp");
    let withheld = &route["requestPolicies"]["headerTransformations"]["filterHeaders"]["items"];
    let names = withheld
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap());
    let identity = ["oci-mcp-gateway-secret", "oci-mcp-subject", "oci-mcp-scope"];
    assert_eq!(
        names.collect::<Vec<_>>(),
        [&["Authorization", "Origin"][..], &identity].concat()
    );
    let route = &by_server["specification"]["routes"][0];
    assert_eq!(
        by_server["specification"]["requestPolicies"]["authentication"],
        Value::Null
    );
    assert_eq!(route["requestPolicies"], Value::Null);
    assert_eq!(
        route["methods"],
        json!(["POST", "GET", "DELETE", "OPTIONS"])
    );
    let body = metadata["specification"]["routes"][0]["backend"]["body"]
        .as_str()
        .unwrap();
    assert!(
        body.contains(r#""authorization_servers":["https://issuer.example"]"#),
        "{body}"
    );
}

#[test]
fn the_record_of_a_server_elsewhere_is_not_begun_here() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("audit.jsonl");
    let elsewhere = format!("OCI_MCP_AUDIT={}", path.display());

    for set in [&*elsewhere, "OCI_MCP_AUDIT=/no/such/folder/audit.jsonl"] {
        let output = render(&[OPEN], &["container-instance", "--set", set]);

        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert!(!path.exists());
}

#[test]
fn a_gateway_that_tells_who_calls_has_a_secret_which_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let secret = "0123456789abcdef0123456789abcdef";
    std::fs::write(&file, secret).unwrap();
    let variables = [
        ("OCI_MCP_ACCESS", "gateway"),
        ("OCI_MCP_ACCESS_SECRET_FILE", file.to_str().unwrap()),
    ];

    let server = document(&variables, &["apigateway", "--url", "http://10.0.0.5:8080"]);

    let text = server.to_string();
    assert!(!text.contains(secret), "{text}");
    for part in [
        "<GATEWAY_SECRET>",
        "${request.auth[sub]}",
        "${request.auth[scope]}",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

/// A target with what is wrong, and what is told of it.
const REFUSED: &str = "\
functions --memory-in-mbs 200 | one of [128, 256, 512, 1024, 2048, 3072]
functions --timeout-in-seconds 301 | from 5 to 300 seconds
functions --application ocid1.compartment.oc1..a | ocid1.fnapp
functions --application ocid1.fnapp.oc1.. | ocid1.fnapp
functions --image iad.ocir.io/a/b:latest | other than `latest`
functions --image docker.io/a/b:1 | is in OCIR
functions --set FN_X=1 | begins with neither FN_
functions --set OCI_MCP_HOST=container | in a function it is `functions`
functions --set OCI_MCP_MAX_BODY_BYTES=7000000 | 6291456
functions --set OCI_MCP_STATE_KEY=a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= | is a secret
functions --set OCI_MCP_ACCESS=jwt | `OCI_MCP_ACCESS_RESOURCE` is required
functions --set OCI_MCP_LOGS=info | is `OCI_MCP_LOG` meant?
datascience --set OCI_MCP_PORT=8446 | 8446
datascience --set OCI_MCP_ACCESS_CLIENT_SECRET_FILE=/a | 2 to 31 letters
datascience --set OCI_MCP_MAX_RESPONSE_BYTES=20000000 | 10485760
datascience --shape VM.Standard2.1 | a flexible one
datascience --instances 0 | at least 1
datascience --image iad.ocir.io/a/b@sha256:00 | has a tag
container-instance | `OCI_MCP_ACCESS` is required
container-instance --set OCI_MCP_BIND=127.0.0.1 | in a container instance it is `0.0.0.0`
container-instance --set OCI_MCP_PORT=80 | from 1024 to 65535
container-instance --shape VM.Standard.E4.Flex | one of container instances
container-instance --set 9=1 | does not begin with a digit
hosted-application --set OCI_MCP_PORT=9000 | in a hosted application it is `8080`
hosted-application --domain http://a.example | https://
hosted-application --max-replicas 0 | at least 1
apigateway --path-prefix /.well-known | not /.well-known
apigateway --url http://a/mcp | no path
apigateway --timeout-in-seconds 301 | from 1 to 300 seconds
apigateway --jwks-url http://a | https://
apigateway --allowed-origins https://*.example | a wildcard
apigateway --set OCI_MCP_ALLOWED_ORIGINS=https://a.example | --allowed-origins
kubernetes --namespace MCP | small letters
kubernetes --set OCI_MCP_PORT=80 | from 1024 to 65535
kubernetes --max-replicas 1 | which is 2";
