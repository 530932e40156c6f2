//! One of the ways to know a caller.

use std::sync::Arc;

use http::HeaderMap;

use crate::bearer::bearer_token;
use crate::gateway::Gateway;
use crate::identity::Identity;
use crate::introspection::Introspection;
use crate::jwt::Jwt;
use crate::refusal::Refusal;
use crate::static_tokens::StaticTokens;

/// How a server knows its callers. There is one way per server: a token that one refuses is never
/// tried with another.
#[derive(Debug)]
pub enum Verifier {
    /// Headers of a gateway that has verified the token.
    Gateway(Gateway),
    /// Signed tokens.
    Jwt(Box<Jwt>),
    /// Opaque tokens.
    Introspection(Box<Introspection>),
    /// Tokens from a list.
    Static(StaticTokens),
}

impl Verifier {
    /// Whose request it is that has these headers, if that takes no asking and no signature to verify:
    /// a token from a list, or one that was verified a moment ago. `None` if
    /// [`identify`](Self::identify) has to find out.
    ///
    /// # Errors
    ///
    /// As [`identify`](Self::identify).
    pub fn recognize(&self, headers: &HeaderMap) -> Result<Option<Arc<Identity>>, Refusal> {
        match self {
            Self::Gateway(gateway) => gateway.verify(headers).map(Some),
            Self::Jwt(jwt) => Ok(jwt.known(bearer_token(headers)?)),
            Self::Introspection(introspection) => Ok(introspection.known(bearer_token(headers)?)),
            Self::Static(tokens) => tokens.verify(bearer_token(headers)?).map(Some),
        }
    }

    /// Whose request it is that has these headers.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if it has no token, or one that is not good, or did not come through the gateway.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Arc<Identity>, Refusal> {
        match self {
            Self::Gateway(gateway) => gateway.verify(headers),
            Self::Jwt(jwt) => jwt.verify(bearer_token(headers)?).await,
            Self::Introspection(introspection) => {
                introspection.verify(bearer_token(headers)?).await
            }
            Self::Static(tokens) => tokens.verify(bearer_token(headers)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    use super::*;
    use crate::refusal::Reason;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    /// What a layer needs whose requests go from thread to thread.
    fn sent<'a>(
        verifier: &'a Verifier,
        headers: &'a HeaderMap,
    ) -> impl Future<Output = Result<Arc<Identity>, Refusal>> + Send + 'a {
        verifier.identify(headers)
    }

    #[tokio::test]
    async fn a_request_is_whose_the_token_in_its_header_says() {
        let hash = StaticTokens::hash(TOKEN).unwrap();
        let file = format!(r#"{{"tokens": [{{"name": "ci", "sha256": "{hash}", "scopes": []}}]}}"#);
        let verifier = Verifier::Static(StaticTokens::parse(file.as_bytes()).unwrap());
        let mut headers = HeaderMap::new();

        let nobody = sent(&verifier, &headers).await;
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer a.b.c"));
        let stranger = sent(&verifier, &headers).await;
        let value = HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap();
        headers.insert(AUTHORIZATION, value);
        let caller = sent(&verifier, &headers).await;

        assert_eq!(nobody.unwrap_err().reason(), Reason::NoToken);
        assert_eq!(stranger.unwrap_err().reason(), Reason::UnknownToken);
        assert_eq!(caller.unwrap().subject(), "ci");
    }
}
