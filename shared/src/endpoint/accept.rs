//! Media types: what a request is, and what its sender takes for an answer (RFC 9110, 8.3, 12.5.1).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Whether the body is declared to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let is_json = |value: &HeaderValue| {
        value
            .to_str()
            .is_ok_and(|value| essence(value).eq_ignore_ascii_case("application/json"))
    };
    // Of two types either may be meant.
    values.next().is_some_and(is_json) && values.next().is_none()
}

/// Whether the sender asks for plain text and not for JSON, as probes of platforms do.
pub(super) fn prefers_text(headers: &HeaderMap) -> bool {
    let names = |wanted: &str| {
        let values = headers.get_all(ACCEPT).into_iter();
        let mut ranges = values.flat_map(|value| value.to_str().unwrap_or("").split(','));
        ranges.any(|range| essence(range).eq_ignore_ascii_case(wanted))
    };
    names("text/plain") && !names("application/json")
}

/// Whether JSON or an event stream is acceptable.
///
/// MCP makes listing both the client's duty and says nothing of servers; clients that list one,
/// `*/*` or nothing exist, so only an answer that is ruled out is refused.
pub(super) fn takes_answer(headers: &HeaderMap) -> bool {
    // What nearly every client sends, first, so that it need not be taken apart.
    if headers
        .get(ACCEPT)
        .is_some_and(|accept| accept == "application/json, text/event-stream")
    {
        return true;
    }
    let mut ranges = headers
        .get_all(ACCEPT)
        .into_iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .filter(|range| !range.trim().is_empty())
        .peekable();
    ranges.peek().is_none() || ranges.any(covers_answer)
}

fn covers_answer(range: &str) -> bool {
    const ANSWERS: [&str; 5] = [
        "*/*",
        "application/*",
        "application/json",
        "text/*",
        "text/event-stream",
    ];
    let essence = essence(range);
    let is_named = ANSWERS
        .iter()
        .any(|answer| essence.eq_ignore_ascii_case(answer));
    is_named && !range.split(';').skip(1).any(is_zero_quality)
}

fn is_zero_quality(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or_default();
    name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0)
}

/// The type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_is_ruled_out_is_not_acceptable() {
        for (accept, is_taken) in [
            (&["application/json, text/event-stream"][..], true),
            (&["application/json", "text/event-stream"], true),
            (&["application/json"], true),
            (&["TEXT/Event-Stream;q=0.5"], true),
            (&["*/*"], true),
            (&["application/*;q=0.1"], true),
            (&[""], true),
            (&[], true),
            (&["text/html"], false),
            (&["application/json;q=0"], false),
            (&["application/json;q=0.000, text/html"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, HeaderValue::from_static(value));
            }

            assert_eq!(takes_answer(&headers), is_taken, "{accept:?}");
        }
    }

    #[test]
    fn json_may_have_parameters_and_any_case() {
        for (content_type, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/jsonx", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(content_type))];

            assert_eq!(
                is_json(&headers.into_iter().collect()),
                json,
                "{content_type}"
            );
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
