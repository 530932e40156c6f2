//! The Python FDK as the oracle: the same bytes to both, and every difference in the answers is
//! listed in `differences.rs` with its reason.

#![cfg(test)]

mod cases;
mod differences;
mod process;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use oci_mcp_functions::{Config, serve};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tower::service_fn;

use self::cases::cases;
use self::differences::{DIFFERENCES, differences, line};
use self::process::{LOG_FRAME, PATIENCE, Process, SERVING, peer, until, var};
use self::support::{Agent, Answer};

#[tokio::test]
async fn both_fdks_answer_alike_except_where_listed() {
    let Some(python) = peer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let theirs = Process::python(&python, &folder.path().join("theirs.sock")).await;
    let ours = folder.path().join("ours.sock");
    let serving = tokio::spawn(serve(config(&ours, &[]), service_fn(answer)));
    tokio::task::yield_now().await;

    let mut found = BTreeSet::new();
    for (case, requests) in cases() {
        let expected = exchange(&theirs.listener, &requests).await;
        let actual = exchange(&ours, &requests).await;
        for (expected, actual) in expected.iter().zip(&actual) {
            found.extend(differences(case, expected, actual));
        }
    }
    serving.abort();

    let listed: BTreeSet<String> = DIFFERENCES
        .iter()
        .map(|(case, field, theirs, ours, _)| line(case, field, theirs, ours))
        .collect();
    let new: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(new.is_empty(), "not listed: {new:#?}");
    assert!(gone.is_empty(), "listed, but no longer so: {gone:#?}");
}

#[tokio::test]
async fn both_fdks_frame_a_calls_log_lines_on_both_streams() {
    let Some(python) = peer() else { return };
    let folder = tempfile::tempdir().unwrap();
    let processes = [
        Process::python(&python, &folder.path().join("theirs.sock")).await,
        Process::ours(&folder.path().join("ours.sock")).await,
    ];

    for mut process in processes {
        let request = *b"POST /call HTTP/1.1\r\nFn-Call-Id: 01C\r\nContent-Length: 0\r\n\r\n";
        exchange(&process.listener, &[request.to_vec()]).await;

        for stream in [&mut process.stdout, &mut process.stderr] {
            let frame = until(stream, "FRAME=").await;
            assert_eq!(frame, "FRAME=01C", "{}", process.listener.display());
        }
    }
}

/// Not a test of its own: `Process::ours` runs it in a child process, to see what that prints.
#[tokio::test]
async fn serves_if_it_is_the_child_process() {
    let Some(listener) = var("ORACLE_LISTENER") else {
        return;
    };
    let config = config(Path::new(&listener), &LOG_FRAME);

    let serving = tokio::spawn(serve(config, service_fn(answer)));
    tokio::task::yield_now().await;
    writeln!(std::io::stdout(), "{SERVING}").unwrap();

    serving.await.unwrap().unwrap();
}

/// The Rust side of `oracle/func.py`.
async fn answer(request: Request<Bytes>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = std::str::from_utf8(request.body()).unwrap();
    let response = Response::builder();
    let response = match body.strip_prefix("status ") {
        _ if body == "throw" => panic!("as asked"),
        _ if body == "empty" => response.status(202).body(Full::default()),
        Some(status) => response
            .status(status.parse::<u16>().unwrap())
            .header("Content-Type", "application/json")
            .header("X-Out", "1")
            .body(Full::from("{}")),
        None => response
            .header("Content-Type", "text/plain")
            .body(Full::from(described(&request, body))),
    };
    Ok(response.unwrap())
}

fn described(request: &Request<Bytes>, body: &str) -> String {
    let value = |name| {
        request
            .headers()
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
    };
    let mut lines = vec![
        format!("method={}", request.method()),
        format!("url={}", request.uri()),
    ];
    for name in ["accept", "x-two", "x-many"] {
        if request.headers().contains_key(name) {
            lines.push(format!(
                "{name}={}",
                value(name).collect::<Vec<_>>().join(",")
            ));
        }
    }
    lines.push(format!(
        "type={}",
        value("content-type").next().unwrap_or("None")
    ));
    lines.push(format!("body={body}"));
    lines.join("\n")
}

/// Sends the requests over one connection.
async fn exchange(listener: &Path, requests: &[Vec<u8>]) -> Vec<Answer> {
    let mut agent = Agent::new(UnixStream::connect(listener).await.unwrap());
    let mut answers = Vec::new();
    for request in requests {
        let answer = timeout(PATIENCE, agent.call(request)).await;
        answers.push(answer.unwrap());
    }
    answers
}

fn config(listener: &Path, more: &[(&str, &str)]) -> Config {
    let listener = format!("unix:{}", listener.display());
    Config::from_vars(|name| match name {
        "FN_LISTENER" => Some(listener.clone()),
        _ => more
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned()),
    })
    .unwrap()
}
