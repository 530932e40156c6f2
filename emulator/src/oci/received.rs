//! A request as received, taken apart.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use serde_json::Value;

use super::refusal::Refusal;

pub(crate) struct Received<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) now: Timestamp,
    /// The segments of the path, decoded.
    pub(crate) path: Vec<String>,
    query: Vec<(String, String)>,
}

impl<'a> Received<'a> {
    pub(crate) fn new(parts: &'a Parts, body: &'a Bytes, now: Timestamp) -> Self {
        let path = parts.uri.path().trim_start_matches('/');
        let query = parts.uri.query().unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self {
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
            body,
            now,
            path: path.split('/').map(decoded).collect(),
            query: pairs
                .map(|pair| {
                    let pair = pair.replace('+', " ");
                    let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
                    (decoded(name), decoded(value))
                })
                .collect(),
        }
    }

    /// The value of the query's parameter `name`.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params(name).first().copied()
    }

    /// Its values, where it may be repeated.
    pub(crate) fn params(&self, name: &str) -> Vec<&str> {
        let named = self.query.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.param(name).ok_or_else(|| Refusal::lacks(name))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, which must be a JSON object.
    pub(crate) fn json(&self) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(self.body)?;
        if body.is_object() {
            Ok(body)
        } else {
            Err(Refusal::cannot_parse("The body must be a JSON object"))
        }
    }

    /// The time in the query's parameter `name`.
    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, Refusal> {
        time(name, self.required(name)?)
    }
}

/// Reads a time, as RFC 3339 writes it.
pub(crate) fn time(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    text.parse().map_err(|error: jiff::Error| {
        Refusal::invalid(format!(
            "{name} must be a time of RFC 3339, not `{text}`: {error}"
        ))
    })
}

/// Decodes `%XX`; what is not well-formed stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.split_at_checked(2))
            .flatten();
        let byte = escaped.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            let digits = digits
                .chars()
                .all(|c| c.is_ascii_hexdigit())
                .then_some(digits)?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = byte.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_the_rest_stays() {
        for (text, expected) in [
            ("a%20b%2Fc", "a b/c"),
            ("%C3%A9", "é"),
            ("100%", "100%"),
            ("%zz%+1", "%zz%+1"),
        ] {
            assert_eq!(decoded(text), expected);
        }
    }
}
