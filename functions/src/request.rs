//! An Fn request as the HTTP request the client sent.

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::invocation::{Intent, Invocation, Said};
use crate::response::{PREFIX, Refusal};

/// The headers of `POST /call`, taken apart: what the agent says, and what the client sent.
pub(crate) struct Call {
    intent: Intent,
    method: Option<HeaderValue>,
    request_method: Option<HeaderValue>,
    url: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
    said: Said,
    client: Result<HeaderMap, Refusal>,
}

impl Call {
    /// Empties `headers`. The client's go into `room`, a map without any.
    pub(crate) fn take(headers: &mut HeaderMap, intent: Intent, mut room: HeaderMap) -> Self {
        room.reserve(headers.len());
        let mut call = Self {
            intent,
            method: None,
            request_method: None,
            url: None,
            content_type: None,
            said: Said::default(),
            client: Ok(room),
        };
        let mut name = None;
        for (next, value) in headers.drain() {
            // A further value of the same header comes without its name.
            name = next.or(name);
            if let Some(name) = &name {
                call.add(name, value);
            }
        }
        call
    }

    fn add(&mut self, name: &HeaderName, value: HeaderValue) {
        if let Some(name) = name.as_str().strip_prefix(PREFIX) {
            // A plain invoke has a content type and nothing else.
            if self.intent == Intent::HttpRequest {
                self.add_clients(name, value);
            }
            return;
        }
        let first = match name.as_str() {
            "content-type" => &mut self.content_type,
            // The Fn server sends this one, its documentation names the next.
            "fn-http-method" => &mut self.method,
            "fn-http-request-method" => &mut self.request_method,
            "fn-http-request-url" => &mut self.url,
            // Or it is the agent's own `Accept`, `Host`, and so on.
            name => return self.said.hear(name, value),
        };
        first.get_or_insert(value);
    }

    fn add_clients(&mut self, name: &str, value: HeaderValue) {
        let Ok(client) = &mut self.client else {
            return;
        };
        // What follows the prefix is a name already, unless nothing does.
        let refusal = match HeaderName::from_lowercase(name.as_bytes()) {
            Ok(name) if is_hop_by_hop(&name) => return,
            Ok(name) => match client.try_append(name, value) {
                Ok(_) => return,
                Err(_) => "the request has too many headers",
            },
            Err(_) => "`Fn-Http-H-` is followed by no header name",
        };
        self.client = Err(Refusal::bad_request(refusal.to_owned()));
    }

    /// The client's request, with what the platform says of the call as an extension. `clock` is the
    /// time now, `arrived` when the first byte of the call was there.
    ///
    /// # Errors
    ///
    /// Returns a 400 that names the header if the method, the URL or a header name is not HTTP: the
    /// client chose them, so the call must not look like a failure of the function.
    pub(crate) fn into_request(
        self,
        body: Bytes,
        clock: fn() -> SystemTime,
        arrived: Instant,
    ) -> Result<Request<Bytes>, Refusal> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        if self.intent == Intent::HttpRequest {
            *request.method_mut() = method(self.method.or(self.request_method).as_ref())?;
            *request.uri_mut() = uri(self.url.as_ref())?;
        }
        *request.headers_mut() = self.client?;
        if let Some(content_type) = self.content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        let invocation = Invocation::of(&self.said, self.intent, clock, arrived);
        request.extensions_mut().insert(invocation);
        Ok(request)
    }
}

/// Whether a header belongs to one connection, so that it says nothing beyond it.
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

fn method(value: Option<&HeaderValue>) -> Result<Method, Refusal> {
    let Some(value) = value else {
        return Ok(Method::POST);
    };
    Method::from_bytes(value.as_bytes())
        .map_err(|_cause| refuse("Fn-Http-Method", value, "not an HTTP method"))
}

// The Fn server sends an absolute URL, OCI's API gateway a path.
fn uri(value: Option<&HeaderValue>) -> Result<Uri, Refusal> {
    let Some(value) = value else {
        return Ok(Uri::default());
    };
    Uri::try_from(value.as_bytes())
        .ok()
        .and_then(|url| url.into_parts().path_and_query)
        .map(Uri::from)
        .ok_or_else(|| refuse("Fn-Http-Request-Url", value, "neither a URL nor a path"))
}

fn refuse(header: &str, value: &HeaderValue, why: &str) -> Refusal {
    let value = String::from_utf8_lossy(value.as_bytes());
    let shown: String = value.chars().take(MAX_SHOWN).collect();
    let cut = if shown.len() < value.len() { "…" } else { "" };
    Refusal::bad_request(format!("`{header}` is `{shown}{cut}`, which is {why}"))
}

