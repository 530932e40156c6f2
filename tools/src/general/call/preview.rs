//! The request that would be sent.

use oci_rest::{Call, Client, Endpoint, Request};
use serde_json::{Value, json};

use crate::Shared;
use crate::answer::{bounded, mask, put};
use crate::error::Failure;

impl Shared {
    /// Method, host, path, query, names of headers, and the body with its secrets masked.
    pub(super) fn preview(
        &self,
        client: &Client,
        endpoint: &Endpoint,
        request: &Request,
        call: &Call,
    ) -> Result<String, Failure> {
        let unsigned = client.preview(endpoint, request, call)?;
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
            let mut body = serde_json::from_slice(&body)
                .unwrap_or_else(|_| Value::from(format!("{} bytes", body.len())));
            mask(&mut body);
            put(&mut shown, "body", body);
        }
        Ok(bounded(shown, self.max_bytes))
    }
}

/// Those that sign a request, whatever it is.
const SIGNING: [&str; 3] = ["authorization", "date", "host"];
