//! What tools show in each revision: kinds of content, schemas of results, icons.

#![expect(
    clippy::indexing_slicing,
    reason = "a test fails where it finds less than it looks for"
)]

use oci_mcp::{
    App, CallResult, Config, Content, ContentAnnotations, Contents, Context, DynamicTool, Icon,
    IconTheme, Json, NoArgs, ResourceLink, Role, Tool, ToolError,
};
use oci_mcp_tests::{LEGACY, MODERN, Server, hello, request, revisions};
use serde_json::{Value, json};

async fn ask(app: App, revision: &str, method: &str, params: &Value) -> Value {
    let request = request(revision, method, params);
    Server::new(app).send(request).await.json()["result"].take()
}

struct Show;

impl Tool for Show {
    type Args = NoArgs;
    type Output = CallResult;
    const NAME: &'static str = "show";
    const DESCRIPTION: &'static str = "Shows one of each.";
    const TITLE: Option<&'static str> = Some("Show");
    const ICONS: &'static [Icon] = &[Icon {
        sizes: &["48x48"],
        ..Icon::new("https://example.com/show.png")
    }];

    async fn call(&self, _: &Context, _: NoArgs) -> Result<CallResult, ToolError> {
        let page = Contents::text("{}").with_mime_type("application/json");
        let for_people = ContentAnnotations {
            audience: &[Role::User],
            ..ContentAnnotations::default()
        };
        Ok(CallResult::new(vec![
            Content::text("one of each"),
            Content::image(&b"\xff"[..], "image/png").with_annotations(for_people),
            Content::audio(&b"\xff"[..], "audio/wav"),
            Content::resource("test://page", page),
            Content::link(ResourceLink::new("test://poem", "poem")),
        ]))
    }
}

#[tokio::test]
async fn every_revision_is_shown_what_it_has_words_for() {
    for revision in revisions() {
        let app = App::new("show", "1").tool(Show);

        let result = ask(app, revision, "tools/call", &json!({ "name": "show" })).await;

        let content = result["content"].as_array().unwrap();
        let kinds: Vec<_> = content
            .iter()
            .map(|c| c["type"].as_str().unwrap())
            .collect();
        let audio = if revision >= "2025-03-26" {
            "audio"
        } else {
            "resource"
        };
        let link = if revision >= "2025-06-18" {
            "resource_link"
        } else {
            "text"
        };
        assert_eq!(
            kinds,
            ["text", "image", audio, "resource", link],
            "{revision}"
        );
        assert_eq!(content[1]["annotations"], json!({ "audience": ["user"] }));
        assert_eq!(content[1]["data"], "/w==");
        assert_eq!(content[3]["resource"]["uri"], "test://page");
    }
}

#[tokio::test]
async fn titles_and_icons_are_where_the_revision_has_them() {
    for revision in revisions() {
        let app = App::new("show", "1").tool(Show);

        let result = ask(app, revision, "tools/list", &json!({})).await;

        let tool = &result["tools"][0];
        assert_eq!(
            tool["title"] == "Show",
            revision >= "2025-06-18",
            "{revision}"
        );
        let annotated = tool["annotations"]["title"] == "Show";
        assert_eq!(annotated, revision == "2025-03-26", "{revision}");
        let icons = json!([{ "src": "https://example.com/show.png", "sizes": ["48x48"] }]);
        assert_eq!(
            tool["icons"] == icons,
            revision >= "2025-11-25",
            "{revision}"
        );
    }
}

#[tokio::test]
async fn a_server_says_all_of_itself_where_the_revision_has_words_for_it() {
    const ICONS: &[Icon] = &[Icon {
        theme: Some(IconTheme::Dark),
        ..Icon::new("https://example.com/server.png")
    }];
    let app = || {
        App::new("show", "1")
            .title("Show")
            .description("Shows things.")
            .website_url("https://example.com")
            .icons(ICONS)
            .tool(Show)
    };
    for revision in LEGACY {
        let result = ask(app(), revision, "initialize", &hello(revision)).await;

        let mut server = json!({ "name": "show", "version": "1" });
        if revision >= "2025-06-18" {
            server["title"] = "Show".into();
        }
        if revision >= "2025-11-25" {
            server["description"] = "Shows things.".into();
            server["websiteUrl"] = "https://example.com".into();
            server["icons"] = json!([{ "src": "https://example.com/server.png", "theme": "dark" }]);
        }
        assert_eq!(result["serverInfo"], server, "{revision}");
    }

    let discovered = ask(app(), MODERN, "server/discover", &json!({})).await;
    let listed = ask(app(), MODERN, "tools/list", &json!({})).await;

    let server = |result: &Value| result["_meta"]["io.modelcontextprotocol/serverInfo"].clone();
    assert_eq!(server(&discovered)["websiteUrl"], "https://example.com");
    assert_eq!(
        server(&listed),
        json!({ "name": "show", "version": "1", "title": "Show" }),
        "every result costs these bytes"
    );
}

