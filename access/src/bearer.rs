//! The token of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::refusal::{Reason, Refusal};

/// The token in the `Authorization` header, which is the only place for it: MCP forbids the query,
/// and RFC 6750 discourages the body.
///
/// # Errors
///
/// [`Refusal`] if there is none, more than one, or what no token can be.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let refuse = |detail| Err(Refusal::new(Reason::BadRequest, detail));
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Refusal::new(Reason::NoToken, "no Authorization header"));
    };
    // Whatever stands in front may have looked at another one.
    if values.next().is_some() {
        return refuse("more than one Authorization header");
    }
    let Ok(value) = value.to_str() else {
        return refuse("the Authorization header is not ASCII");
    };
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::new(Reason::NoToken, "the scheme is not Bearer"));
    }
    let token = token.trim_matches(' ');
    if token.len() > MAX_TOKEN_BYTES {
        return Err(too_long());
    }
    if !is_token(token) {
        return refuse("what follows Bearer is not a token");
    }
    Ok(token)
}

/// Whether `text` can be sent as a bearer token: `b64token` of RFC 6750, section 2.1.
pub(crate) fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(is_allowed)
}

pub(crate) fn too_long() -> Refusal {
    Refusal::new(
        Reason::TooLong,
        format!("the token has over {MAX_TOKEN_BYTES} bytes"),
    )
}

/// The tokens of users in hundreds of groups have some 8 KiB.
pub(crate) const MAX_TOKEN_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_scheme_may_be_written_in_any_case_and_the_token_is_left_as_it_is() {
        for value in [
            &b"Bearer aB-._~+/9=="[..],
            b"bearer aB-._~+/9==",
            b"BEARER   aB-._~+/9== ",
        ] {
            assert_eq!(bearer_token(&headers(&[value])), Ok("aB-._~+/9=="));
        }
    }

    #[test]
    fn what_is_no_single_token_is_refused() {
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN_BYTES + 1));
        let cases: [(&[&[u8]], Reason); 14] = [
            (&[], Reason::NoToken),
            (&[b""], Reason::NoToken),
            (&[b"Basic YTpi"], Reason::NoToken),
            (&[b"Bearertoken"], Reason::NoToken),
            (&[b"DPoP token"], Reason::NoToken),
            (&[b"Bearer"], Reason::BadRequest),
            (&[b"Bearer  "], Reason::BadRequest),
            (&[b"Bearer ="], Reason::BadRequest),
            (&[b"Bearer a b"], Reason::BadRequest),
            (&[b"Bearer a,Bearer b"], Reason::BadRequest),
            (&[b"Bearer \"a\""], Reason::BadRequest),
            (&[b"Bearer \xc3\xa4"], Reason::BadRequest),
            (&[b"Bearer a", b"Bearer a"], Reason::BadRequest),
            (&[long.as_bytes()], Reason::TooLong),
        ];

        for (values, expected) in cases {
            let refusal = bearer_token(&headers(values)).unwrap_err();
            assert_eq!(refusal.reason(), expected, "{values:?}");
        }
    }
}
