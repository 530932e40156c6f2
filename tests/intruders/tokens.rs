//! Where a token belongs, and what has the form of one.

use bytes::Bytes;
use http::{HeaderValue, Request};
use oci_mcp_tests::{add, base64url, bearer, with};

use crate::Told::{GetAToken, Invalid, SendOneToken};
use crate::{Attempt, call_with, good};

const MALFORMED: &str = "the token is malformed";
const WRONG_SIGNATURE: &str = "the signature of the token is wrong";

/// Such headers, one after the other.
fn authorized(values: &[String]) -> Request<Bytes> {
    let mut request = add();
    for value in values {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append("authorization", value);
    }
    request
}

/// A good token elsewhere than in `Authorization`.
fn at(path: &str, request: Request<Bytes>) -> Request<Bytes> {
    let mut request = request;
    *request.uri_mut() = path.parse().unwrap();
    request
}

/// Where a token belongs: in one `Authorization` header, as `Bearer`.
pub(crate) const WHERE: [Attempt; 17] = [
    ("no token", |_| add(), GetAToken),
    (
        "Basic",
        |_| authorized(&["Basic YWxpY2U6YWxpY2U=".into()]),
        GetAToken,
    ),
    (
        "a good token as DPoP",
        |issuer| authorized(&[format!("DPoP {}", good(issuer))]),
        GetAToken,
    ),
    (
        "a good token without a scheme",
        |issuer| authorized(&[good(issuer)]),
        GetAToken,
    ),
    (
        "a tab for the space",
        |issuer| authorized(&[format!("Bearer\t{}", good(issuer))]),
        GetAToken,
    ),
    (
        "in the query",
        |issuer| at(&format!("/mcp?access_token={}", good(issuer)), add()),
        GetAToken,
    ),
    (
        "in a cookie",
        |issuer| with(add(), "cookie", &format!("access_token={}", good(issuer))),
        GetAToken,
    ),
    (
        "as Proxy-Authorization",
        |issuer| {
            with(
                add(),
                "proxy-authorization",
                &format!("Bearer {}", good(issuer)),
            )
        },
        GetAToken,
    ),
    (
        "as X-Forwarded-Access-Token",
        |issuer| with(add(), "x-forwarded-access-token", &good(issuer)),
        GetAToken,
    ),
    (
        "nothing behind Bearer",
        |_| authorized(&["Bearer".into()]),
        SendOneToken,
    ),
    (
        "a good token in quotation marks",
        |issuer| authorized(&[format!("Bearer \"{}\"", good(issuer))]),
        SendOneToken,
    ),
    (
        "two tokens with a comma",
        |issuer| authorized(&[format!("Bearer {0}, Bearer {0}", good(issuer))]),
        SendOneToken,
    ),
    (
        "two tokens with a space",
        |issuer| authorized(&[format!("Bearer {0} {0}", good(issuer))]),
        SendOneToken,
    ),
    (
        "a good header twice",
        |issuer| {
            authorized(&[
                format!("Bearer {}", good(issuer)),
                format!("Bearer {}", good(issuer)),
            ])
        },
        SendOneToken,
    ),
    (
        "a good header behind Basic",
        |issuer| authorized(&["Basic YTph".into(), format!("Bearer {}", good(issuer))]),
        SendOneToken,
    ),
    (
        "a good header before an empty one",
        |issuer| authorized(&[format!("Bearer {}", good(issuer)), String::new()]),
        SendOneToken,
    ),
    (
        "a token of 17 KiB",
        |_| call_with(&"a".repeat(17 * 1024)),
        Invalid("the token is too long"),
    ),
];

/// Texts that are no token of three parts with one spelling.
pub(crate) const FORMS: [Attempt; 11] = [
    ("a word", |_| call_with("token"), Invalid(MALFORMED)),
    (
        "two parts",
        |issuer| call_with(good(issuer).rsplit_once('.').unwrap().0),
        Invalid(MALFORMED),
    ),
    (
        "five parts, as if encrypted",
        |issuer| call_with(&format!("{}.x.y", good(issuer))),
        Invalid(MALFORMED),
    ),
    (
        "no signature",
        |issuer| call_with(&format!("{}.", good(issuer).rsplit_once('.').unwrap().0)),
        Invalid(WRONG_SIGNATURE),
    ),
    (
        "half a signature",
        |issuer| call_with(&good(issuer)[..good(issuer).len() - 174]),
        Invalid(WRONG_SIGNATURE),
    ),
    (
        "padding",
        |issuer| call_with(&format!("{}==", good(issuer))),
        Invalid(MALFORMED),
    ),
    (
        "more in the claims than was signed",
        |issuer| {
            let token = good(issuer);
            let parts: Vec<_> = token.split('.').collect();
            let claims = base64url(r#"{"sub":"root","scope":"write:tools"}"#);
            call_with(&[parts[0], &claims, parts[2]].join("."))
        },
        Invalid(WRONG_SIGNATURE),
    ),
    (
        "two algorithms of one name",
        |issuer| call_with(&issuer.sealed(r#"{"alg":"none","alg":"RS256","kid":"key"}"#, "{}")),
        Invalid(MALFORMED),
    ),
    (
        "claims that are a list",
        |issuer| {
            call_with(&issuer.sealed(r#"{"alg":"RS256","kid":"key"}"#, r#"[{"sub":"alice"}]"#))
        },
        Invalid(MALFORMED),
    ),
    (
        "a token within a token",
        |issuer| {
            call_with(&issuer.sealed(r#"{"alg":"RS256","kid":"key","cty":"JWT"}"#, &good(issuer)))
        },
        Invalid(MALFORMED),
    ),
    (
        "a percent sign in the middle",
        |issuer| bearer(add(), &good(issuer).replacen('.', "%2e", 1)),
        SendOneToken,
    ),
];
