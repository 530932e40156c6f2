//! What differs, and why.

use std::collections::BTreeSet;

use crate::support::Answer;

pub(crate) fn differences(case: &str, theirs: &Answer, ours: &Answer) -> Vec<String> {
    let mut lines = Vec::new();
    let mut compare = |field: &str, theirs: String, ours: String| {
        if theirs != ours {
            // What every answer has is listed once.
            let case = if EVERYWHERE.contains(&field) {
                "*"
            } else {
                case
            };
            lines.push(line(case, field, &theirs, &ours));
        }
    };
    compare("status", theirs.status.to_string(), ours.status.to_string());
    let names = theirs
        .headers
        .iter()
        .chain(&ours.headers)
        .map(|(name, _)| name.as_str());
    for name in names.collect::<BTreeSet<_>>() {
        let value = |answer: &Answer| answer.header(name).unwrap_or_else(|| "-".to_owned());
        let (theirs, ours) = (value(theirs), value(ours));
        match name {
            // Follows from the body.
            "content-length" => {}
            // Their versions are not ours to follow.
            "fn-fdk-version" | "fn-fdk-runtime" => {
                compare(name, kind(&theirs), kind(&ours));
            }
            _ => compare(name, theirs, ours),
        }
    }
    compare("body", theirs.body.clone(), ours.body.clone());
    lines
}

fn kind(value: &str) -> String {
    value.split('/').next().unwrap_or_default().to_owned()
}

pub(crate) fn line(case: &str, field: &str, theirs: &str, ours: &str) -> String {
    format!("{case} | {field} | {theirs:?} | {ours:?}")
}

/// Fields that differ the same way in every answer.
const EVERYWHERE: [&str; 4] = [
    "connection",
    "fn-fdk-runtime",
    "fn-fdk-version",
    "keep-alive",
];

/// Every difference there is: case, field, theirs, ours, and why.
pub(crate) const DIFFERENCES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "*",
        "connection",
        "keep-alive",
        "-",
        "HTTP/1.1 keeps a connection without being told to",
    ),
    (
        "*",
        "keep-alive",
        "75",
        "-",
        "there is no idle timeout here; the agent has one",
    ),
    (
        "*",
        "fn-fdk-version",
        "fdk-python",
        "oci-mcp-functions",
        "another FDK",
    ),
    (
        "*",
        "fn-fdk-version",
        "-",
        "oci-mcp-functions",
        "their router's errors do not have it",
    ),
    (
        "*",
        "fn-fdk-runtime",
        "python",
        "-",
        "the version of a compiler says nothing at run time",
    ),
    (
        "absolute URL",
        "body",
        "method=POST\nurl=http://host:8080/t/app/mcp?x=1\ntype=None\nbody={}",
        "method=POST\nurl=/t/app/mcp?x=1\ntype=None\nbody={}",
        "a service sees path and query, whichever front end it is behind",
    ),
    (
        "repeated header",
        "body",
        "method=POST\nurl=/\nx-many=2\ntype=None\nbody={}",
        "method=POST\nurl=/\nx-many=1,2\ntype=None\nbody={}",
        "theirs loses all but the last value",
    ),
    (
        "user status 502",
        "status",
        "502",
        "200",
        "a 502 that the service answers is an answer, which the agent would discard; theirs \
         makes it a failure of the function",
    ),
    (
        "empty answer",
        "content-type",
        "text/plain",
        "-",
        "what is not there has no type unless the service gives it one",
    ),
    (
        "plain invoke",
        "body",
        "method=None\nurl=None\ntype=text/plain\nbody=hi",
        "method=POST\nurl=/\ntype=text/plain\nbody=hi",
        NO_HTTP,
    ),
    (
        "plain invoke without a type",
        "body",
        "method=None\nurl=None\ntype=None\nbody=hi",
        "method=POST\nurl=/\ntype=None\nbody=hi",
        NO_HTTP,
    ),
    (
        "no Fn-Http-Method",
        "body",
        "method=None\nurl=/\ntype=None\nbody=hi",
        "method=POST\nurl=/\ntype=None\nbody=hi",
        NO_HTTP,
    ),
    (
        "plain invoke, handler fails",
        "body",
        "as asked",
        FAILED,
        CAUSE,
    ),
    (
        "plain invoke, handler fails",
        "content-type",
        JSON_UTF_8,
        JSON,
        NOT_JSON,
    ),
    (
        "handler fails, then another request",
        "body",
        "as asked",
        FAILED,
        CAUSE,
    ),
    (
        "handler fails, then another request",
        "content-type",
        JSON_UTF_8,
        JSON,
        NOT_JSON,
    ),
    ("another method", "status", "405", "502", FATAL),
    ("another method", "allow", "POST", "-", FATAL),
    ("another method", "content-type", TEXT, JSON, SAID_IN_JSON),
    (
        "another method",
        "body",
        "Error: Method GET for path /call not allowed",
        NOT_SERVED,
        SAID_IN_JSON,
    ),
    ("another path", "status", "404", "502", FATAL),
    ("another path", "content-type", TEXT, JSON, SAID_IN_JSON),
    (
        "another path",
        "body",
        "Error: Route was not registered: /other",
        NOT_SERVED,
        SAID_IN_JSON,
    ),
];

const NO_HTTP: &str = "the service is an HTTP service, whose requests have a method and a URI";
const CAUSE: &str = "the cause is for the log, not for the caller";
const NOT_JSON: &str = "theirs says JSON and sends text; JSON has no charset";
const FATAL: &str = "the agent destroys the container for any status but 200, 502 and 504";
const SAID_IN_JSON: &str = "every error made here is JSON";

const FAILED: &str = r#"{"error":"the function failed"}"#;
const NOT_SERVED: &str = r#"{"error":"only `POST /call` is served here"}"#;
const JSON: &str = "application/json";
const JSON_UTF_8: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
