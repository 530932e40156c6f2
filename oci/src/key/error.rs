//! Why there is no key.

use std::error::Error;
use std::fmt;
use std::fmt::Display;

use ring::error::KeyRejected;

use crate::file::FileError;
use crate::pem;

/// Why there is no key: what is wrong, where, and what to do.
///
/// It tells nothing of what was read.
#[derive(Debug)]
pub struct KeyError {
    place: Option<String>,
    problem: Problem,
}

impl KeyError {
    /// Says where the key was read: the path of a file, or the name of a variable.
    #[must_use]
    pub fn at(mut self, place: impl Display) -> Self {
        self.place = Some(place.to_string());
        self
    }
}

impl Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "`{place}` {}", self.problem),
            None => write!(f, "the key {}", self.problem),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Read(source) => source.source(),
            _ => None,
        }
    }
}

impl From<Problem> for KeyError {
    fn from(problem: Problem) -> Self {
        Self {
            place: None,
            problem,
        }
    }
}

/// What is wrong with a key.
#[derive(Debug)]
pub(crate) enum Problem {
    Read(FileError),
    NotPem,
    Certificate,
    PublicKey,
    Kind(String),
    #[cfg(not(feature = "encrypted-keys"))]
    Encrypted,
    #[cfg(feature = "encrypted-keys")]
    NoPassphrase,
    #[cfg(feature = "encrypted-keys")]
    Passphrase,
    #[cfg(feature = "encrypted-keys")]
    Cipher(String),
    #[cfg(feature = "session-keys")]
    Processor,
    #[cfg(feature = "session-keys")]
    Random,
    TooShort,
    TooLong,
    NotRsa,
    Damaged,
}

impl Problem {
    /// What is wrong with text that holds no private key.
    pub(super) fn without_key(text: &[u8]) -> Self {
        match pem::blocks(text).next().map(|block| block.label) {
            Some("CERTIFICATE") => Self::Certificate,
            Some(label) if label.ends_with("PUBLIC KEY") => Self::PublicKey,
            Some(label) => Self::Kind(label.to_owned()),
            None if text.starts_with(b"ssh-") => Self::PublicKey,
            None => Self::NotPem,
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "cannot be read: {}", error.problem()),
            Self::NotPem => f.write_str(
                "holds no private key in PEM, which starts with `-----BEGIN PRIVATE KEY-----` and \
                 is complete",
            ),
            Self::Certificate => f.write_str("holds a certificate; the private key is wanted"),
            Self::PublicKey => f.write_str(
                "holds a public key; the private key is wanted, which `oci setup keys` keeps in \
                 the file without `_public` in its name",
            ),
            Self::Kind(label) => write!(
                f,
                "holds `{}`; an RSA key is wanted, in PKCS#8 or PKCS#1",
                label.escape_debug()
            ),
            #[cfg(not(feature = "encrypted-keys"))]
            Self::Encrypted => f.write_str(
                "is encrypted, which this build cannot read; write it out with `openssl pkey -in \
                 KEY -out NEW`, or build with feature `encrypted-keys`",
            ),
            #[cfg(feature = "encrypted-keys")]
            Self::NoPassphrase => f.write_str(
                "is encrypted, and there is no pass phrase; set `pass_phrase` in the profile, or \
                 `OCI_CLI_PASSPHRASE`",
            ),
            #[cfg(feature = "encrypted-keys")]
            Self::Passphrase => {
                f.write_str("cannot be decrypted with the pass phrase given: is it the key's?")
            }
            #[cfg(feature = "encrypted-keys")]
            Self::Cipher(name) => write!(
                f,
                "is encrypted with `{}`, which is not supported; `openssl pkcs8 -topk8 -in KEY \
                 -out NEW` encrypts it anew",
                name.escape_debug()
            ),
            #[cfg(feature = "session-keys")]
            Self::Processor => f.write_str(
                "of the session cannot be made on this processor, which lacks instructions for it; \
                 use an API key or a newer shape",
            ),
            #[cfg(feature = "session-keys")]
            Self::Random => {
                f.write_str("of the session cannot be made: the system gave no random bytes")
            }
            Self::TooShort => f.write_str(
                "is shorter than 2048 bits; make a new one with `oci setup keys` and upload it",
            ),
            Self::TooLong => f.write_str(
                "is longer than 4096 bits; make one of 2048 bits with `oci setup keys` and upload it",
            ),
            Self::NotRsa => {
                f.write_str("is not an RSA key; make one with `oci setup keys` and upload it")
            }
            Self::Damaged => f.write_str(
                "is damaged; `openssl rsa -check -noout -in KEY` tells more about it",
            ),
        }
    }
}

impl From<KeyRejected> for Problem {
    // ring tells its reasons apart only by their text.
    fn from(rejected: KeyRejected) -> Self {
        match rejected.to_string().as_str() {
            "TooSmall" => Self::TooShort,
            "TooLarge" => Self::TooLong,
            "WrongAlgorithm" => Self::NotRsa,
            _ => Self::Damaged,
        }
    }
}
