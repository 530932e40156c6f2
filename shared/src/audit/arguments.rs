//! The arguments of a call, as a record has them: a digest of their canonical form, or masked.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest as hash};
use serde_json::{Map, Number, Value};

/// The SHA-256 of `arguments`, a JSON text, in their canonical form: RFC 8785, but that an integer of up to 64
/// bits keeps all its digits, so that no two such numbers look alike. What has no such form is taken as it stands.
pub(super) fn digest(arguments: &str) -> String {
    let canonical = serde_json::from_str(arguments).map(|value: Value| {
        let mut text = String::with_capacity(arguments.len());
        write(&value, &mut text);
        text
    });
    let text = canonical.as_deref().unwrap_or(arguments);
    HEXLOWER.encode(hash(&SHA256, text.as_bytes()).as_ref())
}

/// `arguments`, a JSON text, without what is secret by its name or its form.
pub(super) fn masked(arguments: &str) -> Value {
    if arguments.len() > MAX_TOLD {
        return format!("(left out: {} bytes)", arguments.len()).into();
    }
    let mut value = serde_json::from_str(arguments).unwrap_or_default();
    mask(&mut value);
    value
}

/// Longer arguments are not told, in bytes.
const MAX_TOLD: usize = 16 * 1024;

/// A name with one of these in it, in whatever case and with whatever between its words, is that of a secret.
const SECRET: [&str; 10] = [
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "token",
];

const MASK: &str = "(masked)";

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) {
                    *value = MASK.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        // A JSON Web Token, or a key in PEM.
        Value::String(text) if text.starts_with("eyJ") || text.contains("PRIVATE KEY-----") => {
            *value = MASK.into();
        }
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|char| char.to_ascii_lowercase()).collect();
    SECRET.iter().any(|word| plain.contains(word))
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_object(members, text),
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        Value::Number(number) => write_number(number, text),
        // As RFC 8785, section 3.2.2.2 has them.
        Value::String(_) | Value::Bool(_) | Value::Null => text.push_str(&value.to_string()),
    }
}

fn write_object(members: &Map<String, Value>, text: &mut String) {
    // The order of RFC 8785, section 3.2.3, which differs from that of UTF-8 beyond U+FFFF.
    let mut sorted = BTreeMap::new();
    for (name, value) in members {
        sorted.insert(name.encode_utf16().collect::<Vec<_>>(), (name, value));
    }
    text.push('{');
    for (index, (name, value)) in sorted.into_values().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

/// As ECMAScript writes numbers (ECMA-262, `Number::toString`), which RFC 8785, section 3.2.2.3 asks for.
fn write_number(number: &Number, text: &mut String) {
    let plain = number.to_string();
    if number.is_f64() {
        text.push_str(&decimal(&plain));
    } else {
        text.push_str(&plain);
    }
}

/// A float that is written in its shortest digits, such as `-1.25e-7`, with its point and exponent where ECMAScript
/// has them.
fn decimal(plain: &str) -> String {
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(plain) => ("-", plain),
        None => ("", plain),
    };
    let (mantissa, exponent) = plain.split_once('e').unwrap_or((plain, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    let leading = all.len() - digits.len();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        // Of either sign.
        return "0".to_owned();
    }
    // Of the first digit.
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let shift =
        i32::try_from(whole.len()).unwrap_or_default() - i32::try_from(leading).unwrap_or_default();
    let exponent = exponent + shift - 1;
    match usize::try_from(exponent) {
        Ok(exponent @ 0..=20) => {
            let (whole, fraction) = digits.split_at(digits.len().min(exponent + 1));
            let zeros = "0".repeat(exponent + 1 - whole.len());
            let dot = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{whole}{zeros}{dot}{fraction}")
        }
        Err(_) if exponent > -7 => {
            let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
            format!("{sign}0.{zeros}{digits}")
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{sign}{first}{dot}{rest}e{exponent:+}")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn canonical(json: &str) -> String {
        let mut text = String::new();
        write(&serde_json::from_str(json).unwrap(), &mut text);
        text
    }

    #[test]
    fn numbers_are_those_of_rfc_8785() {
        // Appendix B: the bits of a number, and how it is written.
        for (bits, expected) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let mut text = String::new();

            write_number(&Number::from_f64(f64::from_bits(bits)).unwrap(), &mut text);

            assert_eq!(text, expected);
        }
    }

    #[test]
    fn what_says_the_same_has_the_same_digest_and_nothing_else_has() {
        let same = [
            r#"{"b":1.0,"a":"\u00e9\n"}"#,
            r#" { "a" : "é\u000a" , "b" : 1e0 } "#,
        ];
        // 2^60 and the next: as floats they would be one.
        let other = [
            r#"{"id":1152921504606846976}"#,
            r#"{"id":1152921504606846977}"#,
        ];

        assert_eq!(canonical(same[0]), r#"{"a":"é\n","b":1}"#);
        assert_eq!(digest(same[0]), digest(same[1]));
        assert_ne!(digest(other[0]), digest(other[1]));
        assert_ne!(digest(r#"{"a":"\ud800"}"#), digest(r#"{"a":"\ud801"}"#));
        // `printf {} | sha256sum`
        let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(digest(" {}"), empty);
    }

    #[test]
    fn names_are_sorted_by_utf_16() {
        let sorted = canonical("{\"\u{fb33}\":1,\"\u{1f600}\":2,\"€\":3,\"1\":4,\"\\r\":5}");

        assert_eq!(
            sorted,
            "{\"\\r\":5,\"1\":4,\"€\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}"
        );
    }

    #[test]
    fn what_is_secret_by_name_or_form_is_masked_at_every_level() {
        let arguments = json!({
            "name": "db",
            "DB_Password": "hunter2",
            "list": [{"api-key": ["hunter2"]}, "eyJhbGciOi.hunter2", 7],
            "pem": "-----BEGIN PRIVATE KEY-----\nhunter2",
        });

        let told = masked(&arguments.to_string());

        assert_eq!(
            told,
            json!({
                "name": "db",
                "DB_Password": MASK,
                "list": [{"api-key": MASK}, MASK, 7],
                "pem": MASK,
            })
        );
    }

    #[test]
    fn what_is_long_is_left_out() {
        let long = json!({ "a": "x".repeat(MAX_TOLD) }).to_string();

        assert_eq!(masked(&long), "(left out: 16392 bytes)");
    }
}
