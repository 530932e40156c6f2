//! Content: what tools and prompts show, in the shape that each revision has for it.

mod link;

pub use link::ResourceLink;

use std::borrow::Cow;

use bytes::Bytes;
use data_encoding::BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use crate::mcp::Revision;
use crate::resource::Contents;
use crate::rpc::append_json;

/// One piece of content, of a tool's result or of a prompt's message (MCP, `ContentBlock`).
///
/// What an older revision has no word for reaches its clients as something that it has.
///
/// ```
/// use oci_mcp::{CallResult, Content, ContentAnnotations, ResourceLink, Role};
///
/// let for_people = ContentAnnotations {
///     audience: &[Role::User],
///     ..ContentAnnotations::default()
/// };
/// let log = ResourceLink::new("logs://build/7", "build.log");
/// let result = CallResult::new(vec![
///     Content::text("The build failed."),
///     Content::image(&b"\x89PNG"[..], "image/png").with_annotations(for_people),
///     Content::link(log),
/// ]);
/// ```
#[derive(Clone, Debug)]
pub struct Content {
    kind: Kind,
    annotations: ContentAnnotations,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(Cow<'static, str>),
    Image(Media),
    Audio(Media),
    Resource {
        uri: Cow<'static, str>,
        contents: Contents,
    },
    Link(Box<ResourceLink>),
}

#[derive(Clone, Debug)]
struct Media {
    bytes: Bytes,
    mime_type: Cow<'static, str>,
}

/// Who a piece of content, or a resource, is for, and how much it matters (MCP, `Annotations`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContentAnnotations {
    /// Who should see it; everybody if it is empty.
    pub audience: &'static [Role],
    /// From 0, which may be left out, to 1, which is needed. What is outside is not told.
    pub priority: Option<f64>,
    /// When it last changed, as ISO 8601 has it (2025-06-18 and later).
    pub last_modified: Option<Cow<'static, str>>,
}

