//! What a caller reads of what OCI answered: little, and no secrets.

mod cursor;
mod fields;
mod fit;
mod mask;
mod table;
mod view;

pub(crate) use self::cursor::Cursor;
pub(crate) use self::fields::{Fields, alike};
pub(crate) use self::fit::fit;
use self::mask::{MASKED, is_secret};
pub(crate) use self::mask::{mask, mask_lines};
pub(crate) use self::view::View;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde_json::{Map, Value, json};

use self::fit::size;
use crate::query::Unanswerable;

/// How an answer is to be shaped.
pub(crate) struct Shape<'a> {
    /// The largest result, in bytes.
    pub(crate) max_bytes: usize,
    /// What the caller wants to see.
    pub(crate) view: &'a View,
    /// What is told beside it.
    pub(crate) beside: Map<String, Value>,
    /// Whether the caller can choose `fields`.
    pub(crate) has_fields: bool,
    /// How many items of a list are shown, if not all of a page are.
    pub(crate) most: Option<usize>,
    /// Whether what is neither text nor JSON is shown, in base64.
    pub(crate) has_bytes: bool,
    /// Whether secrets are masked: always, unless the operator has named the operation for them.
    pub(crate) masks: bool,
    /// Where the page begins that was asked for, if the operation can be asked again.
    pub(crate) here: Option<&'a Cursor>,
    /// What asks for the page after it.
    pub(crate) next: Option<&'a str>,
    /// The compartment that a list is of because its caller named none, of which an empty one tells.
    pub(crate) compartment: Option<&'a str>,
}

/// That an answer is of no more than `compartment`, which its caller did not name.
pub(crate) fn alone(compartment: &str) -> String {
    format!("of `{compartment}` alone, the compartment of calls that name none")
}

/// A member of an object; null if it has none of that name.
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// Adds a member to an object.
pub(crate) fn put(object: &mut Value, name: &str, member: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), member.into());
    }
}

/// Takes out of `value` what is secret and what says nothing.
pub(crate) fn tidy(value: &mut Value) {
    clean(value);
    mask(value);
}

/// `value`, cut to `max_bytes`.
pub(crate) fn bounded(mut value: Value, max_bytes: usize) -> String {
    fit(&mut value, max_bytes);
    value.to_string()
}

