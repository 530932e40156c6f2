//! Media types: what a request is, and what its sender takes for an answer (RFC 9110, 8.3, 8.4, 12.5.1).

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

/// Whether the body is declared to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let is_json = |value: &HeaderValue| {
        // Nearly always this, which need not be taken apart.
        value == "application/json"
            || value
                .to_str()
                .is_ok_and(|value| essence(value).eq_ignore_ascii_case("application/json"))
    };
    // Of two types either may be meant.
    values.next().is_some_and(is_json) && values.next().is_none()
}

/// Whether the body is compressed, or coded in another way.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
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

/// What the sender takes for an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Accepted {
    pub(super) json: bool,
    /// `text/event-stream`, by name or by `text/*`: who takes anything may well not read events.
    pub(super) events: bool,
}

/// What the sender takes for an answer.
///
/// MCP makes listing both the client's duty and says nothing of servers; clients that list one,
/// `*/*` or nothing exist, so only an answer that is ruled out is refused.
pub(super) fn accepted(headers: &HeaderMap) -> Accepted {
    // What nearly every client sends, first, so that it need not be taken apart.
    if headers
        .get(ACCEPT)
        .is_some_and(|accept| accept == "application/json, text/event-stream")
    {
        return Accepted {
            json: true,
            events: true,
        };
    }
    let mut ranges = headers
        .get_all(ACCEPT)
        .into_iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .filter(|range| !range.trim().is_empty())
        .peekable();
    let mut accepted = Accepted {
        json: ranges.peek().is_none(),
        events: false,
    };
    for range in ranges {
        if !range.split(';').skip(1).any(is_zero_quality) {
            accepted.json |= is_one_of(range, &["*/*", "application/*", "application/json"]);
            accepted.events |= is_one_of(range, &["text/*", "text/event-stream"]);
        }
    }
    accepted
}

fn is_one_of(range: &str, types: &[&str]) -> bool {
    let essence = essence(range);
    types.iter().any(|name| essence.eq_ignore_ascii_case(name))
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
    fn an_event_stream_is_taken_by_who_names_it_and_json_by_who_names_nothing() {
        for (accept, [json, events]) in [
            (&["application/json, text/event-stream"][..], [true, true]),
            (&["application/json", "text/event-stream"], [true, true]),
            (&["application/json"], [true, false]),
            (&["application/json, text/event-stream;q=0"], [true, false]),
            (&["TEXT/Event-Stream;q=0.5"], [false, true]),
            (&["*/*"], [true, false]),
            (&["application/*;q=0.1"], [true, false]),
            (&[""], [true, false]),
            (&[], [true, false]),
            (&["text/html"], [false, false]),
            (&["application/json;q=0"], [false, false]),
            (&["application/json;q=0.000, text/html"], [false, false]),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, HeaderValue::from_static(value));
            }

            assert_eq!(accepted(&headers), Accepted { json, events }, "{accept:?}");
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
