//! The form of answers on every host, each the real binary: a document or events, at once or in one piece.

#![cfg(test)]

use std::fmt;
use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{
    Container, Deployed, Emulated, Raw, Reply, head, modern, patient, quiet, send_to, with,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_function");

/// A server that has been told about the form of answers.
enum Host {
    Function(Emulated),
    Container(Container),
    Deployment(Deployed),
}

impl Host {
    /// One on each host but stdio.
    async fn each(form: &str) -> [Self; 3] {
        let setting = [("OCI_MCP_REPLY", form)];
        let mut function = quiet(BINARY);
        function.env.push(("OCI_MCP_REPLY".into(), form.into()));
        [
            Self::Function(Emulated::new(function, patient())),
            Self::Container(Container::start(BINARY, &setting).await),
            Self::Deployment(Deployed::start(BINARY, &setting).await),
        ]
    }

    async fn send(&self, mut request: Request<Bytes>) -> Reply {
        match self {
            Self::Function(function) => function.send(request).await,
            Self::Container(container) => send_to(container.address(), request).await,
            Self::Deployment(deployment) => {
                *request.uri_mut() = "/predict/mcp".parse().unwrap();
                deployment.send(request).await
            }
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function(_) => "function",
            Self::Container(_) => "container",
            Self::Deployment(_) => "model deployment",
        })
    }
}

/// A call whose client wants to hear of progress.
fn call(tool: &str, arguments: &Value) -> Request<Bytes> {
    let params = json!({ "name": tool, "arguments": arguments });
    modern("tools/call", &params).map(|body| {
        let mut message: Value = serde_json::from_slice(&body).unwrap();
        message["params"]["_meta"]["progressToken"] = json!("p");
        message.to_string().into()
    })
}

/// `count` tells of progress twice, `add` does not.
fn calls() -> [Request<Bytes>; 2] {
    [
        call("count", &json!({})),
        call("add", &json!({ "a": 2, "b": 40 })),
    ]
}

/// How many events `reply` has, of which the last is the answer; none if it is a document.
fn events(reply: &Reply) -> usize {
    let text = std::str::from_utf8(&reply.body).unwrap();
    let answer = if reply.headers["content-type"] == "text/event-stream" {
        text.trim_end().rsplit("data: ").next().unwrap()
    } else {
        assert_eq!(reply.headers["content-type"], "application/json");
        text
    };
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert!(answer["result"]["content"].is_array(), "{text}");
    text.matches("data: ").count()
}

const FORMS: [&str; 3] = ["auto", "json", "sse"];
const DOCUMENT: usize = 0;

#[tokio::test]
async fn the_operator_decides_on_the_form_on_every_host() {
    for (form, expected) in FORMS
        .into_iter()
        .zip([[3, DOCUMENT], [DOCUMENT; 2], [3, 1]])
    {
        for host in Host::each(form).await {
            let [count, add] = calls();
            let of_both = [host.send(count).await, host.send(add).await];
            let [count, add] = calls().map(|call| with(call, "accept", "application/json"));
            let of_json = [host.send(count).await, host.send(add).await];

            assert_eq!(of_both.each_ref().map(events), expected, "{form} {host:?}");
            assert_eq!(
                of_json.each_ref().map(events),
                [DOCUMENT; 2],
                "{form} {host:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_addresses_of_a_model_deployment_keep_the_form_that_its_platform_passes_on() {
    for form in FORMS {
        let deployment = Deployed::start(BINARY, &[("OCI_MCP_REPLY", form)]).await;
        for (path, expected) in [
            ("/predict", [DOCUMENT; 2]),
            ("/predictWithResponseStream/mcp/stream", [3, 1]),
        ] {
            let [count, add] = calls().map(|mut call| {
                *call.uri_mut() = path.parse().unwrap();
                call
            });
            let replies = [deployment.send(count).await, deployment.send(add).await];

            assert_eq!(replies.each_ref().map(events), expected, "{form} {path}");
        }
    }
}

#[tokio::test]
async fn on_stdio_progress_has_lines_of_its_own_unless_there_is_to_be_none() {
    for (form, lines) in FORMS.into_iter().zip([4, 2, 4]) {
        let mut process = Command::new(BINARY)
            .arg("stdio")
            .env_clear()
            .env("OCI_MCP_REPLY", form)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        for call in calls() {
            input.write_all(call.body()).await.unwrap();
            input.write_all(b"\n").await.unwrap();
        }
        drop(input);

        let output = process.wait_with_output().await.unwrap();

        let output = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.lines().count(), lines, "{form}: {output}");
        let progress = output.matches("notifications/progress").count();
        assert_eq!(progress, lines - 2, "{form}: {output}");
    }
}

/// Makes a pipe at `path`, and holds it open for writing.
fn gate(path: &Path) -> pipe::Sender {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut options = pipe::OpenOptions::new();
    options.read_write(true).open_sender(path).unwrap()
}

/// What is told at `url` of a tool that cannot end before `gate` is dropped, from then on.
async fn told_before_it_ends(url: &str, gate: pipe::Sender) -> String {
    let (authority, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut request = call("gate", &json!({}));
    *request.uri_mut() = format!("/{path}").parse().unwrap();
    let mut client = Raw::new(TcpStream::connect(authority).await.unwrap());
    client.send(head(&request, "close").as_bytes()).await;
    client.send(request.body()).await;
    client.answer_until("notifications/progress").await;
    drop(gate);
    client.answer().await
}

#[tokio::test]
async fn what_a_tool_says_leaves_a_container_and_a_streaming_deployment_while_it_works() {
    let folder = tempfile::tempdir().unwrap();
    let [of_container, of_deployment] =
        ["container", "deployment"].map(|name| folder.path().join(name));
    let gates = [gate(&of_container), gate(&of_deployment)];
    let [of_container, of_deployment] =
        [&of_container, &of_deployment].map(|pipe| [("GATE", pipe.to_str().unwrap())]);
    let container = Container::start(BINARY, &of_container).await;
    let deployment = Deployed::start(BINARY, &of_deployment).await.listen().await;
    let urls = [format!("http://{}/mcp", container.address()), deployment];

    for (url, gate) in urls.iter().zip(gates) {
        let rest = told_before_it_ends(url, gate).await;

        assert!(rest.contains(r#""text":"open""#), "{url}: {rest}");
    }
}
