//! Lists: filters, order and pages.

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::Response;
use serde_json::{Value, json};

use super::collection::{Collection, FILTERS, Found};
use super::received::Received;
use super::refusal::Refusal;
use super::reply;
use super::state::{State, etag};

/// The items of a list, or one of them.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn answer(
    state: &State,
    found: &Found<'_>,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let Found {
        collection,
        within,
        item,
    } = found;
    let inside = |candidate: &Value| {
        within
            .iter()
            .all(|(field, value)| candidate[*field] == *value)
    };
    if let Some(id) = item {
        let item = state.item(collection.name, id)?;
        if !inside(item) {
            return Err(Refusal::not_found());
        }
        return Ok(reply::with(reply::ok(item), "etag", etag(item)));
    }
    for name in collection.required {
        request.required(name)?;
    }
    let mut items = Vec::new();
    let scope = scope(state, collection, request)?;
    for item in state
        .items(collection.name)
        .iter()
        .filter(|item| inside(item))
    {
        if scope.matches(item) && filters_match(item, request) {
            items.push(summary(collection, item));
        }
    }
    sort(&mut items, request)?;
    page(&items, collection.wrapped, request)
}

/// One page of `items`, with the headers that lead to the next one.
///
/// # Errors
///
/// Refuses a limit or a page that makes no sense.
pub(crate) fn page(
    items: &[Value],
    wrapped: bool,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let limit = limit(request, PAGE)?;
    let start = match request.param("page") {
        None => 0,
        Some(page) => offset(page)
            .filter(|start| *start <= items.len())
            .ok_or_else(|| {
                Refusal::invalid(format!(
                    "page must be an opc-next-page of this list, not `{page}`"
                ))
            })?,
    };
    let end = items.len().min(start + limit);
    let shown = items.get(start..end).unwrap_or_default();
    let body = if wrapped {
        json!({ "items": shown })
    } else {
        json!(shown)
    };
    let mut response = reply::with(reply::ok(&body), "opc-total-items", items.len().to_string());
    if end < items.len() {
        response = reply::with(response, "opc-next-page", token(end));
    }
    Ok(response)
}

/// The parameter `limit`.
///
/// # Errors
///
/// Refuses what is not a number from 1 to 1000.
pub(crate) fn limit(request: &Received<'_>, default: usize) -> Result<usize, Refusal> {
    match request.param("limit") {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=1000).contains(limit))
            .ok_or_else(|| {
                Refusal::invalid(format!(
                    "limit must be a number from 1 to 1000, not `{text}`"
                ))
            }),
    }
}

/// The compartments whose items are asked for.
enum Scope {
    All,
    Of(Vec<String>),
}

impl Scope {
    fn matches(&self, item: &Value) -> bool {
        match (self, item["compartmentId"].as_str()) {
            // What Oracle offers to all, as platform images, is in no compartment.
            (Self::All, _) | (_, None) => true,
            (Self::Of(compartments), Some(id)) => compartments.iter().any(|scope| scope == id),
        }
    }
}

fn scope(state: &State, collection: &Collection, request: &Received<'_>) -> Result<Scope, Refusal> {
    let Some(compartment) = request.param("compartmentId") else {
        return Ok(Scope::All);
    };
    state.compartment(compartment)?;
    if request.param("compartmentIdInSubtree") != Some("true") {
        return Ok(Scope::Of(vec![compartment.to_owned()]));
    }
    if compartment != state.tenancy.id && collection.name == "compartments" {
        return Err(Refusal::invalid(
            "compartmentIdInSubtree needs the tenancy as compartmentId",
        ));
    }
    Ok(Scope::Of(state.subtree(compartment)))
}

fn filters_match(item: &Value, request: &Received<'_>) -> bool {
    FILTERS.iter().all(|field| {
        let wanted = request.params(field);
        let fits = |wanted: &&str| item[*field] == **wanted || is_work_on(item, field, wanted);
        wanted.is_empty() || wanted.iter().any(fits)
    })
}

/// Whether `item` is a work request that changes what `id` names, by the parameter `field`.
fn is_work_on(item: &Value, field: &str, id: &str) -> bool {
    let resources = item["resources"].as_array().into_iter().flatten();
    ["clusterId", "resourceId"].contains(&field)
        && resources
            .into_iter()
            .any(|resource| resource["identifier"] == id)
}

fn summary(collection: &Collection, item: &Value) -> Value {
    let mut item = item.clone();
    if let Value::Object(fields) = &mut item {
        fields.retain(|name, _| !collection.detail.contains(&name.as_str()));
    }
    item
}

fn sort(items: &mut [Value], request: &Received<'_>) -> Result<(), Refusal> {
    let Some(by) = request.param("sortBy") else {
        return Ok(());
    };
    let (field, newest_first) = match by.to_ascii_lowercase().as_str() {
        "timecreated" => ("timeCreated", true),
        "displayname" => ("displayName", false),
        "name" => ("name", false),
        "severity" => ("severity", false),
        _ => return Err(Refusal::invalid(format!("sortBy cannot be `{by}`"))),
    };
    let descending = match request
        .param("sortOrder")
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        None => newest_first,
        Some("ASC") => false,
        Some("DESC") => true,
        Some(order) => return Err(Refusal::invalid(format!("sortOrder cannot be `{order}`"))),
    };
    items.sort_by(|one, other| {
        let order = one[field].as_str().cmp(&other[field].as_str());
        if descending { order.reverse() } else { order }
    });
    Ok(())
}

fn token(offset: usize) -> String {
    BASE64URL_NOPAD.encode(format!("{PAGE_PREFIX}{offset}").as_bytes())
}

fn offset(token: &str) -> Option<usize> {
    let text = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    std::str::from_utf8(&text)
        .ok()?
        .strip_prefix(PAGE_PREFIX)?
        .parse()
        .ok()
}

/// Small, so that a client that does not follow pages misses some of the 30 instances.
const PAGE: usize = 25;
const PAGE_PREFIX: &str = "page:";
