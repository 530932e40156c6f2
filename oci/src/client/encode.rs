//! Percent-encoding, RFC 3986 section 2.

/// Appends `value` as one segment of a path: everything but unreserved characters is encoded.
///
/// So are the segments `.` and `..`, which would otherwise lead to another operation.
pub(super) fn segment(path: &mut String, value: &str) {
    if value == "." || value == ".." {
        value.chars().for_each(|_| path.push_str("%2E"));
    } else {
        append(path, value, "%20");
    }
}

/// Appends `name=value`, encoded as a form: the official SDKs write a space as `+`.
pub(super) fn pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    append(query, name, "+");
    query.push('=');
    append(query, value, "+");
}

fn append(text: &mut String, value: &str, space: &str) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            b' ' => text.push_str(space),
            _ => {
                let digits = [byte >> 4, byte & 0xf].map(usize::from);
                text.push('%');
                text.extend(digits.iter().filter_map(|digit| HEX.get(*digit)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{pair, segment};

    #[test]
    fn a_segment_of_a_path_cannot_leave_its_place() {
        let rows = [
            ("ocid1.instance.oc1..a", "ocid1.instance.oc1..a"),
            ("a/../b", "a%2F..%2Fb"),
            ("..", "%2E%2E"),
            (".", "%2E"),
            ("...", "..."),
            ("a b+c?d#e%2F", "a%20b%2Bc%3Fd%23e%252F"),
            ("é\\\0", "%C3%A9%5C%00"),
            ("A-Z.a_z~9", "A-Z.a_z~9"),
        ];

        for (value, expected) in rows {
            let mut path = String::new();
            segment(&mut path, value);
            assert_eq!(path, expected);
        }
    }

    #[test]
    fn a_query_is_encoded_as_the_official_sdk_does() {
        let mut query = String::new();

        pair(&mut query, "displayName", "a b é");
        pair(&mut query, "x", "~'()*!");
        pair(&mut query, "x", "");

        assert_eq!(query, "displayName=a+b+%C3%A9&x=~%27%28%29%2A%21&x=");
    }
}
