//! Why a request may not pass: for the caller, for the log, and for statistics.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::StatusCode;

use crate::scopes::Scopes;

/// Why a request may not pass.
///
/// [`Display`](fmt::Display) is for the caller: it depends on the reason alone, and so holds
/// nothing of a token, a key or anybody's claims. [`detail`](Refusal::detail) is for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    reason: Reason,
    detail: Cow<'static, str>,
    scopes: Scopes,
}

/// The reasons. Their names are stable: audits and alarms go by them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no token, or not as `Bearer`.
    NoToken,
    /// The `Authorization` header is not as RFC 6750, section 2.1 has it.
    BadRequest,
    /// The token is longer than any that is worth reading.
    TooLong,
    /// The token is none of the kind that is expected, or not as its specification has it.
    Malformed,
    /// The token's header asks for what a verifier must not do, such as to take the key from it.
    HeaderRefused,
    /// The algorithm is unknown, symmetric, none, or not one that was allowed.
    AlgorithmRefused,
    /// The token is for something else, such as an ID token.
    WrongType,
    /// No key of the issuer is for this token.
    UnknownKey,
    /// The signature is not by the issuer's key.
    BadSignature,
    /// The token is from another issuer.
    WrongIssuer,
    /// The token is for another server.
    WrongAudience,
    /// The token has expired.
    Expired,
    /// The token is not valid yet.
    NotYetValid,
    /// The token lacks a claim that it must have.
    ClaimMissing,
    /// The issuer does not know the token, or no longer: introspection.
    Inactive,
    /// It is none of the tokens of the list: static tokens.
    UnknownToken,
    /// The token is good and does not allow this.
    InsufficientScope,
    /// The token is good and lacks a claim that an argument comes from.
    ClaimUnbound,
    /// The request did not come through the gateway, so that nothing it says of its caller counts.
    WrongGateway,
    /// The issuer cannot be asked, so that nobody can be let in.
    Unavailable,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            scopes: Scopes::default(),
        }
    }

    /// The caller is known, and needs all of `scopes` for what it asks.
    #[must_use]
    pub fn insufficient_scope(scopes: Scopes) -> Self {
        Self {
            reason: Reason::InsufficientScope,
            detail: format!("it needs `{scopes}`").into(),
            scopes,
        }
    }

    /// The request did not come through the gateway; `detail` is for the log.
    #[must_use]
    pub fn wrong_gateway(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::WrongGateway, detail)
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// What exactly was wrong, for the log. It never holds a token, and repeats little of what is in
    /// one, escaped.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The scopes that it takes; empty unless the reason is [`Reason::InsufficientScope`].
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

impl Reason {
    /// The reason as one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.facts().0
    }

    /// The status of the answer: 400, 401, 403 or 503.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope | Self::ClaimUnbound | Self::WrongGateway => {
                StatusCode::FORBIDDEN
            }
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// What the caller is told: characters that RFC 6750, section 3 allows in `error_description`.
    pub(crate) fn text(self) -> &'static str {
        self.facts().1
    }

    fn facts(self) -> (&'static str, &'static str) {
        match self {
            Self::NoToken => ("no_token", "send a token as Authorization: Bearer"),
            Self::BadRequest => (
                "bad_request",
                "send one Authorization header with one bearer token",
            ),
            Self::TooLong => ("too_long", "the token is too long"),
            Self::Malformed => ("malformed", "the token is malformed"),
            Self::HeaderRefused => (
                "header_refused",
                "the token has header parameters that are not accepted",
            ),
            Self::AlgorithmRefused => (
                "algorithm_refused",
                "the algorithm of the token is not accepted",
            ),
            Self::WrongType => ("wrong_type", "the token is not an access token"),
            Self::UnknownKey => (
                "unknown_key",
                "the token was signed with a key that is not known",
            ),
            Self::BadSignature => ("bad_signature", "the signature of the token is wrong"),
            Self::WrongIssuer => ("wrong_issuer", "the token is from another issuer"),
            Self::WrongAudience => ("wrong_audience", "the token is for another server"),
            Self::Expired => ("expired", "the token has expired"),
            Self::NotYetValid => ("not_yet_valid", "the token is not valid yet"),
            Self::ClaimMissing => ("claim_missing", "the token lacks a claim"),
            Self::Inactive => ("inactive", "the token is not active"),
            Self::UnknownToken => ("unknown_token", "the token is not known"),
            Self::InsufficientScope => (
                "insufficient_scope",
                "the token does not allow this; it needs more scopes",
            ),
            Self::ClaimUnbound => (
                "claim_unbound",
                "the token lacks a claim that an argument comes from",
            ),
            Self::WrongGateway => (
                "wrong_gateway",
                "the request did not come through the gateway",
            ),
            Self::Unavailable => (
                "unavailable",
                "tokens cannot be verified at the moment; try again later",
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.text())
    }
}

impl Error for Refusal {}

/// Something out of a token, for the log: short, and escaped, so that it stays within its line.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{more}")
}

/// Characters out of a token that the log repeats.
const SHOWN: usize = 64;
