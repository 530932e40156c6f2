//! What JSON allows and a message may not have: duplicate keys, and nesting without end.
//!
//! Two readers of a duplicate key may each take another value, and so disagree on which tool is
//! called with what (RFC 8259, section 4). The check covers the whole body, so that no later
//! reader has to think of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Error, ErrorKind, Text};

/// Levels of arrays and objects. Below the 128 at which `serde_json` itself gives up.
pub(super) const MAX_DEPTH: usize = 100;

/// Keys of one object that are compared one by one before a hash set pays.
const FEW_KEYS: usize = 16;

pub(super) fn check(text: &str) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict { depth: 0 }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| {
            let kind = if error.is_data() {
                ErrorKind::InvalidRequest
            } else {
                ErrorKind::Parse
            };
            Error::new(kind, format!("the body cannot be read: {error}"))
        })
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            let message = format_args!("more than {MAX_DEPTH} levels of nesting");
            return Err(E::custom(message));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen = Keys::default();
        while let Some(Text(key)) = members.next_key()? {
            if let Err(key) = seen.insert(key) {
                let message = format_args!("duplicate key {}", super::quoted(&key));
                return Err(serde::de::Error::custom(message));
            }
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Keys<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Keys<'a> {
    /// Adds `key`, or gives it back if it is there already.
    fn insert(&mut self, key: Cow<'a, str>) -> Result<(), Cow<'a, str>> {
        if self.few.contains(&key) || self.many.contains(&key) {
            return Err(key);
        }
        if self.few.len() < FEW_KEYS {
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_key_is_found_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"b":{"c":[{"d":1,"e":2,"d":3}]}}]"#,
            &format!(
                "{{{},\"k3\":0}}",
                (0..40)
                    .map(|i| format!("\"k{i}\":0"))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ] {
            let error = check(text).unwrap_err();

            assert_eq!(error.kind, ErrorKind::InvalidRequest, "{text}");
            assert!(error.message.contains("duplicate key"), "{}", error.message);
        }
    }

    #[test]
    fn the_same_key_in_different_objects_is_no_duplicate() {
        check(r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#).unwrap();
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));

        check(&nested(MAX_DEPTH)).unwrap();
        for levels in [MAX_DEPTH + 1, 20_000] {
            let error = check(&nested(levels)).unwrap_err();

            assert_eq!(error.kind, ErrorKind::InvalidRequest);
            assert!(
                error.message.contains("levels of nesting"),
                "{}",
                error.message
            );
        }
    }
}
