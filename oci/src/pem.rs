//! PEM as people keep it: with text around it, CRLF, and headers of OpenSSL 1. RFC 7468, RFC 1421.
//!
//! Written here because what the crates for it decode passes through buffers that nobody wipes.

use std::str;

use data_encoding::BASE64;
use zeroize::Zeroizing;

/// What stands between one BEGIN line and its END line.
pub(crate) struct Block<'a> {
    /// The text of the BEGIN line: `PRIVATE KEY`.
    pub(crate) label: &'a str,
    /// The line `Proc-Type` and its like, which OpenSSL 1 writes above an encrypted key.
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    /// The decoded content, wiped when dropped.
    pub(crate) der: Zeroizing<Vec<u8>>,
}

impl<'a> Block<'a> {
    /// The value of the header `name`.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }
}

/// The blocks of `text`, in order. Text around them, such as the line `OCI_API_KEY` that Oracle has
/// people append to a key, is passed over; so is a block that is cut off or not base64.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    // Lines that are not text cannot be part of a block, so that a byte order mark in an odd
    // encoding spoils only its own line.
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(|line| str::from_utf8(line).unwrap_or_default().trim());
    std::iter::from_fn(move || {
        loop {
            let label = lines.by_ref().find_map(begin)?;
            if let Some(block) = block(label, &mut lines) {
                return Some(block);
            }
        }
    })
}

fn begin(line: &str) -> Option<&str> {
    line.trim_start_matches('\u{feff}')
        .strip_prefix("-----BEGIN ")?
        .strip_suffix("-----")
}

fn block<'a>(label: &'a str, lines: &mut impl Iterator<Item = &'a str>) -> Option<Block<'a>> {
    let mut headers = Vec::new();
    // Large enough for any key, because growing would leave a copy of what is there so far.
    let mut base64 = Zeroizing::new(Vec::with_capacity(BASE64_CAPACITY));
    for line in lines {
        if let Some(end) = line.strip_prefix("-----END ") {
            return (end.strip_suffix("-----") == Some(label))
                .then(|| decode(&base64))?
                .map(|der| Block {
                    label,
                    headers,
                    der,
                });
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim(), value.trim()));
        } else {
            base64.extend_from_slice(line.as_bytes());
        }
    }
    None
}

fn decode(base64: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut der = Zeroizing::new(vec![0; BASE64.decode_len(base64.len()).ok()?]);
    let length = BASE64.decode_mut(base64, &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

/// A key of 4096 bits is 3.2 KB of base64.
const BASE64_CAPACITY: usize = 4096;
