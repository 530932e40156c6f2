//! Log Analytics: queries over the lines of logs.

use bytes::Bytes;
use http::Response;
use jiff::SignedDuration;
use serde_json::json;

use super::activity::{LINE_EVERY, MAX_EVENTS, check_window, log_line, quoted_words};
use super::received::{Received, time};
use super::refusal::{Refusal, text};
use super::state::State;
use super::value::field;
use super::{list, reply};

/// `POST /20200601/namespaces/{namespace}/search/actions/query`: the lines of logs that have the words which
/// the query has in quotation marks, the latest first. Commands after a bar are not played.
///
/// # Errors
///
/// What OCI refuses, and what is not played.
pub(crate) fn answer(
    state: &State,
    request: &Received<'_>,
    path: &[&str],
) -> Result<Response<Bytes>, Refusal> {
    match path {
        ["namespaces", namespace, "search", "actions", "query"] => {
            if *namespace != state.tenancy.namespace {
                return Err(Refusal::not_found());
            }
            query(state, request)
        }
        _ => Err(Refusal::not_played("POST", request.uri.path())),
    }
}

fn query(state: &State, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    if text(&body, "subSystem")? != "LOG" {
        return Err(Refusal::invalid("subSystem must be LOG"));
    }
    let (compartment, query) = (text(&body, "compartmentId")?, text(&body, "queryString")?);
    state.compartment(compartment)?;
    let span = field(&body, "timeFilter");
    let start = time("timeStart", text(span, "timeStart")?)?;
    let end = time("timeEnd", text(span, "timeEnd")?)?;
    check_window(start, end, SignedDuration::from_hours(24 * 365))?;
    let scopes = if field(&body, "compartmentIdInSubtree") == true {
        state.subtree(compartment)
    } else {
        vec![compartment.to_owned()]
    };
    let logs = state.items("logs").iter();
    let logs: Vec<_> = logs
        .filter(|log| scopes.iter().any(|id| log["compartmentId"] == *id.as_str()))
        .collect();
    let wanted = quoted_words(query);
    let first = start.as_second().div_euclid(LINE_EVERY) + 1;
    let last = end.min(request.now).as_second().div_euclid(LINE_EVERY);
    let mut items = Vec::new();
    for number in (first..=last.min(first + MAX_EVENTS)).rev() {
        let index = usize::try_from(number).unwrap_or_default();
        let Some(log) = logs.get(index % logs.len().max(1)) else {
            break;
        };
        let line = log_line(number, log);
        let data = field(&line, "data");
        let content = field(data, "logContent");
        let written = field(content, "data");
        let row = json!({
            "Time": field(data, "datetime"),
            "Log Source": field(content, "source"),
            "Severity": field(written, "level"),
            "Original Log Content": field(written, "message"),
        });
        if wanted.iter().all(|word| row.to_string().contains(word)) {
            items.push(row);
        }
    }
    let all = items.len();
    items.truncate(list::limit(request, 100)?);
    Ok(reply::ok(&json!({
        "totalCount": all,
        "totalMatchedCount": all,
        "arePartialResults": false,
        "percentComplete": 100,
        "queryExecutionTimeInMs": 12,
        "items": items,
    })))
}
