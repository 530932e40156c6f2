//! The little DER that is needed beside what ring reads. ITU-T X.690.

/// The tags that occur here.
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Appends a value with its tag and length to `to`.
pub(crate) fn write(to: &mut Vec<u8>, tag: u8, content: &[u8]) {
    to.push(tag);
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    match length.get(zeros..).unwrap_or_default() {
        [] => to.push(0),
        [short] if *short < 0x80 => to.push(*short),
        long => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a usize has at most 8 bytes"
            )]
            to.push(0x80 | long.len() as u8);
            to.extend_from_slice(long);
        }
    }
    to.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_takes_as_many_bytes_as_it_needs() {
        let cases: [(usize, &[u8]); 5] = [
            (0, &[0x30, 0]),
            (127, &[0x30, 127]),
            (128, &[0x30, 0x81, 128]),
            (255, &[0x30, 0x81, 255]),
            (256, &[0x30, 0x82, 1, 0]),
        ];

        for (length, head) in cases {
            let mut written = Vec::new();
            write(&mut written, SEQUENCE, &vec![7; length]);

            assert_eq!(&written[..head.len()], head);
            assert_eq!(written.len(), head.len() + length);
        }
    }
}
