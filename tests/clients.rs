//! Clients that nobody here wrote, through gateway, agent, socket and function, through a load
//! balancer that takes turns between two containers, and as streams of a model deployment.
//!
//! The ones that are not Rust are installed by `tests/peers/install.sh`; one that is missing is
//! skipped, with the reason in `target/skipped.txt`.

#![cfg(test)]
#![expect(
    deprecated,
    reason = "rmcp says so of logging, as MCP does, which older clients know and newer ones still have"
)]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use oci_emulator::{Function, Limits};
use oci_mcp_tests::{Container, Deployed, Emulated, RoundRobin, peer, runs, skip, workspace};
use rmcp::ClientHandler;
use rmcp::model::{
    CallToolRequestParams, GetPromptRequestParams, LoggingLevel, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, RequestMetaObject,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, NotificationContext, RoleClient, RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Far more than any of them needs, so that a hanging client fails rather than hangs the tests.
const PATIENCE: Duration = Duration::from_secs(60);

const FUNCTION: &str = env!("CARGO_BIN_EXE_function");

const TOOLS: [&str; 8] = [
    "add", "count", "echo", "fail", "large", "leak", "panic", "sleep",
];
const RESOURCES: [&str; 5] = ["broken", "leaky", "pixel", "poem", "slow"];
const POEM: &str = "so much depends";
const PROMPTS: [&str; 4] = ["hello", "review", "secret", "stuck"];
const REVIEW: [&str; 2] = ["look at all in paris", "as you like"];
const PLACES: [&str; 2] = ["paris", "phoenix"];

/// Where a client finds a server, and what must live as long.
struct Server {
    url: String,
    balancer: Option<RoundRobin>,
}

/// Every kind of server that a client may find: a function behind a gateway, two containers that
/// take turns, a model deployment that answers with event streams.
async fn servers() -> [Server; 3] {
    let container = || Container::start(FUNCTION, &[]);
    let balancer = RoundRobin::new(vec![container().await, container().await]).await;
    let at = |url| Server {
        url,
        balancer: None,
    };
    [
        at(function().await),
        Server {
            url: format!("http://{}/mcp", balancer.address()),
            balancer: Some(balancer),
        },
        at(Deployed::start(FUNCTION, &[]).await.listen().await),
    ]
}

impl Server {
    /// One client's requests went to one container and the other in turn.
    fn check_turns(&self) {
        if let Some(balancer) = &self.balancer {
            assert!(balancer.turns() >= 4, "{} requests", balancer.turns());
        }
    }
}

/// Serves the tests' tools as a function behind a gateway, and returns the URL.
async fn function() -> String {
    let mut function = Function::new(FUNCTION);
    function.env = vec![("OCI_MCP_LOG".into(), "warn".into())];
    Emulated::new(function, Limits::default()).listen().await
}

/// Runs a client's script against every server, and has `check` look at the line it prints.
async fn run(program: &Path, script: &str, arguments: &[&str], check: impl Fn(&Value)) {
    for server in servers().await {
        check(&report(program, script, &server.url, arguments).await);
        server.check_turns();
    }
}

/// Runs a client's script with the URL and `arguments`, and returns the line it prints.
async fn report(program: &Path, script: &str, url: &str, arguments: &[&str]) -> Value {
    let mut client = Command::new(program);
    client
        .arg(workspace().join("tests/peers").join(script))
        .arg(url)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);

    let output = tokio::time::timeout(PATIENCE, client.output())
        .await
        .expect("hangs")
        .unwrap();

    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What every client must have seen.
fn check(report: &Value, revision: &str) {
    assert_eq!(report["revision"], revision, "{report}");
    assert_eq!(report["tools"], json!(TOOLS), "{report}");
    assert_eq!(report["call"], r#"{"sum":42}"#, "{report}");
    assert_eq!(report["structured"], json!({ "sum": 42 }), "{report}");
    let unknown = report["unknown_tool"].as_str().unwrap();
    assert!(unknown.contains("-32602"), "{report}");
    let bad = report["bad_arguments"].as_str().unwrap();
    assert!(
        bad.contains("at /a: \"x\" is not of type \"integer\""),
        "{report}"
    );
    assert!(bad.contains("\"b\" is a required property"), "{report}");
    assert_eq!(report["resources"], json!(RESOURCES), "{report}");
    assert_eq!(report["resource"], POEM, "{report}");
    assert_eq!(report["prompts"], json!(PROMPTS), "{report}");
    assert_eq!(report["prompt"], json!(REVIEW), "{report}");
    assert_eq!(report["completion"], json!(PLACES), "{report}");
    assert_eq!(report["counted"], "counted", "{report}");
    let progress = json!([[1.0, 2.0, "one"], [2.0, 2.0, "two"]]);
    assert_eq!(numbers(&report["progress"]), progress, "{report}");
    assert_eq!(report["logs"], json!([["info", "halfway"]]), "{report}");
}

/// `progress` with every number as one with a fraction, as some clients have them.
fn numbers(progress: &Value) -> Value {
    match progress {
        Value::Array(values) => values.iter().map(numbers).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

#[tokio::test]
async fn python_sdk_2_modern() {
    let Some(python) = peer("python_sdk_2_modern", "python-mcp-2", "python3") else {
        return;
    };

    let python = python.join("bin/python");
    run(&python, "python_mcp_2.py", &["modern"], |report| {
        check(report, "2026-07-28");
    })
    .await;
}

#[tokio::test]
async fn python_sdk_2_legacy() {
    let Some(python) = peer("python_sdk_2_legacy", "python-mcp-2", "python3") else {
        return;
    };

    let python = python.join("bin/python");
    run(&python, "python_mcp_2.py", &["legacy"], |report| {
        check(report, "2025-11-25");
    })
    .await;
}

#[tokio::test]
async fn python_sdk_1() {
    let Some(python) = peer("python_sdk_1", "python-mcp-1", "python3") else {
        return;
    };

    let python = python.join("bin/python");
    run(&python, "python_mcp_1.py", &["legacy"], |report| {
        check(report, "2025-11-25");
    })
    .await;
}

/// Clients of stdio, with `oci-mcp connect` between them and every kind of server.
#[tokio::test]
async fn python_sdks_through_connect() {
    let test = "python_sdks_through_connect";
    let connect = Path::new(FUNCTION).with_file_name("oci-mcp");
    if !connect.exists() {
        skip(test, "oci-mcp is not built: `cargo build -p oci-mcp-cli`");
        return;
    }
    let old = peer(test, "python-mcp-1", "python3");
    let (Some(old), Some(new)) = (old, peer(test, "python-mcp-2", "python3")) else {
        return;
    };

    for server in servers().await {
        let command = format!("{} connect {}", connect.display(), server.url);
        for (peer, script, mode, revision) in [
            (&old, "python_mcp_1.py", "legacy", "2025-11-25"),
            (&new, "python_mcp_2.py", "legacy", "2025-11-25"),
            (&new, "python_mcp_2.py", "modern", "2026-07-28"),
        ] {
            let python = peer.join("bin/python");
            check(&report(&python, script, &command, &[mode]).await, revision);
        }
        server.check_turns();
    }
}

#[tokio::test]
async fn typescript_client_2() {
    if peer("typescript_client_2", "typescript", "node").is_none() {
        return;
    }
    for (mode, revision) in [
        ("legacy", "2025-11-25"),
        ("auto", "2026-07-28"),
        ("modern", "2026-07-28"),
    ] {
        run(Path::new("node"), "typescript.mjs", &[mode], |report| {
            check(report, revision);
        })
        .await;
    }
}

#[tokio::test]
async fn typescript_sdk_1() {
    if peer("typescript_sdk_1", "typescript", "node").is_none() {
        return;
    }

    run(Path::new("node"), "typescript_v1.mjs", &[], |report| {
        check(report, "2025-11-25");
    })
    .await;
}

#[tokio::test]
async fn the_guides_curl_and_python_without_any_mcp_header() {
    for program in ["python3", "curl"] {
        if !runs(program) {
            skip(
                "the_guides_curl_and_python_without_any_mcp_header",
                &format!("no {program}"),
            );
            return;
        }
    }

    let url = function().await;
    let report = report(Path::new("python3"), "guides.py", &url, &[]).await;

    let names = report["list"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["name"]);
    assert!(names.eq(TOOLS.map(Value::from).iter()), "{report}");
    assert_eq!(
        report["call"]["content"][0]["text"], r#"{"sum":42}"#,
        "{report}"
    );
}

#[tokio::test]
async fn rmcp_in_each_of_its_lifecycles() {
    let modern = || vec![ProtocolVersion::V_2026_07_28];
    for (lifecycle, revision) in [
        (ClientLifecycleMode::Initialize, "2025-11-25"),
        (
            ClientLifecycleMode::Discover {
                preferred_versions: modern(),
            },
            "2026-07-28",
        ),
        (
            ClientLifecycleMode::Auto {
                preferred_versions: modern(),
                legacy_version: None,
            },
            "2026-07-28",
        ),
    ] {
        for server in servers().await {
            let transport = StreamableHttpClientTransport::from_uri(server.url.clone());
            let (listener, said) = unbounded_channel();
            let client = Listener(listener).serve_with_lifecycle(transport, lifecycle.clone());
            let client = client.await.unwrap();
            features(&client, said).await;
            rmcp(client, revision).await;
            server.check_turns();
        }
    }
}

/// Tells what a server says of a call.
struct Listener(UnboundedSender<String>);

impl ClientHandler for Listener {
    async fn on_progress(
        &self,
        said: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let said = format!("{} of {:?}: {:?}", said.progress, said.total, said.message);
        self.0.send(said).unwrap();
    }

    async fn on_logging_message(
        &self,
        said: LoggingMessageNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.0
            .send(format!("{:?}: {}", said.level, said.data))
            .unwrap();
    }
}

async fn features(
    client: &RunningService<RoleClient, Listener>,
    mut said: UnboundedReceiver<String>,
) {
    let resources = client.list_all_resources().await.unwrap();
    let poem = ReadResourceRequestParams::new("test://poem");
    let poem = client.read_resource(poem).await.unwrap();
    let prompts = client.list_all_prompts().await.unwrap();
    let place = json!({ "place": "paris" }).as_object().cloned().unwrap();
    let review = GetPromptRequestParams::new("review").with_arguments(place);
    let review = client.get_prompt(review).await.unwrap();
    let places = client.complete_prompt_simple("review", "place", "p");
    let places = places.await.unwrap();
    let mut count = CallToolRequestParams::new("count");
    let mut meta = RequestMetaObject::new();
    meta.set_log_level(LoggingLevel::Info);
    count.meta = Some(meta);
    let counted = client.call_tool(count).await.unwrap();
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.push(said.recv().await.unwrap());
    }

    assert!(
        resources
            .iter()
            .map(|resource| &*resource.name)
            .eq(RESOURCES)
    );
    assert_eq!(json!(poem)["contents"][0]["text"], POEM);
    assert!(prompts.iter().map(|prompt| &*prompt.name).eq(PROMPTS));
    for (message, text) in review.messages.iter().zip(REVIEW) {
        assert_eq!(json!(message)["content"]["text"], text);
    }
    assert_eq!(places, PLACES);
    assert_eq!(json!(counted)["content"][0]["text"], "counted");
    // Each is handled by a task of its own.
    heard.sort();
    let expected = [
        "1 of Some(2.0): Some(\"one\")",
        "2 of Some(2.0): Some(\"two\")",
        "Info: \"halfway\"",
    ];
    assert_eq!(heard, expected);
}

async fn rmcp(client: RunningService<RoleClient, Listener>, revision: &str) {
    let tools = client.list_all_tools().await.unwrap();
    let operands = json!({ "a": 2, "b": 40 }).as_object().cloned().unwrap();
    let add = CallToolRequestParams::new("add").with_arguments(operands);
    let sum = client.call_tool(add).await.unwrap();
    let nope = CallToolRequestParams::new("nope");
    let unknown = client.call_tool(nope).await.unwrap_err();
    let incomplete = CallToolRequestParams::new("add");
    let wrong = client.call_tool(incomplete).await.unwrap();

    let negotiated = client.peer_info().unwrap().protocol_version.to_string();
    assert_eq!(negotiated, revision);
    assert!(tools.iter().map(|tool| &*tool.name).eq(TOOLS));
    assert_eq!(sum.structured_content, Some(json!({ "sum": 42 })));
    assert!(unknown.to_string().contains("-32602"), "{unknown}");
    assert_eq!(wrong.is_error, Some(true));
    client.cancel().await.unwrap();
}
