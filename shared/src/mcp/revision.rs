//! The revisions of MCP this server speaks.

use std::fmt;

/// A revision of the specification, oldest first, so that `>=` reads as "since".
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Revision {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Revision {
    /// Newest first, as they are announced.
    pub(crate) const ALL: [Self; 5] = [
        Self::V2026_07_28,
        Self::V2025_11_25,
        Self::V2025_06_18,
        Self::V2025_03_26,
        Self::V2024_11_05,
    ];

    /// What a request without a version is taken for (2025-06-18, "Protocol Version Header").
    pub(crate) const UNSTATED: Self = Self::V2025_03_26;

    const NEWEST_WITH_HANDSHAKE: Self = Self::V2025_11_25;

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|revision| revision.as_str() == text)
    }

    /// Whether each request stands alone and carries its own `_meta`; earlier revisions start
    /// with an `initialize` handshake.
    pub(crate) fn is_modern(self) -> bool {
        self >= Self::V2026_07_28
    }

    /// The revision that answers an `initialize` for `requested`: the same if there is a handshake
    /// in it, else the newest that has one. 2026-07-28 has none, so it is never echoed.
    pub(crate) fn negotiate(requested: &str) -> Self {
        Self::parse(requested)
            .filter(|revision| !revision.is_modern())
            .unwrap_or(Self::NEWEST_WITH_HANDSHAKE)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_echoes_what_it_can_and_offers_2025_11_25_otherwise() {
        for (requested, answered) in [
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2025-03-26"),
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("1999-01-01", "2025-11-25"),
            ("", "2025-11-25"),
        ] {
            assert_eq!(
                Revision::negotiate(requested).as_str(),
                answered,
                "{requested}"
            );
        }
    }

    #[test]
    fn revisions_are_announced_newest_first() {
        assert!(Revision::ALL.is_sorted_by(|newer, older| newer > older));
    }
}
