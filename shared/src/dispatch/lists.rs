//! What does not depend on the request: the handshake, discovery and lists. Each is serialised
//! once per revision, when first asked for, and sent again from then on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::Call;
use super::call::{defective, invalid};
#[cfg(feature = "access")]
use super::views::Views;
use crate::icon::{Icon, icons_for};
use crate::identity::Identity;
use crate::mcp::{Revision, SERVER_INFO};
use crate::prompt::Catalog;
use crate::resource::Library;
use crate::rpc::{Error, Payload, Shared, Text, append_json, quoted};
use crate::schema::Results;
use crate::tool::{Annotations, Entry, Toolbox};

/// Entries on one page. Many clients read only the first page.
const PAGE: usize = 100;

/// How long a client may keep a list, in milliseconds. It changes only with a new deployment.
const TTL_MS: u32 = 300_000;

/// What tells a result from one that asks for something first.
const COMPLETE: &str = r#","resultType":"complete""#;

pub(super) struct Lists {
    identity: Identity,
    /// What every 2026-07-28 result ends with.
    modern_tail: String,
    discovery: OnceLock<Shared>,
    handshakes: PerRevision<Shared>,
    prompts: PerRevision<Pages>,
    resources: PerRevision<Pages>,
    templates: PerRevision<Pages>,
    tools: PerRevision<Pages>,
    #[cfg(feature = "access")]
    views: Views,
    /// Who may share what a client keeps: `cacheScope`.
    pub(super) scope: &'static str,
    pub(super) capabilities: Capabilities,
}

/// Which features are there, besides tools.
#[derive(Clone, Copy)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is there or not by itself"
)]
pub(super) struct Capabilities {
    pub(super) completions: bool,
    pub(super) prompts: bool,
    pub(super) resources: bool,
    pub(super) subscriptions: bool,
}

impl Lists {
    pub(super) fn new(identity: Identity, capabilities: Capabilities) -> Self {
        Self {
            modern_tail: modern_tail(&identity.stamp()),
            identity,
            discovery: OnceLock::new(),
            handshakes: PerRevision::default(),
            prompts: PerRevision::default(),
            resources: PerRevision::default(),
            templates: PerRevision::default(),
            tools: PerRevision::default(),
            #[cfg(feature = "access")]
            views: Views::default(),
            scope: "public",
            capabilities,
        }
    }

    /// The server's name.
    pub(super) fn server(&self) -> &str {
        &self.identity.name
    }

    /// What every result of 2026-07-28 says of the server.
    pub(super) fn stamp(&self) -> Value {
        self.identity.stamp()
    }

    /// The members that every result of `revision` ends with.
    pub(super) fn result_tail(&self, revision: Revision) -> &str {
        if revision.is_modern() {
            &self.modern_tail
        } else {
            ""
        }
    }

    /// The same without the type of the result, for results of 2026-07-28 that are of another one.
    pub(super) fn untyped_tail(&self) -> &str {
        let tail = &*self.modern_tail;
        tail.strip_prefix(COMPLETE).unwrap_or(tail)
    }

    /// The result of `server/discover`.
    pub(super) fn discovery(&self) -> Payload {
        let make = || {
            let mut result = self.introduction(Revision::V2026_07_28);
            result.insert(
                "supportedVersions".into(),
                json!(Revision::ALL.map(Revision::as_str)),
            );
            // Here alone the server says all of itself.
            let server = self.identity.implementation(Revision::V2026_07_28);
            Shared::new(self.cacheable(&result, &modern_tail(&server)))
        };
        Payload::Shared(self.discovery.get_or_init(make).clone())
    }

    /// The result of `initialize` once `revision` is agreed on.
    pub(super) fn handshake(&self, revision: Revision) -> Payload {
        let make = || {
            let mut result = self.introduction(revision);
            result.insert("protocolVersion".into(), revision.as_str().into());
            result.insert("serverInfo".into(), self.identity.implementation(revision));
            Shared::new(Value::from(result).to_string().into_bytes())
        };
        Payload::Shared(self.handshakes.get(revision).get_or_init(make).clone())
    }

    /// One page of `prompts/list`.
    pub(super) fn prompts(&self, prompts: &Catalog, call: &Call<'_>) -> Result<Payload, Error> {
        self.page("prompts", &self.prompts, call, |revision| {
            prompts.list(revision)
        })
    }

    /// One page of `resources/list`.
    pub(super) fn resources(&self, resources: &Library, call: &Call<'_>) -> Result<Payload, Error> {
        let list = |revision| resources.list(revision);
        self.page("resources", &self.resources, call, list)
    }

    /// One page of `resources/templates/list`.
    pub(super) fn templates(&self, resources: &Library, call: &Call<'_>) -> Result<Payload, Error> {
        let list = |revision| resources.list_templates(revision);
        self.page("resourceTemplates", &self.templates, call, list)
    }

