//! Which path asks for what.

use std::error::Error;
use std::fmt;

use http::Uri;

/// The paths that the container answers, beside those of the app itself.
#[derive(Clone, Debug)]
pub struct Paths {
    mcp: Uri,
    stream: String,
    remapped: Option<String>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Asked {
    /// Whatever the app has there.
    App,
    /// MCP, answered as an event stream.
    Stream,
    /// A message without MCP's headers, or a plain call.
    Predict,
}

const PREDICT: &str = "/predict";

/// MCP at `/mcp`.
impl Default for Paths {
    fn default() -> Self {
        Self {
            mcp: Uri::from_static("/mcp"),
            stream: "/mcp/stream".to_owned(),
            remapped: None,
        }
    }
}

impl Paths {
    /// The paths around an app that serves MCP at `mcp`.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] if `mcp` is not a path.
    pub fn new(mcp: &str) -> Result<Self, InvalidPath> {
        Ok(Self {
            mcp: path(mcp)?,
            stream: format!("{mcp}/stream"),
            remapped: None,
        })
    }

    /// Adds the path that the platform asks for instead of `/predict`: the value of
    /// `MODEL_DEPLOY_PREDICT_ENDPOINT`. It is served as `/predict` is, unless it is one of the
    /// others.
    ///
    /// # Errors
    ///
    /// [`InvalidPath`] if it is not a path.
    pub fn with_predict_endpoint(mut self, endpoint: &str) -> Result<Self, InvalidPath> {
        self.remapped = Some(trimmed(path(endpoint)?.path()).to_owned());
        Ok(self)
    }

    pub(crate) fn mcp(&self) -> &Uri {
        &self.mcp
    }

    /// What is at the path of `uri`, with or without a slash at its end.
    pub(crate) fn find(&self, uri: &Uri) -> Asked {
        let path = trimmed(uri.path());
        if path == self.stream {
            Asked::Stream
        } else if path == self.mcp.path() {
            Asked::App
        } else if path == PREDICT || self.remapped.as_deref() == Some(path) {
            Asked::Predict
        } else {
            Asked::App
        }
    }
}

fn path(text: &str) -> Result<Uri, InvalidPath> {
    let uri: Uri = text.parse().map_err(|_invalid| InvalidPath)?;
    if text.starts_with('/') && !text.contains(['?', '#']) {
        Ok(uri)
    } else {
        Err(InvalidPath)
    }
}

fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// A text is not the path of a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidPath;

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path starts with `/` and needs no escapes")
    }
}

impl Error for InvalidPath {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remapped_predict_is_what_it_names_or_else_predict() {
        for (endpoint, asked) in [
            ("/", Asked::Predict),
            ("/v1/chat/", Asked::Predict),
            ("/predict", Asked::Predict),
            ("/mcp/", Asked::App),
            ("/mcp/stream", Asked::Stream),
        ] {
            let paths = Paths::default().with_predict_endpoint(endpoint).unwrap();

            assert_eq!(paths.find(&endpoint.parse().unwrap()), asked, "{endpoint}");
            assert_eq!(paths.find(&Uri::from_static("/predict")), Asked::Predict);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "mcp",
            "*",
            "/a b",
            "/a?b=c",
            "/a#b",
            "https://example.com/a",
        ] {
            assert!(
                Paths::default().with_predict_endpoint(text).is_err(),
                "{text}"
            );
        }
    }
}
