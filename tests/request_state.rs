//! What passes through the client from one round of a call to the next.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails where it finds less than it looks for"
)]

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::Request;
use oci_mcp::{App, Delivery, Principal, StateKeys};
use oci_mcp_tests::{
    Clock, Greet, KEY_1, KEY_2, Reply, Server, accept, asked, asking, call_asking, is_question,
    text_of,
};
use serde_json::{Value, json};

/// The answer to the second round of `steps`, which is changed by `change`.
async fn retry(server: &Server, change: impl FnOnce(&mut Request<Bytes>)) -> Reply {
    let arguments = json!({ "target": "x", "more": [1, { "a": 1 }] });
    let first = json!({ "arguments": arguments });
    let (_, state) = asked(&server.send(call_asking("steps", &first)).await);
    let responses = json!({ "step1": accept(&json!({ "text": "one" })) });
    let again = json!({
        "arguments": arguments, "inputResponses": responses, "requestState": state,
    });
    let mut request = call_asking("steps", &again);
    change(&mut request);
    server.send(request).await
}

fn edit(request: &mut Request<Bytes>, change: impl FnOnce(&mut Value)) {
    let mut body: Value = serde_json::from_slice(request.body()).unwrap();
    change(&mut body["params"]);
    *request.body_mut() = body.to_string().into();
}

#[tokio::test]
async fn each_round_may_be_served_by_another_instance() {
    let clock = Clock::default();
    let [here, there] = [(); 2].map(|()| asking(&clock, KEY_1));
    let arguments = json!({ "target": "x" });
    let round = |responses: Value, state: &Value| {
        let retry = json!({
            "arguments": arguments, "inputResponses": responses, "requestState": state,
        });
        call_asking("steps", &retry)
    };

    let first = here
        .send(call_asking("steps", &json!({ "arguments": arguments })))
        .await;
    let (requests_1, state_1) = asked(&first);
    let answer = accept(&json!({ "text": "one" }));
    let second = there
        .send(round(json!({ "step1": answer }), &state_1))
        .await;
    let (requests_2, state_2) = asked(&second);
    let answer = accept(&json!({ "text": "two" }));
    // What an earlier round went by cannot be changed any more.
    let late = accept(&json!({ "text": "changed" }));
    let third = here
        .send(round(json!({ "step1": late, "step2": answer }), &state_2))
        .await;

    assert_eq!(requests_1["step1"]["params"]["message"], "first?");
    assert_eq!(requests_2["step2"]["params"]["message"], "after one?");
    assert_eq!(requests_2.as_object().unwrap().len(), 1);
    assert_ne!(state_1, state_2);
    assert_eq!(text_of(&third), "x: one, two, asked 2");
}

#[tokio::test]
async fn a_state_is_of_one_caller_one_request_and_one_server() {
    let clock = Clock::default();
    let server = asking(&clock, KEY_1);
    let foreign = |reply: Reply| {
        assert_eq!(reply.error(), (200, -32602));
        let message = reply.message();
        assert!(
            message.starts_with("`requestState` is not one"),
            "{message}"
        );
    };

    assert!(is_question(&retry(&server, |_| {}).await));
    foreign(
        retry(&server, |request| {
            edit(request, |params| params["arguments"]["target"] = json!("y"));
        })
        .await,
    );
    foreign(
        retry(&server, |request| {
            edit(request, |params| params["name"] = json!("greet"));
            let greet = "greet".parse().unwrap();
            request.headers_mut().insert("mcp-name", greet);
        })
        .await,
    );
    foreign(
        retry(&server, |request| {
            let mut delivery = Delivery::http("test");
            delivery.caller = Some(Principal::new("mallory"));
            request.extensions_mut().insert(delivery);
        })
        .await,
    );
    let other = App::new("other", "1.0.0")
        .tool(Greet)
        .state_keys(clock.keys(KEY_1));
    let (_, state) = asked(
        &Server::new(other)
            .send(call_asking("greet", &json!({})))
            .await,
    );
    foreign(
        server
            .send(call_asking("greet", &json!({ "requestState": state })))
            .await,
    );
}

#[tokio::test]
async fn white_space_and_the_order_of_arguments_are_the_clients_to_choose() {
    let server = asking(&Clock::default(), KEY_1);

    let reply = retry(&server, |request| {
        let body = std::str::from_utf8(request.body()).unwrap();
        let body = body.replace(
            r#""arguments":{"more":[1,{"a":1}],"target":"x"}"#,
            r#""arguments": { "target": "x", "more": [ 1, { "a": 1 } ] }"#,
        );
        assert!(body.contains("[ 1, "), "{body}");
        *request.body_mut() = body.into();
    })
    .await;

    assert!(is_question(&reply));
}

