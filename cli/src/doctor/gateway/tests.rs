//! The way to a real server, through gateways that do this or that to what they pass on.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HeaderName, LOCATION, WWW_AUTHENTICATE,
};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use oci_mcp::{Access, App, AppService, Context, NoArgs, Tool, ToolError};
use oci_mcp_access::{
    Challenges, ResourceMetadata, Scopes, SecureUrl, StaticTokens, Verifier, metadata_url,
};
use oci_rest::{TransportError, TransportErrorKind};
use serde_json::json;

use super::*;
use crate::doctor::finding::Verdict;

const URL: &str = "https://gateway.example/mcp";
const PAGE: &str = "https://page.example";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Something to list.
struct Hello;

impl Tool for Hello {
    type Args = NoArgs;
    type Output = &'static str;
    const NAME: &'static str = "hello";
    const DESCRIPTION: &'static str = "Says hello.";

    async fn call(&self, _: &Context, _: NoArgs) -> Result<&'static str, ToolError> {
        Ok("hello")
    }
}

/// A server that lets pages of [`PAGE`] call.
fn server(app: App) -> AppService {
    let vars = |name: &str| (name == "OCI_MCP_ALLOWED_ORIGINS").then(|| PAGE.to_owned());
    let config = oci_mcp::Config::from_vars(vars).unwrap();
    app.into_service(config).unwrap()
}

fn open() -> AppService {
    server(App::new("test", "1").tool(Hello))
}

/// One that asks for [`TOKEN`], and says in its metadata that it is at `resource`.
fn guarded(resource: &str) -> AppService {
    let hash = StaticTokens::hash(TOKEN).unwrap();
    let file = json!({ "tokens": [{ "name": "ci", "sha256": hash, "scopes": [] }] });
    let tokens = StaticTokens::parse(file.to_string().as_bytes()).unwrap();
    let issuer = SecureUrl::parse("https://issuer.example").unwrap();
    let own = SecureUrl::parse(URL).unwrap();
    let resource = SecureUrl::parse(resource).unwrap();
    let challenges = Challenges::new(Some(metadata_url(&own)), Scopes::default());
    let metadata = ResourceMetadata::new(&resource, [issuer], Scopes::default()).unwrap();
    let access = Access::new(Verifier::Static(tokens), challenges).metadata(&metadata);
    server(App::new("test", "1").tool(Hello).access(access))
}

type Answered = Response<Bytes>;

/// What is found through a gateway that does `before` to requests, which it may answer itself, and `after` to
/// answers.
async fn through(
    server: AppService,
    token: Option<&str>,
    before: fn(&mut Request<Bytes>) -> Option<Answered>,
    after: fn(&mut Answered),
) -> Vec<Finding> {
    let transport = StreamingTransport::new(tower::service_fn(move |mut request| {
        let server = server.clone();
        async move {
            let mut answer = if let Some(answer) = before(&mut request) {
                answer
            } else {
                let Ok(answer) = tower::ServiceExt::oneshot(server, request).await;
                let (head, body) = answer.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                Response::from_parts(head, body)
            };
            after(&mut answer);
            Ok(answer.map(|body| {
                Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync()
            }))
        }
    }));
    let gateway = Gateway {
        url: URL,
        token,
        origin: Some(PAGE.to_owned()),
        transport: &transport,
    };
    walk(URL.parse().unwrap(), &gateway).await
}

