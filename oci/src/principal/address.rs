//! Addresses that requests for tokens go to.

use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, InvalidUri};

use super::PrincipalError;
use crate::region::{Region, Regions, Template};

/// An address that the operator configured: `https`, or `http` to this machine for a simulator.
pub(super) fn configured(name: &str, value: &str) -> Result<Uri, String> {
    whole(value)
        .filter(|url| is_https(url) || is_loopback(url))
        .ok_or_else(|| {
            format!(
                "`{name}` is `{}`; it must be an https URL",
                value.escape_debug()
            )
        })
}

/// An address that a service gave. A signed request goes there, so it must be in the realm of
/// `region`, or where the operator's own `trusted` is.
pub(super) fn announced(
    value: &str,
    region: Option<&Region>,
    trusted: &Uri,
) -> Result<Uri, PrincipalError> {
    let is_trusted =
        |url: &Uri| url.scheme() == trusted.scheme() && url.authority() == trusted.authority();
    let in_realm = |url: &Uri| {
        if !matches!(url.port_u16(), None | Some(443)) {
            return false;
        }
        let host = url.host().unwrap_or_default().to_ascii_lowercase();
        region.is_some_and(|region| {
            host.strip_suffix(region.domain())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        })
    };
    whole(value)
        .filter(|url| is_trusted(url) || is_https(url) && in_realm(url))
        .ok_or_else(|| {
            let realm = region.map_or("(of no known region)", Region::domain);
            PrincipalError::new(format!(
                "the parent resource is announced at `{}`, and a signed request goes only to https \
                 addresses in the realm's domain, `{realm}`",
                value.chars().take(200).collect::<String>().escape_debug()
            ))
        })
}

/// A URL with a scheme and a host, wherever it leads.
pub(super) fn whole(value: &str) -> Option<Uri> {
    let url: Option<Uri> = value.trim().parse().ok();
    url.filter(|url| {
        let authority = url.authority().map(Authority::as_str);
        authority.is_some_and(|authority| !authority.contains('@'))
            && url.host().is_some_and(|host| !host.is_empty())
    })
}

/// The identity service of `region`.
pub(super) fn identity(regions: &Regions, region: &Region) -> Result<Uri, PrincipalError> {
    let template = Template::new("https://auth.{region}.{secondLevelDomain}");
    regions
        .endpoint(region, &template, None)
        .map_err(|error| PrincipalError::new(format!("no identity service: {error}")))
}

/// `path` below `base`.
pub(super) fn join(base: &Uri, path: &str) -> Result<Uri, PrincipalError> {
    let joined = format!(
        "{}://{}{}{path}",
        base.scheme_str().unwrap_or_default(),
        base.authority().map_or("", Authority::as_str),
        base.path().trim_end_matches('/'),
    );
    joined.parse().map_err(|error: InvalidUri| {
        PrincipalError::new(format!("`{joined}` is not a URL")).with_source(error)
    })
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push('%');
            segment.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    segment
}

fn is_https(url: &Uri) -> bool {
    url.scheme_str() == Some("https")
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    url.scheme_str() == Some("http")
        && (host == "localhost" || address.is_some_and(|address| address.is_loopback()))
}
