//! Opaque tokens, about which the issuer is asked: RFC 7662.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::bearer::{MAX_TOKEN_BYTES, too_long};
use crate::cache::{Entry, TokenCache, hash};
use crate::claims::Requirements;
use crate::identity::Identity;
use crate::json;
use crate::outbound::{Clock, SecureUrl, Transport, send};
use crate::refusal::{Reason, Refusal, quoted};

/// Asks the issuer whether a token is active, and whose it is.
///
/// Answers are kept for a minute, unless the token expires before: for so long a token still serves
/// that was revoked. If the issuer cannot be asked, nobody is let in.
pub struct Introspection {
    endpoint: SecureUrl,
    credentials: ClientCredentials,
    requirements: Requirements,
    ttl: Duration,
    transport: Transport,
    cache: TokenCache,
    clock: Clock,
    /// So that a flood of made-up tokens is no flood for the issuer.
    questions: Semaphore,
}

/// By which the issuer knows this server: sent as `client_secret_basic` (RFC 6749, section 2.3.1).
///
/// A clone is the same credentials.
#[derive(Clone)]
pub struct ClientCredentials {
    id: String,
    secret: Arc<OnceLock<Zeroizing<String>>>,
}

impl ClientCredentials {
    /// The credentials of client `id`.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let credentials = Self::pending(id);
        credentials.fill(secret);
        credentials
    }

    /// The credentials of client `id`, whose secret is not known yet: until [`fill`](Self::fill) nobody is let in.
    #[must_use]
    pub fn pending(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Arc::default(),
        }
    }

    /// Tells the secret, unless it is known.
    pub fn fill(&self, secret: impl Into<String>) {
        self.secret.get_or_init(|| Zeroizing::new(secret.into()));
    }

    /// The value of the `Authorization` header.
    fn basic(&self) -> Result<HeaderValue, Refusal> {
        let secret = self.secret.get();
        let secret = secret.ok_or_else(|| unavailable("the client's secret is not known yet"))?;
        // Encoded as in a form first, which lets both have colons.
        let (id, secret) = (form_encoded(&self.id), form_encoded(secret));
        let pair = Zeroizing::new(format!("{}:{}", *id, *secret));
        let value = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let mut value =
            HeaderValue::from_str(&value).map_err(|_cause| unavailable("credentials"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Introspection {
    /// Asks at `endpoint` about tokens, which must meet `requirements`.
    ///
    /// An answer without `iss` or `exp` is taken, since both are optional and the endpoint is the
    /// issuer's own; one without `aud` is not.
    #[must_use]
    pub fn new(
        endpoint: SecureUrl,
        credentials: ClientCredentials,
        requirements: Requirements,
        transport: Transport,
        clock: Clock,
    ) -> Self {
        Self {
            endpoint,
            credentials,
            requirements,
            ttl: Duration::from_secs(60),
            transport,
            cache: TokenCache::default(),
            clock,
            questions: Semaphore::new(MAX_QUESTIONS),
        }
    }

    /// How long an answer is kept; zero to ask for every request.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Whose `token` is, if the issuer said so a moment ago.
    pub(crate) fn known(&self, token: &str) -> Option<Arc<Identity>> {
        let known = self.cache.find(&hash(token), (self.clock)())?;
        Some(known.identity)
    }

    /// Verifies `token`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with what is wrong with the token, or [`Reason::Unavailable`] if the issuer cannot be
    /// asked.
    pub async fn verify(&self, token: &str) -> Result<Arc<Identity>, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(too_long());
        }
        let hash = hash(token);
        if let Some(known) = self.cache.find(&hash, (self.clock)()) {
            return Ok(known.identity);
        }
        let answer = self.ask(token).await?;
        check(&answer)?;
        let now = (self.clock)();
        let identity = Arc::new(self.requirements.identify(answer, &[], now)?);
        if let Some(mut until) = now.checked_add(self.ttl) {
            if let Some(expires) = self.requirements.usable_until(&identity) {
                until = until.min(expires);
            }
            let entry = Entry {
                identity: Arc::clone(&identity),
                until,
                generation: 0,
            };
            self.cache.insert(hash, entry, now);
        }
        Ok(identity)
    }

    async fn ask(&self, token: &str) -> Result<Map<String, Value>, Refusal> {
        let form = format!(
            "token={}&token_type_hint=access_token",
            *form_encoded(token)
        );
        let request = Request::post(self.endpoint.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.credentials.basic()?)
            .body(Bytes::from(form))
            .map_err(|_cause| unavailable("the request cannot be made"))?;
        let turn = tokio::time::timeout(PATIENCE_FOR_TURN, self.questions.acquire()).await;
        if turn.is_err() {
            return Err(unavailable("too many questions at a time"));
        }
        let failed = |problem: String| {
            tracing::warn!(problem, "introspection failed");
            unavailable(problem)
        };
        let answer = send(&self.transport, request, PATIENCE).await;
        let (parts, body) = answer.map_err(failed)?.into_parts();
        match parts.status {
            StatusCode::OK => {
                json::object(&body).map_err(|problem| unavailable(format!("the answer: {problem}")))
            }
            StatusCode::BAD_REQUEST if is_about_the_token(&body) => {
                let detail = "the issuer does not look up tokens of its kind";
                Err(Refusal::new(Reason::Inactive, detail))
            }
            status => Err(failed(format!("`{}` answered {status}", self.endpoint))),
        }
    }
}

/// Whether the issuer has objections to the token, such as that it is a signed one, rather than to the
/// question: another token would help (RFC 7009, section 2.2.1, which issuers keep to here, too).
fn is_about_the_token(answer: &[u8]) -> bool {
    let error = json::object(answer)
        .ok()
        .and_then(|answer| answer.get("error").cloned());
    error.is_some_and(|error| error == "unsupported_token_type")
}

/// Whether the issuer vouches for it as a bearer token.
fn check(answer: &Map<String, Value>) -> Result<(), Refusal> {
    match answer.get("active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => {
            return Err(Refusal::new(Reason::Inactive, "it is not active"));
        }
        _ => return Err(unavailable("the answer does not say `active`")),
    }
    match answer.get("token_type") {
        None => Ok(()),
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("Bearer") => Ok(()),
        Some(kind) => {
            let detail = format!("`token_type` is {}", quoted(&kind.to_string()));
            Err(Refusal::new(Reason::WrongType, detail))
        }
    }
}

