//! What a refused client is told to do next: `WWW-Authenticate` (RFC 6750, section 3; RFC 9728,
//! section 5.1).

use http::HeaderValue;

use crate::outbound::SecureUrl;
use crate::refusal::{Reason, Refusal};
use crate::scopes::Scopes;

/// Makes the challenges of a server.
///
/// ```
/// use http::HeaderMap;
/// use oci_mcp_access::{Challenges, Scopes, SecureUrl, bearer_token, metadata_url};
///
/// let resource = SecureUrl::parse("https://tools.example/mcp")?;
/// let challenges = Challenges::new(Some(metadata_url(&resource)), Scopes::parse("read:tools")?);
///
/// let refusal = bearer_token(&HeaderMap::new()).unwrap_err();
///
/// assert_eq!(refusal.reason().status(), 401);
/// assert_eq!(
///     challenges.answer(&refusal).unwrap(),
///     "Bearer resource_metadata=\"https://tools.example/.well-known/oauth-protected-resource/mcp\", \
///      scope=\"read:tools\"",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Challenges {
    resource_metadata: Option<SecureUrl>,
    scopes: Scopes,
}

impl Challenges {
    /// Challenges that send a client to `resource_metadata`, for a token with `scopes` to begin with.
    /// Static tokens have no metadata, because there is nobody to ask for one.
    #[must_use]
    pub fn new(resource_metadata: Option<SecureUrl>, scopes: Scopes) -> Self {
        Self {
            resource_metadata,
            scopes,
        }
    }

    /// The value of `WWW-Authenticate` that belongs to `refusal`; `None` if no other token would help.
    ///
    /// Without a token there is no `error`, as RFC 6750, section 3.1 has it. For scopes that are
    /// lacking, the challenge names all that this request takes, and none that it does not.
    #[must_use]
    pub fn answer(&self, refusal: &Refusal) -> Option<HeaderValue> {
        let (error, scopes) = match refusal.reason() {
            Reason::Unavailable | Reason::ClaimUnbound | Reason::WrongGateway => return None,
            Reason::NoToken => (None, &self.scopes),
            Reason::BadRequest => (Some("invalid_request"), &self.scopes),
            Reason::InsufficientScope => (Some("insufficient_scope"), refusal.scopes()),
            _ => (Some("invalid_token"), &self.scopes),
        };
        let mut parameters = Vec::new();
        if let Some(error) = error {
            parameters.push(format!("error=\"{error}\""));
            parameters.push(format!("error_description=\"{}\"", refusal.reason().text()));
        }
        if let Some(url) = &self.resource_metadata {
            parameters.push(format!("resource_metadata=\"{url}\""));
        }
        if !scopes.is_empty() {
            parameters.push(format!("scope=\"{scopes}\""));
        }
        let value = format!("Bearer {}", parameters.join(", "));
        // Nothing in it can hold a quotation mark or a line's end: URLs and scopes are checked when
        // they are made, and the other texts are ours.
        HeaderValue::from_str(value.trim_end()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = "https://a.example/.well-known/oauth-protected-resource/mcp";

    const REASONS: [Reason; 20] = [
        Reason::NoToken,
        Reason::BadRequest,
        Reason::TooLong,
        Reason::Malformed,
        Reason::HeaderRefused,
        Reason::AlgorithmRefused,
        Reason::WrongType,
        Reason::UnknownKey,
        Reason::BadSignature,
        Reason::WrongIssuer,
        Reason::WrongAudience,
        Reason::Expired,
        Reason::NotYetValid,
        Reason::ClaimMissing,
        Reason::Inactive,
        Reason::UnknownToken,
        Reason::InsufficientScope,
        Reason::ClaimUnbound,
        Reason::WrongGateway,
        Reason::Unavailable,
    ];

    fn challenges() -> Challenges {
        let metadata = SecureUrl::parse(METADATA).unwrap();
        Challenges::new(Some(metadata), Scopes::parse("read:tools").unwrap())
    }

    fn answer(refusal: &Refusal) -> String {
        let value = challenges().answer(refusal).unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[test]
    fn an_expired_token_is_invalid_and_the_client_is_told_why() {
        let challenge = answer(&Refusal::new(Reason::Expired, "it expired 5 s ago"));

        assert_eq!(
            challenge,
            format!(
                "Bearer error=\"invalid_token\", error_description=\"the token has expired\", \
                 resource_metadata=\"{METADATA}\", scope=\"read:tools\""
            ),
        );
    }

    #[test]
    fn lacking_scopes_are_all_named_in_one_challenge() {
        let needed = Scopes::parse("write:tools compute").unwrap();

        let challenge = answer(&Refusal::insufficient_scope(needed));

        assert_eq!(
            challenge,
            format!(
                "Bearer error=\"insufficient_scope\", \
                 error_description=\"the token does not allow this; it needs more scopes\", \
                 resource_metadata=\"{METADATA}\", scope=\"compute write:tools\""
            ),
        );
    }

    #[test]
    fn a_server_without_metadata_still_says_which_scheme_it_wants() {
        let challenges = Challenges::new(None, Scopes::default());

        let value = challenges.answer(&Refusal::new(Reason::NoToken, ""));

        assert_eq!(value.unwrap(), "Bearer");
    }

    #[test]
    fn an_issuer_that_is_down_is_no_reason_to_fetch_another_token() {
        let refusal = Refusal::new(Reason::Unavailable, "");

        assert_eq!(refusal.reason().status(), 503);
        assert_eq!(challenges().answer(&refusal), None);
    }

    #[test]
    fn every_description_has_only_the_characters_that_rfc_6750_allows() {
        let is_allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);

        for reason in REASONS {
            assert!(reason.text().bytes().all(is_allowed), "{reason}");
        }
    }

    #[test]
    fn every_reason_has_a_name_and_a_text_of_its_own() {
        let names: std::collections::HashSet<_> = REASONS.map(Reason::as_str).into();
        let texts: std::collections::HashSet<_> = REASONS.map(Reason::text).into();

        assert_eq!(names.len(), REASONS.len());
        assert_eq!(texts.len(), REASONS.len());
    }

    #[test]
    fn what_a_client_is_told_does_not_depend_on_what_it_sent() {
        let refusal = Refusal::new(Reason::WrongIssuer, "`iss` is \"https://evil.example\"");

        assert!(!refusal.to_string().contains("evil"));
        assert!(!answer(&refusal).contains("evil"));
    }
}
