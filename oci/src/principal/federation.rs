//! Requests that get tokens: signed, tried again, and with errors that say what to do.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::DATE;
use http::{Method, Request, Response, StatusCode, Uri};
use httpdate::parse_http_date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;
use zeroize::Zeroize;

use super::{Clock, PrincipalError};
use crate::credential::Credential;
use crate::key::PrivateKey;
use crate::sign::{Payload, Target, sign};
use crate::token::SecurityToken;
use crate::transport::{Transport, TransportError, TransportErrorKind};

/// A service, and how to reach it.
pub(super) struct Service<'a> {
    pub(super) transport: &'a Transport,
    pub(super) clock: &'a Clock,
    /// What it is, for messages: `the identity service`.
    pub(super) name: &'a str,
    /// What to do about an answer with this status, as the end of a message.
    pub(super) hint: fn(StatusCode) -> Option<&'static str>,
}

impl Service<'_> {
    /// Sends what `request` makes until there is an answer, three times at most, and gives it back if
    /// it is a 200. The requests of this crate do the same however often they are sent.
    pub(super) async fn ask(
        &self,
        request: impl Fn(SystemTime) -> Result<Request<Bytes>, PrincipalError>,
    ) -> Result<Response<Bytes>, PrincipalError> {
        let mut pauses = PAUSES.iter();
        loop {
            let request = request((self.clock)())?;
            let place = format!("{} at `{}`", self.name, plain(request.uri()));
            let answer = self.send(request).await;
            let again = match &answer {
                Ok(response) => {
                    let status = response.status();
                    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
                }
                Err(error) => matches!(
                    error.kind(),
                    TransportErrorKind::Connect | TransportErrorKind::Closed
                ),
            };
            match pauses.next().filter(|_| again) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return self.judge(&place, answer),
            }
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let answer = self.transport.clone().oneshot(request);
        tokio::time::timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| {
                Err(TransportError::new(
                    TransportErrorKind::Timeout,
                    format!("there was no answer within {} s", PATIENCE.as_secs()),
                ))
            })
    }

    fn judge(
        &self,
        place: &str,
        answer: Result<Response<Bytes>, TransportError>,
    ) -> Result<Response<Bytes>, PrincipalError> {
        let response = answer.map_err(|error| {
            PrincipalError::new(format!("{place} cannot be reached: {error}")).with_source(error)
        })?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let mut problem = format!("{place} answered {}", response.status().as_u16());
        if let Some(error) = said(response.body()) {
            problem.push_str(&error);
        }
        if let Some(id) = request_id(&response) {
            problem.push_str(&id);
        }
        let status = response.status();
        if let Some(skew) = skew(&response, (self.clock)()) {
            problem.push_str(&skew);
        } else if let Some(hint) = (self.hint)(status) {
            problem.push_str("; ");
            problem.push_str(hint);
        }
        Err(PrincipalError::new(problem))
    }
}

/// A signed GET.
pub(super) fn get(
    url: &Uri,
    credential: &Credential,
    now: SystemTime,
) -> Result<Request<Bytes>, PrincipalError> {
    signed(Method::GET, url, Bytes::new(), true, credential, now)
}

/// A signed POST of JSON. The X.509 federation wants `Host` left out of the signature.
pub(super) fn post(
    url: &Uri,
    body: &serde_json::Value,
    sign_host: bool,
    credential: &Credential,
    now: SystemTime,
) -> Result<Request<Bytes>, PrincipalError> {
    let body = Bytes::from(body.to_string());
    signed(Method::POST, url, body, sign_host, credential, now)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one request")]
fn signed(
    method: Method,
    url: &Uri,
    body: Bytes,
    sign_host: bool,
    credential: &Credential,
    now: SystemTime,
) -> Result<Request<Bytes>, PrincipalError> {
    let (Some(path_and_query), Some(authority)) = (url.path_and_query(), url.authority()) else {
        return Err(PrincipalError::new(format!("`{url}` is not a whole URL")));
    };
    let target = Target {
        method: &method,
        path_and_query,
        host: sign_host.then_some(authority.as_str()),
    };
    let payload = if body.is_empty() {
        Payload::None
    } else {
        Payload::Bytes(&body)
    };
    let headers = sign(credential, now, &target, payload).map_err(|error| {
        PrincipalError::new("the request for a token cannot be signed").with_source(error)
    })?;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = url.clone();
    *request.headers_mut() = headers;
    Ok(request)
}

/// Reads the JSON of an answer, and wipes it where it is not shared.
pub(super) fn read<T: DeserializeOwned>(
    response: Response<Bytes>,
    service: &str,
    what: &str,
) -> Result<T, PrincipalError> {
    let body = response.into_body();
    let read = serde_json::from_slice(&body).ok();
    wipe(body);
    // The cause is left out: it would show a part of what may be a token.
    read.ok_or_else(|| PrincipalError::new(format!("{service} answered 200 without {what}")))
}

/// Overwrites `body` if nobody else has it.
pub(super) fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// The answer of every service that gives a token.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    token: String,
}