fn unavailable(detail: impl Into<String>) -> Refusal {
    Refusal::new(Reason::Unavailable, detail.into())
}

/// As a value of a form: `application/x-www-form-urlencoded`.
fn form_encoded(text: &str) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(text.len() * 3));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) {
            encoded.push(char::from(byte));
        } else if byte == b' ' {
            encoded.push('+');
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("endpoint", &self.endpoint)
            .field("credentials", &self.credentials)
            .field("requirements", &self.requirements)
            .field("ttl", &self.ttl)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// For the others' answers, if there are too many.
const PATIENCE_FOR_TURN: Duration = Duration::from_secs(1);

/// At a time.
const MAX_QUESTIONS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_encoded_as_the_url_standard_has_it() {
        let cases = [
            ("aZ09-._*", "aZ09-._*"),
            ("a b", "a+b"),
            ("a+/=&:~%", "a%2B%2F%3D%26%3A%7E%25"),
            ("ä\n", "%C3%A4%0A"),
        ];

        for (text, expected) in cases {
            assert_eq!(*form_encoded(text), expected);
        }
    }

    #[test]
    fn a_secret_is_not_in_the_debug_output_of_what_has_it() {
        let credentials = ClientCredentials::new("mcp", "hunter2");

        let shown = format!("{credentials:?} {:?}", credentials.basic());

        assert!(ClientCredentials::pending("mcp").basic().is_err());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!shown.contains(&BASE64.encode(b"mcp:hunter2")), "{shown}");
    }
}
