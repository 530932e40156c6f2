//! Which request goes where.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::collection::Collection;
use super::received::Received;
use super::refusal::{Refusal, text};
use super::state::State;
use super::{
    activity, analytics, compute, ingestion, list, metrics, reply, resource_search, storage,
};

/// Answers a request whose signature is good.
///
/// # Errors
///
/// What OCI refuses, and what is not played.
pub(crate) fn answer(
    state: &mut State,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let method = request.method.as_str();
    match (method, path.as_slice()) {
        (_, ["n", ..]) => storage::answer(state, request),
        ("POST", ["20160918", "instances"]) => compute::launch(state, request),
        ("POST", ["20160918", "instances", id]) => compute::instance_action(state, request, id),
        ("DELETE", ["20160918", "instances", id]) => compute::terminate(state, request, id),
        ("POST", ["20180401", "metrics", "actions", "summarizeMetricsData"]) => {
            metrics::summarize(state, request)
        }
        ("POST", ["20180401", "metrics", "actions", "listMetrics"]) => {
            metrics::list_metrics(state, request)
        }
        ("GET", ["20180401", "alarms", "status"]) => metrics::alarm_status(state, request),
        ("GET", ["20180401", "alarms", id, "history"]) => {
            metrics::alarm_history(state, request, id)
        }
        ("GET", ["20190901", "auditEvents"]) => activity::audit(state, request),
        ("POST", ["20200831", "logs", id, "actions", "push"]) => {
            ingestion::push(state, request, id)
        }
        ("POST", ["20190909", "search"]) => activity::search_logs(state, request),
        ("POST", ["20200601", rest @ ..]) => analytics::answer(state, request, rest),
        ("POST", ["20200107", "usage"]) => activity::usage(state, request),
        ("POST", ["20180409", "resources"]) => resource_search::search_resources(state, request),
        (
            "GET",
            [
                "20190729",
                "services",
                service,
                "limits",
                limit,
                "resourceAvailability",
            ],
        ) => activity::availability(state, request, service, limit),
        (
            "POST",
            [
                "20260325" | "20181201",
                "functions",
                id,
                "actions",
                "invoke",
            ],
        ) => invoke(state, request, id),
        ("POST", ["20181201", "topics", id, "messages"]) => publish(state, request, id),
        ("POST", ["20210415", "containers", id, "actions", "retrieveLogs"]) => {
            container_logs(state, request, id)
        }
        ("POST", [id, "predict", ..]) => predict(state, id),
        ("GET", ["20170115", "loadBalancers", id, "health"]) => health(state, id),
        ("GET", ["20190301", "secretbundles", id]) => secret_bundle(state, id),
        _ => by_collection(state, request, &path),
    }
}

/// What is alike for all collections.
fn by_collection(
    state: &mut State,
    request: &Received<'_>,
    path: &[&str],
) -> Result<Response<Bytes>, Refusal> {
    let method = request.method.as_str();
    match (method, path) {
        ("GET", ["20160918", "compartments", id]) if *id == state.tenancy.id => {
            Ok(reply::ok(&state.tenancy.root()))
        }
        ("POST", [_, _, _, "actions", name]) => {
            match Collection::at(request.path.get(..3).unwrap_or_default()) {
                Some(found) => compute::action(
                    state,
                    request,
                    found.collection.name,
                    found.item.unwrap_or_default(),
                    name,
                ),
                None => Err(Refusal::not_played(method, request.uri.path())),
            }
        }
        ("GET", ["20190101" | "20210415" | "20260325", "workRequests", id]) => {
            Ok(reply::ok(state.item("workRequests", id)?))
        }
        ("GET", _) => match Collection::at(&request.path) {
            Some(found) => list::answer(state, &found, request),
            None => Err(Refusal::not_played(method, request.uri.path())),
        },
        _ => Err(Refusal::not_played(method, request.uri.path())),
    }
}

/// What is in a secret, of those that may be read.
fn secret_bundle(state: &State, id: &str) -> Result<Response<Bytes>, Refusal> {
    let secret = state.item("secrets", id)?;
    // Whoever may not read a secret is told no more than that.
    let content = state.secrets.get(id).ok_or_else(Refusal::not_found)?;
    Ok(reply::ok(&json!({
        "secretId": id,
        "versionNumber": secret["currentVersionNumber"],
        "timeCreated": secret["timeCreated"],
        "stages": ["CURRENT", "LATEST"],
        "secretBundleContent": {
            "contentType": "BASE64",
            "content": BASE64.encode(content.as_bytes()),
        },
    })))
}

/// A function that tells what it got.
fn invoke(state: &State, request: &Received<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    let function = state.item("functions", id)?;
    let call = crate::id::call_id();
    let response = if request.header("fn-invoke-type") == Some("detached") {
        reply::empty(StatusCode::ACCEPTED)
    } else {
        reply::ok(&json!({
            "function": function["displayName"],
            "contentType": request.header("content-type"),
            "received": String::from_utf8_lossy(request.body),
        }))
    };
    Ok(reply::with(response, "fn-call-id", call))
}

fn publish(state: &State, request: &Received<'_>, id: &str) -> Result<Response<Bytes>, Refusal> {
    state.item("topics", id)?;
    text(&request.json()?, "body")?;
    let result = json!({ "messageId": crate::id::call_id(), "timeStamp": request.now });
    Ok(reply::json(StatusCode::ACCEPTED, &result))
}

fn container_logs(
    state: &State,
    request: &Received<'_>,
    id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let container = state.item("containers", id)?;
    let name = container["displayName"].as_str().unwrap_or_default();
    let lines = (0..200_i64).rev().map(|number| {
        let at = request.now - jiff::SignedDuration::from_secs(30 * number);
        format!("{at} {name} GET /orders 200 12 ms\n")
    });
    Ok(reply::typed(
        StatusCode::OK,
        "text/plain",
        lines.collect::<String>(),
    ))
}

fn predict(state: &State, id: &str) -> Result<Response<Bytes>, Refusal> {
    let deployment = state.item("modelDeployments", id)?;
    if deployment["lifecycleState"] != "ACTIVE" {
        return Err(Refusal::not_found());
    }
    Ok(reply::ok(&json!({ "prediction": [0.87] })))
}

fn health(state: &State, id: &str) -> Result<Response<Bytes>, Refusal> {
    let balancer = state.item("loadBalancers", id)?;
    let sets = balancer["backendSets"]
        .as_object()
        .map_or(0, serde_json::Map::len);
    let none: [Value; 0] = [];
    Ok(reply::ok(&json!({
        "status": "OK",
        "totalBackendSetCount": sets,
        "criticalStateBackendSetNames": none,
        "unknownStateBackendSetNames": none,
        "warningStateBackendSetNames": none,
    })))
}
