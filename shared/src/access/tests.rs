mod bound;
mod mounted;

use std::future::ready;
use std::time::SystemTime;

use http::header::HOST;
use http_body_util::BodyExt;
use oci_mcp_access::{
    ClientCredentials, Gateway, Introspection, Requirements, Scopes, SecureUrl, StaticTokens,
    Transport, metadata_url,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    App, AppService, Config, Contents, Context, NoArgs, Prompt, PromptError, PromptMessage,
    Resource, ResourceError, Tool, ToolError,
};

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
    let params = json!({ "name": "who" });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "a.example")
        .header("content-type", "application/json")
        .body(call.to_string().into())
        .unwrap()
}

fn with(mut request: Request<Bytes>, name: &'static str, value: &str) -> Request<Bytes> {
    request.headers_mut().append(name, value.parse().unwrap());
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

/// What nobody may do who only reads.
struct Delete;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Target {
    compartment: String,
    name: String,
}

impl Tool for Delete {
    type Args = Target;
    type Output = String;
    const NAME: &'static str = "delete";
    const DESCRIPTION: &'static str = "Deletes a thing.";

    async fn call(&self, _: &Context, args: Target) -> Result<String, ToolError> {
        Ok(format!("{} of {}", args.name, args.compartment))
    }
}

/// What only reads, and is no tool.
struct Guide;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Topic {
    topic: Option<String>,
}

impl Prompt for Guide {
    type Args = Topic;
    const NAME: &'static str = "guide";
    const DESCRIPTION: &'static str = "Guides.";
    const COMPLETES: bool = true;

    async fn get(&self, _: &Context, args: Topic) -> Result<Vec<PromptMessage>, PromptError> {
        Ok(vec![PromptMessage::user(args.topic.unwrap_or_default())])
    }
}

struct Page;

impl Resource for Page {
    const URI: &'static str = "page://one";
    const NAME: &'static str = "page";
    const DESCRIPTION: &'static str = "A page.";

    async fn read(&self, _: &Context) -> Result<Contents, ResourceError> {
        Ok(Contents::text("one"))
    }
}

/// `who`, `delete`, `guide` and `page` behind an issuer's token with `scopes` and the claim `tenant`, under `policy`.
struct Guarded {
    scopes: &'static str,
    policy: Value,
}

impl Guarded {
    fn access(&self) -> Access {
        let answer = json!({
            "active": true, "sub": "user", "aud": "mcp", "scope": self.scopes, "tenant": "acme",
        });
        let issuer = tower::service_fn(move |_: Request<Bytes>| {
            let answer = Bytes::from(answer.to_string());
            async { Ok::<_, oci_mcp_access::BoxError>(Response::new(answer)) }
        });
        let policy: Policy = serde_json::from_value(self.policy.clone()).unwrap();
        let requirements = Requirements::new("https://issuer.example", ["mcp"]).unwrap();
        let introspection = Introspection::new(
            SecureUrl::parse("https://issuer.example/introspect").unwrap(),
            ClientCredentials::new("mcp", "secret"),
            requirements.keep(policy.claims()),
            Transport::new(issuer),
            Arc::new(|| SystemTime::UNIX_EPOCH),
        );
        access(Verifier::Introspection(Box::new(introspection))).policy(policy)
    }

    async fn ask(&self, method: &str, params: Value) -> (Response<()>, Value) {
        self.ask_with(method, params, |request| request).await
    }

    async fn ask_with(
        &self,
        method: &str,
        params: Value,
        change: impl FnOnce(Request<Bytes>) -> Request<Bytes>,
    ) -> (Response<()>, Value) {
        let app = App::new("test", "1").tool(Who).tool(Delete);
        let app = app.prompt(Guide).resource(Page).access(self.access());
        let app = app.into_service(Config::default()).unwrap();
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = bearer(request(Method::POST, "/mcp"), TOKEN);
        *request.body_mut() = message.to_string().into();
        ask(app, change(request)).await
    }

    async fn tools(&self) -> Vec<Value> {
        let (_, answer) = self.ask("tools/list", json!({})).await;
        answer["result"]["tools"].as_array().unwrap().clone()
    }

    async fn delete(&self, arguments: Value) -> (Response<()>, Value) {
        let params = json!({ "name": "delete", "arguments": arguments });
        self.ask("tools/call", params).await
    }
}

#[tokio::test]
async fn a_call_that_takes_more_scopes_is_forbidden_and_all_of_them_are_named() {
    let rule = json!({ "tools": { "name": "delete" }, "scopes": ["write:tools", "admin"] });
    let policy = json!({ "rules": [rule], "write": ["read:tools"] });
    let reader = Guarded {
        scopes: "read:tools admin",
        policy,
    };

    let arguments = json!({ "compartment": "a", "name": "b" });
    let (refused, answer) = reader.delete(arguments).await;
    let (_, allowed) = reader.ask("tools/call", json!({ "name": "who" })).await;

    assert_eq!(refused.status(), 403);
    assert_eq!(
        refused.headers()[WWW_AUTHENTICATE],
        format!(
            "Bearer error=\"insufficient_scope\", \
             error_description=\"the token does not allow this; it needs more scopes\", \
             resource_metadata=\"{METADATA}\", scope=\"admin write:tools\""
        ),
    );
    assert_eq!(answer["id"], 1);
    assert_eq!(answer["error"]["code"], -32600);
    assert_eq!(
        allowed["result"]["content"][0]["text"],
        "user: admin read:tools"
    );
}

#[tokio::test]
async fn a_list_shows_what_its_caller_may_call() {
    let names = async |scopes| {
        let policy = json!({ "write": ["write:tools"] });
        let tools = Guarded { scopes, policy }.tools().await;
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap());
        names.collect::<Vec<_>>().join(" ")
    };

    assert_eq!(names("write:tools").await, "delete who");
    assert_eq!(names("read:tools WRITE:TOOLS").await, "");
}

