//! Identifiers of calls and requests: unique in time, between processes and within one.

use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

/// A call's identifier: 26 characters that sort by time, like the ULIDs Fn gives out.
pub(crate) fn call_id() -> String {
    let id = unique();
    (0..26)
        .rev()
        .map(|place| char::from(digit(id >> (5 * place))))
        .collect()
}

/// The header with a request's identifier.
pub(crate) const REQUEST_ID: &str = "opc-request-id";

/// The client's own identifier of its request, or a new one.
pub(crate) fn of_request(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID);
    let given = given.filter(|given| (1..=98).contains(&given.len()));
    given.cloned().unwrap_or_else(|| {
        let new = HeaderValue::from_str(&request_id());
        new.unwrap_or(HeaderValue::from_static("emulator"))
    })
}

/// A request's identifier, in the form of `opc-request-id`.
fn request_id() -> String {
    format!("{:032X}/{:032X}", unique(), unique())
}

/// 48 bits of time, 32 of process, 32 of counter, spread as a ULID is.
fn unique() -> u128 {
    static COUNTER: AtomicU32 = AtomicU32::new(0);

    let time = u128::from(Timestamp::now().as_millisecond().unsigned_abs());
    let process = u128::from(std::process::id());
    let counter = u128::from(COUNTER.fetch_add(1, Ordering::Relaxed));
    (time << 80) | (process << 48) | counter
}

/// Crockford's base 32: no I, L, O, U.
fn digit(value: u128) -> u8 {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    let index = usize::try_from(value & 31).unwrap_or(0);
    DIGITS.get(index).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_have_26_characters_and_differ() {
        let (first, second) = (call_id(), call_id());

        assert_eq!((first.len(), second.len()), (26, 26));
        assert!(first < second, "{first} {second}");
    }

    #[test]
    fn request_ids_differ() {
        assert_ne!(request_id(), request_id());
    }
}
