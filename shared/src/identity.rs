//! Who the server says it is.

use serde_json::{Map, Value, json};

use crate::icon::{self, Icon, icons_for};
use crate::mcp::Revision;

/// What MCP calls an `Implementation`, and the instructions that go with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) website_url: Option<String>,
    pub(crate) icons: &'static [Icon],
    pub(crate) instructions: Option<String>,
}

impl Identity {
    /// What every 2026-07-28 result says of the server: no more than tells it from others.
    pub(crate) fn stamp(&self) -> Value {
        let members = [
            ("name", Some(&self.name)),
            ("version", Some(&self.version)),
            ("title", self.title.as_ref()),
        ];
        members_of(&members).into()
    }

    /// All that `revision` has a word for: `title` since 2025-06-18, the rest since 2025-11-25.
    pub(crate) fn implementation(&self, revision: Revision) -> Value {
        let since = |first, value| Option::filter(value, |_: &&String| revision >= first);
        let members = [
            ("name", Some(&self.name)),
            ("version", Some(&self.version)),
            ("title", since(Revision::V2025_06_18, self.title.as_ref())),
            (
                "description",
                since(Revision::V2025_11_25, self.description.as_ref()),
            ),
            (
                "websiteUrl",
                since(Revision::V2025_11_25, self.website_url.as_ref()),
            ),
        ];
        let mut members = members_of(&members);
        let icons = icons_for(self.icons, revision);
        if !icons.is_empty() {
            members.insert("icons".into(), json!(icons));
        }
        members.into()
    }

    /// What no client would accept, each as a sentence.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        let website = self.website_url.as_ref();
        let website = website
            .filter(|url| !(url.starts_with("https://") || url.starts_with("http://")))
            .map(|url| format!("the website `{url}` is no `https://` or `http://` URL"));
        let icons = (!icon::are_valid(self.icons))
            .then(|| "an icon of the server is at an `https://` or `data:` URL".to_owned());
        website.into_iter().chain(icons)
    }
}

fn members_of(members: &[(&str, Option<&String>)]) -> Map<String, Value> {
    let given = members
        .iter()
        .filter_map(|(key, value)| Some(((*key).to_owned(), value.as_ref()?.as_str().into())));
    let mut members = Map::new();
    members.extend(given);
    members
}
