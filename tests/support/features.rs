//! Resources and prompts of every temper: fixed, by template, failing, panicking, slow.

use std::time::Duration;

use oci_mcp::{
    App, Completion, CompletionRequest, Contents, Context, NoArgs, Prompt, PromptError,
    PromptMessage, Resource, ResourceError, ResourceTemplate,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// A server with all that an app may offer besides tools.
pub fn features() -> App {
    with_features(App::new("test-server", "1.2.3"))
}

/// `app`, and all that an app may offer besides tools.
pub fn with_features(app: App) -> App {
    app.resource(Poem)
        .resource(Pixel)
        .resource(Broken)
        .resource(Leaky)
        .resource(Slow)
        .resource_template(Item)
        .prompt(Hello)
        .prompt(Review)
        .prompt(Secret)
        .prompt(Stuck)
}

pub(crate) struct Poem;

impl Resource for Poem {
    const URI: &'static str = "test://poem";
    const NAME: &'static str = "poem";
    const DESCRIPTION: &'static str = "A short poem.";
    const TITLE: Option<&'static str> = Some("Poem");
    const MIME_TYPE: Option<&'static str> = Some("text/plain");

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::text("so much depends"))
    }
}

struct Pixel;

impl Resource for Pixel {
    const URI: &'static str = "test://pixel";
    const NAME: &'static str = "pixel";
    const DESCRIPTION: &'static str = "A picture.";

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::blob(&b"\x89PNG"[..]).with_mime_type("image/png"))
    }
}

struct Broken;

impl Resource for Broken {
    const URI: &'static str = "test://broken";
    const NAME: &'static str = "broken";
    const DESCRIPTION: &'static str = "Panics when it is read.";

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        panic!("this resource panics")
    }
}

struct Leaky;

impl Resource for Leaky {
    const URI: &'static str = "test://leaky";
    const NAME: &'static str = "leaky";
    const DESCRIPTION: &'static str = "Fails with a cause that is nobody's business.";

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Err(ResourceError::internal("password is hunter2"))
    }
}

struct Slow;

impl Resource for Slow {
    const URI: &'static str = "test://slow";
    const NAME: &'static str = "slow";
    const DESCRIPTION: &'static str = "Takes a minute.";

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Contents::text("at last"))
    }
}

#[derive(Deserialize)]
pub(crate) struct Place {
    shelf: Shelf,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shelf {
    Books,
    Maps,
}

pub(crate) struct Item;

impl ResourceTemplate for Item {
    type Parameters = Place;
    const URI_TEMPLATE: &'static str = "test://items/{shelf}/{id}/data";
    const NAME: &'static str = "item";
    const DESCRIPTION: &'static str = "An item of a shelf.";
    const TITLE: Option<&'static str> = Some("Item");
    const MIME_TYPE: Option<&'static str> = Some("application/json");
    const COMPLETES: bool = true;

    async fn read(&self, _: &Context, place: Place) -> Result<Contents, ResourceError> {
        let kind = match place.shelf {
            Shelf::Books => "book",
            Shelf::Maps => "map",
        };
        match &*place.id {
            "lost" => Err(ResourceError::not_found()),
            "torn" => Err(ResourceError::new("it is torn; ask for another")),
            id => Ok(Contents::text(format!("{kind} {id}"))),
        }
    }

    async fn complete(&self, _: &Context, request: CompletionRequest<'_>) -> Completion {
        match (request.argument(), request.other("shelf")) {
            ("id", Some("maps")) => Completion::new(["map-1", "map-2"]),
            ("id", _) => Completion::new((0..250).map(|n| format!("{}{n}", request.value()))),
            _ => Completion::default(),
        }
    }
}

struct Hello;

impl Prompt for Hello {
    type Args = NoArgs;
    const NAME: &'static str = "hello";
    const DESCRIPTION: &'static str = "Says hello.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(vec![PromptMessage::user("hello")])
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Focus {
    /// What to look at.
    place: String,
    /// What to look for.
    topic: Option<String>,
    kind: Option<Kind>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Short,
    Long,
}

pub(crate) struct Review;

impl Prompt for Review {
    type Args = Focus;
    const NAME: &'static str = "review";
    const DESCRIPTION: &'static str = "Reviews a place.";
    const TITLE: Option<&'static str> = Some("Review");
    const COMPLETES: bool = true;

    async fn get(&self, _: &Context, focus: Focus) -> Result<Vec<PromptMessage>, PromptError> {
        let Focus { place, topic, kind } = focus;
        if place.is_empty() {
            return Err(PromptError::new("`place` is empty; name one"));
        }
        let topic = topic.as_deref().unwrap_or("all");
        let reply = match kind {
            Some(Kind::Short) => "in short",
            Some(Kind::Long) => "at length",
            None => "as you like",
        };
        Ok(vec![
            PromptMessage::user(format!("look at {topic} in {place}")),
            PromptMessage::assistant(reply),
        ])
    }

    async fn complete(&self, _: &Context, request: CompletionRequest<'_>) -> Completion {
        let places = ["paris", "phoenix", "zurich"].into_iter();
        Completion::new(places.filter(|place| place.starts_with(request.value())))
    }
}

struct Secret;

impl Prompt for Secret {
    type Args = NoArgs;
    const NAME: &'static str = "secret";
    const DESCRIPTION: &'static str = "Fails with a cause that is nobody's business.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        Err(PromptError::internal("password is hunter2"))
    }
}

struct Stuck;

impl Prompt for Stuck {
    type Args = NoArgs;
    const NAME: &'static str = "stuck";
    const DESCRIPTION: &'static str = "Takes a minute.";

    async fn get(&self, _: &Context, _: NoArgs) -> Result<Vec<PromptMessage>, PromptError> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Vec::new())
    }
}
