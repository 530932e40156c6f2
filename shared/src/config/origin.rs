//! Origins and hosts that may be named in a setting, and how a header is compared with them.

use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

/// A web origin: scheme, host and port (RFC 6454), in lower case and without a default port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// The name that a `Host` header carries, with the port if one was set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Host {
    name: String,
    port: Option<u16>,
}

impl Origin {
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// The names of this machine, as they stand in `Host` and in an origin.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Host {
    /// This machine by each of its names, on any port.
    pub(crate) fn loopback() -> Vec<Self> {
        LOOPBACK
            .map(|name| Self {
                name: name.to_owned(),
                port: None,
            })
            .into()
    }

    /// Whether `other`, from a header, is this host. Without a port of its own it has any.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.name == other.name && (self.port.is_none() || self.port == other.port)
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an origin is `https://host` or `https://host:port`, without a path; a \
                            wildcard would let every web page in";
        let uri: Uri = text.parse().map_err(|_invalid| FORM)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(FORM);
        };
        if !matches!(uri.path(), "" | "/") || text.ends_with('/') || uri.query().is_some() {
            return Err(FORM);
        }
        let Host { name: host, port } = host(authority).ok_or(FORM)?;
        let default = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            host,
            port: port.filter(|port| Some(*port) != default),
        })
    }
}

impl FromStr for Host {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a host is a name or an address, with a port or without";
        let authority: Authority = text.parse().map_err(|_invalid| FORM)?;
        host(&authority).ok_or(FORM)
    }
}

fn host(authority: &Authority) -> Option<Host> {
    let name = authority.host();
    // `Authority` takes user names and empty or absurd ports; neither belongs in a host.
    let port = match authority.as_str().strip_prefix(name)? {
        "" => None,
        port => Some(port.strip_prefix(':')?.parse().ok()?),
    };
    let is_plain = !name.is_empty() && !name.contains('*');
    is_plain.then(|| Host {
        name: name.to_ascii_lowercase(),
        port,
    })
}

fn is_loopback(host: &str) -> bool {
    LOOPBACK.contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for text in [
            "null",
            "*",
            "https://*",
            "https://*.x.com",
            "x.com",
            "https://a@x.com",
            "https://x.com/",
            "https://x.com/a",
            "https://x.com:99999",
            "https://",
            "",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn origins_are_compared_without_case_and_default_port() {
        let origin = |text: &str| text.parse::<Origin>().unwrap();

        assert_eq!(origin("HTTPS://Claude.AI:443"), origin("https://claude.ai"));
        assert_ne!(
            origin("https://claude.ai:8443"),
            origin("https://claude.ai")
        );
        assert_ne!(origin("http://claude.ai"), origin("https://claude.ai"));
    }

    #[test]
    fn loopback_is_known_by_name_and_not_by_look() {
        for (text, is_loopback) in [
            ("http://localhost:6274", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost.evil.com", false),
            ("http://127.0.0.1.evil.com", false),
        ] {
            assert_eq!(
                text.parse::<Origin>().unwrap().is_loopback(),
                is_loopback,
                "{text}"
            );
        }
    }

    #[test]
    fn a_host_without_a_port_covers_every_port() {
        let host = |text: &str| text.parse::<Host>().unwrap();

        assert!(host("mcp.example.com").covers(&host("MCP.example.com:8443")));
        assert!(!host("mcp.example.com:443").covers(&host("mcp.example.com:8443")));
        assert!(!host("example.com").covers(&host("mcp.example.com")));
    }
}
