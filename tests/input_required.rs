//! Tools, prompts and resources that ask their client.

use oci_mcp_tests::{
    Clock, KEY_1, LEGACY, MODERN, Server, accept, asked, asker, asking, call_asking, capable,
    everything, loose, request, text_of,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_tool_asks_and_runs_again_with_the_answer() {
    let server = asking(&Clock::default(), KEY_1);

    let first = server.send(call_asking("greet", &json!({}))).await;
    let (requests, state) = asked(&first);
    let answers = json!({ "user_name": accept(&json!({ "name": "Ada" })) });
    let retry = json!({ "inputResponses": answers, "requestState": state });
    let second = server.send(call_asking("greet", &retry)).await;

    let name =
        json!({ "type": "string", "minLength": 1, "description": "What you want to be called." });
    let form = json!({
        "method": "elicitation/create",
        "params": {
            "mode": "form",
            "message": "What is your name?",
            "requestedSchema": { "type": "object", "properties": { "name": name }, "required": ["name"] },
        },
    });
    assert_eq!(requests, json!({ "user_name": form }));
    let result = &first.json()["result"];
    assert!(state.as_str().unwrap().starts_with("k1."), "{state}");
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "asker"
    );
    assert_eq!(result.get("ttlMs"), None);
    assert_eq!(result.get("content"), None);
    assert_eq!(text_of(&second), "Hello, Ada!");
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let server = asking(&Clock::default(), KEY_1);
    for (action, expected) in [
        ("decline", "Hello, stranger!"),
        ("cancel", "nobody to greet"),
    ] {
        let answers = json!({ "inputResponses": { "user_name": { "action": action } } });

        let reply = server.send(call_asking("greet", &answers)).await;

        assert_eq!(text_of(&reply), expected);
    }
}

#[tokio::test]
async fn several_things_are_asked_at_once() {
    let server = asking(&Clock::default(), KEY_1);

    let (requests, state) = asked(&server.send(call_asking("all", &json!({}))).await);
    let answers = json!({
        "name": accept(&json!({ "name": "Ada" })),
        "consent": { "action": "accept" },
        "capital": { "role": "assistant", "content": { "type": "text", "text": "Paris" }, "model": "m" },
        "roots": { "roots": [{ "uri": "file:///home/ada", "name": "home" }] },
    });
    let retry = json!({ "inputResponses": answers, "requestState": state });
    let reply = server.send(call_asking("all", &retry)).await;

    let methods: Vec<_> = requests
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, request)| (&**key, request["method"].as_str().unwrap()))
        .collect();
    assert_eq!(
        methods,
        [
            ("capital", "sampling/createMessage"),
            ("consent", "elicitation/create"),
            ("name", "elicitation/create"),
            ("roots", "roots/list"),
        ]
    );
    assert_eq!(requests["consent"]["params"]["mode"], "url");
    assert_eq!(
        requests["capital"]["params"],
        json!({
            "messages": [{ "role": "user", "content": { "type": "text", "text": "The capital of France?" } }],
            "maxTokens": 100,
        })
    );
    assert_eq!(
        text_of(&reply),
        "Some(\"Ada\") Accepted(()) Paris file:///home/ada"
    );
}

#[tokio::test]
async fn what_is_still_missing_is_asked_again() {
    let server = asking(&Clock::default(), KEY_1);
    let answers = json!({ "name": accept(&json!({ "name": "Ada" })), "unknown": { "x": 1 } });

    let (_, state) = asked(&server.send(call_asking("all", &json!({}))).await);
    let retry = json!({ "inputResponses": answers, "requestState": state });
    let (requests, _) = asked(&server.send(loose(call_asking("all", &retry))).await);

    let keys: Vec<_> = requests.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["capital", "consent", "roots"]);
}

#[tokio::test]
async fn prompts_and_resources_ask_as_tools_do() {
    let server = asking(&Clock::default(), KEY_1);
    let context = json!({ "context": accept(&json!({ "text": "the context" })) });
    let roots = json!({ "roots": { "roots": [{ "uri": "file:///home" }] } });
    for (method, mut params, answers, pointer, expected) in [
        (
            "prompts/get",
            json!({ "name": "brief" }),
            context,
            "/messages/0/content/text",
            "the context",
        ),
        (
            "resources/read",
            json!({ "uri": "test://home" }),
            roots,
            "/contents/0/text",
            "file:///home",
        ),
    ] {
        let (_, state) = asked(&server.send(capable(method, &params, &everything())).await);
        params["inputResponses"] = answers;
        params["requestState"] = state;

        let reply = server.send(capable(method, &params, &everything())).await;

        assert_eq!(reply.json()["result"].pointer(pointer).unwrap(), expected);
    }
}

