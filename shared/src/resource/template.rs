//! URI templates (RFC 6570, level 1): which URIs are of a form, and with which values.

use serde_json::{Map, Value};

/// Whether `uri` is absolute and made of the characters that RFC 3986 allows.
pub(crate) const fn is_uri(uri: &str) -> bool {
    has_scheme(uri.as_bytes()) && is_plain(uri.as_bytes())
}

/// Whether `template` is an absolute URI with at least one `{name}`, each followed by the end or by
/// a character that no value has: so there is one way at most to match a URI.
pub(crate) const fn is_uri_template(template: &str) -> bool {
    let mut rest = template.as_bytes();
    let mut expressions = 0;
    if !has_scheme(rest) {
        return false;
    }
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'{' {
            if !is_uri_byte(*first) {
                return false;
            }
            continue;
        }
        let mut length = 0;
        while let [name, tail @ ..] = rest {
            if !(name.is_ascii_alphanumeric() || *name == b'_') {
                break;
            }
            length += 1;
            rest = tail;
        }
        match rest {
            [b'}', tail @ ..] if length > 0 && is_end(tail) => rest = tail,
            _ => return false,
        }
        expressions += 1;
    }
    expressions > 0
}

/// Whether `name` is one of the expressions of `template`.
pub(super) fn has_expression(template: &str, name: &str) -> bool {
    let expressions = template.split('{').skip(1);
    expressions
        .filter_map(|expression| expression.split_once('}'))
        .any(|(expression, _)| expression == name)
}

/// The values with which `uri` is of the form of `template`, which [`is_uri_template`].
pub(super) fn matched(template: &str, uri: &str) -> Option<Map<String, Value>> {
    let mut values = Map::new();
    let (mut form, mut uri) = (template, uri);
    while let Some((literal, rest)) = form.split_once('{') {
        let (name, rest) = rest.split_once('}')?;
        uri = uri.strip_prefix(literal)?;
        let length = uri.bytes().take_while(|byte| is_value_byte(*byte)).count();
        let (written, after) = uri.split_at_checked(length)?;
        let value = Value::from(decoded(written)?);
        // An expression that is there twice has one value (RFC 6570, section 3.2.1).
        if values.get(name).is_some_and(|earlier| *earlier != value) {
            return None;
        }
        values.insert(name.to_owned(), value);
        (form, uri) = (rest, after);
    }
    (form == uri).then_some(values)
}

/// A value without its percent-encoding, unless it would lead elsewhere.
fn decoded(written: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, encoded)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let (digits, after) = encoded.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    let value = String::from_utf8(bytes).ok()?;
    let leads_elsewhere = matches!(&*value, "" | "." | "..")
        || value.contains(|c: char| matches!(c, '/' | '\\') || c.is_control());
    (!leads_elsewhere).then_some(value)
}

const fn has_scheme(uri: &[u8]) -> bool {
    let mut rest = match uri {
        [first, tail @ ..] if first.is_ascii_alphabetic() => tail,
        _ => return false,
    };
    while let [byte, tail @ ..] = rest {
        if *byte == b':' {
            return !tail.is_empty();
        }
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            return false;
        }
        rest = tail;
    }
    false
}

const fn is_plain(mut rest: &[u8]) -> bool {
    while let [byte, tail @ ..] = rest {
        if !is_uri_byte(*byte) {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether no value can go on here.
const fn is_end(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [first, ..] => is_reserved(*first),
    }
}

const fn is_uri_byte(byte: u8) -> bool {
    is_value_byte(byte) || is_reserved(byte)
}

/// What the expansion of an expression is made of: unreserved characters and `%`.
const fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%')
}

const fn is_reserved(byte: u8) -> bool {
    matches!(
        byte,
        b':' | b'/'
            | b'?'
            | b'#'
            | b'['
            | b']'
            | b'@'
            | b'!'
            | b'$'
            | b'&'
            | b'\''
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_uri_is_absolute_and_plain() {
        for (uri, is_valid) in [
            ("test://static-text", true),
            ("urn:isbn:0451450523", true),
            ("file:///a%20b?c#d", true),
            ("", false),
            ("a", false),
            ("a:", false),
            ("/a:b", false),
            ("1a:b", false),
            ("a://b c", false),
            ("a://{b}", false),
            ("a://é", false),
        ] {
            assert_eq!(is_uri(uri), is_valid, "{uri}");
        }
    }

    #[test]
    fn a_template_can_be_matched_in_one_way_only() {
        for (template, is_valid) in [
            ("test://template/{id}/data", true),
            ("a:{b}", true),
            ("a://{b}/{c_1}?d={e}", true),
            ("a://b", false),
            ("{a}://b", false),
            ("a://{b}{c}", false),
            ("a://{b}-{c}", false),
            ("a://{b}.json", false),
            ("a://{}", false),
            ("a://{b", false),
            ("a://b}", false),
            ("a://{+b}", false),
            ("a://{b,c}", false),
            ("a://{b}/ ", false),
        ] {
            assert_eq!(is_uri_template(template), is_valid, "{template}");
        }
    }

    #[test]
    fn a_uri_of_the_form_gives_the_values() {
        for (template, uri, values) in [
            ("a://{b}/c", "a://1/c", json!({ "b": "1" })),
            ("a://{b}/c", "a://x.y_z~-/c", json!({ "b": "x.y_z~-" })),
            (
                "a://{b}",
                "a://S%C3%A3o%20Paulo",
                json!({ "b": "São Paulo" }),
            ),
            ("a://{b}?c={d}", "a://1?c=2", json!({ "b": "1", "d": "2" })),
            ("a://{b}/{b}", "a://1/%31", json!({ "b": "1" })),
            ("a://{b}", "a://...", json!({ "b": "..." })),
        ] {
            assert_eq!(
                matched(template, uri).map(Value::from),
                Some(values),
                "{uri}"
            );
        }
    }

    #[test]
    fn what_is_not_of_the_form_or_leads_elsewhere_does_not_match() {
        for uri in [
            "a:///c",
            "a://1",
            "a://1/c/",
            "a://1/2/c",
            "b://1/c",
            "A://1/c",
            "a://./c",
            "a://../c",
            "a://%2e%2e/c",
            "a://%2E./c",
            "a://x%2f..%2fy/c",
            "a://x%5Cy/c",
            "a://x%00/c",
            "a://x%0a/c",
            "a://x%/c",
            "a://x%2/c",
            "a://x%+1/c",
            "a://%ff/c",
            "a://é/c",
            "a://x y/c",
            "a://x:y/c",
        ] {
            assert_eq!(matched("a://{b}/c", uri), None, "{uri}");
        }
        assert_eq!(matched("a://{b}/{b}", "a://1/2"), None);
    }

    proptest! {
        #[test]
        fn any_value_that_leads_nowhere_else_comes_back(value in r"[^/\\\p{Cc}]{3,20}") {
            let encoded: Vec<_> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let encoded = encoded.concat();

            let values = matched("a://{b}/c", &format!("a://{encoded}/c")).unwrap();

            prop_assert_eq!(&values["b"], &value);
        }

        #[test]
        fn no_uri_is_too_odd_to_be_looked_at(uri: String) {
            let _values = matched("a://{b}/c", &uri);
        }
    }
}
