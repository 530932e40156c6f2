//! Why a call gave no result.

use bytes::Bytes;
use http::StatusCode;
use oci_emulator::Fault;
use oci_rest::{TransportError, TransportErrorKind};
use serde_json::{Value, json};

use crate::support::Server;

fn list() -> Value {
    json!({ "operation": "identity.list_regions" })
}

#[tokio::test(start_paused = true)]
async fn what_oci_refuses_is_told_by_kind_with_what_to_do_and_whom_to_ask() {
    let rows = [
        (401, "NotAuthenticated", "authentication"),
        (403, "NotAllowed", "authorization"),
        (404, "NotAuthorizedOrNotFound", "not_found"),
        (409, "IncorrectState", "conflict"),
        (412, "NoEtagMatch", "conflict"),
        (429, "TooManyRequests", "rate_limit"),
        (500, "InternalServerError", "service"),
        (400, "InvalidParameter", "validation"),
    ];

    for (status, code, category) in rows {
        let server = Server::new(&[]);
        let fault = Fault::new(StatusCode::from_u16(status).unwrap(), code).times(10);
        server.oci.inject(fault);

        let answer = server.call(&list()).await.bad();

        assert_eq!(answer["category"], category, "{answer}");
        assert_eq!(answer["details"]["status"], status, "{answer}");
        assert_eq!(answer["details"]["code"], code, "{answer}");
        assert!(answer["details"]["opc_request_id"].is_string(), "{answer}");
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .contains("identity.list_regions"),
            "{answer}"
        );
        if status != 400 {
            assert!(answer["suggestion"].is_string(), "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_network_that_fails_is_told_by_kind() {
    let rows = [
        (TransportErrorKind::Connect, "network"),
        (TransportErrorKind::Tls, "network"),
        (TransportErrorKind::Timeout, "timeout"),
        (TransportErrorKind::TooLarge, "network"),
    ];

    for (kind, category) in rows {
        let server = Server::answered(&[], move || Err(TransportError::new(kind, "no way")));

        let answer = server.call(&list()).await.bad();

        assert_eq!(answer["category"], category, "{answer}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_parameters_is_told_with_its_place() {
    let server = Server::new(&[]);
    let rows = [
        (
            json!({ "operation": "core.list_instance" }),
            "core.list_instances",
        ),
        (
            json!({ "operation": "core.get_instance" }),
            "`/instanceId` is missing",
        ),
        (
            json!({ "operation": "core.list_instances", "parameters": { "limit": "ten" } }),
            "`/limit`",
        ),
        (
            json!({ "operation": "core.list_instances", "page": "x" }),
            "next_page",
        ),
        (
            json!({ "operation": "core.list_instances", "fields": ["a..b"] }),
            "fields",
        ),
        (
            json!({ "operation": "core.list_instances", "region": "mars" }),
            "mars",
        ),
        (
            json!({ "operation": "key_management.encrypt" }),
            "only reads",
        ),
        (
            json!({ "operation": "streaming.get_messages", "parameters": { "streamId": "a", "cursor": "b" } }),
            "address",
        ),
    ];

    for (arguments, expected) in rows {
        let answer = server.call(&arguments).await;

        assert!(
            answer.is_error && answer.text.contains(expected),
            "{expected}: {}",
            answer.text
        );
    }
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn answers_that_are_no_lists_are_shown_for_what_they_are() {
    let rows: [(&str, &'static [u8], &str); 4] = [
        ("", b"", r#"{"status":200}"#),
        (
            "text/plain",
            b"a\nb",
            r#"{"content_type":"text/plain","text":"a\nb"}"#,
        ),
        (
            "application/octet-stream",
            b"\xff\xfe\x00",
            r#"{"bytes":3,"hint":"it is neither text nor JSON, so that it is not shown"}"#,
        ),
        ("application/json", b"\"x\"", "\"x\""),
    ];

    for (media_type, body, expected) in rows {
        let server = Server::answered(&[], move || {
            let answer = http::Response::builder().header("content-type", media_type);
            Ok(answer.body(Bytes::from_static(body)).unwrap())
        });

        let answer = server.call(&list()).await;

        assert_eq!(answer.text, expected);
        assert!(!answer.is_error);
    }
}

#[tokio::test]
async fn no_answer_is_over_the_budget_whatever_oci_sends() {
    let huge = "x\"\n".repeat(400_000);
    let bodies = [
        json!({ "items": [{ "a": huge }, { "b": huge }], "beside": huge }).to_string(),
        json!([huge]).to_string(),
        json!({ "rules": vec!["r"; 300_000], "name": "n" }).to_string(),
        huge.clone(),
    ];

    for body in bodies {
        let answer = move || {
            let answer = http::Response::builder().header("content-type", "application/json");
            Ok(answer.body(Bytes::from(body.clone())).unwrap())
        };
        let server = Server::answered(&[("OCI_MCP_MAX_RESULT_BYTES", "2000")], answer);

        let answer = server.call(&list()).await;

        assert!(answer.text.len() <= 2_000, "{}", answer.text.len());
        assert_eq!(answer.good()["truncated"], true);
    }
}
