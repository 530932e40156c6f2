//! The RSA key that signs.

#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod error;
#[cfg(feature = "session-keys")]
mod generate;

pub use self::error::KeyError;

use std::path::Path;
use std::{fmt, str};

use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use self::error::Problem;
use crate::pem::Block;
use crate::{der, file, pem};

/// An RSA key pair of 2048 to 4096 bits.
///
/// What is read on the way to it is wiped from memory. [`fmt::Debug`] shows the public fingerprint
/// alone.
pub struct PrivateKey {
    pair: RsaKeyPair,
}

impl PrivateKey {
    /// Reads the first private key of `pem`, whatever stands around it.
    ///
    /// PKCS#8 (RFC 5958) and PKCS#1 (RFC 8017) can be read, and with feature `encrypted-keys` both of them encrypted, as
    /// OpenSSL 3 and OpenSSL 1 do it. A pass phrase that the key does not need is passed over, because
    /// profiles inherit it from `DEFAULT`.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which says what to do about it.
    pub fn from_pem(pem: &[u8], passphrase: Option<&str>) -> Result<Self, KeyError> {
        let block = pem::blocks(pem)
            .find(|block| block.label.ends_with("PRIVATE KEY"))
            .ok_or_else(|| Problem::without_key(pem))?;
        Self::from_block(&block, passphrase).map_err(KeyError::from)
    }

    /// Reads [`PrivateKey::from_pem`] from a file.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names the file.
    pub fn from_file(path: &Path, passphrase: Option<&str>) -> Result<Self, KeyError> {
        file::read(path)
            .map_err(|error| Problem::Read(error).into())
            .and_then(|pem| Self::from_pem(&pem, passphrase))
            .map_err(|error| error.at(path.display()))
    }

    /// The length of the modulus, in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.pair.public().modulus_len() * 8
    }

    /// The modulus and the exponent, big-endian without leading zeros: `n` and `e` of a JWK
    /// (RFC 7518, section 6.3.1).
    #[must_use]
    pub fn public_components(&self) -> (Vec<u8>, Vec<u8>) {
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        (n, e)
    }

    /// The public key as DER `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    #[must_use]
    pub fn public_key_der(&self) -> Vec<u8> {
        let key = self.pair.public_key().as_ref();
        let mut bits = Vec::with_capacity(key.len() + 1);
        bits.push(0); // No unused bits.
        bits.extend_from_slice(key);
        let mut info = Vec::with_capacity(bits.len() + 32);
        info.extend_from_slice(&RSA_ENCRYPTION);
        der::write(&mut info, der::BIT_STRING, &bits);
        let mut spki = Vec::with_capacity(info.len() + 4);
        der::write(&mut spki, der::SEQUENCE, &info);
        spki
    }

    /// What the console shows for an API key: the MD5 of [`PrivateKey::public_key_der`], as
    /// `12:34:56:…`. Source: "Required Keys and OCIDs" in the documentation of OCI.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hex = data_encoding::HEXLOWER.encode(md5::compute(self.public_key_der()).as_ref());
        let pairs: Vec<&str> = hex.as_bytes().chunks(2).map(text).collect();
        pairs.join(":")
    }

    /// The length of the longest signature, in bytes.
    pub(crate) const MAX_SIGNATURE_BYTES: usize = 512;

    /// Writes the RSASSA-PKCS1-v1_5 signature of `message` with SHA-256 to the front of `buffer`.
    pub(crate) fn sign<'a>(
        &self,
        message: &[u8],
        buffer: &'a mut [u8; Self::MAX_SIGNATURE_BYTES],
    ) -> Result<&'a [u8], Inconsistent> {
        let signature = buffer
            .get_mut(..self.pair.public().modulus_len())
            .ok_or(Inconsistent)?;
        self.pair
            // This padding is deterministic: no random byte is drawn.
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, signature)
            .map_err(|ring::error::Unspecified| Inconsistent)?;
        Ok(signature)
    }

    fn from_block(block: &Block<'_>, passphrase: Option<&str>) -> Result<Self, Problem> {
        let pair = match block.label {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&block.der),
            "RSA PRIVATE KEY" if block.header("Proc-Type").is_none() => {
                RsaKeyPair::from_der(&block.der)
            }
            "RSA PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
                return Self::from_encrypted(block, passphrase);
            }
            label => return Err(Problem::Kind(label.to_owned())),
        };
        Ok(Self { pair: pair? })
    }

    #[cfg(feature = "encrypted-keys")]
    fn from_encrypted(block: &Block<'_>, passphrase: Option<&str>) -> Result<Self, Problem> {
        let passphrase = passphrase.ok_or(Problem::NoPassphrase)?;
        let pair = encrypted::decrypt(block, passphrase)?;
        Ok(Self { pair })
    }

    #[cfg(not(feature = "encrypted-keys"))]
    fn from_encrypted(_: &Block<'_>, _: Option<&str>) -> Result<Self, Problem> {
        Err(Problem::Encrypted)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

/// The numbers of a key do not belong together, which shows only when it signs.
#[derive(Debug)]
pub(crate) struct Inconsistent;

fn text(ascii: &[u8]) -> &str {
    str::from_utf8(ascii).unwrap_or_default()
}

/// `AlgorithmIdentifier` of RSA keys: the object identifier 1.2.840.113549.1.1.1, and `NULL`.
const RSA_ENCRYPTION: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