fn answer(status: u16, body: &str) -> Answered {
    let answer = Response::builder().status(status);
    answer
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

fn as_it_is(_: &mut Request<Bytes>) -> Option<Answered> {
    None
}

fn untouched(_: &mut Answered) {}

/// The one finding that is not good; `None` if all are.
fn wrong(findings: &[Finding]) -> Option<&Finding> {
    let mut wrong = findings
        .iter()
        .filter(|finding| finding.verdict > Verdict::NotChecked);
    let found = wrong.next();
    assert_eq!(wrong.next(), None, "{findings:#?}");
    found
}

fn says(finding: Option<&Finding>, parts: [&str; 2]) {
    let finding = finding.unwrap();
    let text = format!("{} {:?} {:?}", finding.what, finding.why, finding.remedy);
    for part in parts {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn a_gateway_that_passes_everything_on_is_good() {
    let open = through(open(), None, as_it_is, untouched).await;
    let guarded_without = through(guarded(URL), None, as_it_is, untouched).await;
    let guarded = through(guarded(URL), Some(TOKEN), as_it_is, untouched).await;

    for (findings, checked) in [(&open, 4), (&guarded, 6)] {
        let good = findings
            .iter()
            .filter(|finding| finding.verdict == Verdict::Good);
        assert_eq!(good.count(), checked, "{findings:#?}");
        assert_eq!(findings.len(), checked, "{findings:#?}");
    }
    assert_eq!(wrong(&guarded_without), None);
    assert!(guarded[0].what.contains("lists 1 tools"), "{guarded:#?}");
}

#[tokio::test]
async fn a_challenge_that_is_taken_away_or_renamed_is_found() {
    let stripped = |answer: &mut Answered| {
        answer.headers_mut().remove(WWW_AUTHENTICATE);
    };
    let renamed = |answer: &mut Answered| {
        if let Some(value) = answer.headers_mut().remove(WWW_AUTHENTICATE) {
            let name = HeaderName::from_static("x-amzn-remapped-www-authenticate");
            answer.headers_mut().insert(name, value);
        }
    };

    let stripped = through(guarded(URL), None, as_it_is, stripped).await;
    let renamed = through(guarded(URL), Some(TOKEN), as_it_is, renamed).await;

    says(
        wrong(&stripped),
        ["401 comes without WWW-Authenticate", "MODIFY_RESPONSE"],
    );
    says(
        wrong(&renamed),
        ["x-amzn-remapped-www-authenticate", "render apigateway"],
    );
}

#[tokio::test]
async fn headers_of_mcp_that_do_not_arrive_are_named() {
    let drops = |request: &mut Request<Bytes>| {
        request.headers_mut().remove("mcp-method");
        None
    };
    let drops_name = |request: &mut Request<Bytes>| {
        request.headers_mut().remove("mcp-name");
        None
    };

    let method = through(open(), None, drops, untouched).await;
    let name = through(open(), None, drops_name, untouched).await;

    says(
        wrong(&method),
        ["mcp-method does not arrive", "filterHeaders"],
    );
    says(wrong(&name), ["mcp-name does not arrive", "required"]);
}

#[tokio::test]
async fn a_redirect_is_told_with_where_it_leads_and_makes_the_rest_moot() {
    let elsewhere = |_: &mut Request<Bytes>| {
        let mut answer = answer(308, "");
        let place = HeaderValue::from_static("https://gateway.example/mcp/?key=secret");
        answer.headers_mut().insert(LOCATION, place);
        Some(answer)
    };

    let findings = through(open(), None, elsewhere, untouched).await;

    says(
        wrong(&findings),
        [
            "answers 308 to https://gateway.example/mcp/",
            "URL that it leads to",
        ],
    );
    assert!(!format!("{findings:?}").contains("secret"));
    assert_eq!(findings.last().unwrap().verdict, Verdict::NotChecked);
}

#[tokio::test]
async fn a_route_without_get_is_found() {
    let no_route = |request: &mut Request<Bytes>| {
        (request.method() == Method::GET)
            .then(|| answer(404, r#"{"code":404,"message":"Not Found"}"#))
    };

    let findings = through(open(), None, no_route, untouched).await;

    says(wrong(&findings), ["GET is answered 404", "methods"]);
}

#[tokio::test]
async fn metadata_that_is_not_there_or_about_another_url_is_found() {
    let no_route = |request: &mut Request<Bytes>| {
        let is_metadata = request.uri().path().starts_with("/.well-known");
        is_metadata.then(|| answer(404, ""))
    };
    let no_servers = |request: &mut Request<Bytes>| {
        let is_metadata = request.uri().path().starts_with("/.well-known");
        is_metadata.then(|| answer(200, &json!({ "resource": URL }).to_string()))
    };

    let absent = through(guarded(URL), None, no_route, untouched).await;
    let incomplete = through(guarded(URL), None, no_servers, untouched).await;
    let other = guarded("https://other.example/mcp");
    let other = through(other, None, as_it_is, untouched).await;

    says(
        wrong(&absent),
        ["not where the challenge says", "--well-known"],
    );
    says(
        wrong(&incomplete),
        ["names no authorization server", "OCI_MCP_ACCESS_ISSUER"],
    );
    says(
        wrong(&other),
        [
            "is about https://other.example/mcp",
            "OCI_MCP_ACCESS_RESOURCE=https://gateway.example/mcp",
        ],
    );
}

#[tokio::test]
async fn a_challenge_that_leads_nowhere_is_a_warning_because_tokens_may_be_given_by_hand() {
    let bare = |answer: &mut Answered| {
        if answer.headers().contains_key(WWW_AUTHENTICATE) {
            let challenge = HeaderValue::from_static("Bearer");
            answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    };
    let no_metadata = |request: &mut Request<Bytes>| {
        let is_metadata = request.uri().path().starts_with("/.well-known");
        is_metadata.then(|| answer(404, ""))
    };

    let findings = through(guarded(URL), None, no_metadata, bare).await;

    let finding = wrong(&findings);
    assert_eq!(finding.unwrap().verdict, Verdict::Warning);
    says(
        finding,
        ["nothing tells clients", "static tokens have none"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_answer_that_takes_long_is_a_warning() {
    let server = open();
    let transport = StreamingTransport::new(tower::service_fn(move |request: Request<Bytes>| {
        let server = server.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(6)).await;
            let Ok(answer) = tower::ServiceExt::oneshot(server, request).await;
            let (head, body) = answer.into_parts();
            let body = Full::new(body.collect().await.unwrap().to_bytes());
            let body = body.map_err(|never| match never {}).boxed_unsync();
            Ok(Response::from_parts(head, body))
        }
    }));
    let gateway = Gateway {
        url: URL,
        token: None,
        origin: None,
        transport: &transport,
    };

    let findings = walk(URL.parse().unwrap(), &gateway).await;

    assert_eq!(findings[0].verdict, Verdict::Warning);
    says(Some(&findings[0]), ["within 6", "--provisioned-instances"]);
}

#[tokio::test]
async fn pages_that_cannot_call_are_told_why() {
    let no_options = |request: &mut Request<Bytes>| {
        (request.method() == Method::OPTIONS).then(|| answer(401, ""))
    };
    let twice = |answer: &mut Answered| {
        let origin = HeaderValue::from_static(PAGE);
        answer
            .headers_mut()
            .append(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    };
    let fewer = |answer: &mut Answered| {
        let name = HeaderName::from_static("access-control-allow-headers");
        if answer.headers().contains_key(&name) {
            answer.headers_mut().insert(
                name,
                HeaderValue::from_static("content-type, authorization"),
            );
        }
    };
    let none = |answer: &mut Answered| {
        answer.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    };

    let no_options = through(open(), None, no_options, untouched).await;
    let twice = through(open(), None, as_it_is, twice).await;
    let fewer = through(open(), None, as_it_is, fewer).await;
    let none = through(open(), None, as_it_is, none).await;

    says(wrong(&no_options), ["OPTIONS is answered 401", "cors"]);
    says(wrong(&twice), ["more than once", "not both"]);
    says(
        wrong(&fewer),
        [
            "does not allow mcp-method, mcp-name, mcp-protocol-version",
            "allowedHeaders",
        ],
    );
    says(
        wrong(&none),
        ["does not come back", "OCI_MCP_ALLOWED_ORIGINS"],
    );
}

#[tokio::test]
async fn what_is_not_an_mcp_server_is_told_with_what_to_look_at() {
    let rows = [
        (200, "<html>", "no MCP server"),
        (401, r#"{"code":"NotAuthenticated"}"#, "oci-mcp connect"),
        (403, "", "OCI_MCP_ALLOWED_HOSTS"),
        (404, "", "the deployment's prefix"),
        (429, "", "rate limiting"),
        (500, "", "allow any-user to use functions-family"),
        (502, "", "the log of the function"),
        (418, "", "none of MCP's"),
    ];

    for (status, body, expected) in rows {
        let transport = always(move || Ok(answer(status, body)));
        let gateway = Gateway {
            url: URL,
            token: None,
            origin: None,
            transport: &transport,
        };

        let findings = walk(URL.parse().unwrap(), &gateway).await;

        let text = format!("{:?}", findings[0]);
        assert_eq!(findings[0].verdict, Verdict::Problem, "{findings:?}");
        assert!(text.contains(expected), "no {expected} in {text}");
    }
}

#[tokio::test]
async fn without_an_answer_the_rest_is_moot() {
    let transport = always(|| {
        Err(TransportError::new(
            TransportErrorKind::Connect,
            "nothing listens",
        ))
    });
    let gateway = Gateway {
        url: URL,
        token: None,
        origin: None,
        transport: &transport,
    };

    let findings = walk(URL.parse().unwrap(), &gateway).await;

    says(
        Some(&findings[0]),
        ["there is no answer", "nothing listens"],
    );
    assert_eq!(findings[1].verdict, Verdict::NotChecked);
    assert_eq!(findings.len(), 2);
}

#[tokio::test]
async fn a_token_that_is_not_taken_or_not_needed_is_found_and_never_shown() {
    let stranger = "fedcba9876543210fedcba9876543210";

    let refused = through(guarded(URL), Some(stranger), as_it_is, untouched).await;
    let needless = through(open(), Some(TOKEN), as_it_is, untouched).await;

    says(wrong(&refused), ["does not take the token", "newer token"]);
    says(
        wrong(&needless),
        ["a call without a token is let in", "OCI_MCP_ACCESS"],
    );
    let all = format!("{refused:?}{needless:?}");
    assert!(!all.contains(stranger) && !all.contains(TOKEN), "{all}");
}

#[tokio::test]
async fn a_stream_is_read_as_an_answer() {
    let as_event = |answer: &mut Answered| {
        if answer.status() == 200 && answer.headers().contains_key(CONTENT_TYPE) {
            let text = String::from_utf8_lossy(answer.body());
            *answer.body_mut() = format!("event: message\ndata: {text}\n\n").into();
            let stream = HeaderValue::from_static("text/event-stream");
            answer.headers_mut().insert(CONTENT_TYPE, stream);
        }
    };

    let findings = through(open(), None, as_it_is, as_event).await;

    assert_eq!(wrong(&findings), None);
    assert!(findings[0].what.contains("lists 1 tools"), "{findings:#?}");
}

#[test]
fn a_url_that_would_leak_or_leads_nowhere_is_refused() {
    for (url, why) in [
        ("/mcp", "not whole"),
        ("gateway.example", "not whole"),
        ("http://[", "no URL"),
        ("https://user:secret@gateway.example/mcp", "it has a user"),
    ] {
        let finding = target(url).unwrap_err();

        assert!(finding.why.as_ref().unwrap().contains(why), "{finding:?}");
        assert!(!format!("{finding:?}").contains("secret"), "{finding:?}");
    }
}

/// A gateway that answers everything alike.
fn always(
    answer: impl Fn() -> Result<Answered, TransportError> + Clone + Send + Sync + 'static,
) -> StreamingTransport {
    StreamingTransport::new(tower::service_fn(move |_: Request<Bytes>| {
        let answer = answer();
        async {
            let body = |body| {
                Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync()
            };
            answer.map(|answer| answer.map(body))
        }
    }))
}
