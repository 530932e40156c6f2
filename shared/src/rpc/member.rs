//! Members of a JSON object, read no further than somebody asks.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A string that borrows from the text unless it has escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl<'a> Text<'a> {
    /// The string that `raw` is, if it is one.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        let written = raw.get().strip_prefix('"')?.strip_suffix('"')?;
        if written.contains('\\') {
            return serde_json::from_str(raw.get()).ok();
        }
        Some(Self(Cow::Borrowed(written)))
    }
}

/// Tells a member that is `null` from one that is absent, which `Option` alone does not.
pub(crate) fn present<'de, D>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error>
where
    D: Deserializer<'de>,
{
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Tells that a member is there, of which nothing is kept.
pub(crate) fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Reads `params`, which must be an object. `T` alone would also take an array, by position.
pub(super) fn params<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_map(Object(PhantomData))
}

/// Reads a member that counts only if it is an object.
pub(crate) fn object_or_other<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_any(Object(PhantomData))
}

/// `T` if it is an object, nothing if it is not; `deserialize_map` refuses what is not.
struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`params` to be an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<T, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Known {
        x: u8,
    }

    #[derive(Deserialize)]
    struct Outer {
        #[serde(default, deserialize_with = "object_or_other")]
        known: Known,
    }

    #[test]
    fn what_is_not_an_object_counts_for_nothing() {
        for (text, x) in [
            (r#"{"known":{"x":7,"y":[]}}"#, 7),
            (r#"{"known":[7]}"#, 0),
            (r#"{"known":[[{}],1]}"#, 0),
            (r#"{"known":null}"#, 0),
            (r#"{"known":true}"#, 0),
            (r#"{"known":-7}"#, 0),
            (r#"{"known":7}"#, 0),
            (r#"{"known":7.5}"#, 0),
            (r#"{"known":"7"}"#, 0),
            (r"{}", 0),
        ] {
            let Outer { known } = serde_json::from_str(text).unwrap();

            assert_eq!(known, Known { x }, "{text}");
        }
    }

    #[test]
    fn what_is_no_string_is_no_text() {
        for raw in ["1", "null", "{}", "[\"a\"]", r#""\ud800""#] {
            let raw = serde_json::from_str(raw).unwrap();

            assert!(Text::of(raw).is_none(), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_what_a_parser_makes_of_it(text: String) {
            let raw = serde_json::value::to_raw_value(&text).unwrap();

            prop_assert_eq!(Text::of(&raw).unwrap().0, text);
        }
    }
}
