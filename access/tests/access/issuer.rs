//! A certified issuer, oidc-provider, end to end: discovery, signed and opaque tokens, rotation,
//! revocation.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use oci_mcp_access::{
    BoxError, ClientCredentials, Clock, Introspection, Jwt, Keys, Reason, Requirements, Transport,
};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::peer::{peer, script};
use crate::support::{AUDIENCE, reason, url};

const OPAQUE: &str = "urn:opaque";

/// The issuer as a process, which ends with it.
struct Process {
    url: String,
    lines: Lines<BufReader<ChildStdout>>,
    input: ChildStdin,
    _child: Child,
}

impl Process {
    async fn start(folder: &Path) -> Self {
        let mut child = Command::new("node")
            .arg(script("issuer.mjs"))
            .arg(folder)
            .args([AUDIENCE, OPAQUE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut process = Self {
            url: String::new(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            input: child.stdin.take().unwrap(),
            _child: child,
        };
        process.url = process.line().await["url"].as_str().unwrap().to_owned();
        process
    }

    async fn line(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("hangs").unwrap().expect("has ended");
        serde_json::from_str(&line).unwrap()
    }

    async fn rotate(&mut self) {
        self.input.write_all(b"rotate\n").await.unwrap();
        self.line().await;
    }

    /// A token for `resource`, by the client's own credentials.
    async fn token(&self, resource: &str, scope: &str) -> String {
        let form = format!("grant_type=client_credentials&resource={resource}&scope={scope}");
        let answer = self.post("/token", "agent:agent-secret", form).await;
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn post(&self, path: &str, credentials: &str, form: String) -> Response<Bytes> {
        let basic = format!("Basic {}", BASE64.encode(credentials.as_bytes()));
        let request = Request::post(format!("{}{path}", self.url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, basic)
            .body(form.into());
        send(request.unwrap()).await.unwrap()
    }
}

/// HTTP/1.1 over a connection for each request.
async fn send(mut request: Request<Bytes>) -> Result<Response<Bytes>, BoxError> {
    let authority = request.uri().authority().ok_or("no authority")?.to_string();
    request.headers_mut().insert(HOST, authority.parse()?);
    let path = request.uri().path_and_query().ok_or("no path")?.to_string();
    *request.uri_mut() = path.parse()?;
    let stream = TokioIo::new(TcpStream::connect(authority).await?);
    let (mut sender, connection) = http1::handshake(stream).await?;
    let request = request.map(Full::new);
    let (response, _) = tokio::join!(
        async {
            let (parts, body) = sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            drop(sender);
            Ok::<_, hyper::Error>(Response::from_parts(parts, body))
        },
        connection
    );
    Ok(response?)
}

/// The time, with what a test adds to it.
#[expect(
    clippy::disallowed_methods,
    reason = "the issuer goes by the time that it is"
)]
fn clock() -> (Clock, Arc<AtomicU64>) {
    let ahead = Arc::new(AtomicU64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock = move || SystemTime::now() + Duration::from_secs(seconds.load(Ordering::Relaxed));
    (Arc::new(clock), ahead)
}

fn transport() -> Transport {
    Transport::new(tower::service_fn(send))
}

#[tokio::test]
async fn tokens_of_a_certified_issuer_are_verified_through_a_rotation_of_its_keys() {
    let Some(folder) = peer("certified_issuer_jwt", "issuer", "node") else {
        return;
    };
    let mut issuer = Process::start(&folder).await;
    let (clock, ahead) = clock();
    let requirements = Requirements::new(&*issuer.url, [AUDIENCE]).unwrap();
    let keys = Keys::from_issuer(url(&issuer.url), transport(), Clock::clone(&clock));
    let jwt = Jwt::new(requirements, keys, clock).access_tokens_only();
    let before = issuer.token(AUDIENCE, "read:tools write:tools").await;

    let identity = jwt.verify(&before).await.unwrap();
    issuer.rotate().await;
    let after = issuer.token(AUDIENCE, "read:tools").await;
    let too_soon = reason(jwt.verify(&after).await);
    ahead.store(31, Ordering::Relaxed);
    let rotated = reason(jwt.verify(&after).await);
    let withdrawn = reason(jwt.verify(&before).await);
    ahead.store(400, Ordering::Relaxed);
    let expired = reason(jwt.verify(&after).await);

    assert_eq!(identity.subject(), "agent");
    assert_eq!(identity.client(), Some("agent"));
    assert_eq!(identity.scopes().to_string(), "read:tools write:tools");
    assert_eq!(too_soon, Err(Reason::UnknownKey));
    assert_eq!(rotated, Ok("agent".to_owned()));
    assert_eq!(withdrawn, Err(Reason::UnknownKey));
    assert_eq!(expired, Err(Reason::Expired));
}

#[tokio::test]
async fn opaque_tokens_of_a_certified_issuer_are_introspected_until_they_are_revoked() {
    let Some(folder) = peer("certified_issuer_opaque", "issuer", "node") else {
        return;
    };
    let issuer = Process::start(&folder).await;
    let endpoint = url(&format!("{}/token/introspection", issuer.url));
    let with = |secret: &str, audience: &str| {
        let credentials = ClientCredentials::new("server", secret);
        let requirements = Requirements::new(&*issuer.url, [audience]).unwrap();
        let (clock, _) = clock();
        Introspection::new(
            endpoint.clone(),
            credentials,
            requirements,
            transport(),
            clock,
        )
        .ttl(Duration::ZERO)
    };
    let introspection = with("se:cret+/", OPAQUE);
    let token = issuer.token(OPAQUE, "read:tools").await;

    let identity = introspection.verify(&token).await.unwrap();
    let elsewhere = reason(with("se:cret+/", AUDIENCE).verify(&token).await);
    let stranger = reason(with("wrong", OPAQUE).verify(&token).await);
    let made_up = reason(introspection.verify("made-up").await);
    let form = format!("token={token}");
    issuer
        .post("/token/revocation", "agent:agent-secret", form)
        .await;
    let revoked = reason(introspection.verify(&token).await);

    assert_eq!(identity.subject(), "agent");
    assert_eq!(identity.scopes().to_string(), "read:tools");
    assert_eq!(elsewhere, Err(Reason::WrongAudience));
    assert_eq!(stranger, Err(Reason::Unavailable));
    assert_eq!(made_up, Err(Reason::Inactive));
    assert_eq!(revoked, Err(Reason::Inactive));
}

const PATIENCE: Duration = Duration::from_secs(120);