impl Shape<'_> {
    /// The text of the result, as compact JSON or a table: of a list `{items, count, next_page?,
    /// truncated?, hint?}`, of anything else the thing itself.
    ///
    /// # Errors
    ///
    /// [`Unanswerable`] if the caller's query does not fit it.
    pub(crate) fn text(&self, response: &Response<Bytes>) -> Result<String, Unanswerable> {
        let mut result = match body(response) {
            Body::Nothing => self.nothing(response),
            Body::Text(part, text) => self.plain(text, part, response.headers()),
            Body::Binary(part, bytes) if self.has_bytes => {
                self.binary(bytes, part, response.headers())
            }
            Body::Binary(_, bytes) => json!({
                "bytes": bytes.len(),
                "hint": "it is neither text nor JSON, so that it is not shown",
            }),
            Body::Json(mut value) => {
                clean(&mut value);
                if self.masks {
                    mask(&mut value);
                }
                self.value(value)?
            }
        };
        if let Value::Object(result) = &mut result {
            result.extend(work_request(response.headers()));
            result.extend(self.beside.clone());
        }
        Ok(self.view.text(result, self.max_bytes))
    }

    /// The same of what is no answer as it came, but was made of such.
    ///
    /// # Errors
    ///
    /// As [`Shape::text`].
    pub(crate) fn made(&self, mut value: Value) -> Result<String, Unanswerable> {
        clean(&mut value);
        let value = self.value(value)?;
        Ok(self.view.text(value, self.max_bytes))
    }

    fn value(&self, value: Value) -> Result<Value, Unanswerable> {
        let (mut answer, hint) = match listing(value) {
            Ok((items, mut rest)) => {
                // `nextStartWith` and its like are in `next_page`.
                rest.retain(|name, _| !BESIDE.contains(&name.as_str()));
                let shown = items.iter().map(|item| self.view.project(item)).collect();
                rest.insert("items".to_owned(), shown);
                (Value::Object(rest), self.view.unknown(&items))
            }
            Err(value) => {
                let hint = self.view.unknown(std::slice::from_ref(&value));
                let mut shown = self.view.project(&value);
                // Whatever was asked for: what failed does not go unsaid.
                for name in ["missing", "hint"] {
                    if let Some(told) = value.get(name) {
                        put(&mut shown, name, told.clone());
                    }
                }
                (shown, hint)
            }
        };
        if let Some(found) = self.view.search(&answer) {
            let mut found = match found? {
                items @ Value::Array(_) => json!({ "items": items }),
                other => other,
            };
            // What it found nothing of may be what failed.
            if let Some(missing) = answer.get("missing") {
                put(&mut found, "missing", missing.clone());
            }
            answer = found;
        }
        Ok(match answer {
            Value::Object(mut rest) => match rest.remove("items") {
                Some(Value::Array(items)) => self.list(items, rest, hint),
                other => {
                    rest.extend(other.map(|other| ("items".to_owned(), other)));
                    self.one(rest.into(), hint)
                }
            },
            other => self.one(other, hint),
        })
    }

    fn nothing(&self, response: &Response<Bytes>) -> Value {
        let mut result = Map::new();
        result.extend(head(response.headers()));
        result.insert("status".to_owned(), response.status().as_u16().into());
        let mut result = Value::Object(result);
        if self.masks {
            mask(&mut result);
        }
        fit(&mut result, self.room());
        result
    }

    /// What there is for the answer itself, without a cursor, a hint and their like.
    fn room(&self) -> usize {
        let here = self.here.and_then(Cursor::token).map_or(0, str::len);
        let token = self.next.map_or(0, str::len).max(here);
        // In base64, after a number.
        self.max_bytes.saturating_sub(ENVELOPE + token * 4 / 3)
    }

    fn list(&self, items: Vec<Value>, rest: Map<String, Value>, mut hint: Option<String>) -> Value {
        let skipped = self.here.map_or(0, Cursor::skipped);
        let mut room = self.room();
        let mut beside = Value::Object(rest);
        let mut truncated = fit(&mut beside, room / 4);
        room = room.saturating_sub(size(&beside));
        let mut shown = Vec::new();
        let mut left = items.into_iter().skip(skipped).peekable();
        while let Some(item) = left.peek_mut() {
            if Some(shown.len()) == self.most {
                break;
            }
            if size(item) + 1 > room {
                truncated = true;
                if !shown.is_empty() {
                    break;
                }
                // Otherwise it would never be passed.
                fit(item, room);
            }
            room = room.saturating_sub(size(item) + 1);
            shown.extend(left.next());
        }
        let next = match (left.peek(), self.here) {
            (Some(_), Some(here)) => Some(here.advanced(shown.len()).to_string()),
            (None, Some(_)) => self.next.map(|token| Cursor::of(token).to_string()),
            (_, None) => None,
        };
        if truncated && hint.is_none() {
            let own = beside.get("hint").and_then(Value::as_str);
            let own = own.map(|own| format!("{own}; "));
            let remedy = if self.has_fields {
                "`fields` makes it smaller"
            } else {
                "ask for less"
            };
            let own = own.unwrap_or_default();
            hint = Some(format!("{own}the result was too large; {remedy}"));
        }
        if shown.is_empty() && hint.is_none() {
            hint = self.compartment.map(alone);
        }
        let mut result = match beside {
            Value::Object(rest) => rest,
            _ => Map::new(),
        };
        result.insert("count".to_owned(), shown.len().into());
        result.insert("items".to_owned(), Value::Array(shown));
        result.extend(next.map(|next| ("next_page".to_owned(), next.into())));
        result.extend(truncated.then(|| ("truncated".to_owned(), true.into())));
        result.extend(hint.map(|hint| ("hint".to_owned(), hint.into())));
        Value::Object(result)
    }

    fn one(&self, mut value: Value, hint: Option<String>) -> Value {
        let truncated = fit(&mut value, self.room());
        let next = self
            .next
            .filter(|_| self.here.is_some() && self.view.searches());
        if let Value::Object(members) = &mut value {
            members.extend(truncated.then(|| ("truncated".to_owned(), true.into())));
            members.extend(hint.map(|hint| ("hint".to_owned(), hint.into())));
            members.extend(
                next.map(|token| ("next_page".to_owned(), Cursor::of(token).to_string().into())),
            );
        }
        value
    }

    fn plain(&self, text: &str, part: Option<Part>, headers: &HeaderMap) -> Value {
        if self.masks && is_secret(text) {
            return masked(headers, "text");
        }
        let mut shown = Value::from(text);
        let is_cut = fit(&mut shown, self.room());
        let length = match shown.as_str() {
            Some(shown) if is_cut => shown.len().saturating_sub('…'.len_utf8()),
            _ => text.len(),
        };
        let next = part.and_then(|part| part.after(length));
        content(headers, ("text", shown), is_cut, next)
    }

    fn binary(&self, bytes: &[u8], part: Option<Part>, headers: &HeaderMap) -> Value {
        if self.masks && is_secret(&String::from_utf8_lossy(bytes)) {
            return masked(headers, "base64");
        }
        // Three bytes become four characters.
        let room = self.room() / 4 * 3;
        let shown = bytes.get(..room).unwrap_or(bytes);
        let is_cut = shown.len() < bytes.len();
        let next = part.and_then(|part| part.after(shown.len()));
        content(
            headers,
            ("base64", BASE64.encode(shown).into()),
            is_cut,
            next,
        )
    }
}

