//! What describes a region that is not built in.

use serde::Deserialize;

use super::RegionError;

/// One region, in lower case and checked to be fit for host names.
#[derive(Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "regionIdentifier")]
    pub(super) id: String,
    #[serde(rename = "regionKey")]
    pub(super) key: String,
    #[serde(rename = "realmKey")]
    pub(super) realm: String,
    #[serde(rename = "realmDomainComponent")]
    pub(super) domain: String,
}

impl Metadata {
    /// Reads one region.
    pub(super) fn one(json: &str) -> Result<Self, RegionError> {
        let metadata: Self = serde_json::from_str(json).map_err(|error| {
            RegionError::new(format!(
                "does not describe a region, `{{\"realmKey\", \"realmDomainComponent\", \
                 \"regionKey\", \"regionIdentifier\"}}`: {error}"
            ))
        })?;
        metadata.checked()
    }

    /// Reads a list of regions.
    pub(super) fn list(json: &str) -> Result<Vec<Self>, RegionError> {
        let list: Vec<Self> = serde_json::from_str(json).map_err(|error| {
            RegionError::new(format!(
                "is not a list of regions, each `{{\"realmKey\", \"realmDomainComponent\", \
                 \"regionKey\", \"regionIdentifier\"}}`: {error}"
            ))
        })?;
        list.into_iter().map(Self::checked).collect()
    }

    fn checked(mut self) -> Result<Self, RegionError> {
        let members = [
            (
                "regionIdentifier",
                &mut self.id,
                is_label as fn(&str) -> bool,
            ),
            ("regionKey", &mut self.key, is_label),
            ("realmKey", &mut self.realm, is_label),
            ("realmDomainComponent", &mut self.domain, is_domain),
        ];
        for (name, value, fits) in members {
            value.make_ascii_lowercase();
            if !fits(value) {
                return Err(RegionError::new(format!(
                    "has `{}` as `{name}`, which cannot be part of a host name",
                    value.escape_debug()
                )));
            }
        }
        Ok(self)
    }
}

/// Whether `text` is one label of a host name in lower case.
pub(super) fn is_label(text: &str) -> bool {
    (1..64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether `text` is two labels or more.
pub(super) fn is_domain(text: &str) -> bool {
    text.contains('.') && text.len() < 200 && text.split('.').all(is_label)
}
