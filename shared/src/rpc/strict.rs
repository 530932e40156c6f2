//! What JSON allows and a message may not have: duplicate keys, nesting without end, and more values
//! than anybody needs, each of which costs a hundred times its text once it is parsed.
//!
//! Two readers of a duplicate key may each take another value, and so disagree on which tool is
//! called with what (RFC 8259, section 4). The check covers the whole body, so that no later
//! reader has to think of it.
//!
//! It reads text that a parser has found to be JSON, so it only has to tell strings from what is
//! between them. A visitor over `serde_json` would do the same, somewhat slower, but refuse every
//! string that is JSON and not Unicode, such as an id; the tests compare with one.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memchr2;

use super::{Error, ErrorKind, Text, quoted};

/// Levels of arrays and objects; below the 128 at which `serde_json` gives up on a value.
pub(super) const MAX_DEPTH: usize = 100;

/// Values in a message. `{}` is two bytes of text and some hundred of a `serde_json::Value`, so that
/// the limit on the body alone would allow for half a gigabyte.
pub(super) const MAX_VALUES: usize = 50_000;

/// Keys of one object that are compared one by one before a hash set pays.
const FEW_KEYS: usize = 16;

/// Checks `text`, which is JSON.
pub(super) fn check(text: &str) -> Result<(), Error> {
    let mut open = Open::nothing();
    let (mut rest, mut values, mut last_string) = (text.as_bytes(), 0, Written::default());
    // Every value but the outermost comes after a colon, a comma or a bracket.
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => (last_string, rest) = Written::split(after),
            b':' => {
                values += 1;
                // Here too, because a key is remembered.
                if values > MAX_VALUES {
                    break;
                }
                open.add_key(last_string)?;
            }
            b',' => values += 1,
            b'[' => {
                values += 1;
                open.enter()?;
            }
            b'{' => open.enter()?,
            b'}' | b']' => open.leave(),
            _ => {}
        }
    }
    if values > MAX_VALUES {
        return Err(refuse(format!("more than {MAX_VALUES} values")));
    }
    Ok(())
}

/// A string as it is written, without its quotation marks.
#[derive(Clone, Copy, Default)]
struct Written<'a> {
    text: &'a [u8],
    has_escapes: bool,
}

impl<'a> Written<'a> {
    /// The string that begins here, and what comes after it.
    fn split(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let (mut end, mut has_escapes) = (0, false);
        while let Some(found) = bytes.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            end += found;
            if bytes.get(end) == Some(&b'"') {
                break;
            }
            has_escapes = true;
            // Whatever is escaped does not end the string.
            end += 2;
        }
        let (text, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        let written = Self { text, has_escapes };
        (written, rest.get(1..).unwrap_or_default())
    }

    fn unescape(self) -> Result<Cow<'a, [u8]>, Error> {
        if !self.has_escapes {
            return Ok(Cow::Borrowed(self.text));
        }
        let quoted = [b"\"", self.text, b"\""].concat();
        match serde_json::from_slice(&quoted) {
            Ok(Text(key)) => Ok(Cow::Owned(key.into_owned().into_bytes())),
            // Half of a surrogate pair: some readers skip the object, others make some key of it.
            Err(_) => Err(refuse(format!("key {} is not Unicode", shown(self.text)))),
        }
    }
}

/// The keys of every array and object that is open; an array has none.
struct Open<'a> {
    /// One after the other, outermost first.
    keys: Vec<Cow<'a, [u8]>>,
    levels: Vec<Level<'a>>,
}

struct Level<'a> {
    /// Where in `keys` the first `FEW_KEYS` of this one begin.
    start: usize,
    /// The others, if there are any.
    more: Option<HashSet<Cow<'a, [u8]>>>,
}

impl<'a> Open<'a> {
    /// Nothing is open yet. The room is what an ordinary request needs.
    fn nothing() -> Self {
        Self {
            keys: Vec::with_capacity(16),
            levels: Vec::with_capacity(8),
        }
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.levels.len() == MAX_DEPTH {
            return Err(refuse(format!("more than {MAX_DEPTH} levels of nesting")));
        }
        self.levels.push(Level {
            start: self.keys.len(),
            more: None,
        });
        Ok(())
    }