/// A secret, with nothing that leads to the rest of it.
fn masked(headers: &HeaderMap, name: &str) -> Value {
    content(headers, (name, MASKED.into()), false, None)
}

/// What a body is that is no JSON, and from where it goes on.
fn content(
    headers: &HeaderMap,
    (name, shown): (&str, Value),
    is_cut: bool,
    next: Option<u64>,
) -> Value {
    let mut result = Map::new();
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.map(|text| text.chars().take(100).collect::<String>());
    result.extend(media_type.map(|text| ("content_type".to_owned(), text.into())));
    result.insert(name.to_owned(), shown);
    let is_cut = is_cut || next.is_some();
    result.extend(is_cut.then(|| ("truncated".to_owned(), true.into())));
    let next = next.map(|next| format!("bytes={next}-"));
    result.extend(next.map(|next| ("next_range".to_owned(), next.into())));
    Value::Object(result)
}

enum Body<'a> {
    Nothing,
    Json(Value),
    /// With where it is in a larger one, if it is.
    Text(Option<Part>, &'a str),
    Binary(Option<Part>, &'a [u8]),
}

/// A part of something: of `Content-Range: bytes 0-99/200`, RFC 9110, 14.4, `0` and `200`.
#[derive(Clone, Copy)]
struct Part {
    start: u64,
    whole: u64,
}

impl Part {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
        let (range, whole) = range.strip_prefix("bytes ")?.split_once('/')?;
        let (start, _) = range.split_once('-')?;
        Some(Self {
            start: start.parse().ok()?,
            whole: whole.parse().ok()?,
        })
    }

    /// What comes after so many bytes of it, if anything does.
    fn after(self, length: usize) -> Option<u64> {
        Some(self.end(length)).filter(|end| *end < self.whole)
    }

    /// Where so many bytes of it end.
    fn end(self, length: usize) -> u64 {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        self.start.saturating_add(length)
    }
}

fn body(response: &Response<Bytes>) -> Body<'_> {
    let bytes = response.body();
    if bytes.is_empty() {
        return Body::Nothing;
    }
    let media_type = response.headers().get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let is_json = media_type.contains("json");
    let is_text = TEXTS.iter().any(|part| media_type.contains(part));
    let part = Part::of(response.headers());
    let is_whole = part.is_none_or(|part| part.start == 0 && part.end(bytes.len()) >= part.whole);
    match serde_json::from_slice(bytes) {
        Ok(value) if is_json && is_whole => Body::Json(value),
        _ => plain(bytes, part, is_text),
    }
}

