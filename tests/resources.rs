//! Resources and templates: lists, reads, and what there is not.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use oci_mcp::{
    App, ContentAnnotations, Contents, Context, Delivery, Resource, ResourceError, Role,
};
use oci_mcp_tests::{
    LEGACY, MODERN, Reply, Server, features, hello, modern, request, revisions, rpc, with, without,
};
use serde_json::{Value, json};

async fn ask(revision: &str, method: &str, params: &Value) -> Reply {
    let request = request(revision, method, params);
    Server::new(features()).send(request).await
}

/// Pages of lists, cached as the revision has it.
fn assert_hints(result: &Value, revision: &str, (ttl, scope): (u64, &str)) {
    if revision == MODERN {
        assert_eq!(result["ttlMs"], ttl);
        assert_eq!(result["cacheScope"], scope);
        assert_eq!(result["resultType"], "complete");
        assert!(result["_meta"].is_object());
    } else {
        let members = result.as_object().map(serde_json::Map::len);
        assert_eq!(members, Some(1), "{revision}: {result}");
    }
}

#[tokio::test]
async fn every_revision_lists_resources_and_templates_apart() {
    for revision in revisions() {
        let resources = ask(revision, "resources/list", &json!({})).await.json();
        let templates = ask(revision, "resources/templates/list", &json!({})).await;

        let resources = &resources["result"];
        let uris: Vec<_> = resources["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|resource| resource["uri"].as_str().unwrap())
            .collect();
        assert_eq!(
            uris,
            [
                "test://broken",
                "test://leaky",
                "test://pixel",
                "test://poem",
                "test://slow"
            ]
        );
        let mut poem = json!({
            "uri": "test://poem",
            "name": "poem",
            "description": "A short poem.",
            "mimeType": "text/plain",
        });
        let mut item = json!({
            "uriTemplate": "test://items/{shelf}/{id}/data",
            "name": "item",
            "description": "An item of a shelf.",
            "mimeType": "application/json",
        });
        if revision >= "2025-06-18" {
            poem["title"] = "Poem".into();
            item["title"] = "Item".into();
        }
        assert_eq!(resources["resources"][3], poem, "{revision}");
        assert_hints(resources, revision, (300_000, "public"));
        let templates = &templates.json()["result"];
        assert_eq!(templates["resourceTemplates"], json!([item]), "{revision}");
        assert_hints(templates, revision, (300_000, "public"));
    }
}

#[tokio::test]
async fn every_revision_reads_text_bytes_and_what_a_template_stands_for() {
    for revision in revisions() {
        for contents in [
            json!({ "uri": "test://poem", "mimeType": "text/plain", "text": "so much depends" }),
            json!({ "uri": "test://pixel", "mimeType": "image/png", "blob": "iVBORw==" }),
            json!({
                "uri": "test://items/maps/S%C3%A3o%20Paulo/data",
                "mimeType": "application/json",
                "text": "map São Paulo",
            }),
        ] {
            let params = json!({ "uri": contents["uri"] });

            let reply = ask(revision, "resources/read", &params).await.json();

            let result = &reply["result"];
            assert_eq!(result["contents"], json!([contents]), "{revision}");
            assert_hints(result, revision, (0, "private"));
        }
    }
}

#[tokio::test]
async fn what_is_not_there_has_the_code_of_its_revision_and_names_the_uri() {
    for revision in revisions() {
        for uri in [
            "test://nowhere",
            "test://POEM",
            "test://items/maps/lost/data",
            "test://items/shoes/1/data",
            "test://items/maps/../data",
            "test://items/maps/%2e%2e/data",
            "file:///etc/passwd",
            "",
        ] {
            let reply = ask(revision, "resources/read", &json!({ "uri": uri })).await;

            let code = if revision == MODERN { -32602 } else { -32002 };
            assert_eq!(reply.error(), (200, code), "{revision} {uri}");
            assert_eq!(reply.json()["error"]["data"], json!({ "uri": uri }));
        }
    }
}

#[tokio::test]
async fn a_read_without_a_uri_is_invalid_params() {
    for revision in revisions() {
        for params in [json!({}), json!({ "uri": 5 }), json!({ "name": "poem" })] {
            let reply = ask(revision, "resources/read", &params).await;

            assert_eq!(reply.error(), (200, -32602), "{revision}");
            assert!(reply.message().contains("`uri`"), "{}", reply.message());
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_and_an_internal_one_or_a_panic_kept_back() {
    for (uri, told) in [
        ("test://items/maps/torn/data", "it is torn; ask for another"),
        ("test://leaky", "the resource failed"),
        ("test://broken", "the server failed unexpectedly"),
    ] {
        let reply = ask(MODERN, "resources/read", &json!({ "uri": uri })).await;

        assert_eq!(reply.error(), (200, -32603), "{uri}");
        assert_eq!(reply.message(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_read_is_stopped_before_the_deadline() {
    let mut request = modern("resources/read", &json!({ "uri": "test://slow" }));
    let mut delivery = Delivery::http("test");
    delivery.deadline = Some(Instant::now() + Duration::from_secs(30));
    request.extensions_mut().insert(delivery);

    let reply = Server::new(features()).send(request).await;

    assert_eq!(reply.error(), (200, -32603));
    let message = reply.message();
    assert!(
        message.contains("`test://slow` was stopped after 29"),
        "{message}"
    );
}

#[tokio::test]
async fn the_header_of_a_read_is_its_uri() {
    let server = Server::new(features());
    let read = || modern("resources/read", &json!({ "uri": "test://poem" }));

    let missing = server.send(without(read(), "mcp-name")).await;
    let other = server.send(with(read(), "mcp-name", "test://pixel")).await;
    let encoded = with(read(), "mcp-name", "=?base64?dGVzdDovL3BvZW0=?=");
    let encoded = server.send(encoded).await;

    assert_eq!(missing.error(), (400, -32020));
    assert_eq!(other.error(), (400, -32020));
    assert_eq!(encoded.error(), (200, 0));
}

#[tokio::test]
async fn a_server_with_resources_says_so_and_promises_no_more() {
    let discovery = ask(MODERN, "server/discover", &json!({})).await.json();
    let handshake = ask("2025-11-25", "initialize", &hello("2025-11-25"))
        .await
        .json();

    for answer in [discovery, handshake] {
        assert_eq!(answer["result"]["capabilities"]["resources"], json!({}));
    }
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        let reply = ask("2025-11-25", method, &json!({ "uri": "test://poem" })).await;
        assert_eq!(reply.error(), (200, -32601));
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_invalid_params() {
    for method in ["resources/list", "resources/templates/list"] {
        for cursor in [json!(""), json!("00000000000000001"), json!(5)] {
            let reply = ask(MODERN, method, &json!({ "cursor": cursor })).await;

            assert_eq!(reply.error(), (200, -32602), "{cursor}");
        }
    }
}

#[test]
fn two_resources_under_one_uri_cannot_be_served() {
    struct Twin;

    impl Resource for Twin {
        const URI: &'static str = "test://twin";
        const NAME: &'static str = "twin";
        const DESCRIPTION: &'static str = "One of two.";

        async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
            Ok(Contents::text(""))
        }
    }

    let app = App::new("twins", "1").resource(Twin).resource(Twin);

    let error = app.into_service(oci_mcp::Config::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than one resource is called `test://twin`; a name is unique in a server"
    );
}

#[tokio::test]
async fn a_subscription_is_accepted_by_an_app_that_says_so_until_2026() {
    let accepting = Server::new(features().accept_subscriptions());
    for revision in LEGACY {
        let introduced = accepting.post(rpc("initialize", &hello(revision))).await;
        let capabilities = &introduced.json()["result"]["capabilities"];
        assert_eq!(capabilities["resources"], json!({ "subscribe": true }));
    }
    let discovered = accepting.send(modern("server/discover", &json!({}))).await;
    assert_eq!(
        discovered.json()["result"]["capabilities"]["resources"],
        json!({})
    );

    for method in ["resources/subscribe", "resources/unsubscribe"] {
        for revision in LEGACY {
            let ask = |params: Value| accepting.send(request(revision, method, &params));
            let known = ask(json!({ "uri": "test://poem" })).await;
            let unknown = ask(json!({ "uri": "test://nothing" })).await;
            let nameless = ask(json!({})).await;

            assert_eq!(known.json()["result"], json!({}), "{revision}");
            assert_eq!(unknown.error(), (200, -32002), "{revision}");
            assert_eq!(nameless.error(), (200, -32602), "{revision}");
        }
        let poem = json!({ "uri": "test://poem" });
        let modern = accepting.send(modern(method, &poem)).await;
        let refused = ask("2025-11-25", method, &poem).await;
        assert_eq!(modern.error(), (404, -32601));
        assert_eq!(refused.error(), (200, -32601));
    }
}

struct Ledger;

impl Resource for Ledger {
    const URI: &'static str = "test://ledger";
    const NAME: &'static str = "ledger";
    const DESCRIPTION: &'static str = "For the model alone.";
    const ANNOTATIONS: ContentAnnotations = ContentAnnotations {
        audience: &[Role::Assistant],
        last_modified: Some(Cow::Borrowed("2026-07-28T00:00:00Z")),
        ..ContentAnnotations::NONE
    };

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::text(""))
    }
}

#[tokio::test]
async fn a_list_says_whom_a_resource_is_for_as_the_revision_has_it() {
    for revision in revisions() {
        let server = Server::new(App::new("books", "1").resource(Ledger));

        let listed = server.send(request(revision, "resources/list", &json!({})));

        let mut annotations = json!({ "audience": ["assistant"] });
        if revision >= "2025-06-18" {
            annotations["lastModified"] = "2026-07-28T00:00:00Z".into();
        }
        let ledger = &listed.await.json()["result"]["resources"][0];
        assert_eq!(ledger["annotations"], annotations, "{revision}");
    }
}