    fn leave(&mut self) {
        if let Some(level) = self.levels.pop() {
            self.keys.truncate(level.start);
        }
    }

    /// Adds a key to the innermost object.
    fn add_key(&mut self, written: Written<'a>) -> Result<(), Error> {
        let key = written.unescape()?;
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        let few = self.keys.get(level.start..).unwrap_or_default();
        let is_known = |more: &HashSet<_>| more.contains(&key);
        if few.contains(&key) || level.more.as_ref().is_some_and(is_known) {
            return Err(refuse(format!("duplicate key {}", shown(&key))));
        }
        if few.len() < FEW_KEYS {
            self.keys.push(key);
        } else {
            level.more.get_or_insert_default().insert(key);
        }
        Ok(())
    }
}

fn shown(key: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(key))
}

fn refuse(why: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, why)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use proptest::prelude::*;
    use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

    use super::*;

    #[test]
    fn a_duplicate_key_is_found_at_any_depth_and_in_any_spelling() {
        let many: Vec<_> = (0..40).map(|i| format!("\"k{i}\":0")).collect();
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a" : 1 , "\u0061":1}"#,
            r#"{"a\"":1,"b":":","a\u0022":1}"#,
            r#"[{"b":{"c":[{"d":1,"e":2,"d":3}]}}]"#,
            r#"{"a":{"b":1},"c":[1,"x"],"a":2}"#,
            &format!("{{{},\"k3\":0}}", many.join(",")),
            &format!("{{{},\"k30\":0}}", many.join(",")),
        ] {
            let error = check(text).unwrap_err();

            assert_eq!(error.kind, ErrorKind::InvalidRequest, "{text}");
            assert!(error.message.contains("duplicate key"), "{}", error.message);
        }
    }

    #[test]
    fn the_same_key_in_different_objects_is_no_duplicate() {
        check(r#"{"a":{"a":1},"b":[{"a":1},{"a":1}],"c":"a","d":"\"a\":{"}"#).unwrap();
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));

        check(&nested(MAX_DEPTH)).unwrap();
        for levels in [MAX_DEPTH + 1, 20_000] {
            let error = check(&nested(levels)).unwrap_err();

            assert!(
                error.message.contains("levels of nesting"),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn a_key_that_is_not_unicode_is_refused() {
        assert!(check(r#"{"\ud800":1}"#).is_err());
        check(r#"{"\ud83d\ude00":"\ud800"}"#).unwrap();
    }

    #[test]
    fn values_have_an_end() {
        let list = |values: usize| format!("[{}]", vec!["{}"; values].join(","));

        check(&list(MAX_VALUES)).unwrap();
        let error = check(&list(MAX_VALUES + 1)).unwrap_err();

        assert!(error.message.contains("values"), "{}", error.message);
    }

    /// The same check by way of a parser: what `check` is compared with.
    struct Reference;

    impl<'de> DeserializeSeed<'de> for Reference {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }

    impl<'de> Visitor<'de> for Reference {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("JSON")
        }

        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }

        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
            while elements.next_element_seed(Self)?.is_some() {}
            Ok(())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            let mut seen = HashSet::new();
            while let Some(key) = members.next_key::<String>()? {
                if !seen.insert(key) {
                    return Err(serde::de::Error::custom("duplicate"));
                }
                members.next_value_seed(Self)?;
            }
            Ok(())
        }
    }

    /// JSON that often has a duplicate key, and strings full of what looks like structure.
    fn json() -> impl Strategy<Value = String> {
        let string = prop_oneof![
            r#"[ab"\\:{}\[\],é]{0,3}"#.prop_map(|text| serde_json::to_string(&text).unwrap()),
            Just(r#""\u0061""#.to_owned()),
        ];
        let leaf = prop_oneof![Just("7".to_owned()), string.clone()];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            let member = (string.clone(), inner.clone()).prop_map(|(k, v)| format!("{k} :{v}"));
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(|all| format!("[{}]", all.join(" ,"))),
                prop::collection::vec(member, 0..6)
                    .prop_map(|all| format!("{{{}}}", all.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_a_parser_finds(text in json()) {
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            let expected = Reference.deserialize(&mut deserializer);

            prop_assert_eq!(check(&text).is_ok(), expected.is_ok(), "{}", text);
        }
    }
}
