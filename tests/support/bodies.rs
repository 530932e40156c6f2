//! Bodies that nobody means well with, and how each is answered.

use std::ops::Range;

use bytes::Bytes;

/// A body, and what answers it.
pub(crate) type Body = (Bytes, (u16, i64));

/// All of them.
#[must_use]
pub fn hostile_bodies() -> Vec<(Bytes, (u16, i64))> {
    let kinds = [not_json(), not_messages(), nested(), long(), odd()];
    kinds.into_iter().flatten().collect()
}

/// Over the server's limit of 4 MiB, under the platform's.
#[must_use]
pub fn large_body() -> Bytes {
    vec![b' '; 4_500_000].into()
}

fn not_json() -> Vec<Body> {
    let bytes: [&'static [u8]; 5] = [
        b"\xff\xfe{}",
        b"{\"jsonrpc\":\"2.0\",\"id\":\"\xc3\x28\",\"method\":\"ping\"}",
        b"\0\0\0\0",
        b"\xef\xbb\xbf{}",
        b"",
    ];
    let texts = [
        "   \n".to_owned(),
        "{".to_owned(),
        "{'a':1}".to_owned(),
        message(r#""id":1,"method":"ping""#).repeat(2),
        message(r#""id":1,"method":"ping""#) + "\0",
        message(r#""id":1,"method":"ping","params":{"x":01}"#),
        message(r#""id":1,"method":"ping","params":{"x":"\u12"}"#),
        message(r#""id":1,"method":"ping","params":{"x":NaN}"#),
        message(r#""id":1,"method":"ping","params":{"x":1,}"#),
        "[".repeat(200),
    ];
    let bytes = bytes.into_iter().map(Bytes::from_static);
    let all = bytes.chain(texts.into_iter().map(Bytes::from));
    all.map(|body| (body, (400, -32700))).collect()
}

fn not_messages() -> Vec<Body> {
    let members = [
        r#""id":{},"method":"ping""#,
        r#""id":true,"method":"ping""#,
        r#""id":1e308,"method":"ping""#,
        r#""id":1,"method":["ping"]"#,
        r#""id":1,"method":null"#,
        r#""id":1,"method":"ping","params":[]"#,
        r#""id":1,"method":"ping","params":"x""#,
        r#""id":1,"result":{},"error":{}"#,
        r#""id":1,"id":2,"method":"ping""#,
        r#""id":1,"method":"ping","method":"initialize""#,
        r#""id":1,"method":"ping","params":{"a":1,"a":1}"#,
        r#""id":1,"method":"ping","params":{"a":[{"b":1,"\u0062":2}]}"#,
    ];
    let others = [
        "null",
        "true",
        "-0",
        r#""ping""#,
        "{}",
        "[]",
        r#"{"jsonrpc":2.0,"id":1}"#,
    ];
    let members = members.into_iter().map(message);
    let all = members.chain(others.into_iter().map(str::to_owned));
    all.map(|body| (body.into(), (400, -32600))).collect()
}

fn nested() -> Vec<Body> {
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(20_000), close.repeat(20_000));
        format!("{open}1{close}")
    };
    let bodies = [
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        echo(&deep("[", "]")),
        echo(&deep(r#"{"a":"#, "}")),
        message(&format!(r#""id":{},"method":"ping""#, deep("[", "]"))),
    ];
    bodies.map(|body| (body.into(), (400, -32600))).into()
}

fn long() -> Vec<Body> {
    let text = "x".repeat(200_000);
    let keys = |range: Range<u32>| {
        let keys: Vec<_> = range.map(|n| format!(r#""k{n}":0"#)).collect();
        keys.join(",")
    };
    // Each of them is some hundred bytes once it is parsed, and a violation of the schema besides.
    let values = vec![r#"{"":0}"#; 60_000].join(",");
    let call = r#""id":1,"method":"tools/call","params""#;
    let bodies = [
        (
            format!(r#"{call}:{{"name":"add","arguments":{{"a":[{values}]}}}}"#),
            (400, -32600),
        ),
        (format!(r#""id":1,"method":"{text}""#), (200, -32601)),
        (format!(r#""id":"{text}","method":"ping""#), (200, 0)),
        (
            format!(r#""id":{},"method":"ping""#, "9".repeat(300)),
            (200, 0),
        ),
        (
            format!(r#""id":1,"method":"ping",{}"#, keys(0..5_000)),
            (200, 0),
        ),
        (
            format!(r#""id":1,"method":"ping",{},"k9":0"#, keys(0..5_000)),
            (400, -32600),
        ),
    ];
    bodies
        .map(|(members, answer)| (message(&members).into(), answer))
        .into()
}

fn odd() -> Vec<Body> {
    let members = [
        (r#""id":1,"method":"""#, -32601),
        (r#""id":1,"method":"__proto__""#, -32601),
        (r#""id":1,"method":"ping","params":{"x":"\ud800"}"#, 0),
        (r#""id":1,"method":"ping","params":{"x":1e999}"#, 0),
        (r#""id":1,"method":"tools/call""#, -32602),
        (
            r#""id":1,"method":"tools/call","params":{"name":7}"#,
            -32602,
        ),
        (
            r#""id":1,"method":"tools/call","params":{"name":"\u0000\u001b[2J"}"#,
            -32602,
        ),
        (
            r#""id":1,"method":"tools/list","params":{"cursor":"é\u0000"}"#,
            -32602,
        ),
        (
            r#""id":1,"method":"tools/list","params":{"cursor":{}}"#,
            -32602,
        ),
    ];
    let arguments = [
        r#""x""#.to_owned(),
        "9".repeat(300),
        r#""\ud800""#.to_owned(),
    ];
    let members = members.map(|(members, code)| (message(members), code));
    let calls = arguments.map(|argument| (echo(&argument), 0));
    let all = members.into_iter().chain(calls);
    all.map(|(body, code)| (body.into(), (200, code))).collect()
}

fn message(members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0",{members}}}"#)
}

fn echo(argument: &str) -> String {
    let arguments = format!(r#"{{"n":{argument}}}"#);
    let params = format!(r#"{{"name":"echo","arguments":{arguments}}}"#);
    message(&format!(
        r#""id":1,"method":"tools/call","params":{params}"#
    ))
}