#[tokio::test]
async fn other_spellings_of_a_name_lead_to_no_tool() {
    let policy =
        json!({ "rules": [{ "tools": { "glob": "d*" }, "scopes": ["admin"] }], "write": [] });
    let caller = Guarded { scopes: "", policy };

    for name in ["Delete", "delete ", "d\u{0435}lete", "./delete", "delete\0"] {
        let (response, answer) = caller.ask("tools/call", json!({ "name": name })).await;

        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(answer["error"]["code"], -32602, "{name}");
    }
}

#[tokio::test]
async fn an_argument_that_the_token_decides_is_neither_seen_nor_chosen() {
    let binding = |claim| {
        let tools = json!({ "glob": "*" });
        let binding = json!({ "tools": tools, "argument": "compartment", "claim": claim });
        json!({ "write": [], "bindings": [binding] })
    };
    let (policy, other) = (binding("tenant"), binding("nobody-has-it"));
    let bound = Guarded { scopes: "", policy };
    let unbound = Guarded {
        scopes: "",
        policy: other,
    };

    let tools = bound.tools().await;
    let (_, called) = bound.delete(json!({ "name": "b" })).await;
    let chosen = json!({ "name": "b", "compartment": "evil" });
    let (_, chosen) = bound.delete(chosen).await;
    let (_, without) = bound.ask("tools/call", json!({ "name": "who" })).await;
    let (refused, _) = unbound.delete(json!({ "name": "b" })).await;

    assert_eq!(tools[0]["inputSchema"]["required"], json!(["name"]));
    assert_eq!(
        tools[0]["inputSchema"]["properties"].get("compartment"),
        None
    );
    assert_eq!(called["result"]["content"][0]["text"], "b of acme");
    assert_eq!(chosen["error"]["code"], -32602);
    assert_eq!(without["result"]["content"][0]["text"], "user: ");
    assert_eq!(refused.status(), 403);
    assert_eq!(unbound.tools().await.len(), 1);
}

