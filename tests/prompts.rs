//! Prompts: lists, messages, arguments, and what completes those.

use std::time::{Duration, Instant};

use oci_mcp::{App, Context, Delivery, NoArgs, Prompt, PromptError, PromptMessage};
use oci_mcp_tests::{
    LEGACY, MODERN, Reply, Server, features, hello, loose, modern, request, revisions, without,
};
use serde_json::{Value, json};

async fn ask(revision: &str, method: &str, params: &Value) -> Reply {
    let request = request(revision, method, params);
    Server::new(features()).send(request).await
}

#[tokio::test]
async fn every_revision_lists_prompts_with_their_arguments() {
    for revision in revisions() {
        let reply = ask(revision, "prompts/list", &json!({})).await.json();

        let prompts = reply["result"]["prompts"].as_array().unwrap();
        let names: Vec<_> = prompts
            .iter()
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["hello", "review", "secret", "stuck"]);
        assert_eq!(
            prompts[0],
            json!({ "name": "hello", "description": "Says hello." })
        );
        let mut review = json!({
            "name": "review",
            "description": "Reviews a place.",
            "arguments": [
                { "name": "kind", "required": false },
                { "name": "place", "description": "What to look at.", "required": true },
                { "name": "topic", "description": "What to look for.", "required": false },
            ],
        });
        if revision >= "2025-06-18" {
            review["title"] = "Review".into();
        }
        assert_eq!(prompts[1], review, "{revision}");
        assert_eq!(reply["result"]["ttlMs"].is_u64(), revision == MODERN);
        assert_eq!(
            reply["result"]["cacheScope"] == "public",
            revision == MODERN
        );
    }
}

#[tokio::test]
async fn every_revision_gets_the_messages() {
    let arguments = json!({ "place": "phoenix", "kind": "short" });
    for revision in revisions() {
        let params = json!({ "name": "review", "arguments": arguments });

        let reply = ask(revision, "prompts/get", &params).await.json();

        let result = &reply["result"];
        assert_eq!(
            result["messages"],
            json!([
                { "role": "user", "content": { "type": "text", "text": "look at all in phoenix" } },
                { "role": "assistant", "content": { "type": "text", "text": "in short" } },
            ]),
            "{revision}"
        );
        assert_eq!(result["resultType"] == "complete", revision == MODERN);
        assert!(result["ttlMs"].is_null());
    }
}

#[tokio::test]
async fn a_prompt_without_arguments_needs_none() {
    let server = Server::new(features());
    for params in [
        json!({ "name": "hello" }),
        json!({ "name": "hello", "arguments": null }),
        json!({ "name": "hello", "arguments": {} }),
    ] {
        let reply = server.send(loose(modern("prompts/get", &params))).await;

        assert_eq!(reply.error(), (200, 0));
    }
}

#[tokio::test]
async fn what_is_wrong_is_invalid_params_and_named() {
    let review = |arguments: Value| json!({ "name": "review", "arguments": arguments });
    for (params, named) in [
        (json!({}), "`name` is required"),
        (json!({ "name": 5 }), "`name` is required"),
        (json!({ "name": "nope" }), "there is no prompt `nope`"),
        (json!({ "name": "review" }), "argument `place` is required"),
        (review(json!([])), "`arguments` must be an object"),
        (
            review(json!({ "place": 5 })),
            "argument `place` must be a string",
        ),
        (
            review(json!({ "place": null })),
            "argument `place` must be a string",
        ),
        (
            review(json!({ "place": "a", "x": "b" })),
            "there is no argument `x`",
        ),
        (
            review(json!({ "place": "a", "kind": "tall" })),
            "unknown variant `tall`",
        ),
        (review(json!({ "place": "" })), "`place` is empty; name one"),
    ] {
        for revision in revisions() {
            let reply = ask(revision, "prompts/get", &params).await;

            assert_eq!(reply.error(), (200, -32602), "{revision} {params}");
            assert!(reply.message().contains(named), "{}", reply.message());
        }
    }
}

#[tokio::test]
async fn an_internal_failure_is_kept_back() {
    let reply = ask(MODERN, "prompts/get", &json!({ "name": "secret" })).await;

    assert_eq!(reply.error(), (200, -32603));
    assert_eq!(reply.message(), "the prompt failed");
}

#[tokio::test(start_paused = true)]
async fn a_slow_prompt_is_stopped_before_the_deadline() {
    let mut request = modern("prompts/get", &json!({ "name": "stuck" }));
    let mut delivery = Delivery::http("test");
    delivery.deadline = Some(Instant::now() + Duration::from_secs(30));
    request.extensions_mut().insert(delivery);

    let reply = Server::new(features()).send(request).await;

    assert_eq!(reply.error(), (200, -32603));
    let message = reply.message();
    assert!(
        message.contains("`stuck` was stopped after 29"),
        "{message}"
    );
}

