//! Resources, and a template.

use oci_mcp::{App, Contents, Context, Resource, ResourceError, ResourceTemplate};
use serde::Deserialize;
use serde_json::json;

use crate::media::PNG;

pub(crate) fn add(app: App) -> App {
    app.resource(StaticText)
        .resource(StaticBinary)
        .resource(Watched)
        .accept_subscriptions()
        .resource_template(Templated)
}

struct StaticText;

impl Resource for StaticText {
    const URI: &'static str = "test://static-text";
    const NAME: &'static str = "static-text";
    const DESCRIPTION: &'static str = "A text.";
    const MIME_TYPE: Option<&'static str> = Some("text/plain");

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::text(
            "This is the content of the static text resource.",
        ))
    }
}

struct StaticBinary;

impl Resource for StaticBinary {
    const URI: &'static str = "test://static-binary";
    const NAME: &'static str = "static-binary";
    const DESCRIPTION: &'static str = "A picture.";
    const MIME_TYPE: Option<&'static str> = Some("image/png");

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::blob(PNG))
    }
}

struct Watched;

impl Resource for Watched {
    const URI: &'static str = "test://watched-resource";
    const NAME: &'static str = "watched-resource";
    const DESCRIPTION: &'static str = "A text that one may subscribe to, and that never changes.";
    const MIME_TYPE: Option<&'static str> = Some("text/plain");

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::text("This never changes."))
    }
}

#[derive(Deserialize)]
struct Parameters {
    id: String,
}

struct Templated;

impl ResourceTemplate for Templated {
    type Parameters = Parameters;
    const URI_TEMPLATE: &'static str = "test://template/{id}/data";
    const NAME: &'static str = "template";
    const DESCRIPTION: &'static str = "What goes by an id.";
    const MIME_TYPE: Option<&'static str> = Some("application/json");

    async fn read(
        &self,
        _: &Context,
        Parameters { id }: Parameters,
    ) -> Result<Contents, ResourceError> {
        let data = format!("Data for ID: {id}");
        let contents = json!({ "id": id, "templateTest": true, "data": data });
        Ok(Contents::text(contents.to_string()))
    }
}
