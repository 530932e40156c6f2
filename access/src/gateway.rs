//! Callers whom a gateway has identified.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use ring::hmac::{HMAC_SHA256, Key, Tag, sign, verify};
use serde_json::Map;

use crate::identity::Identity;
use crate::refusal::{Reason, Refusal};
use crate::scopes::Scopes;

/// Takes callers to be whom a gateway says they are, if the request has the gateway's secret.
///
/// The gateway sets three headers, and replaces whatever its clients send under these names:
///
/// | header | value |
/// |---|---|
/// | `oci-mcp-gateway-secret` | the secret |
/// | `oci-mcp-subject` | who calls; empty or absent if the gateway does not know |
/// | `oci-mcp-scope` | what the caller may do: scopes with spaces between them, or none |
///
/// A clone is the same gateway.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    key: Key,
    secret: OnceLock<Tag>,
}

/// The headers that a [`Gateway`] goes by, in lower case. Nothing behind it should see them.
pub const GATEWAY_HEADERS: [&str; 3] = [SECRET, SUBJECT, SCOPE];

const SECRET: &str = "oci-mcp-gateway-secret";
const SUBJECT: &str = "oci-mcp-subject";
const SCOPE: &str = "oci-mcp-scope";

impl Gateway {
    /// The gateway that knows `secret`.
    ///
    /// # Errors
    ///
    /// [`InvalidSecret`] if it has fewer than 32 characters, or one that no header can have.
    pub fn new(secret: &str) -> Result<Self, InvalidSecret> {
        let gateway = Self::pending();
        gateway.fill(secret)?;
        Ok(gateway)
    }

    /// The gateway whose secret is not known yet: until [`fill`](Self::fill) nobody is let in.
    #[must_use]
    pub fn pending() -> Self {
        Self(Arc::new(Inner {
            key: Key::new(HMAC_SHA256, b"gateway secret"),
            secret: OnceLock::new(),
        }))
    }

    /// Tells the secret, unless it is known.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn fill(&self, secret: &str) -> Result<(), InvalidSecret> {
        let is_sent = secret.bytes().all(|byte| byte.is_ascii_graphic());
        if secret.len() < MIN_SECRET_BYTES || !is_sent {
            return Err(InvalidSecret);
        }
        let tag = sign(&self.0.key, secret.as_bytes());
        self.0.secret.get_or_init(|| tag);
        Ok(())
    }

    /// Whose request it is that has these headers. How long it takes does not depend on how much of the
    /// secret is right.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it is not the gateway's, or the gateway does not know whose.
    pub fn verify(&self, headers: &HeaderMap) -> Result<Arc<Identity>, Refusal> {
        let Inner { key, secret: tag } = &*self.0;
        let Some(tag) = tag.get() else {
            let detail = "the gateway's secret is not known yet";
            return Err(Refusal::new(Reason::Unavailable, detail));
        };
        let secret = only(headers, SECRET)?.unwrap_or_default();
        // ring compares tags in constant time, and offers it for nothing else.
        if verify(key, secret.as_bytes(), tag.as_ref()).is_err() {
            return Err(Refusal::wrong_gateway("the secret is missing or wrong"));
        }
        let subject = only(headers, SUBJECT)?.filter(|subject| !subject.is_empty());
        let Some(subject) = subject else {
            let detail = "the gateway names no caller";
            return Err(Refusal::new(Reason::NoToken, detail));
        };
        let scopes = Scopes::parse(only(headers, SCOPE)?.unwrap_or_default())
            .map_err(|_cause| Refusal::new(Reason::Malformed, "`oci-mcp-scope` has no scopes"))?;
        Ok(Arc::new(Identity {
            subject: subject.to_owned(),
            issuer: None,
            client: None,
            scopes,
            claims: Map::new(),
            expires: None,
        }))
    }
}

/// The value of a header. A second one may be the client's.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str());
    match (value.transpose(), values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(Refusal::wrong_gateway(format!(
            "`{name}` is there twice, or is not ASCII"
        ))),
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

/// A secret that could be guessed, or never sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidSecret;

impl fmt::Display for InvalidSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a secret has at least {MIN_SECRET_BYTES} printable ASCII characters, and no space"
        )
    }
}

impl Error for InvalidSecret {}

/// If they are hexadecimal digits, 128 bits.
const MIN_SECRET_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    fn verify(headers: &[(&'static str, &str)]) -> Result<Arc<Identity>, Reason> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_str(value).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect();
        let identity = Gateway::new(GOOD).unwrap().verify(&headers);
        identity.map_err(|refusal| refusal.reason())
    }

    #[test]
    fn with_the_secret_a_caller_is_whom_the_gateway_names() {
        let identity = verify(&[
            (SECRET, GOOD),
            (SUBJECT, "alice"),
            (SCOPE, "write:tools read:tools"),
        ])
        .unwrap();

        assert_eq!(identity.subject(), "alice");
        assert_eq!(identity.scopes().to_string(), "read:tools write:tools");
    }

    #[test]
    fn without_it_or_with_two_answers_to_one_question_nothing_is_believed() {
        let longer = format!("{GOOD}0");
        let name = (SUBJECT, "alice");
        let cases: [(&[(&'static str, &str)], Reason); 9] = [
            (&[name], Reason::WrongGateway),
            (&[name, (SECRET, "")], Reason::WrongGateway),
            (&[name, (SECRET, &GOOD[..31])], Reason::WrongGateway),
            (&[name, (SECRET, &longer)], Reason::WrongGateway),
            (
                &[name, (SECRET, GOOD), (SECRET, GOOD)],
                Reason::WrongGateway,
            ),
            (
                &[name, (SECRET, GOOD), (SUBJECT, "bob")],
                Reason::WrongGateway,
            ),
            (&[(SECRET, GOOD)], Reason::NoToken),
            (&[(SECRET, GOOD), (SUBJECT, "")], Reason::NoToken),
            (&[name, (SECRET, GOOD), (SCOPE, "a\"b")], Reason::Malformed),
        ];

        for (headers, expected) in cases {
            assert_eq!(verify(headers).unwrap_err(), expected, "{headers:?}");
        }
    }

    #[test]
    fn until_the_secret_is_known_nobody_is_let_in() {
        let gateway = Gateway::pending();
        let headers = HeaderMap::from_iter([
            (
                HeaderName::from_static(SECRET),
                HeaderValue::from_static(""),
            ),
            (
                HeaderName::from_static(SUBJECT),
                HeaderValue::from_static("a"),
            ),
        ]);

        let before = gateway.verify(&headers).unwrap_err();
        let invalid = gateway.fill("short");
        gateway.fill(GOOD).unwrap();
        let after = gateway.verify(&headers).unwrap_err();

        assert_eq!(before.reason(), Reason::Unavailable);
        assert_eq!(invalid, Err(InvalidSecret));
        assert_eq!(after.reason(), Reason::WrongGateway);
    }

    #[test]
    fn a_secret_that_could_be_guessed_or_never_sent_is_refused_and_none_is_shown() {
        for secret in ["", "secret", &"a ".repeat(20), &"ä".repeat(40)] {
            assert_eq!(Gateway::new(secret).unwrap_err(), InvalidSecret);
        }
        assert!(!format!("{:?}", Gateway::new(GOOD)).contains("0123"));
    }
}