#[tokio::test]
async fn arguments_that_a_reader_of_json_might_take_for_one_another_are_told_apart() {
    let server = asking(&Clock::default(), KEY_1);
    let arguments = json!({ "target": "x", "more": "MORE" });
    let written = |request: Request<Bytes>, more: &str| {
        request.map(|body| {
            let text = String::from_utf8(body.to_vec()).unwrap();
            text.replace("\"MORE\"", more).into()
        })
    };
    // One more than what a double can tell from its neighbours.
    let (number, neighbour) = ("18446744073709551617", "18446744073709551616");
    let first = call_asking("steps", &json!({ "arguments": arguments }));
    let (_, state) = asked(&server.send(written(first, number)).await);
    let again = json!({ "arguments": arguments, "requestState": state });

    for (more, is_same) in [
        (number, true),
        (neighbour, false),
        (r#""\ud800""#, false),
        ("null", false),
    ] {
        let request = written(call_asking("steps", &again), more);
        let reply = server.exchange(request).await;

        assert_eq!(is_question(&reply), is_same, "{more}");
        if !is_same {
            assert_eq!(reply.error(), (200, -32602), "{more}");
        }
    }
}

#[tokio::test]
async fn a_state_that_was_touched_anywhere_is_refused() {
    let server = asking(&Clock::default(), KEY_1);
    let (_, state) = asked(&server.send(call_asking("greet", &json!({}))).await);
    let state = state.as_str().unwrap();
    let mut forged = vec![
        String::new(),
        ".".to_owned(),
        "k1.".to_owned(),
        format!("{state}-TAMPERED"),
        format!("{state}A"),
        format!("{state}="),
        state.replacen("k1.", "k2.", 1),
    ];
    for at in 0..state.len() {
        let (before, after) = (&state[..at], &state[at + 1..]);
        let other = if state[at..].starts_with('A') {
            'B'
        } else {
            'A'
        };
        forged.push(format!("{before}{other}{after}"));
        forged.push(format!("{before}{after}"));
    }

    for forged in forged {
        let reply = server
            .send(call_asking("greet", &json!({ "requestState": forged })))
            .await;

        assert_eq!(reply.error(), (200, -32602), "{forged}");
    }
    let number = server
        .send(call_asking("greet", &json!({ "requestState": 7 })))
        .await;
    assert_eq!(number.error(), (200, -32602));
}

#[tokio::test]
async fn a_state_expires() {
    let clock = Clock::default();
    let server = asking(&clock, KEY_1);

    let in_time = retry(&server, |_| {
        clock.advance(Duration::from_secs(29 * 60 + 59));
    })
    .await;
    let late = retry(&server, |_| {
        clock.advance(Duration::from_secs(30 * 60));
    })
    .await;

    assert!(is_question(&in_time));
    assert_eq!(late.error(), (200, -32602));
    assert!(late.message().contains("has expired"), "{}", late.message());
}

#[tokio::test]
async fn keys_are_replaced_without_losing_what_is_under_way() {
    let clock = Clock::default();
    let [old, prepared, new, without] = [
        KEY_1.to_owned(),
        format!("{KEY_1},{KEY_2}"),
        format!("{KEY_2}\n{KEY_1}\n"),
        KEY_2.to_owned(),
    ]
    .map(|keys| asking(&clock, &keys));
    let state =
        async |server: &Server| asked(&server.send(call_asking("greet", &json!({}))).await).1;
    let retry = |state: &Value| call_asking("greet", &json!({ "requestState": state }));

    let [by_old, by_prepared, by_new] =
        [state(&old).await, state(&prepared).await, state(&new).await];

    assert!(by_prepared.as_str().unwrap().starts_with("k1."));
    assert!(by_new.as_str().unwrap().starts_with("k2."));
    for state in [&by_old, &by_new] {
        assert!(is_question(&prepared.send(retry(state)).await));
        assert!(is_question(&new.send(retry(state)).await));
    }
    assert_eq!(without.send(retry(&by_old)).await.error(), (200, -32602));
}

#[tokio::test]
async fn nobody_can_read_what_is_kept() {
    let server = asking(&Clock::default(), KEY_1);
    let secret = "a-very-long-secret-answer";
    let responses = json!({ "step1": accept(&json!({ "text": secret })) });

    let reply = server
        .send(call_asking(
            "steps",
            &json!({ "inputResponses": responses }),
        ))
        .await;

    let (_, state) = asked(&reply);
    let (_, sealed) = state.as_str().unwrap().split_once('.').unwrap();
    assert!(!sealed.contains(secret));
    assert!(format!("{:?}", Clock::default().keys(KEY_1)).contains("k1"));
    assert!(!format!("{:?}", Clock::default().keys(KEY_1)).contains("AQEB"));
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let server = asking(&Clock::default(), KEY_1);
    let responses = json!({ "step1": accept(&json!({ "text": "x".repeat(300_000) })) });

    let reply = server
        .send(call_asking(
            "steps",
            &json!({ "inputResponses": responses }),
        ))
        .await;

    assert_eq!(reply.error(), (200, -32603));
}

#[test]
fn keys_that_are_none_are_refused_without_repeating_them() {
    for (text, why) in [
        ("", "there is no key"),
        (" , \n", "there is no key"),
        (
            "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            "key 1 is not `ID:KEY`",
        ),
        (
            "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
            "key 1 is not",
        ),
        ("k1:AQEB", "key 1 is not"),
        (
            "k 1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            "key 1 is not",
        ),
        (
            "k.1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            "key 1 is not",
        ),
        (
            ":AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            "key 1 is not",
        ),
        (
            &format!("{KEY_1},{KEY_1}"),
            "key 2 has the id of an earlier one",
        ),
        (&format!("{KEY_1},k2"), "key 2 is not"),
    ] {
        let error = StateKeys::parse(text, || UNIX_EPOCH)
            .unwrap_err()
            .to_string();

        assert!(error.starts_with(why), "{text}: {error}");
        assert!(!error.contains("AQEB"), "{error}");
    }
}