#[tokio::test]
async fn only_what_the_client_has_declared_is_asked() {
    let server = asking(&Clock::default(), KEY_1);
    let call = async |tool: &str, capabilities: Value| {
        let params = json!({ "name": tool });
        server
            .send(capable("tools/call", &params, &capabilities))
            .await
    };

    let none = call("greet", json!({})).await;
    let form = call("all", json!({ "elicitation": {}, "roots": {} })).await;
    let able = call("able", json!({ "sampling": {} })).await;
    let unable = call("able", json!({ "elicitation": {} })).await;

    assert_eq!(none.error(), (400, -32021));
    assert_eq!(
        none.json()["error"]["data"],
        json!({ "requiredCapabilities": { "elicitation": {} } })
    );
    assert_eq!(form.error(), (400, -32021));
    assert_eq!(
        form.json()["error"]["data"],
        json!({ "requiredCapabilities": { "elicitation": { "url": {} }, "sampling": {} } })
    );
    assert_eq!(asked(&able).0["s"]["method"], "sampling/createMessage");
    assert_eq!(text_of(&unable), "without");
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
    let server = asking(&Clock::default(), KEY_1);
    for responses in [
        json!(null),
        json!(7),
        json!([]),
        json!({ "user_name": 12345 }),
        json!({ "user_name": null }),
        json!({ "user_name": {} }),
        json!({ "user_name": { "action": "maybe" } }),
        json!({ "user_name": { "action": "accept" } }),
        json!({ "user_name": { "action": "accept", "content": [] } }),
        json!({ "user_name": accept(&json!({ "name": 7 })) }),
        json!({ "user_name": accept(&json!({ "name": "" })) }),
    ] {
        let retry = json!({ "inputResponses": responses });

        let reply = server.send(call_asking("greet", &retry)).await;

        assert_eq!(reply.error(), (200, -32602), "{responses}");
        assert!(
            reply.message().contains("inputResponses"),
            "{}",
            reply.message()
        );
    }
}

#[tokio::test]
async fn older_revisions_never_see_a_question() {
    let server = asking(&Clock::default(), KEY_1);
    for revision in LEGACY {
        let responses = json!({ "user_name": accept(&json!({ "name": "Ada" })) });
        let params = json!({ "name": "greet", "inputResponses": responses, "requestState": "x" });

        let tool = server.send(request(revision, "tools/call", &params)).await;
        let prompt = json!({ "name": "brief" });
        let prompt = server.send(request(revision, "prompts/get", &prompt)).await;
        let resource = json!({ "uri": "test://home" });
        let resource = server
            .send(request(revision, "resources/read", &resource))
            .await;

        let result = &tool.json()["result"];
        assert_eq!(result["isError"], true, "{revision}");
        let why = result["content"][0]["text"].as_str().unwrap();
        assert!(why.contains(MODERN) && why.contains(revision), "{why}");
        assert_eq!(prompt.error(), (200, -32602));
        assert_eq!(resource.error(), (200, -32602));
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_and_the_error_says_what_is_missing() {
    let server = Server::new(asker());

    let tool = server.send(call_asking("greet", &json!({}))).await;
    let prompt = capable("prompts/get", &json!({ "name": "brief" }), &everything());
    let prompt = server.send(prompt).await;
    let able = server.send(call_asking("able", &json!({}))).await;
    let state = server
        .send(call_asking("greet", &json!({ "requestState": "x" })))
        .await;

    let result = &tool.json()["result"];
    assert_eq!(result["isError"], true);
    let why = result["content"][0]["text"].as_str().unwrap();
    assert!(why.contains("OCI_MCP_STATE_KEY"), "{why}");
    assert_eq!(prompt.error(), (200, -32603));
    assert!(prompt.message().contains("OCI_MCP_STATE_KEY"));
    assert_eq!(text_of(&able), "without");
    assert_eq!(state.error(), (200, -32602));
}

#[tokio::test]
async fn a_question_is_found_behind_other_errors() {
    let server = asking(&Clock::default(), KEY_1);

    let reply = server.send(call_asking("wrapped", &json!({}))).await;

    assert_eq!(
        asked(&reply).0["user_name"]["params"]["message"],
        "Your name?"
    );
}