#[test]
fn a_server_with_links_that_no_client_follows_is_refused() {
    const SCRIPT: &[Icon] = &[Icon::new("javascript:alert(1)")];
    let app = App::new("show", "1")
        .website_url("example.com")
        .icons(SCRIPT);

    let error = app.into_service(Config::default()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "the website `example.com` is no `https://` or `http://` URL; \
         an icon of the server is at an `https://` or `data:` URL"
    );
}

#[derive(schemars::JsonSchema, serde::Serialize)]
struct Size {
    /// In bytes.
    size: u32,
}

struct Measure;

impl Tool for Measure {
    type Args = NoArgs;
    type Output = Json<Size>;
    const NAME: &'static str = "measure";
    const DESCRIPTION: &'static str = "Measures.";
    const OUTPUT_SCHEMA: bool = true;

    async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<Size>, ToolError> {
        Ok(Json(Size { size: 7 }))
    }
}

struct Count;

impl Tool for Count {
    type Args = NoArgs;
    type Output = Json<u32>;
    const NAME: &'static str = "count";
    const DESCRIPTION: &'static str = "Counts.";
    const OUTPUT_SCHEMA: bool = true;

    async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<u32>, ToolError> {
        Ok(Json(7))
    }
}

struct Quiet;

impl Tool for Quiet {
    type Args = NoArgs;
    type Output = Json<Size>;
    const NAME: &'static str = "quiet";
    const DESCRIPTION: &'static str = "Measures, and tells no schema.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<Json<Size>, ToolError> {
        Ok(Json(Size { size: 7 }))
    }
}

#[tokio::test]
async fn a_schema_of_results_is_listed_where_a_tool_wants_it_and_the_revision_has_it() {
    for revision in revisions() {
        let app = App::new("measure", "1")
            .tool(Count)
            .tool(Measure)
            .tool(Quiet);

        let result = ask(app, revision, "tools/list", &json!({})).await;

        let [count, measure, quiet] = [0, 1, 2].map(|i| &result["tools"][i]["outputSchema"]);
        assert_eq!(measure.is_object(), revision >= "2025-06-18", "{revision}");
        assert_eq!(count.is_object(), revision == MODERN, "{revision}");
        assert_eq!(quiet, &Value::Null);
        if measure.is_object() {
            assert_eq!(measure["type"], "object");
            assert_eq!(measure["properties"]["size"]["description"], "In bytes.");
            assert_eq!(measure["required"], json!(["size"]));
        }
    }
}

#[tokio::test]
async fn a_result_that_fits_its_schema_leaves_as_it_is() {
    for (tool, value) in [("measure", json!({ "size": 7 })), ("count", json!(7))] {
        let app = App::new("measure", "1").tool(Count).tool(Measure);

        let result = ask(app, MODERN, "tools/call", &json!({ "name": tool })).await;

        assert_eq!(result["structuredContent"], value);
        assert_eq!(result["isError"], Value::Null);
    }
}

#[tokio::test]
async fn a_result_that_does_not_fit_its_schema_does_not_leave() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let unfit = CallResult::new(Vec::new()).with_structured(&json!({ "n": "seven" }));
    let unfit = unfit.unwrap();
    for (result, why) in [
        (unfit, "at /n: \"seven\" is not of type \"integer\""),
        (CallResult::new(Vec::new()), "it has no structured value"),
        (CallResult::error("told"), "told"),
    ] {
        let tool = DynamicTool::new("odd", "Odd.", json!({ "type": "object" }), move |_, _| {
            let result = result.clone();
            async move { Ok::<_, ToolError>(result) }
        });
        let app =
            App::new("odd", "1").dynamic_tool(tool.unwrap().with_output_schema(schema.clone()));

        let result = ask(app, MODERN, "tools/call", &json!({ "name": "odd" })).await;

        assert_eq!(result["isError"], true);
        assert_eq!(result["structuredContent"], Value::Null);
        let text = result["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(why), "{text}");
    }
}
