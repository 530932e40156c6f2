//! The request that would be sent.

use serde_json::{Value, json};

use crate::answer::{bounded, mask, put};
use crate::error::Failure;
use crate::session::{Prepared, Session};

impl Session<'_> {
    /// Method, host, path, query, names of headers, and the body with its secrets masked.
    pub(crate) fn preview(&self, prepared: &Prepared) -> Result<String, Failure> {
        let client = &self.connection.client;
        let unsigned = client.preview(&prepared.endpoint, &prepared.request, &self.call)?;
        let (parts, body) = unsigned.into_parts();
        let mut headers: Vec<&str> = parts.headers.keys().map(http::HeaderName::as_str).collect();
        headers.extend(SIGNING);
        headers.sort_unstable();
        let mut shown = json!({
            "dry_run": true,
            "method": parts.method.as_str(),
            "host": parts.uri.host(),
            "path": parts.uri.path(),
            "headers": headers,
        });
        if let Some(query) = parts.uri.query() {
            put(&mut shown, "query", query);
        }
        if !body.is_empty() {
            let mut body = serde_json::from_slice(&body).unwrap_or_else(|_| plain(&body));
            mask(&mut body);
            put(&mut shown, "body", body);
        }
        Ok(bounded(shown, self.shared.max_bytes))
    }
}

/// A body that is no JSON: a short text as it is.
fn plain(body: &[u8]) -> Value {
    let text = std::str::from_utf8(body).ok();
    match text.filter(|text| text.len() <= MAX_TEXT) {
        Some(text) => text.into(),
        None => format!("{} bytes", body.len()).into(),
    }
}

/// What a person reads before it is sent.
const MAX_TEXT: usize = 2_000;
/// Those that sign a request, whatever it is.
const SIGNING: [&str; 3] = ["authorization", "date", "host"];
