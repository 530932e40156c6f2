//! What a read gives back.

use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::Serialize;

use crate::rpc::append_json;

/// The contents of a resource: text or bytes.
#[derive(Clone, Debug)]
pub struct Contents {
    mime_type: Option<Cow<'static, str>>,
    data: Data,
}

#[derive(Clone, Debug)]
enum Data {
    Text(Cow<'static, str>),
    Blob(Bytes),
}

/// `TextResourceContents` or `BlobResourceContents`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    uri: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
}

impl Contents {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            mime_type: None,
            data: Data::Text(text.into()),
        }
    }

    /// Bytes, which travel as Base64.
    #[must_use]
    pub fn blob(bytes: impl Into<Bytes>) -> Self {
        Self {
            mime_type: None,
            data: Data::Blob(bytes.into()),
        }
    }

    /// Says what kind of text or bytes it is, such as `image/png`.
    #[must_use]
    pub fn with_mime_type(mut self, mime_type: impl Into<Cow<'static, str>>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// About how many bytes they take.
    pub(crate) fn size_hint(&self) -> usize {
        let data = match &self.data {
            Data::Text(text) => text.len() + text.len() / 4,
            Data::Blob(bytes) => BASE64.encode_len(bytes.len()),
        };
        data + 64
    }

    /// Appends the contents of `uri` as JSON; they are of `mime_type` unless they say otherwise.
    pub(crate) fn append(&self, out: &mut Vec<u8>, uri: &str, mime_type: Option<&str>) {
        let (text, blob) = match &self.data {
            Data::Text(text) => (Some(&**text), None),
            Data::Blob(bytes) => (None, Some(BASE64.encode(bytes))),
        };
        let mime_type = self.mime_type.as_deref().or(mime_type);
        append_json(
            out,
            &Written {
                uri,
                mime_type,
                text,
                blob,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(contents: &Contents, mime_type: Option<&str>) -> String {
        let mut out = Vec::new();
        contents.append(&mut out, "a://b", mime_type);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn contents_are_text_or_base64_and_know_their_type_better_than_the_resource() {
        let text = Contents::text("\"é");
        let blob = Contents::blob(&b"\xff\0"[..]).with_mime_type("image/png");

        assert_eq!(
            written(&text, Some("text/plain")),
            r#"{"uri":"a://b","mimeType":"text/plain","text":"\"é"}"#
        );
        assert_eq!(written(&text, None), r#"{"uri":"a://b","text":"\"é"}"#);
        assert_eq!(
            written(&blob, Some("text/plain")),
            r#"{"uri":"a://b","mimeType":"image/png","blob":"/wA="}"#
        );
    }
}