    /// One page of `tools/list`.
    pub(super) fn tools(&self, tools: &Toolbox, call: &Call<'_>) -> Result<Payload, Error> {
        #[cfg(feature = "access")]
        if let Some(permit) = call.permit() {
            let pages = self.views.find(tools, permit, call.revision, |listed| {
                self.paginate("tools", listed, call.revision)
            });
            return pages.find(call);
        }
        // One that no client can use must not take the others with it; the log and a call say why.
        self.page("tools", &self.tools, call, |revision| {
            let entries = tools.iter();
            entries
                .filter_map(|entry| list(entry, revision, &[]).ok())
                .collect()
        })
    }

    /// The page of `pages` that `call` asks for. The pages are made of what `list` gives, under `key`,
    /// when first asked for. A caller who may not read sees that there is nothing.
    ///
    /// # Errors
    ///
    /// As [`Pages::find`].
    fn page(
        &self,
        key: &'static str,
        pages: &PerRevision<Pages>,
        call: &Call<'_>,
        list: impl FnOnce(Revision) -> Vec<Box<RawValue>>,
    ) -> Result<Payload, Error> {
        let revision = call.revision;
        #[cfg(feature = "access")]
        if call.permit().is_some_and(|permit| !permit.may_read()) {
            let nothing = self.paginate(key, &[], revision);
            return nothing.find(call);
        }
        let pages = pages
            .get(revision)
            .get_or_init(|| self.paginate(key, &list(revision), revision));
        pages.find(call)
    }

    fn paginate(&self, key: &'static str, listed: &[Box<RawValue>], revision: Revision) -> Pages {
        let mut hasher = DefaultHasher::new();
        for entry in listed {
            entry.get().hash(&mut hasher);
        }
        let mut pages = Pages {
            fingerprint: hasher.finish(),
            pages: Vec::new(),
        };
        // A server without tools still has a list, an empty one.
        let chunks = listed
            .chunks(PAGE)
            .chain(listed.is_empty().then_some(listed));
        for (index, entries) in chunks.enumerate() {
            let is_last = (index + 1) * PAGE >= listed.len();
            let page = Page {
                key,
                entries,
                next_cursor: (!is_last).then(|| pages.cursor(index + 1)),
            };
            let page = self.list(revision, &page);
            pages.pages.push(Shared::new(page));
        }
        pages
    }

    /// What a server says of itself in `revision`, apart from names and versions.
    fn introduction(&self, revision: Revision) -> Map<String, Value> {
        let mut members = Map::new();
        let Capabilities {
            completions,
            prompts,
            resources,
            subscriptions,
        } = self.capabilities;
        let offered = [
            // The method is older than its capability.
            (
                "completions",
                completions && revision >= Revision::V2025_03_26,
            ),
            ("logging", true),
            ("prompts", prompts),
            ("resources", resources),
            ("tools", true),
        ];
        let offered = offered.into_iter().filter(|(_, is_there)| *is_there);
        let mut capabilities = Map::new();
        capabilities.extend(offered.map(|(name, _)| (name.to_owned(), json!({}))));
        // In 2026-07-28 to subscribe is to keep a stream open.
        if subscriptions && !revision.is_modern() {
            capabilities.insert("resources".into(), json!({ "subscribe": true }));
        }
        members.insert("capabilities".into(), capabilities.into());
        if let Some(instructions) = &self.identity.instructions {
            members.insert("instructions".into(), instructions.as_str().into());
        }
        members
    }

