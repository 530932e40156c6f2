//! Where a list goes on.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;

/// A place in a list: a page of OCI's, and how many of its items were shown. As text it is opaque.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cursor {
    skipped: usize,
    token: Option<String>,
}

impl Cursor {
    /// The start of the page that `token` asks for.
    pub(crate) fn of(token: &str) -> Self {
        Self {
            skipped: 0,
            token: Some(token.to_owned()),
        }
    }

    /// What asks OCI for the page; the first one needs nothing.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    /// The place `shown` items further.
    pub(super) fn advanced(&self, shown: usize) -> Self {
        Self {
            skipped: self.skipped.saturating_add(shown),
            token: self.token.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_deref().unwrap_or_default();
        f.write_str(&BASE64URL_NOPAD.encode(format!("{}.{token}", self.skipped).as_bytes()))
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decoded =
            (text.len() <= MAX_CHARS).then(|| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
        let decoded = decoded
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = decoded.as_deref().and_then(|text| text.split_once('.'));
        let cursor = parts.and_then(|(skipped, token)| {
            Some(Self {
                skipped: skipped.parse().ok()?,
                token: Some(token)
                    .filter(|token| !token.is_empty())
                    .map(str::to_owned),
            })
        });
        cursor.ok_or("`page` is none of ours; it is `next_page` of the answer before")
    }
}

/// A token of 8,192 bytes, which is the most that a parameter may have, in base64.
const MAX_CHARS: usize = 11_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        for cursor in [
            Cursor::default(),
            Cursor::default().advanced(7),
            Cursor::of("eyJ.a/b+c=").advanced(3),
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let long = "MC4".repeat(10_000);
        for text in ["", "abc", "MC4=", "LTEu", "../..", "\r\n", &long] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