/// `bytes` as text, if they are. A part may end inside a character, which is left out, and is in the next one; and begin
/// inside of one, which is left out if what it is a part of `is_text`: of anything else nothing may be missing.
fn plain(bytes: &[u8], whole: Option<Part>, is_text: bool) -> Body<'_> {
    let mut part = whole;
    let has_more = part.is_some_and(|part| part.end(bytes.len()) < part.whole);
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let mut rest = bytes;
    if let Some(part) = part.as_mut().filter(|part| is_text && part.start > 0) {
        let before = bytes.iter().take(MAX_INSIDE).take_while(is_inside).count();
        rest = bytes.get(before..).unwrap_or_default();
        part.start = part.end(before);
    }
    let text = std::str::from_utf8(rest).or_else(|error| {
        let is_end = has_more && error.error_len().is_none();
        let end = if is_end {
            error.valid_up_to()
        } else {
            rest.len()
        };
        std::str::from_utf8(rest.get(..end).unwrap_or_default())
    });
    match text {
        Ok(text) if !text.is_empty() => Body::Text(part, text),
        _ => Body::Binary(whole, bytes),
    }
}

/// The items of a list, and what is beside them; what is no list is given back.
fn listing(value: Value) -> Result<(Vec<Value>, Map<String, Value>), Value> {
    match value {
        Value::Array(items) => Ok((items, Map::new())),
        Value::Object(mut members) => {
            let name = LISTS
                .into_iter()
                .find(|name| members.get(*name).is_some_and(Value::is_array));
            match name.and_then(|name| members.remove(name)) {
                Some(Value::Array(items)) => Ok((items, members)),
                _ => Err(Value::Object(members)),
            }
        }
        other => Err(other),
    }
}

/// Takes out what says nothing: nulls, etags, and tags where there are none.
fn clean(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            members.retain(|name, value| {
                let is_empty = value.as_object().is_some_and(Map::is_empty);
                !value.is_null() && name != "etag" && !(is_empty && TAGS.contains(&name.as_str()))
            });
            members.values_mut().for_each(clean);
        }
        _ => {}
    }
}

/// What only the headers tell, if there is no body: of HEAD all it has to say.
fn head(headers: &HeaderMap) -> impl Iterator<Item = (String, Value)> {
    let is_told = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("opc-meta-") || HEAD.contains(&name)
    };
    // Of a change it is the length of the answer, which has no body.
    let is_length = |name: &HeaderName, value: &HeaderValue| name == CONTENT_LENGTH && value == "0";
    let told = headers
        .iter()
        .filter(move |(name, value)| is_told(name) && !is_length(name, value));
    told.filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().replace('-', "_"), value.into()))
    })
}

/// By what that can be followed which the request began.
fn work_request(headers: &HeaderMap) -> Option<(String, Value)> {
    let id = headers.get("opc-work-request-id")?.to_str().ok()?;
    Some((
        "work_request_id".to_owned(),
        id.chars().take(200).collect::<String>().into(),
    ))
}

/// What lists are called in answers that have more than a list.
const LISTS: [&str; 5] = ["items", "objects", "Resources", "entries", "results"];
/// What is beside a list and tells of it alone.
const BESIDE: [&str; 6] = [
    "fields",
    "itemsPerPage",
    "nextStartWith",
    "schemas",
    "startIndex",
    "summary",
];
/// What types of texts have in their names.
const TEXTS: [&str; 7] = ["csv", "javascript", "json", "text/", "toml", "xml", "yaml"];
const TAGS: [&str; 5] = [
    "definedTags",
    "extendedMetadata",
    "freeformTags",
    "metadata",
    "systemTags",
];
const HEAD: [&str; 5] = [
    "archival-state",
    "content-length",
    "etag",
    "last-modified",
    "storage-tier",
];
/// Bytes of a character of UTF-8 after its first.
const MAX_INSIDE: usize = 3;
/// For what is beside the answer itself: names, counts, a hint, the name of a work request.
const ENVELOPE: usize = 760;
