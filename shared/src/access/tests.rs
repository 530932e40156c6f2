use std::future::ready;

use http::header::HOST;
use http_body_util::BodyExt;
use oci_mcp_access::{Gateway, Scopes, SecureUrl, StaticTokens, metadata_url};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{App, AppService, Config, Context, NoArgs, Tool, ToolError};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const METADATA: &str = "https://a.example/.well-known/oauth-protected-resource/mcp";

/// Tells who calls.
struct Who;

impl Tool for Who {
    type Args = NoArgs;
    type Output = String;
    const NAME: &'static str = "who";
    const DESCRIPTION: &'static str = "Tells who calls.";

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<String, ToolError> {
        let caller = cx.caller().map_or("nobody", Principal::as_str);
        let scopes = cx.identity().map(|identity| identity.scopes().to_string());
        Ok(format!("{caller}: {}", scopes.unwrap_or_default()))
    }
}

fn tokens() -> Verifier {
    let hash = StaticTokens::hash(TOKEN).unwrap();
    let file = json!({ "tokens": [{ "name": "ci", "sha256": hash, "scopes": ["read:tools"] }] });
    Verifier::Static(StaticTokens::parse(file.to_string().as_bytes()).unwrap())
}

fn access(verifier: Verifier) -> Access {
    let resource = SecureUrl::parse("https://a.example/mcp").unwrap();
    let issuer = SecureUrl::parse("https://issuer.example").unwrap();
    let challenges = Challenges::new(Some(metadata_url(&resource)), Scopes::default());
    let metadata = ResourceMetadata::new(&resource, [issuer], Scopes::default()).unwrap();
    Access::new(verifier, challenges).metadata(&metadata)
}

fn app(access: Access) -> AppService {
    let app = App::new("test", "1").tool(Who).access(access);
    app.into_service(Config::default()).unwrap()
}

fn request(method: Method, path: &str) -> Request<Bytes> {
    let call =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "who" } });
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "a.example")
        .header("content-type", "application/json")
        .body(call.to_string().into())
        .unwrap()
}

fn with(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    let value = HeaderValue::from_str(value).unwrap();
    request.headers_mut().append(name, value);
    request
}

fn bearer(request: Request<Bytes>, token: &str) -> Request<Bytes> {
    with(request, "authorization", &format!("Bearer {token}"))
}

async fn ask(app: AppService, request: Request<Bytes>) -> (Response<()>, Value) {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    (Response::from_parts(parts, ()), json)
}

#[tokio::test]
async fn health_and_metadata_are_everybodys_and_all_else_takes_a_token() {
    let status = async |method, path, token| {
        let request = bearer(request(method, path), token);
        ask(app(access(tokens())), request).await.0.status()
    };
    let metadata = "/v1/.well-known/oauth-protected-resource/mcp";

    assert_eq!(status(Method::POST, "/mcp", TOKEN).await, 200);
    for (method, path) in [
        (Method::GET, "/v1/health"),
        (Method::HEAD, "/ready"),
        (Method::GET, metadata),
        (Method::HEAD, metadata),
        (Method::GET, "/.well-known/oauth-protected-resource"),
    ] {
        assert_eq!(status(method, path, "wrong").await, 200, "{path}");
    }
    for (method, path) in [
        (Method::POST, "/mcp"),
        (Method::POST, "/v1/mcp/"),
        (Method::POST, metadata),
        (Method::GET, "/mcp"),
        (Method::GET, "/health/mcp"),
        (Method::GET, "/mcp?/health"),
        (Method::GET, "/"),
    ] {
        assert_eq!(status(method, path, "wrong").await, 401, "{path}");
    }
}

#[tokio::test]
async fn a_stranger_is_told_where_to_get_a_token() {
    let (response, body) = ask(app(access(tokens())), request(Method::POST, "/mcp")).await;

    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()[WWW_AUTHENTICATE],
        format!("Bearer resource_metadata=\"{METADATA}\""),
    );
    let message = "send a token as Authorization: Bearer";
    let error = json!({ "code": -32600, "message": message });
    assert_eq!(body, json!({ "jsonrpc": "2.0", "error": error }));
}

#[tokio::test]
async fn a_refusal_has_the_form_that_the_host_passes_on() {
    let mut request = request(Method::POST, "/mcp");
    let mut delivery = Delivery::http("test");
    delivery.reply = Reply::EventStream;
    request.extensions_mut().insert(delivery);

    let (response, _) = ask(app(access(tokens())), request).await;

    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(response.headers().contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn a_tool_knows_the_caller_and_nothing_behind_the_layer_has_the_token() {
    let request = bearer(request(Method::POST, "/mcp"), TOKEN);
    let (_, answer) = ask(app(access(tokens())), request).await;
    assert_eq!(answer["result"]["content"][0]["text"], "ci: read:tools");

    let gateway = Gateway::new(TOKEN).unwrap();
    let inner = tower::service_fn(|request: Request<Bytes>| {
        let names = request.headers().keys().map(ToString::to_string);
        let names: Vec<_> = names.collect();
        ready(Ok(Response::new(Body::from(names.join(" ").into_bytes()))))
    });
    let layer = AccessLayer::new(Some(access(Verifier::Gateway(gateway))), "/mcp");
    let mut request = bearer(self::request(Method::POST, "/mcp"), "the-clients");
    for (name, value) in GATEWAY_HEADERS.into_iter().zip([TOKEN, "alice", ""]) {
        request = with(request, name, value);
    }

    let response = layer.layer(inner).oneshot(request).await.unwrap();

    let seen = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(seen, "host content-type");
}

#[tokio::test]
async fn behind_a_gateway_neither_its_secret_nor_its_name_alone_will_do() {
    let gateway = Principal::new("ocid1.apigateway.oc1..a");
    let verifier = || Verifier::Gateway(Gateway::new(TOKEN).unwrap());
    let status = async |invoker: Option<&str>, secret, subject| {
        let mut delivery = Delivery::http("functions");
        delivery.caller = invoker.map(Principal::new);
        let mut request = request(Method::POST, "/mcp");
        request.extensions_mut().insert(delivery);
        // What a client may send, and the platform prefixes: it says nothing.
        request = with(request, "oci-subject-id", gateway.as_str());
        request = with(request, "oci-mcp-gateway-secret", secret);
        request = with(request, "oci-mcp-subject", subject);
        let access = access(verifier()).only_from(gateway.clone());
        let (response, _) = ask(app(access), request).await;
        let has_challenge = response.headers().contains_key(WWW_AUTHENTICATE);
        (response.status().as_u16(), has_challenge)
    };
    let known = Some(gateway.as_str());

    assert_eq!(status(known, TOKEN, "alice").await, (200, false));
    assert_eq!(status(None, TOKEN, "alice").await, (403, false));
    assert_eq!(status(Some("other"), TOKEN, "alice").await, (403, false));
    assert_eq!(status(known, "wrong", "alice").await, (403, false));
    assert_eq!(status(known, TOKEN, "").await, (401, true));
}
