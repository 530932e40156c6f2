//! The tenancy that an instance's certificate names. RFC 5280, section 4.1.
//!
//! A reader of five nested values: the crates for X.509 bring a DER framework each for what is a walk
//! to one string, and the certificate's signature is the identity service's to check.

use std::str;

/// The tenancy in the subject of the certificate `der`: the value that starts with `opc-tenant:`, or
/// with `opc-identity:`.
pub(super) fn tenancy(der: &[u8]) -> Option<&str> {
    let (_, certificate) = Der(der).next()?;
    let (_, to_be_signed) = Der(certificate).next()?;
    let mut fields = Der(to_be_signed).filter(|(tag, _)| *tag != VERSION);
    // Serial number, algorithm, issuer and validity stand before it.
    let (_, subject) = fields.nth(4)?;
    Der(subject)
        .flat_map(|(_, set)| Der(set))
        .find_map(|(_, attribute)| {
            let (_, value) = Der(attribute).nth(1)?;
            let value = str::from_utf8(value).ok()?;
            PREFIXES
                .iter()
                .find_map(|prefix| value.strip_prefix(prefix))
        })
}

/// Values one after another, each with its tag. It ends at what is not DER.
struct Der<'a>(&'a [u8]);

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let ([tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first & 0x7f {
            short if *first < 0x80 => (usize::from(short), rest),
            // 4 bytes of length are more than a certificate has.
            count @ 1..=4 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(count))?;
                let length = bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }
}

/// `[0]`, which certificates of version 1 lack.
const VERSION: u8 = 0xa0;

const PREFIXES: [&str; 2] = ["opc-tenant:", "opc-identity:"];

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, proptest};

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(tenancy(&bytes).is_none());
        }
    }

    #[test]
    fn a_certificate_that_is_cut_off_names_nobody() {
        let pem = include_bytes!("../../tests/principals/leaf.pem");
        let certificate = crate::pem::blocks(pem).next().unwrap().der;

        assert_eq!(tenancy(&certificate), Some("ocid1.tenancy.oc1..a"));
        for length in 0..certificate.len() {
            assert_eq!(tenancy(&certificate[..length]), None);
        }
    }
}
