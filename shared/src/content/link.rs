//! A reference to a resource.

use std::borrow::Cow;

use serde::Serialize;

use crate::rpc::append_json;

/// A resource that is worth reading (MCP 2025-06-18, `ResourceLink`). It need not be in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "type", rename = "resource_link")]
pub struct ResourceLink {
    uri: Cow<'static, str>,
    name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<Cow<'static, str>>,
}

impl ResourceLink {
    /// A link to `uri`, called `name`.
    #[must_use]
    pub fn new(uri: impl Into<Cow<'static, str>>, name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
        }
    }

    /// Adds a name for people.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Says what is there, for the model.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Says what kind of text or bytes it is, such as `image/png`.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: impl Into<Cow<'static, str>>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    pub(super) fn append(&self, out: &mut Vec<u8>) {
        append_json(out, self);
    }

    /// What a client sees that knows no links.
    pub(super) fn as_text(&self) -> String {
        let Self { uri, name, .. } = self;
        match &self.description {
            Some(description) => format!("{name}: {uri} ({description})"),
            None => format!("{name}: {uri}"),
        }
    }
}
