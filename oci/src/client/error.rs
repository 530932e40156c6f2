//! Why a request got no good answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use serde::Deserialize;

use crate::credential::Credential;
use crate::transport::{TransportError, TransportErrorKind};

/// Why a request got no good answer: one line that says what happened and, where that is known, what
/// to do about it.
///
/// What OCI said is in it, bounded and without control characters; no secret is.
///
/// Source of codes: "API Errors" in the documentation of OCI.
#[derive(Debug)]
pub struct OciError {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: OciErrorKind,
    operation: String,
    code: Option<String>,
    message: String,
    opc_request_id: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`OciError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OciErrorKind {
    /// The request cannot be made of what was given. Nothing was sent.
    Request,
    /// There is no credential to sign with. Nothing was sent.
    Principal,
    /// There was no answer.
    Transport(TransportErrorKind),
    /// OCI answered with this status.
    Status(StatusCode),
    /// The answer is not what the operation answers.
    Answer,
    /// The deadline came first. The request may have been carried out.
    Deadline,
    /// The service failed so often that it is left alone for a while. Nothing was sent.
    CircuitOpen,
}

impl OciError {
    pub(super) fn new(kind: OciErrorKind, operation: &str, message: impl Into<String>) -> Self {
        let inner = Inner {
            kind,
            operation: operation.to_owned(),
            code: None,
            message: message.into(),
            opc_request_id: None,
            hint: None,
            source: None,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    pub(super) fn of(failure: Failure, operation: &str) -> Self {
        match failure {
            Failure::Transport(error) => {
                let kind = OciErrorKind::Transport(error.kind());
                Self::new(kind, operation, error.to_string()).with_source(error)
            }
            Failure::Answer(answer) => {
                let kind = OciErrorKind::Status(answer.status);
                let mut error = Self::new(kind, operation, answer.message);
                error.inner.code = answer.code;
                error.inner.opc_request_id = answer.opc_request_id;
                error
            }
        }
    }

    pub(super) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.inner.source = Some(Box::new(source));
        self
    }

    /// Names the request, unless the answer has.
    pub(super) fn with_request_id(mut self, id: &str) -> Self {
        self.inner
            .opc_request_id
            .get_or_insert_with(|| id.to_owned());
        self
    }

    /// The same, with one more hint.
    pub(super) fn with_hint(mut self, hint: impl AsRef<str>) -> Self {
        let hint = hint.as_ref();
        match &mut self.inner.hint {
            _ if hint.is_empty() => {}
            Some(hints) => {
                hints.push_str("; ");
                hints.push_str(hint);
            }
            none => *none = Some(hint.to_owned()),
        }
        self
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> OciErrorKind {
        self.inner.kind
    }

    /// The status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.inner.kind {
            OciErrorKind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// The code that OCI gave the error: `NotAuthorizedOrNotFound`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// What OCI said, or what happened instead of an answer. At most 1,000 characters.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// By what OCI's support finds the request.
    #[must_use]
    pub fn opc_request_id(&self) -> Option<&str> {
        self.inner.opc_request_id.as_deref()
    }

    /// The operation that was asked for.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.inner.operation
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }
}

impl fmt::Display for OciError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        write!(f, "{}: ", inner.operation)?;
        if let OciErrorKind::Status(status) = inner.kind {
            write!(f, "{}", status.as_u16())?;
            let reason = inner.code.as_deref().or(status.canonical_reason());
            if let Some(reason) = reason {
                write!(f, " {reason}")?;
            }
            if !inner.message.is_empty() {
                f.write_str(": ")?;
            }
        }
        f.write_str(&inner.message)?;
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        if let Some(id) = &inner.opc_request_id {
            write!(f, " (opc-request-id {id})")?;
        }
        Ok(())
    }
}

impl Error for OciError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.inner.source.as_deref();
        source.map(|source| source as &(dyn Error + 'static))
    }
}

/// What came of one attempt that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    Transport(TransportError),
    Answer(Answer),
}

/// An answer that tells of no success.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) opc_request_id: Option<String>,
    /// The service's own time.
    pub(super) date: Option<SystemTime>,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// Reads an answer. `now` is the wall clock, and `credential` what must not be in it.
    pub(super) fn read(
        response: &Response<Bytes>,
        now: SystemTime,
        credential: &Credential,
    ) -> Self {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            code: Option<Cow<'a, str>>,
            #[serde(borrow)]
            message: Option<Cow<'a, str>>,
        }
        let headers = response.headers();
        let date = header(headers, &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        // Load balancers answer with text or HTML.
        let text = String::from_utf8_lossy(response.body());
        let body = serde_json::from_str(&text).unwrap_or_else(|_: serde_json::Error| Body {
            code: None,
            message: Some(Cow::Borrowed(&text)),
        });
        Self {
            status: response.status(),
            code: body.code.map(|code| clean(&code, MAX_CODE, credential)),
            message: body
                .message
                .map(|message| clean(&message, MAX_MESSAGE, credential))
                .unwrap_or_default(),
            opc_request_id: header(headers, &OPC_REQUEST_ID)
                .map(|id| clean(id, MAX_CODE, credential)),
            date,
            retry_after: header(headers, &RETRY_AFTER)
                .and_then(|wait| retry_after(wait, date.unwrap_or(now))),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// RFC 9110, section 10.2.3: seconds or a date. By the service's own clock, so that ours may be wrong.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// `text` on one line of at most `max` characters, without what a terminal would act on, and without
/// the secrets of `credential`, which an answer may echo.
fn clean(text: &str, max: usize, credential: &Credential) -> String {
    let token = credential.key_id().strip_prefix("ST$");
    let secrets = [token, credential.delegation_token()];
    let mut text = Cow::Borrowed(text);
    for secret in secrets.into_iter().flatten() {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, "…"));
        }
    }
    let mut line = String::with_capacity(text.len().min(max));
    let mut length = 0;
    for word in text.split(|char: char| char.is_whitespace() || is_control(char)) {
        if word.is_empty() {
            continue;
        }
        let space = usize::from(!line.is_empty());
        let room = max.saturating_sub(length + space);
        if space == 1 && room > 0 {
            line.push(' ');
        }
        line.extend(word.chars().take(room));
        length += space + word.chars().count();
        if length > max {
            line.push('…');
            break;
        }
    }
    line
}

/// Control characters, and those that turn the direction of text or cannot be seen.
fn is_control(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(super) const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");

const MAX_CODE: usize = 200;
const MAX_MESSAGE: usize = 1_000;
