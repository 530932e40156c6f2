//! RSA keys: those that the simulator makes, and the public ones it verifies with.

use std::{fmt, io};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use graviola::signing::rsa::{KeySize, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

/// A key pair of 2048 bits, made by the simulator.
pub(crate) struct KeyPair {
    pair: RsaKeyPair,
    pkcs8: Vec<u8>,
    public: PublicKey,
}

impl KeyPair {
    /// Makes a new one, which takes 10 to 100 ms of CPU. ring makes none, hence graviola.
    ///
    /// # Errors
    ///
    /// If the system has no random bytes, or the processor lacks what graviola needs.
    pub(crate) fn generate() -> io::Result<Self> {
        // graviola would panic.
        if !has_needed_instructions() {
            let message = "making RSA keys needs a processor from 2015 or later";
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        let mut buffer = [0; DER_CAPACITY];
        let key = SigningKey::generate(KeySize::Rsa2048).map_err(unusable)?;
        let pkcs8 = key.to_pkcs8_der(&mut buffer).map_err(unusable)?.to_vec();
        let pair =
            RsaKeyPair::from_pkcs8(&pkcs8).map_err(|error| io::Error::other(error.to_string()))?;
        let public = PublicKey::from_pkcs1(pair.public_key().as_ref())
            .ok_or_else(|| io::Error::other("a new key cannot be read"))?;
        Ok(Self {
            pair,
            pkcs8,
            public,
        })
    }

    /// The private key in PKCS#8.
    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key in PKCS#8, as PEM.
    pub(crate) fn pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    ///
    /// # Errors
    ///
    /// If the key is damaged.
    pub(crate) fn sign(&self, message: &[u8]) -> io::Result<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|ring::error::Unspecified| io::Error::other("the key cannot sign"))?;
        Ok(signature)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").finish_non_exhaustive()
    }
}

/// A public key: modulus and exponent, big-endian without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`, as in the PEM of public keys. RFC 5280, 4.1.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        let (spki, rest) = element(SEQUENCE, der)?;
        let (algorithm, spki) = element(SEQUENCE, spki)?;
        let (bits, end) = element(BIT_STRING, spki)?;
        let over = rest.is_empty() && end.is_empty();
        let is_rsa = over && algorithm == RSA_ENCRYPTION;
        is_rsa
            .then(|| Self::from_pkcs1(bits.strip_prefix(&[0])?))
            .flatten()
    }

    /// Reads an `RSAPublicKey`, RFC 8017, A.1.1.
    pub(crate) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        let (key, rest) = element(SEQUENCE, der)?;
        let (n, key) = element(INTEGER, key)?;
        let (e, last) = element(INTEGER, key)?;
        (rest.is_empty() && last.is_empty()).then(|| Self::new(n, e))
    }

    /// Reads what is in a JSON web key. RFC 7518, 6.3.1.
    pub(crate) fn from_jwk(jwk: &Value) -> Option<Self> {
        let number = |name| BASE64URL_NOPAD.decode(jwk[name].as_str()?.as_bytes()).ok();
        (jwk["kty"] == "RSA").then_some(())?;
        Some(Self::new(&number("n")?, &number("e")?))
    }

    fn new(n: &[u8], e: &[u8]) -> Self {
        let trimmed = |number: &[u8]| {
            number
                .iter()
                .copied()
                .skip_while(|byte| *byte == 0)
                .collect()
        };
        Self {
            n: trimmed(n),
            e: trimmed(e),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": "emulator",
            "n": BASE64URL_NOPAD.encode(&self.n),
            "e": BASE64URL_NOPAD.encode(&self.e),
        })
    }

    pub(crate) fn to_spki(&self) -> Vec<u8> {
        let key = sequence(&[integer(&self.n), integer(&self.e)]);
        let bits = encoded(BIT_STRING, &[&[0], &key[..]].concat());
        sequence(&[encoded(SEQUENCE, RSA_ENCRYPTION), bits])
    }

    /// The fingerprint of an API key: MD5 of the `SubjectPublicKeyInfo`, in hex with colons.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = md5::compute(self.to_spki());
        digest.0.map(|byte| format!("{byte:02x}")).join(":")
    }

    /// Whether `signature` is one of `message`: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Self { n, e } = self;
        RsaPublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }
}

/// PEM, RFC 7468.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    let encoded = BASE64.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem + &format!("-----END {label}-----\n")
}

/// Splits off the content of one DER element.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_first_chunk::<2>()?;
    let [found, length] = *head;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest
            .split_first()
            .map(|(one, rest)| (usize::from(*one), rest))?,
        0x82 => rest
            .split_first_chunk::<2>()
            .map(|(two, rest)| (usize::from(u16::from_be_bytes(*two)), rest))?,
        _ => return None,
    };
    (found == tag)
        .then(|| rest.split_at_checked(length))
        .flatten()
}

fn encoded(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u16::try_from(content.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes()
    {
        [0, short] if short < 0x80 => der.push(short),
        [0, long] => der.extend([0x81, long]),
        [high, low] => der.extend([0x82, high, low]),
    }
    der.extend(content);
    der
}

fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    encoded(SEQUENCE, &elements.concat())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let negative = number.first().is_none_or(|first| *first >= 0x80);
    let sign: &[u8] = if negative { &[0] } else { &[] };
    encoded(INTEGER, &[sign, number].concat())
}

fn unusable(error: graviola::Error) -> io::Error {
    io::Error::other(format!("cannot make an RSA key: {error:?}"))
}

#[cfg(target_arch = "x86_64")]
fn has_needed_instructions() -> bool {
    std::arch::is_x86_feature_detected!("adx")
        && std::arch::is_x86_feature_detected!("aes")
        && std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("bmi2")
        && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn has_needed_instructions() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("neon")
        && std::arch::is_aarch64_feature_detected!("pmull")
        && std::arch::is_aarch64_feature_detected!("sha2")
}

const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
/// The object identifier 1.2.840.113549.1.1.1, and NULL for its parameters.
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// A key of 2048 bits takes less than 1300 bytes.
const DER_CAPACITY: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_comes_back_from_its_encodings_and_verifies() {
        let key = KeyPair::generate().unwrap();
        let public = key.public();

        let signature = key.sign(b"message").unwrap();

        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert_eq!(
            PublicKey::from_spki(&public.to_spki()),
            Some(public.clone())
        );
        assert_eq!(PublicKey::from_jwk(&public.jwk()), Some(public));
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let mut der = KeyPair::generate().unwrap().public().to_spki();

        der.push(0);

        assert_eq!(PublicKey::from_spki(&der), None);
        assert_eq!(PublicKey::from_spki(&der[..100]), None);
        assert_eq!(PublicKey::from_spki(b""), None);
        assert_eq!(PublicKey::from_jwk(&json!({ "kty": "EC" })), None);
    }
}
