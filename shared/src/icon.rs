//! Pictures by which people tell things apart.

use serde::Serialize;

use crate::mcp::Revision;

/// A picture for a server, a tool, a resource or a prompt (MCP 2025-11-25, `Icon`); clients of earlier
/// revisions get none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    /// Where it is: an `https://` or `data:` URL.
    pub src: &'static str,
    /// Its type, such as `image/png`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<&'static str>,
    /// Its sizes, such as `48x48`, or `any` if it scales.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub sizes: &'static [&'static str],
    /// The background that it is made for, if not any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<IconTheme>,
}

/// The background that an icon is made for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IconTheme {
    /// A light one.
    Light,
    /// A dark one.
    Dark,
}

impl Icon {
    /// An icon of which nothing is told but where it is.
    #[must_use]
    pub const fn new(src: &'static str) -> Self {
        Self {
            src,
            mime_type: None,
            sizes: &[],
            theme: None,
        }
    }
}

/// What `revision` has of `icons`.
pub(crate) fn icons_for(icons: &'static [Icon], revision: Revision) -> &'static [Icon] {
    if revision >= Revision::V2025_11_25 {
        icons
    } else {
        &[]
    }
}

/// Whether clients may fetch all of `icons`: they must not take other URLs.
pub(crate) const fn are_valid(mut icons: &[Icon]) -> bool {
    while let [icon, rest @ ..] = icons {
        match icon.src.as_bytes() {
            [b'h', b't', b't', b'p', b's', b':', b'/', b'/', _, ..]
            | [b'd', b'a', b't', b'a', b':', _, ..] => icons = rest,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_is_fetched_safely_or_is_there_already() {
        for (src, is_valid) in [
            ("https://example.com/a.png", true),
            ("data:image/png;base64,iVBORw==", true),
            ("http://example.com/a.png", false),
            ("javascript:alert(1)", false),
            ("https://", false),
            ("data:", false),
            ("", false),
        ] {
            assert_eq!(are_valid(&[Icon::new(src)]), is_valid, "{src}");
        }
    }
}