impl TokenAnswer {
    /// The token, which must have been made for `key`.
    pub(super) fn token(
        mut self,
        key: &PrivateKey,
        service: &str,
    ) -> Result<SecurityToken, PrincipalError> {
        let token = SecurityToken::parse(&self.token);
        self.token.zeroize();
        let token = token.map_err(|error| {
            PrincipalError::new(format!("{service} gave a token that is {error}"))
        })?;
        if token.belongs_to(key) == Some(false) {
            return Err(PrincipalError::new(format!(
                "{service} gave a token for another key than the one it was asked for"
            )));
        }
        Ok(token)
    }
}

/// What makes a resource's token into a session's: `resourcePrincipalToken` and its companion.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceTokens {
    resource_principal_token: String,
    service_principal_session_token: String,
}

impl ResourceTokens {
    /// Gets the session's token from the identity service at `endpoint`.
    pub(super) async fn exchange(
        &self,
        identity: &Service<'_>,
        endpoint: &Uri,
        credential: &Credential,
        session: &Arc<PrivateKey>,
    ) -> Result<SecurityToken, PrincipalError> {
        let url = super::address::join(endpoint, "/v1/resourcePrincipalSessionToken")?;
        let body = serde_json::json!({
            "resourcePrincipalToken": self.resource_principal_token,
            "servicePrincipalSessionToken": self.service_principal_session_token,
            "sessionPublicKey": data_encoding::BASE64.encode(&session.public_key_der()),
        });
        let response = identity
            .ask(|now| post(&url, &body, true, credential, now))
            .await?;
        read::<TokenAnswer>(response, identity.name, "a `token`")?.token(session, identity.name)
    }
}

impl Drop for ResourceTokens {
    fn drop(&mut self) {
        self.resource_principal_token.zeroize();
        self.service_principal_session_token.zeroize();
    }
}

/// What an answer says about why it is an error, bounded and without what might be a secret.
fn said(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        code: String,
        #[serde(default)]
        message: String,
    }
    let said: Said = serde_json::from_slice(body).ok()?;
    let text = format!(", {}: {}", said.code, said.message);
    let echoes_token = text.contains("eyJ") || text.contains("ST$") || text.contains("-----BEGIN");
    (!echoes_token).then(|| {
        let text: String = text.chars().take(MAX_MESSAGE_CHARS).collect();
        text.escape_debug().to_string()
    })
}

/// What Oracle's support asks for.
fn request_id(response: &Response<Bytes>) -> Option<String> {
    let id = response.headers().get("opc-request-id")?.to_str().ok()?;
    let id: String = id.chars().take(MAX_REQUEST_ID_CHARS).collect();
    Some(format!(" (opc-request-id {})", id.escape_debug()))
}

/// How far the clock of this machine is off, if that is a reason to refuse a signature.
fn skew(response: &Response<Bytes>, now: SystemTime) -> Option<String> {
    let theirs = parse_http_date(response.headers().get(DATE)?.to_str().ok()?).ok()?;
    let (off, word) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(error) => (error.duration(), "behind"),
    };
    (off > MAX_SKEW).then(|| {
        format!(
            "; the clock of this machine is {} s {word} that of OCI, which allows {} s: set it",
            off.as_secs(),
            MAX_SKEW.as_secs()
        )
    })
}

/// A URL for messages: without the query.
fn plain(url: &Uri) -> String {
    let text = url.to_string();
    text.split('?').next().unwrap_or_default().to_owned()
}

const MAX_MESSAGE_CHARS: usize = 300;

/// Three parts of 32 characters.
const MAX_REQUEST_ID_CHARS: usize = 98;

/// What OCI allows.
const MAX_SKEW: Duration = Duration::from_secs(300);

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];
