//! What an error says.

use std::sync::Arc;

use oci_rest::{Body, Fixed, TransportErrorKind};

use crate::support::{Oci, answer, client, credential, failure, get, post, refusal, send, status};

#[tokio::test(start_paused = true)]
async fn an_error_is_one_line_with_all_that_is_known() {
    let headers = [("opc-request-id", "REQ/1/2")];
    let oci = Oci::answering([answer(404, &headers, &refusal("NotAuthorizedOrNotFound"))]);

    let error = send(&oci.client(), &get()).await.unwrap_err();

    assert_eq!(error.status().unwrap(), 404);
    assert_eq!(error.code(), Some("NotAuthorizedOrNotFound"));
    assert_eq!(error.message(), "said OCI");
    assert_eq!(error.opc_request_id(), Some("REQ/1/2"));
    assert_eq!(error.operation(), "compute.list_instances");
    let text = error.to_string();
    assert!(text.starts_with("compute.list_instances: 404 NotAuthorizedOrNotFound: said OCI; "));
    assert!(text.ends_with("(opc-request-id REQ/1/2)"));
    assert!(!text.contains('\n'));
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_the_hint_that_helps() {
    let rows = [
        (
            status(404, &refusal("NotAuthorizedOrNotFound")),
            "allow group <group> to",
        ),
        (
            status(404, &refusal("NotAuthorizedOrNotFound")),
            "the API key of profile TEST",
        ),
        (
            status(403, &refusal("NotAllowed")),
            "allow group <group> to",
        ),
        (status(409, &refusal("IncorrectState")), "lifecycleState"),
        (
            status(409, &refusal("ResourceAlreadyExists")),
            "read it again",
        ),
        (status(412, &refusal("NoEtagMatch")), "etag"),
        (status(429, &refusal("TooManyRequests")), "throttles"),
        (
            status(500, &refusal("InternalServerError")),
            "https://ocistatus.oraclecloud.com",
        ),
        (
            answer(302, &[("location", "https://evil.example")], ""),
            "redirects are not followed",
        ),
    ];

    for (answer, expected) in rows {
        let oci = Oci::answering([answer]);

        let error = send(&oci.client(), &get().without_retries())
            .await
            .unwrap_err();

        let hint = error.hint().unwrap();
        assert!(hint.contains(expected), "{hint}");
        assert_eq!(oci.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_without_an_answer_has_the_name_that_the_request_was_given() {
    let oci = Oci::answering([failure(TransportErrorKind::Tls)]);

    let error = send(&oci.client(), &get()).await.unwrap_err();

    assert_eq!(error.status(), None);
    assert_eq!(
        error.opc_request_id().unwrap(),
        oci.headers("opc-request-id")[0]
    );
    assert!(error.to_string().contains("the network is broken"));
}

#[tokio::test(start_paused = true)]
async fn what_a_service_says_is_bounded_and_cannot_act_on_a_terminal() {
    let evil = format!("a\u{1b}[31m\r\nb\u{202e}c\u{200b}{}", " x".repeat(100_000));
    let json = serde_json::json!({ "code": &evil, "message": &evil }).to_string();
    let bodies = [json, evil, "<html>\n<body>504</body>".to_owned()];

    for body in bodies {
        let oci = Oci::answering([answer(
            400,
            &[("opc-request-id", &"i".repeat(5_000))],
            &body,
        )]);

        let error = send(&oci.client(), &get()).await.unwrap_err();

        let text = error.to_string();
        assert!(text.chars().count() < 2_000, "{}", text.len());
        assert!(!text.chars().any(char::is_control));
        assert!(!text.contains(['\u{202e}', '\u{200b}']));
        assert!(error.message().chars().count() <= 1_001);
    }
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_what_is_shown() {
    let token = "ST$eyJ0eXAiOiJKV1QifQ.c2VjcmV0LXRva2Vu.c2ln";
    let secrets = [
        "c2VjcmV0LXRva2Vu",
        "delegation-token-of-a-user",
        "password-in-a-body",
    ];
    let echo = format!("got {token} and {}", secrets[1]);
    let oci = Oci::answering([status(400, &echo), status(400, &format!("\"{echo}\""))]);
    let credential = credential(token).with_delegation_token(secrets[1]).unwrap();
    let client = client(oci.transport(), Arc::new(Fixed::new("session", credential)));
    let request = post()
        .body(Body::Json(secrets[2].into()))
        .query("password", secrets[2])
        .header("x-password", secrets[2]);

    let shown = [
        send(&client, &request).await.unwrap_err().to_string(),
        format!("{:?}", send(&client, &request).await.unwrap_err()),
        format!("{client:?}"),
        format!("{request:?}"),
        format!("{:?}", Body::Json(secrets[2].into())),
        format!("{:?}", oci.requests()[0].headers()),
    ];

    for text in &shown[..5] {
        assert!(
            secrets.iter().all(|secret| !text.contains(secret)),
            "{text}"
        );
    }
    assert!(!shown[5].contains(secrets[0]) && !shown[5].contains(secrets[1]));
}
