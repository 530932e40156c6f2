//! Where the keys come from: a URL, the issuer's metadata, or a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::ACCEPT;
use serde_json::Value;

use crate::json;
use crate::outbound::{MAX_BYTES, SecureUrl, Transport, exchange};
use crate::refusal::quoted;

pub(super) enum Source {
    Url(SecureUrl, Transport),
    Issuer(SecureUrl, Transport),
    File(PathBuf),
}

impl Source {
    /// The set of keys as text. The future may be dropped at any time.
    pub(super) async fn load(&self) -> Result<Bytes, String> {
        match self {
            Self::Url(url, transport) => get(transport, url).await,
            Self::Issuer(issuer, transport) => {
                let url = discover(issuer, transport).await?;
                get(transport, &url).await
            }
            // A few kilobytes once in many minutes: not worth a thread.
            Self::File(path) => read(path),
        }
    }
}

/// The `jwks_uri` of the issuer's metadata, by RFC 8414, section 3 or OIDC Discovery,
/// section 4.
async fn discover(issuer: &SecureUrl, transport: &Transport) -> Result<SecureUrl, String> {
    let mut problems = Vec::new();
    for url in metadata_urls(issuer) {
        match metadata(issuer, &url, transport).await {
            Ok(jwks) => return Ok(jwks),
            Err(problem) => problems.push(problem),
        }
    }
    Err(problems.join("; "))
}

/// One puts the well-known part before the issuer's path, the other after it.
fn metadata_urls(issuer: &SecureUrl) -> [SecureUrl; 2] {
    let (_, path) = issuer.split();
    [
        issuer.at(&format!("/.well-known/oauth-authorization-server{path}")),
        issuer.at(&format!("{path}/.well-known/openid-configuration")),
    ]
}

async fn metadata(
    issuer: &SecureUrl,
    url: &SecureUrl,
    transport: &Transport,
) -> Result<SecureUrl, String> {
    let document = get(transport, url).await?;
    let document = json::object(&document).map_err(|problem| format!("`{url}`: {problem}"))?;
    let text = |name| document.get(name).and_then(Value::as_str);
    // Or one issuer could pass its keys off as another's (RFC 8414, section 6.2).
    let named = text("issuer").unwrap_or_default();
    if named != issuer.as_str() {
        return Err(format!("`{url}` is of issuer {}", quoted(named)));
    }
    let Some(jwks) = text("jwks_uri") else {
        return Err(format!("`{url}` has no `jwks_uri`"));
    };
    SecureUrl::parse(jwks).map_err(|error| format!("`{url}`: {error}"))
}

async fn get(transport: &Transport, url: &SecureUrl) -> Result<Bytes, String> {
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| format!("`{url}`: {error}"))?;
    exchange(transport, request, PATIENCE).await
}

fn read(path: &Path) -> Result<Bytes, String> {
    let describe = |error: std::io::Error| format!("`{}`: {error}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(describe)?;
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(describe)?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("`{}` has over {MAX_BYTES} bytes", path.display()));
    }
    Ok(Bytes::from(bytes))
}

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_where_the_two_specifications_put_it() {
        let cases = [
            (
                "https://a.example",
                [
                    "https://a.example/.well-known/oauth-authorization-server",
                    "https://a.example/.well-known/openid-configuration",
                ],
            ),
            (
                "https://a.example/realms/b/",
                [
                    "https://a.example/.well-known/oauth-authorization-server/realms/b",
                    "https://a.example/realms/b/.well-known/openid-configuration",
                ],
            ),
        ];

        for (issuer, expected) in cases {
            let issuer = SecureUrl::parse(issuer).unwrap();
            let urls = metadata_urls(&issuer);
            assert_eq!(urls.each_ref().map(SecureUrl::as_str), expected);
        }
    }
}