/// How much of a wrong value an error repeats.
const MAX_SHOWN: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'a> = &'a [(&'static str, &'static str)];

    fn try_decode(fields: Fields<'_>) -> Result<Request<Bytes>, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let intent = Intent::of(&headers);
        let call = Call::take(&mut headers, intent, HeaderMap::new());
        assert!(headers.is_empty());
        call.into_request(
            Bytes::from_static(b"body"),
            || SystemTime::UNIX_EPOCH,
            Instant::now(),
        )
    }

    fn decoded(fields: Fields<'_>) -> Request<Bytes> {
        let mut all = vec![("fn-intent", "httprequest")];
        all.extend(fields);
        try_decode(&all).unwrap()
    }

    fn refused(fields: Fields<'_>) -> String {
        let mut all = vec![("fn-intent", "httprequest")];
        all.extend(fields);
        let refusal = try_decode(&all).unwrap_err();
        assert_eq!(refusal.status, 400);
        refusal.message
    }

    fn lines(request: &Request<Bytes>) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().unwrap())
        };
        request.headers().iter().map(line).collect()
    }

    #[test]
    fn the_client_sees_its_own_method_and_url_again() {
        for (url, expected) in [
            ("/v1/mcp?x=1&y=%20", "/v1/mcp?x=1&y=%20"),
            ("http://host:8080/t/app/mcp?x=1", "/t/app/mcp?x=1"),
            ("https://host", "/"),
            ("https://host?x=1", "/?x=1"),
        ] {
            let request = decoded(&[("fn-http-method", "DELETE"), ("fn-http-request-url", url)]);

            assert_eq!(request.method(), Method::DELETE);
            assert_eq!(request.uri(), expected, "{url}");
            assert_eq!(request.body(), "body");
        }
    }

    #[test]
    fn both_spellings_of_the_method_header_are_understood() {
        let request = decoded(&[("fn-http-request-method", "GET")]);

        assert_eq!(request.method(), Method::GET);
    }

    #[test]
    fn without_method_and_url_the_request_is_a_post_to_the_root() {
        let request = decoded(&[]);

        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/");
    }

    #[test]
    fn what_a_client_got_wrong_is_named() {
        for (fields, expected) in [
            (
                &[("fn-http-method", "NO METHOD")][..],
                "`Fn-Http-Method` is `NO METHOD`, which is not an HTTP method",
            ),
            (
                &[("fn-http-request-url", "mcp")],
                "`Fn-Http-Request-Url` is `mcp`, which is neither a URL nor a path",
            ),
            (
                &[("fn-http-request-url", "/a b")],
                "`Fn-Http-Request-Url` is `/a b`, which is neither a URL nor a path",
            ),
            (
                &[("fn-http-request-url", "")],
                "`Fn-Http-Request-Url` is ``, which is neither a URL nor a path",
            ),
            (
                &[("fn-http-h-", "x")],
                "`Fn-Http-H-` is followed by no header name",
            ),
        ] {
            assert_eq!(refused(fields), expected);
        }
    }

    #[test]
    fn a_long_wrong_value_is_repeated_in_part() {
        let url: &'static str = "x ".repeat(200).leak();

        let message = refused(&[("fn-http-request-url", url)]);

        assert!(message.contains("x x …`"), "{message}");
        assert!(message.len() < 200, "{message}");
    }

    #[test]
    fn only_prefixed_headers_are_the_clients() {
        let request = decoded(&[
            ("host", "localhost"),
            ("accept", "*/*"),
            ("user-agent", "Go-http-client/1.1"),
            ("authorization", "the platform's"),
            ("fn-http-h-accept", "application/json"),
            ("fn-http-h-x-two", "1"),
        ]);

        assert_eq!(lines(&request), ["accept: application/json", "x-two: 1"]);
    }

    #[test]
    fn a_repeated_header_keeps_its_values_in_order() {
        let request = decoded(&[
            ("fn-http-h-x-many", "1"),
            ("fn-http-h-x-one", "a"),
            ("fn-http-h-x-many", "2"),
            ("fn-http-h-x-many", "3"),
        ]);

        let many: Vec<_> = request.headers().get_all("x-many").iter().collect();
        assert_eq!(many, ["1", "2", "3"]);
        assert_eq!(request.headers()["x-one"], "a");
    }

    #[test]
    fn the_unprefixed_content_type_wins() {
        let prefixed = ("fn-http-h-content-type", "text/html");

        let both = decoded(&[prefixed, ("content-type", "application/json")]);
        let one = decoded(&[prefixed]);

        assert_eq!(lines(&both), ["content-type: application/json"]);
        assert_eq!(lines(&one), ["content-type: text/html"]);
    }

    #[test]
    fn hop_by_hop_headers_are_dropped() {
        let request = decoded(&[
            ("fn-http-h-connection", "close"),
            ("fn-http-h-connection", "x"),
            ("fn-http-h-keep-alive", "timeout=5"),
            ("fn-http-h-proxy-authenticate", "Basic"),
            ("fn-http-h-proxy-authorization", "Basic x"),
            ("fn-http-h-proxy-connection", "close"),
            ("fn-http-h-te", "trailers"),
            ("fn-http-h-trailer", "x"),
            ("fn-http-h-transfer-encoding", "chunked"),
            ("fn-http-h-upgrade", "h2c"),
            ("fn-http-h-x-kept", "1"),
        ]);

        assert_eq!(lines(&request), ["x-kept: 1"]);
    }

    #[test]
    fn a_plain_invoke_is_a_post_to_the_root_with_nothing_but_its_content_type() {
        let request = try_decode(&[
            ("content-type", "text/plain"),
            ("fn-http-method", "GET"),
            ("fn-http-request-url", "/mcp"),
            ("fn-http-h-x-two", "1"),
            ("accept", "*/*"),
        ])
        .unwrap();

        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/");
        assert_eq!(lines(&request), ["content-type: text/plain"]);
        let invocation: &Invocation = request.extensions().get().unwrap();
        assert_eq!(invocation.intent, Intent::Invoke);
    }
}
