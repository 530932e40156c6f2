//! HTTP: paths, methods, media types, origins, hosts, limits.

use bytes::Bytes;
use http::{Method, Request};
use oci_mcp::Config;
use oci_mcp_tests::{LIST, Server, app, headerless, post, send, with, without};
use serde_json::json;

#[tokio::test]
async fn the_path_may_have_a_prefix_and_a_slash_and_leads_nowhere_else() {
    for (path, status) in [
        ("/mcp", 200),
        ("/mcp/", 200),
        ("/v1/mcp", 200),
        ("/a/b/mcp/?x=1", 200),
        ("/", 404),
        ("/xmcp", 404),
        ("/mcp/x", 404),
        ("/predict", 404),
    ] {
        let mut request = post(LIST);
        *request.uri_mut() = path.parse().unwrap();

        assert_eq!(send(request).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_path_that_the_operator_chose_is_the_only_one() {
    let chosen = |name: &str| (name == "OCI_MCP_PATH").then(|| "/tools".to_owned());
    let server = Server::with(app(), Config::from_vars(chosen).unwrap());
    for (path, status) in [("/tools", 200), ("/v1/tools/", 200), ("/mcp", 404)] {
        let mut request = post(LIST);
        *request.uri_mut() = path.parse().unwrap();

        assert_eq!(server.send(request).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn other_http_methods_are_told_what_is_there() {
    for method in [
        Method::GET,
        Method::DELETE,
        Method::PUT,
        Method::OPTIONS,
        Method::HEAD,
    ] {
        let mut request = post(LIST);
        *request.method_mut() = method.clone();

        let reply = send(request).await;

        assert_eq!(
            (reply.status.as_u16(), &reply.headers["allow"]),
            (405, &"POST".parse().unwrap()),
            "{method}"
        );
        assert!(reply.message().contains("/health"));
        assert_eq!(reply.json().get("id"), None);
    }
}

#[tokio::test]
async fn health_is_answered_under_any_prefix_and_only_to_get() {
    for path in ["/health", "/v1/health/", "/ready"] {
        let health = send(Request::get(path).body(Bytes::new()).unwrap()).await;

        assert_eq!(health.status, 200);
        assert_eq!(
            health.json(),
            json!({ "status": "healthy", "service": "test-server" })
        );
    }
    let post = send(Request::post("/health").body(Bytes::new()).unwrap()).await;
    assert_eq!(
        (post.status.as_u16(), &post.headers["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}

#[tokio::test]
async fn a_probe_that_asks_for_text_gets_text() {
    for (accept, body) in [
        ("text/plain", "OK"),
        ("text/plain, application/json", "{"),
        ("*/*", "{"),
    ] {
        let probe = Request::get("/health")
            .header("accept", accept)
            .body(Bytes::new());

        let health = send(probe.unwrap()).await;

        assert!(health.body.starts_with(body.as_bytes()), "{accept}");
    }
}

#[tokio::test]
async fn a_body_that_the_host_did_not_read_is_too_large() {
    let mut request = post("");
    let mut delivery = oci_mcp::Delivery::http("test");
    delivery.undelivered_bytes = Some(5_000_000);
    request.extensions_mut().insert(delivery);

    let reply = send(request).await;

    assert_eq!(reply.status, 413);
    assert!(reply.message().contains("5000000 bytes"));
}

#[tokio::test]
async fn the_guides_requests_without_any_mcp_header_work() {
    let list = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("authorization", "Bearer <your-token>");
    let list = send(
        list.body(r#"{"jsonrpc":"2.0","method":"tools/list","id":1}"#.into())
            .unwrap(),
    )
    .await;

    assert_eq!(list.headers["content-type"], "application/json");
    assert!(list.json()["result"]["tools"].is_array());
}

#[tokio::test]
async fn media_types_are_checked_leniently() {
    for (name, value, status) in [
        ("accept", "application/json", 200),
        ("accept", "*/*", 200),
        ("accept", "text/event-stream", 200),
        ("accept", "text/html", 406),
        ("content-type", "application/json; charset=utf-8", 200),
        ("content-type", "text/plain", 415),
        ("content-type", "application/x-www-form-urlencoded", 415),
        ("content-encoding", "identity", 200),
        ("content-encoding", "gzip", 415),
    ] {
        assert_eq!(
            send(with(post(LIST), name, value)).await.status,
            status,
            "{name}: {value}"
        );
    }
    assert_eq!(send(without(post(LIST), "content-type")).await.status, 415);
}

#[tokio::test]
async fn only_pages_of_this_machine_may_call_unless_the_operator_names_others() {
    let named = Config::from_vars(|name| {
        (name == "OCI_MCP_ALLOWED_ORIGINS")
            .then(|| "https://claude.ai, https://x.com:8443".to_owned())
    });
    let named = Server::with(app(), named.unwrap());
    let by_default = Server::new(app());
    for (origin, default, when_named) in [
        ("http://localhost:6274", 200, 403),
        ("http://127.0.0.1:8080", 200, 403),
        ("https://claude.ai", 403, 200),
        ("https://x.com:8443", 403, 200),
        ("https://x.com", 403, 403),
        ("http://evil.example.com", 403, 403),
        ("null", 403, 403),
    ] {
        let request = || with(post(LIST), "origin", origin);

        assert_eq!(by_default.send(request()).await.status, default, "{origin}");
        assert_eq!(named.send(request()).await.status, when_named, "{origin}");
    }
}

#[tokio::test]
async fn only_named_hosts_are_served_once_the_operator_names_some() {
    let config = Config::from_vars(|name| {
        (name == "OCI_MCP_ALLOWED_HOSTS").then(|| "mcp.example.com".to_owned())
    });
    let server = Server::with(app(), config.unwrap());
    for (host, status) in [
        (Some("mcp.example.com"), 200),
        (Some("MCP.example.com:443"), 200),
        (Some("evil.example.com"), 403),
        (None, 403),
    ] {
        let request = post(LIST);
        let request = match host {
            Some(host) => with(request, "host", host),
            None => request,
        };

        assert_eq!(server.send(request).await.status, status, "{host:?}");
    }
    assert_eq!(server.send(headerless(post(LIST))).await.status, 200);
}

#[tokio::test]
async fn a_header_that_decides_may_not_be_there_twice() {
    let allowed = |name: &str| (name == "OCI_MCP_ALLOWED_HOSTS").then(|| "good.com".to_owned());
    let server = Server::with(app(), Config::from_vars(allowed).unwrap());
    let mut hosts = with(post(LIST), "host", "good.com");
    hosts
        .headers_mut()
        .append("host", "evil.com".parse().unwrap());
    let mut types = with(post(LIST), "host", "good.com");
    types
        .headers_mut()
        .append("content-type", "text/plain".parse().unwrap());

    assert_eq!(server.send(hosts).await.status, 403);
    assert_eq!(server.send(types).await.status, 415);
}

#[tokio::test]
async fn a_page_that_rebinds_its_name_to_this_machine_is_refused_and_a_local_one_is_not() {
    let from = |host, origin| with(with(post(LIST), "host", host), "origin", origin);

    let rebound = send(from("evil.example.com", "http://evil.example.com")).await;
    let local = send(from("127.0.0.1:8080", "http://127.0.0.1:8080")).await;

    assert_eq!((rebound.status.as_u16(), local.status.as_u16()), (403, 200));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_the_limits_name() {
    let limit = |name: &str| (name == "OCI_MCP_MAX_BODY_BYTES").then(|| "1024".to_owned());
    let server = Server::with(app(), Config::from_vars(limit).unwrap());

    let fits = server.post(format!("{LIST:1024}")).await;
    let too_large = server.post(format!("{LIST:1025}")).await;

    assert_eq!(fits.status, 200);
    assert_eq!(too_large.status, 413);
    assert!(too_large.message().contains("OCI_MCP_MAX_BODY_BYTES"));
    assert_eq!(
        Server::new(app()).post(vec![b' '; 7_000_000]).await.status,
        413
    );
}
