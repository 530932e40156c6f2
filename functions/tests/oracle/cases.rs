//! What both are sent. The handlers do what the body asks for: `func.py`, and `answer` in `main.rs`.

/// Requests by the name of their case; those of a case share a connection.
pub(crate) fn cases() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let mut cases = one_request();
    cases.push((
        "user status",
        ["status 202", "status 204", "status 404", "status 500"]
            .map(|body| gateway("/", "", body))
            .to_vec(),
    ));
    cases.push((
        "handler fails, then another request",
        ["throw", "status 200"]
            .map(|body| gateway("/", "", body))
            .to_vec(),
    ));
    cases.push((
        "three requests on one connection",
        ["one", "two", "three"]
            .map(|body| gateway("/", "", body))
            .to_vec(),
    ));
    cases
}

fn one_request() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let cases = [
        ("relative URL", gateway("/v1/mcp", "", "{}")),
        (
            "absolute URL",
            gateway("http://host:8080/t/app/mcp?x=1", "", "{}"),
        ),
        (
            "query, headers, and the agent's own headers",
            gateway("/v1/mcp?x=1&y=%20", OWN_HEADERS, "{}"),
        ),
        (
            "repeated header",
            gateway("/", "Fn-Http-H-X-Many: 1\r\nFn-Http-H-X-Many: 2\r\n", "{}"),
        ),
        ("no body", gateway("/", "", "")),
        (
            "a deadline",
            gateway("/", "Fn-Deadline: 2036-01-01T00:00:00Z\r\n", "{}"),
        ),
        ("chunked request", CHUNKED.to_vec()),
        (
            "expects to be told to continue",
            gateway("/", "Expect: 100-continue\r\n", "{}"),
        ),
        ("user status 502", gateway("/", "", "status 502")),
        ("empty answer", gateway("/", "", "empty")),
        ("plain invoke", post("Content-Type: text/plain\r\n", "hi")),
        ("plain invoke without a type", post("", "hi")),
        ("plain invoke, user status", post("", "status 404")),
        ("plain invoke, handler fails", post("", "throw")),
        (
            "no Fn-Http-Method",
            post("Fn-Intent: httprequest\r\nFn-Http-Request-Url: /\r\n", "hi"),
        ),
        ("another method", b"GET /call HTTP/1.1\r\n\r\n".to_vec()),
        (
            "another path",
            b"POST /other HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
        ),
    ];
    cases.map(|(case, request)| (case, vec![request])).to_vec()
}

/// A request of a gateway's client, without a deadline.
fn gateway(url: &str, more: &str, body: &str) -> Vec<u8> {
    let headers = format!(
        "Fn-Intent: httprequest\r\nFn-Http-Method: POST\r\nFn-Http-Request-Url: {url}\r\n{more}"
    );
    post(&headers, body)
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST /call HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

const OWN_HEADERS: &str = "Host: localhost\r\nUser-Agent: Go-http-client/1.1\r\nAccept: */*\r\n\
    Accept-Encoding: gzip\r\nFn-Call-Id: 01C\r\nFn-Invoke-Type: sync\r\n\
    Fn-Http-H-Accept: application/json\r\nFn-Http-H-X-Two: 2\r\n\
    Content-Type: application/json\r\n";

const CHUNKED: &[u8] = b"POST /call HTTP/1.1\r\nFn-Intent: httprequest\r\nFn-Http-Method: POST\r\n\
    Fn-Http-Request-Url: /\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n";