#[tokio::test]
async fn resources_and_prompts_take_the_scopes_of_a_tool_that_only_reads() {
    let policy = json!({ "read": ["read:tools"], "rules": [
        { "tools": { "glob": "*" }, "scopes": ["write:tools"] },
    ] });
    let ask = async |scopes, method, params: &Value| {
        let policy = policy.clone();
        Guarded { scopes, policy }.ask(method, params.clone()).await
    };
    let argument = json!({ "name": "topic", "value": "" });
    let prompt = json!({ "type": "ref/prompt", "name": "guide" });
    let uses = [
        ("prompts/get", json!({ "name": "guide" })),
        ("resources/read", json!({ "uri": "page://one" })),
        (
            "completion/complete",
            json!({ "ref": prompt, "argument": argument }),
        ),
    ];
    let lists = [
        ("prompts/list", "prompts", 1),
        ("resources/list", "resources", 1),
        ("resources/templates/list", "resourceTemplates", 0),
    ];

    for (method, params) in &uses {
        let (allowed, _) = ask("read:tools", method, params).await;
        let (refused, answer) = ask("write:tools", method, params).await;
        let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();

        assert_eq!(allowed.status(), 200, "{method}");
        assert_eq!(refused.status(), 403, "{method}");
        assert!(challenge.ends_with("scope=\"read:tools\""), "{challenge}");
        assert_eq!(answer["error"]["code"], -32600, "{method}");
    }
    for (method, key, count) in lists {
        let seen = async |scopes| {
            let (_, answer) = ask(scopes, method, &json!({})).await;
            answer["result"][key].as_array().unwrap().len()
        };

        assert_eq!(seen("read:tools").await, count, "{method}");
        assert_eq!(seen("write:tools").await, 0, "{method}");
    }
}

#[tokio::test]
async fn what_a_known_caller_is_told_is_for_no_shared_cache() {
    let policy = json!({ "read": [], "write": [] });
    let caller = Guarded { scopes: "", policy };
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });

    for method in ["tools/list", "prompts/list", "server/discover"] {
        let request = |request| {
            let request = with(request, "mcp-protocol-version", "2026-07-28");
            with(request, "mcp-method", method)
        };
        let params = json!({ "_meta": meta });
        let (_, answer) = caller.ask_with(method, params, request).await;

        assert_eq!(answer["result"]["cacheScope"], "private", "{method}");
    }
}

#[tokio::test]
async fn who_was_known_a_moment_ago_is_let_in_at_once() {
    let policy = json!({});
    let access = Guarded { scopes: "", policy }.access();
    let inner = tower::service_fn(|_| ready(Ok(Response::new(Body::empty()))));
    let mut service = AccessLayer::new(Some(access), "/mcp").layer(inner);
    let request = || bearer(request(Method::POST, "/mcp"), TOKEN);

    let first = service.call(request());
    let is_asked_about = matches!(first, Authenticated::Identified(_));
    let status = first.await.unwrap().status();
    let second = service.call(request());

    assert!(is_asked_about);
    assert_eq!(status, 200);
    assert!(matches!(second, Authenticated::Passed(..)));
}

#[tokio::test]
async fn a_page_may_ask_without_a_token_and_read_where_to_get_one() {
    let page = "http://localhost:6274";
    let from_page = |method| with(request(method, "/mcp"), "origin", page);
    let asked = "access-control-request-method";
    let asking = with(from_page(Method::OPTIONS), asked, "POST");

    let (preflight, _) = ask(app(access(tokens())), asking).await;
    let (refused, _) = ask(app(access(tokens())), from_page(Method::POST)).await;

    assert_eq!(preflight.status(), 204);
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], page);
    let exposed = &refused.headers()["access-control-expose-headers"];
    assert!(exposed.to_str().unwrap().contains("www-authenticate"));
}
