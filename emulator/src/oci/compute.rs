//! What changes resources: lifecycle actions, launch and terminate.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http::{Response, StatusCode};
use ring::digest;
use serde_json::{Value, json};

use super::received::Received;
use super::refusal::{Refusal, text};
use super::state::{State, etag};
use super::value::field;
use super::{fleet, reply};

/// A change of lifecycle that a caller may ask for.
#[derive(Debug)]
struct Action {
    collection: &'static str,
    names: &'static [&'static str],
    from: &'static str,
    during: &'static str,
    after: &'static str,
}

/// `POST /20160918/instances/{id}?action=`.
pub(crate) fn instance_action(
    state: &mut State,
    request: &Received<'_>,
    id: &str,
) -> Result<Response<Bytes>, Refusal> {
    if let Some(item) = repeated(state, request)? {
        return Ok(reply::with(reply::ok(item), "etag", etag(item)));
    }
    let name = request.required("action")?.to_ascii_uppercase();
    let item = act(state, request, "instances", id, &name)?;
    remember(state, request, id);
    Ok(item.into_response())
}

/// `POST .../{id}/actions/{name}`.
pub(crate) fn action(
    state: &mut State,
    request: &Received<'_>,
    collection: &str,
    id: &str,
    name: &str,
) -> Result<Response<Bytes>, Refusal> {
    let item = act(state, request, collection, id, name)?;
    if collection == "autonomousDatabases" {
        return Ok(item.into_response());
    }
    let response = reply::empty(StatusCode::ACCEPTED);
    Ok(reply::with(response, "opc-work-request-id", item.work))
}

struct Changed {
    item: Value,
    work: String,
}

impl Changed {
    fn into_response(self) -> Response<Bytes> {
        let response = reply::with(reply::ok(&self.item), "etag", etag(&self.item));
        reply::with(response, "opc-work-request-id", self.work)
    }
}

fn act(
    state: &mut State,
    request: &Received<'_>,
    collection: &str,
    id: &str,
    name: &str,
) -> Result<Changed, Refusal> {
    let mut actions = ACTIONS
        .iter()
        .filter(|action| action.collection == collection);
    let action = actions
        .find(|action| action.names.contains(&name))
        .ok_or_else(|| Refusal::invalid(format!("`{name}` is not an action of {collection}")))?;
    let item = state.item(collection, id)?;
    if_match(request, item)?;
    let lifecycle = item["lifecycleState"].as_str().unwrap_or_default();
    if lifecycle != action.from {
        let message = format!("`{name}` needs the state {}, not {lifecycle}", action.from);
        return Err(Refusal::conflict("IncorrectState", message));
    }
    let item = item.clone();
    state.change(collection, id, &json!({ "lifecycleState": action.during }));
    state.change_later(
        request.now,
        action.collection,
        id,
        json!({ "lifecycleState": action.after }),
    );
    let work = state.work(request.now, name, action.collection, &item);
    let item = state.item(collection, id)?.clone();
    Ok(Changed { item, work })
}

/// `POST /20160918/instances`.
pub(crate) fn launch(
    state: &mut State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    if let Some(item) = repeated(state, request)? {
        return Ok(reply::with(reply::ok(item), "etag", etag(item)));
    }
    let item = fleet::launch(state, &body, request.now)?;
    let id = text(&item, "id")?.to_owned();
    remember(state, request, &id);
    state.change_later(
        request.now,
        "instances",
        &id,
        json!({ "lifecycleState": "RUNNING" }),
    );
    let work = state.work(request.now, "LaunchInstance", "instance", &item);
    Ok(Changed { item, work }.into_response())
}

/// The instance that `request` was about when its retry token came before.
fn repeated<'s>(state: &'s State, request: &Received<'_>) -> Result<Option<&'s Value>, Refusal> {
    let token = request.header(RETRY_TOKEN);
    let Some((first, id)) = token.and_then(|token| state.repeatable.get(token)) else {
        return Ok(None);
    };
    if *first != hash(request) {
        let message = "The retry token was used with another request";
        return Err(Refusal::conflict("InvalidatedRetryToken", message));
    }
    state.item("instances", id).map(Some)
}

fn remember(state: &mut State, request: &Received<'_>, id: &str) {
    if let Some(token) = request.header(RETRY_TOKEN) {
        let did = (hash(request), id.to_owned());
        state.repeatable.insert(token.to_owned(), did);
    }
}

fn hash(request: &Received<'_>) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(request.uri.to_string().as_bytes());
    hash.update(request.body);
    HEXLOWER.encode(hash.finish().as_ref())
}

/// `DELETE /20160918/instances/{id}`.
pub(crate) fn terminate(
    state: &mut State,
    request: &Received<'_>,
    id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let item = state.item("instances", id)?.clone();
    if_match(request, &item)?;
    if ["TERMINATING", "TERMINATED"]
        .iter()
        .any(|gone| field(&item, "lifecycleState") == *gone)
    {
        return Err(Refusal::conflict(
            "IncorrectState",
            "The instance is terminated",
        ));
    }
    state.change("instances", id, &json!({ "lifecycleState": "TERMINATING" }));
    state.change_later(
        request.now,
        "instances",
        id,
        json!({ "lifecycleState": "TERMINATED" }),
    );
    let work = state.work(request.now, "TerminateInstance", "instance", &item);
    let response = reply::empty(StatusCode::NO_CONTENT);
    Ok(reply::with(response, "opc-work-request-id", work))
}

fn if_match(request: &Received<'_>, item: &Value) -> Result<(), Refusal> {
    match request.header("if-match") {
        Some(wanted) if wanted != "*" && wanted.trim_matches('"') != etag(item) => {
            Err(Refusal::etag("NoEtagMatch"))
        }
        _ => Ok(()),
    }
}

const RETRY_TOKEN: &str = "opc-retry-token";

const fn change(
    collection: &'static str,
    names: &'static [&'static str],
    [from, during, after]: [&'static str; 3],
) -> Action {
    Action {
        collection,
        names,
        from,
        during,
        after,
    }
}

const ACTIONS: &[Action] = &[
    change("instances", &["START"], ["STOPPED", "STARTING", "RUNNING"]),
    change(
        "instances",
        &["STOP", "SOFTSTOP"],
        ["RUNNING", "STOPPING", "STOPPED"],
    ),
    change(
        "instances",
        &["RESET", "SOFTRESET"],
        ["RUNNING", "STARTING", "RUNNING"],
    ),
    change(
        "autonomousDatabases",
        &["start"],
        ["STOPPED", "STARTING", "AVAILABLE"],
    ),
    change(
        "autonomousDatabases",
        &["stop"],
        ["AVAILABLE", "STOPPING", "STOPPED"],
    ),
    change(
        "autonomousDatabases",
        &["restart"],
        ["AVAILABLE", "RESTARTING", "AVAILABLE"],
    ),
    change(
        "containerInstances",
        &["start"],
        ["INACTIVE", "UPDATING", "ACTIVE"],
    ),
    change(
        "containerInstances",
        &["stop"],
        ["ACTIVE", "UPDATING", "INACTIVE"],
    ),
    change(
        "containerInstances",
        &["restart"],
        ["ACTIVE", "UPDATING", "ACTIVE"],
    ),
    change(
        "modelDeployments",
        &["activate"],
        ["INACTIVE", "UPDATING", "ACTIVE"],
    ),
    change(
        "modelDeployments",
        &["deactivate"],
        ["ACTIVE", "UPDATING", "INACTIVE"],
    ),
];