/// A side of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Content {
    /// Plain text.
    #[must_use]
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Text(text.into()))
    }

    /// A picture, of a type such as `image/png`.
    #[must_use]
    pub fn image(bytes: impl Into<Bytes>, mime_type: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Image(Media {
            bytes: bytes.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// A sound, of a type such as `audio/wav`. Before 2025-03-26 an embedded resource.
    #[must_use]
    pub fn audio(bytes: impl Into<Bytes>, mime_type: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Audio(Media {
            bytes: bytes.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// What is under `uri`, in the answer itself; the server need not have such a resource.
    #[must_use]
    pub fn resource(uri: impl Into<Cow<'static, str>>, contents: Contents) -> Self {
        let uri = uri.into();
        Self::of(Kind::Resource { uri, contents })
    }

    /// A reference to a resource, for the client to read. Before 2025-06-18 a text with its URI.
    #[must_use]
    pub fn link(link: ResourceLink) -> Self {
        Self::of(Kind::Link(Box::new(link)))
    }

    /// Says who it is for, and how much it matters.
    #[must_use]
    pub fn with_annotations(mut self, annotations: ContentAnnotations) -> Self {
        self.annotations = annotations;
        self
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            annotations: ContentAnnotations::default(),
        }
    }

    /// Appends it as JSON, as `revision` has it.
    pub(crate) fn append(&self, out: &mut Vec<u8>, revision: Revision) {
        match &self.kind {
            Kind::Text(text) => append_text(out, text),
            Kind::Image(media) => media.append(out, "image"),
            Kind::Audio(media) if revision >= Revision::V2025_03_26 => media.append(out, "audio"),
            Kind::Audio(Media { bytes, mime_type }) => {
                let contents = Contents::blob(bytes.clone()).with_mime_type(mime_type.clone());
                append_resource(out, UNNAMED_AUDIO, &contents);
            }
            Kind::Resource { uri, contents } => append_resource(out, uri, contents),
            Kind::Link(link) if revision >= Revision::V2025_06_18 => link.append(out),
            Kind::Link(link) => append_text(out, &link.as_text()),
        }
        self.annotations.splice(out, revision);
    }

    /// About how many bytes it takes.
    pub(crate) fn size_hint(&self) -> usize {
        let size = match &self.kind {
            // Quotation marks in JSON that is carried as text are escaped.
            Kind::Text(text) => text.len() + text.len() / 4,
            Kind::Image(media) | Kind::Audio(media) => BASE64.encode_len(media.bytes.len()) + 64,
            Kind::Resource { uri, contents } => uri.len() + contents.size_hint() + 64,
            Kind::Link(_) => 256,
        };
        size + 48
    }
}

/// What a sound is called where it has to be a resource, which has a URI.
const UNNAMED_AUDIO: &str = "content:audio";

/// Makes `content`, JSON of the newest revision, what `revision` has, as [`Content::append`] does.
pub(crate) fn downgrade(content: &mut Value, revision: Revision) {
    let text = |key| content.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "audio" if revision < Revision::V2025_03_26 => {
            *content = json!({
                "type": "resource",
                "resource": {
                    "uri": UNNAMED_AUDIO,
                    "mimeType": text("mimeType"),
                    "blob": text("data"),
                },
            });
        }
        "resource_link" if revision < Revision::V2025_06_18 => {
            let link = ResourceLink::new(text("uri").to_owned(), text("name").to_owned());
            let description = content.get("description").and_then(Value::as_str);
            let link = match description {
                Some(description) => link.with_description(description.to_owned()),
                None => link,
            };
            *content = json!({ "type": "text", "text": link.as_text() });
        }
        _ => {}
    }
}

pub(crate) fn append_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(br#"{"type":"text","text":"#);
    append_json(out, &text);
    out.push(b'}');
}

fn append_resource(out: &mut Vec<u8>, uri: &str, contents: &Contents) {
    out.extend_from_slice(br#"{"type":"resource","resource":"#);
    contents.append(out, uri, None);
    out.push(b'}');
}

impl Media {
    fn append(&self, out: &mut Vec<u8>, kind: &'static str) {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            r#type: &'static str,
            data: String,
            mime_type: &'a str,
        }

        append_json(
            out,
            &Written {
                r#type: kind,
                data: BASE64.encode(&self.bytes),
                mime_type: &self.mime_type,
            },
        );
    }
}

/// What a revision has of annotations.
#[derive(PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnotationsFor {
    #[serde(skip_serializing_if = "<[Role]>::is_empty")]
    audience: &'static [Role],
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<Cow<'static, str>>,
}

impl ContentAnnotations {
    /// Nothing to say.
    pub const NONE: Self = Self {
        audience: &[],
        priority: None,
        last_modified: None,
    };

    /// What `revision` has of them, if there is anything to say.
    pub(crate) fn for_revision(&self, revision: Revision) -> Option<AnnotationsFor> {
        let since = revision >= Revision::V2025_06_18;
        let written = AnnotationsFor {
            audience: self.audience,
            priority: self.priority.filter(|p| (0.0..=1.0).contains(p)),
            last_modified: self.last_modified.clone().filter(|_| since),
        };
        let nothing = AnnotationsFor {
            audience: &[],
            priority: None,
            last_modified: None,
        };
        (written != nothing).then_some(written)
    }

    /// Adds them as a member to the object that `out` ends with, if there is anything to say.
    fn splice(&self, out: &mut Vec<u8>, revision: Revision) {
        if let Some(written) = self.for_revision(revision) {
            out.pop();
            out.extend_from_slice(br#","annotations":"#);
            append_json(out, &written);
            out.push(b'}');
        }
    }
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(content: &Content, revision: Revision) -> Value {
        let mut out = Vec::new();
        content.append(&mut out, revision);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn each_kind_has_its_shape() {
        let plain = Contents::text("<p>").with_mime_type("text/html");
        let image = json!({ "type": "image", "data": "/wA=", "mimeType": "image/png" });
        let audio = json!({ "type": "audio", "data": "/wA=", "mimeType": "audio/wav" });
        let text = json!({ "uri": "a:b", "mimeType": "text/html", "text": "<p>" });
        let blob = json!({ "uri": "a:b", "blob": "/wA=" });
        let bytes = &b"\xff\0"[..];
        for (content, shape) in [
            (
                Content::text("\"é"),
                json!({ "type": "text", "text": "\"é" }),
            ),
            (Content::image(bytes, "image/png"), image),
            (Content::audio(bytes, "audio/wav"), audio),
            (
                Content::resource("a:b", plain),
                json!({ "type": "resource", "resource": text }),
            ),
            (
                Content::resource("a:b", Contents::blob(bytes)),
                json!({ "type": "resource", "resource": blob }),
            ),
        ] {
            assert_eq!(written(&content, Revision::V2025_03_26), shape);
        }
    }

    #[test]
    fn what_a_revision_has_no_word_for_comes_as_what_it_has() {
        let audio = Content::audio(&b"\xff\0"[..], "audio/wav");
        let link = Content::link(ResourceLink::new("a:b", "b").with_description("B."));
        for revision in Revision::ALL {
            let audio = written(&audio, revision);
            let link = written(&link, revision);

            if revision >= Revision::V2025_03_26 {
                assert_eq!(audio["type"], "audio");
            } else {
                let blob =
                    json!({ "uri": "content:audio", "mimeType": "audio/wav", "blob": "/wA=" });
                assert_eq!(audio, json!({ "type": "resource", "resource": blob }));
            }
            if revision >= Revision::V2025_06_18 {
                assert_eq!(
                    link,
                    json!({ "type": "resource_link", "uri": "a:b", "name": "b", "description": "B." })
                );
            } else {
                assert_eq!(link, json!({ "type": "text", "text": "b: a:b (B.)" }));
            }
        }
    }

    #[test]
    fn annotations_say_what_the_revision_knows_and_nothing_that_is_wrong() {
        let annotated = |priority| {
            Content::text("a").with_annotations(ContentAnnotations {
                audience: &[Role::User, Role::Assistant],
                priority,
                last_modified: Some("2026-07-28T00:00:00Z".into()),
            })
        };
        let audience = json!(["user", "assistant"]);
        let old = written(&annotated(Some(0.5)), Revision::V2024_11_05);
        let new = written(&annotated(Some(1.0)), Revision::V2025_06_18);

        assert_eq!(
            old["annotations"],
            json!({ "audience": audience, "priority": 0.5 })
        );
        let modified = "2026-07-28T00:00:00Z";
        assert_eq!(
            new["annotations"],
            json!({ "audience": audience, "priority": 1.0, "lastModified": modified })
        );
        for wrong in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let content = written(&annotated(Some(wrong)), Revision::V2024_11_05);
            assert_eq!(content["annotations"], json!({ "audience": audience }));
        }
        let silent = Content::text("a").with_annotations(ContentAnnotations {
            last_modified: Some("".into()),
            ..ContentAnnotations::default()
        });
        assert_eq!(
            written(&silent, Revision::V2025_03_26)["annotations"],
            Value::Null
        );
    }
}
