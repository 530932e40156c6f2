//! The two tools by which ChatGPT looks into what it is connected to. Their names, arguments and answers are
//! [OpenAI's](https://platform.openai.com/docs/mcp).

use serde_json::{Value, json};

use super::{Arguments, Composing, text};
use crate::answer::{Fields, field, put};
use crate::error::{Category, Failure};
use crate::session::Session;

/// `{results: [{id, title, url}]}` of the resources in which a text is.
pub(in crate::curated) fn search<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let details = json!({ "type": "FreeText", "text": text(&arguments, "query") });
        let found = resources(session, details).await?;
        let region = session.region().await?;
        let found = found.iter().map(|resource| head(resource, region.id()));
        Ok(json!({ "results": found.collect::<Vec<_>>() }))
    })
}

/// `{id, title, url, text, metadata}` of a resource.
pub(in crate::curated) fn fetch<'a>(
    session: &'a Session<'a>,
    arguments: Arguments,
) -> Composing<'a> {
    Box::pin(async move {
        let id = text(&arguments, "id");
        // It becomes part of a query.
        if id.is_empty() || !id.chars().all(is_plain) {
            return Err(Failure::validation(
                "`id` is none; it is that of a result of `search`",
            ));
        }
        let query = format!("query all resources where identifier = '{id}'");
        let found = resources(session, json!({ "type": "Structured", "query": query })).await?;
        let resource = found.first().ok_or_else(|| {
            let problem = "there is no such resource, or this server may not see it";
            Failure::new(Category::NotFound, problem)
        })?;
        let mut document = head(resource, session.region().await?.id());
        put(&mut document, "text", resource.to_string());
        put(
            &mut document,
            "metadata",
            Fields::of(METADATA).project(resource),
        );
        Ok(document)
    })
}

async fn resources(session: &Session<'_>, details: Value) -> Result<Vec<Value>, Failure> {
    let asked = json!({ "limit": MAX_RESULTS, "body": details });
    let mut found = session
        .get("resource_search.search_resources", asked)
        .await?;
    let items = found.get_mut("items").map(Value::take);
    Ok(match items {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    })
}

/// What leads to a resource: for a person the search of OCI's console, which knows them all. It is that of the
/// commercial realm.
fn head(resource: &Value, region: &str) -> Value {
    let text = |name| field(resource, name).as_str().unwrap_or_default();
    let id = text("identifier");
    let name = Some(text("displayName")).filter(|name| !name.is_empty());
    let plain: String = id.chars().filter(|char| is_plain(*char)).collect();
    json!({
        "id": id,
        "title": format!("{} ({})", name.unwrap_or(id), text("resourceType")),
        "url": format!("https://cloud.oracle.com/search?q={plain}&region={region}"),
    })
}

/// Whether it is in OCIDs, and means nothing in a query or a URL.
fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || "._-".contains(char)
}

const METADATA: &str =
    "type=resourceType state=lifecycleState compartment_id=compartmentId created=timeCreated";
const MAX_RESULTS: u32 = 20;