#[tokio::test]
async fn the_header_of_a_prompt_is_its_name() {
    let request = modern("prompts/get", &json!({ "name": "hello" }));

    let reply = Server::new(features())
        .send(without(request, "mcp-name"))
        .await;

    assert_eq!(reply.error(), (400, -32020));
}

#[tokio::test]
async fn a_server_with_prompts_says_so_and_promises_no_more() {
    let discovery = ask(MODERN, "server/discover", &json!({})).await.json();
    let handshake = ask("2025-11-25", "initialize", &hello("2025-11-25"))
        .await
        .json();

    for answer in [discovery, handshake] {
        assert_eq!(answer["result"]["capabilities"]["prompts"], json!({}));
    }
}

#[tokio::test]
async fn every_revision_completes_arguments_of_prompts_and_parameters_of_templates() {
    let prompt = json!({ "type": "ref/prompt", "name": "review" });
    let template = json!({ "type": "ref/resource", "uri": "test://items/{shelf}/{id}/data" });
    let maps = json!({ "arguments": { "shelf": "maps" } });
    for (reference, name, value, context, values) in [
        (
            &prompt,
            "place",
            "p",
            json!({}),
            json!(["paris", "phoenix"]),
        ),
        (&prompt, "place", "x", json!({}), json!([])),
        (&template, "id", "", maps, json!(["map-1", "map-2"])),
        (&template, "shelf", "", json!({}), json!([])),
    ] {
        let argument = json!({ "name": name, "value": value });
        let params = json!({ "ref": reference, "argument": argument, "context": context });
        for revision in revisions() {
            let reply = ask(revision, "completion/complete", &params).await.json();

            let total = values.as_array().unwrap().len();
            let completion = json!({ "values": values, "total": total, "hasMore": false });
            assert_eq!(reply["result"]["completion"], completion, "{revision}");
            assert_eq!(
                reply["result"]["resultType"] == "complete",
                revision == MODERN
            );
        }
    }
}

#[tokio::test]
async fn a_completion_has_a_hundred_values_at_most() {
    let params = json!({
        "ref": { "type": "ref/resource", "uri": "test://items/{shelf}/{id}/data" },
        "argument": { "name": "id", "value": "n" },
    });

    let reply = ask(MODERN, "completion/complete", &params).await.json();

    let completion = &reply["result"]["completion"];
    assert_eq!(completion["values"].as_array().unwrap().len(), 100);
    assert_eq!(completion["total"], 250);
    assert_eq!(completion["hasMore"], true);
}

#[tokio::test]
async fn a_completion_of_what_is_not_there_is_invalid_params_and_says_what() {
    let review = json!({ "type": "ref/prompt", "name": "review" });
    let place = json!({ "name": "place", "value": "" });
    for (params, named) in [
        (json!({}), "`ref` is required"),
        (json!({ "ref": review }), "`argument` is required"),
        (
            json!({ "ref": ["ref/prompt", "review"], "argument": place }),
            "`ref` must be an object",
        ),
        (
            json!({ "ref": { "type": "ref/tool", "name": "a" }, "argument": place }),
            "`ref/tool`",
        ),
        (
            json!({ "ref": { "type": "ref/prompt" }, "argument": place }),
            "`name`",
        ),
        (
            json!({ "ref": { "type": "ref/prompt", "name": "a" }, "argument": place }),
            "`a`",
        ),
        (
            json!({ "ref": { "type": "ref/resource", "uri": "a:b" }, "argument": place }),
            "`a:b`",
        ),
        (
            json!({ "ref": review, "argument": { "name": "x", "value": "" } }),
            "no argument `x`",
        ),
        (
            json!({ "ref": review, "argument": { "name": "place", "value": 1 } }),
            "`argument`",
        ),
        (
            json!({ "ref": review, "argument": place, "context": 1 }),
            "`context`",
        ),
    ] {
        for revision in revisions() {
            let reply = ask(revision, "completion/complete", &params).await;

            assert_eq!(reply.error(), (200, -32602), "{revision} {params}");
            assert!(reply.message().contains(named), "{}", reply.message());
        }
    }
}

#[tokio::test]
async fn a_server_that_completes_says_so_since_2025_03_26() {
    for revision in LEGACY {
        let reply = ask(revision, "initialize", &hello(revision)).await.json();

        let completions = &reply["result"]["capabilities"]["completions"];
        assert_eq!(
            completions.is_object(),
            revision >= "2025-03-26",
            "{revision}"
        );
    }
    let plain = App::new("plain", "1").prompt(Plain);
    let server = Server::new(plain);
    let discovery = server
        .send(modern("server/discover", &json!({})))
        .await
        .json();
    let complete = server.send(modern("completion/complete", &json!({}))).await;
    assert_eq!(
        discovery["result"]["capabilities"],
        json!({ "logging": {}, "prompts": {}, "tools": {} })
    );
    assert_eq!(complete.error(), (404, -32601));
}

struct Plain;

impl Prompt for Plain {
    type Args = NoArgs;
    const NAME: &'static str = "plain";
    const DESCRIPTION: &'static str = "Completes nothing.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(Vec::new())
    }
}
