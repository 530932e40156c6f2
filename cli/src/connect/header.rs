//! What MCP wants in headers, for a client that has none: "Standard Request Headers" of 2026-07-28.

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::era::Era;
use super::message::Message;

/// What the handshake settled; no more than the era with a client of 2026-07-28.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    /// The revision, which a client repeats from then on.
    pub(super) revision: Option<HeaderValue>,
    /// The name of the session, if the server has any.
    pub(super) session: Option<HeaderValue>,
    /// The message that began it.
    pub(super) handshake: Option<Bytes>,
    pub(super) era: Era,
}

impl Settled {
    /// Whether the era is settled with `message`: nothing overtakes it.
    pub(super) fn is_opened_by(&self, message: &Message) -> bool {
        matches!(self.era, Era::Unknown) && message.is_modern()
    }
}

/// The headers of `message`.
pub(super) fn of(message: &Message, settled: &Settled) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    };
    if let Some(revision) = &message.revision {
        add(PROTOCOL_VERSION, Some(encode(revision)));
        add(METHOD, message.method.as_deref().map(encode));
        add(NAME, message.name.as_deref().map(encode));
    } else {
        // A handshake starts anew: what was settled before does not count for it.
        let is_new = message.method.as_deref() == Some("initialize");
        let settled = Some(settled).filter(|_| !is_new);
        add(
            PROTOCOL_VERSION,
            settled.and_then(|settled| settled.revision.clone()),
        );
        add(SESSION, settled.and_then(|settled| settled.session.clone()));
    }
    headers
}

/// `value`, in base64 if a header cannot hold it as it is.
pub(super) fn encode(value: &str) -> HeaderValue {
    let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && value.trim() == value
        && !value.starts_with("=?base64?");
    let plain = is_plain
        .then(|| HeaderValue::from_str(value).ok())
        .flatten();
    plain.unwrap_or_else(|| {
        let encoded = format!("=?base64?{}?=", BASE64.encode(value.as_bytes()));
        HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
    })
}

pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn what_a_header_cannot_hold_goes_in_base64() {
        for (value, header) in [
            ("add", "add"),
            ("a b~", "a b~"),
            ("", ""),
            (" a", "=?base64?IGE=?="),
            ("é", "=?base64?w6k=?="),
            ("a\r\nx: y", "=?base64?YQ0KeDogeQ==?="),
            ("=?base64?YQ==?=", "=?base64?PT9iYXNlNjQ/WVE9PT89?="),
        ] {
            assert_eq!(encode(value), header, "{value}");
        }
    }
}