    /// `result` with cache hints and `tail`, which begins with a comma.
    fn cacheable(&self, result: &impl Serialize, tail: &str) -> Vec<u8> {
        let mut out = Vec::new();
        append_json(&mut out, result);
        out.pop();
        let scope = self.scope;
        let hints = format!(r#","ttlMs":{TTL_MS},"cacheScope":"{scope}"{tail}}}"#);
        out.extend_from_slice(hints.as_bytes());
        out
    }

    /// `result` as a list of `revision` ends.
    fn list(&self, revision: Revision, result: &impl Serialize) -> Vec<u8> {
        if revision.is_modern() {
            return self.cacheable(result, &self.modern_tail);
        }
        let mut out = Vec::new();
        append_json(&mut out, result);
        out
    }
}

/// What every 2026-07-28 result ends with, of a `server`.
fn modern_tail(server: &Value) -> String {
    format!(r#"{COMPLETE},"_meta":{{"{SERVER_INFO}":{server}}}"#)
}

/// A value for each revision.
struct PerRevision<T>([OnceLock<T>; Revision::ALL.len()]);

impl<T> Default for PerRevision<T> {
    fn default() -> Self {
        Self([const { OnceLock::new() }; Revision::ALL.len()])
    }
}

impl<T> PerRevision<T> {
    fn get(&self, revision: Revision) -> &OnceLock<T> {
        let [
            v2024_11_05,
            v2025_03_26,
            v2025_06_18,
            v2025_11_25,
            v2026_07_28,
        ] = &self.0;
        match revision {
            Revision::V2024_11_05 => v2024_11_05,
            Revision::V2025_03_26 => v2025_03_26,
            Revision::V2025_06_18 => v2025_06_18,
            Revision::V2025_11_25 => v2025_11_25,
            Revision::V2026_07_28 => v2026_07_28,
        }
    }
}

pub(super) struct Pages {
    /// Which list this is, so that a cursor of another one (an older deployment's) is refused
    /// rather than taken for a place in this one.
    fingerprint: u64,
    pages: Vec<Shared>,
}

impl Pages {
    fn cursor(&self, index: usize) -> String {
        format!("{:016x}{index:x}", self.fingerprint)
    }

    /// The page that `call` asks for: the first, or the one that the cursor of an earlier page names.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidParams`](crate::rpc::ErrorKind::InvalidParams) if the cursor is not one
    /// of this list.
    fn find(&self, call: &Call<'_>) -> Result<Payload, Error> {
        let cursor = call.request.params.cursor()?;
        let page = match &cursor {
            None => self.pages.first(),
            Some(Text(cursor)) => self
                .index_of(cursor)
                .and_then(|index| self.pages.get(index)),
        };
        let page = page.ok_or_else(|| {
            let cursor = cursor.as_ref().map_or("", |Text(cursor)| cursor);
            invalid(format!("cursor {} is not of this list", quoted(cursor)))
        })?;
        Ok(Payload::Shared(page.clone()))
    }

    fn index_of(&self, cursor: &str) -> Option<usize> {
        let index = usize::from_str_radix(cursor.get(16..)?, 16).ok()?;
        (index > 0 && self.cursor(index) == cursor).then_some(index)
    }
}

struct Page<'a> {
    key: &'static str,
    entries: &'a [Box<RawValue>],
    next_cursor: Option<String>,
}

impl Serialize for Page<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry(self.key, self.entries)?;
        if let Some(cursor) = &self.next_cursor {
            members.serialize_entry("nextCursor", cursor)?;
        }
        members.end()
    }
}

/// A tool as a list of `revision` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedTool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_schema: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<ListedAnnotations<'a>>,
    #[serde(skip_serializing_if = "<[Icon]>::is_empty")]
    icons: &'static [Icon],
    #[serde(flatten)]
    more: BTreeMap<&'a str, &'a Value>,
}

#[derive(Eq, PartialEq, Serialize)]
struct ListedAnnotations<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(flatten)]
    hints: Annotations,
}

/// `entry` without the arguments that are `hidden`.
pub(super) fn list(
    entry: &Entry,
    revision: Revision,
    hidden: &[&str],
) -> Result<Box<RawValue>, Error> {
    let tool = entry.describe();
    let input_schema = entry
        .arguments()
        .schema()
        .map_err(|d| defective(tool.name, &d.0))?;
    let input_schema = &*without(input_schema, hidden);
    let output_schema = entry
        .results()
        .filter(|results| has_schema(results, revision))
        .map(Results::schema);
    let annotations = ListedAnnotations {
        // The only place for it in the one revision between annotations and titles.
        title: tool.title.filter(|_| revision == Revision::V2025_03_26),
        hints: tool.annotations,
    };
    let is_silent = annotations.title.is_none() && annotations.hints == Annotations::NONE;
    to_raw_value(&ListedTool {
        name: tool.name,
        title: tool.title.filter(|_| revision >= Revision::V2025_06_18),
        description: tool.text,
        input_schema,
        output_schema,
        annotations: (revision >= Revision::V2025_03_26 && !is_silent).then_some(annotations),
        icons: icons_for(tool.icons, revision),
        more: more_for(tool.more, revision),
    })
    .map_err(|e| defective(tool.name, &e.to_string()))
}

/// What `revision` has of the members that a mounted server says `more` of a tool with.
fn more_for(more: Option<&Map<String, Value>>, revision: Revision) -> BTreeMap<&str, &Value> {
    let since = |key: &str| match key {
        "icons" => Revision::V2025_11_25,
        _ => Revision::V2025_06_18,
    };
    let members = more.into_iter().flatten();
    let members = members.filter(|(key, _)| revision >= since(key));
    let mut had = BTreeMap::new();
    had.extend(members.map(|(key, value)| (key.as_str(), value)));
    had
}

/// Output schemas exist since 2025-06-18, and until 2026-07-28 they had to be of an object.
fn has_schema(results: &Results, revision: Revision) -> bool {
    revision.is_modern() || (revision >= Revision::V2025_06_18 && results.is_object())
}

/// An object's `schema` without these properties.
fn without<'a>(schema: &'a Value, hidden: &[&str]) -> Cow<'a, Value> {
    if hidden.is_empty() {
        return Cow::Borrowed(schema);
    }
    let mut schema = schema.clone();
    for name in hidden {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.remove(*name);
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|required| required != name);
        }
    }
    Cow::Owned(schema)
}
