//! Other spellings of the name of a tool that a caller may not call, and lists that do not have it.

use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use oci_mcp_tests::{Forger, LIST, bearer, modern, post, rpc, with};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Told::{Error, Lacks, Status};
use crate::doors::{BINARY, with_tokens};
use crate::{Attempt, good};

/// A call of alice, who may only read, without the header that names the tool.
fn call(issuer: &Forger, name: &str) -> Request<Bytes> {
    let call = rpc("tools/call", &json!({ "name": name }));
    bearer(post(call), &good(issuer))
}

/// The same with the text of the message.
fn sent(issuer: &Forger, message: &str) -> Request<Bytes> {
    bearer(post(message.to_owned()), &good(issuer))
}

const UNKNOWN: i64 = -32602;

pub(crate) const ATTEMPTS: [Attempt; 19] = [
    (
        "the name in capitals",
        |issuer| call(issuer, "FAIL"),
        Error(UNKNOWN),
    ),
    ("a capital", |issuer| call(issuer, "Fail"), Error(UNKNOWN)),
    (
        "a space before it",
        |issuer| call(issuer, " fail"),
        Error(UNKNOWN),
    ),
    (
        "a space behind it",
        |issuer| call(issuer, "fail "),
        Error(UNKNOWN),
    ),
    (
        "a line behind it",
        |issuer| call(issuer, "fail\n"),
        Error(UNKNOWN),
    ),
    (
        "a NUL behind it",
        |issuer| call(issuer, "fail\0"),
        Error(UNKNOWN),
    ),
    (
        "a Cyrillic letter",
        |issuer| call(issuer, "f\u{430}il"),
        Error(UNKNOWN),
    ),
    (
        "full-width letters",
        |issuer| call(issuer, "\u{ff46}\u{ff41}\u{ff49}\u{ff4c}"),
        Error(UNKNOWN),
    ),
    (
        "a letter that becomes the same in capitals",
        |issuer| call(issuer, "fa\u{131}l"),
        Error(UNKNOWN),
    ),
    (
        "a zero-width joiner",
        |issuer| call(issuer, "fa\u{200d}il"),
        Error(UNKNOWN),
    ),
    (
        "a combining mark",
        |issuer| call(issuer, "fail\u{301}"),
        Error(UNKNOWN),
    ),
    (
        "a path to it",
        |issuer| call(issuer, "add/../fail"),
        Error(UNKNOWN),
    ),
    ("per cent", |issuer| call(issuer, "%66ail"), Error(UNKNOWN)),
    (
        "the name of the server before it",
        |issuer| call(issuer, "test-server.fail"),
        Error(UNKNOWN),
    ),
    (
        "escapes of JSON, which spell the name",
        |issuer| {
            sent(
                issuer,
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\u0066ail"}}"#,
            )
        },
        Lacks("write:tools"),
    ),
    (
        "two names, of which one is allowed",
        |issuer| {
            sent(
                issuer,
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","name":"fail"}}"#,
            )
        },
        Status(400),
    ),
    (
        "two methods",
        |issuer| {
            sent(
                issuer,
                r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"fail"}}"#,
            )
        },
        Status(400),
    ),
    (
        "one that is allowed in the header",
        |issuer| {
            let request = modern("tools/call", &json!({ "name": "fail" }));
            bearer(with(request, "mcp-name", "add"), &good(issuer))
        },
        Status(400),
    ),
    (
        "a method that is allowed in the header",
        |issuer| {
            let request = modern("tools/call", &json!({ "name": "fail" }));
            bearer(with(request, "mcp-method", "ping"), &good(issuer))
        },
        Status(400),
    ),
];

/// The names in a list that `request` asks for.
fn names(answer: &Value) -> Vec<&str> {
    let tools = answer["result"]["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn no_list_shows_a_tool_to_who_may_not_call_it_however_it_is_asked_for() {
    let issuer = Forger::issuer();
    let (doors, _keys) = with_tokens(&issuer).await;
    for door in doors {
        // In a batch, as of a client that says nothing of revisions.
        let batch = format!("[{LIST}]");
        let with_cursor = rpc("tools/list", &json!({ "cursor": "0" }));

        let listed = door.send(sent(&issuer, LIST)).await.json();
        let in_batch = door.send(sent(&issuer, &batch)).await.json();
        let paged = door.send(sent(&issuer, &with_cursor)).await.json();
        let call = rpc("tools/call", &json!({ "name": "fail" }));
        let called = door.send(sent(&issuer, &format!("[{LIST},{call}]"))).await;

        assert_eq!(names(&listed), ["add"], "{door:?}");
        assert_eq!(names(&in_batch[0]), ["add"], "{door:?}");
        assert_eq!(paged.get("result"), None, "{door:?}");
        assert_eq!(called.json()[1]["error"]["code"], -32600, "{door:?}");
    }
}

#[tokio::test]
async fn on_stdio_no_spelling_leads_to_a_tool_either_and_no_scheme_is_taken() {
    let stdio = |settings: &[(&str, &str)]| {
        let mut command = Command::new(BINARY);
        command.arg("stdio").env_clear().kill_on_drop(true);
        command.envs(settings.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let issuer = Forger::issuer();
    let spelt = ATTEMPTS
        .iter()
        .filter(|(_, _, told)| matches!(told, Error(_)));
    let lines: Vec<_> = spelt
        .map(|(_, request, _)| request(&issuer).into_body())
        .collect();
    let mut server = stdio(&[("OCI_MCP_LOG", "error")]);
    let mut input = server.stdin.take().unwrap();
    for line in &lines {
        input.write_all(line).await.unwrap();
        input.write_all(b"\n").await.unwrap();
    }
    drop(input);

    let output = server.wait_with_output().await.unwrap();

    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines().map(serde_json::from_str::<Value>);
    let codes: Vec<_> = answers
        .map(|answer| answer.unwrap()["error"]["code"].take())
        .collect();
    assert_eq!(codes, vec![UNKNOWN; lines.len()]);
    for scheme in ["platform", "gateway", "jwt", "introspection", "static"] {
        let refused = stdio(&[("OCI_MCP_ACCESS", scheme)]);
        let refused = refused.wait_with_output().await.unwrap();
        assert_eq!(refused.status.code(), Some(2), "{scheme}");
    }
}
