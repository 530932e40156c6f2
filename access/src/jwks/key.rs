//! One public key, and which algorithms it is for.

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;

use crate::jwt::Algorithm;

/// A public key. It is the key that says which algorithms are possible, never the token: what else
/// is confused is a key with a secret, or one curve with another (RFC 8725, section 3.1).
pub(super) struct Key {
    pub(super) id: Option<String>,
    algorithm: Option<Algorithm>,
    material: Material,
}

enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed points.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    /// Reads a JSON web key.
    pub(super) fn parse(jwk: &Value) -> Result<Self, &'static str> {
        if jwk.get("d").is_some() {
            return Err("is private and has been published, which ends its use");
        }
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") || !is_for_signatures(jwk) {
            return Err("is not for signatures");
        }
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(name) => Some(
                name.as_str()
                    .and_then(|name| name.parse().ok())
                    .ok_or("is for another algorithm")?,
            ),
        };
        Ok(Self {
            id: text(jwk, "kid").map(str::to_owned),
            algorithm,
            material: Material::parse(jwk)?,
        })
    }

    /// Whether it made `signature`; `None` if it is not for that algorithm.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        if self.algorithm.is_some_and(|only| only != algorithm) {
            return None;
        }
        let result = match (&self.material, algorithm) {
            (Material::Rsa { n, e }, _) => {
                RsaPublicKeyComponents { n, e }.verify(rsa(algorithm)?, signed, signature)
            }
            (Material::P256(point), Algorithm::Es256) => {
                verify(&ECDSA_P256_SHA256_FIXED, point, signed, signature)
            }
            (Material::P384(point), Algorithm::Es384) => {
                verify(&ECDSA_P384_SHA384_FIXED, point, signed, signature)
            }
            (Material::Ed25519(x), Algorithm::EdDsa) => verify(&ED25519, x, signed, signature),
            _ => return None,
        };
        Some(result.is_ok())
    }
}

impl Material {
    fn parse(jwk: &Value) -> Result<Self, &'static str> {
        match (text(jwk, "kty"), text(jwk, "crv")) {
            (Some("RSA"), _) => Self::rsa(jwk),
            (Some("EC"), Some("P-256")) => point(jwk, 32).map(Self::P256),
            (Some("EC"), Some("P-384")) => point(jwk, 48).map(Self::P384),
            (Some("OKP"), Some("Ed25519")) => coordinate(jwk, "x", 32).map(Self::Ed25519),
            _ => Err("is of a kind that is not supported"),
        }
    }

    fn rsa(jwk: &Value) -> Result<Self, &'static str> {
        let unsigned = |name| {
            let bytes = bytes(jwk, name)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.get(zeros..).map(<[u8]>::to_vec)
        };
        let (Some(n), Some(e)) = (unsigned("n"), unsigned("e")) else {
            return Err("is not an RSA key as RFC 7518 has it");
        };
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if bits < 2048 {
            return Err("is RSA with less than 2048 bits, which can be broken");
        }
        // What ring takes.
        if bits > 8192 {
            return Err("is RSA with over 8192 bits");
        }
        Ok(Self::Rsa { n, e })
    }
}

/// `key_ops`, leniently: OCI IAM publishes its public keys as being for `sign`.
fn is_for_signatures(jwk: &Value) -> bool {
    let Some(operations) = jwk.get("key_ops") else {
        return true;
    };
    let is_one = |operation: &Value| operation == "verify" || operation == "sign";
    operations
        .as_array()
        .is_some_and(|all| all.iter().any(is_one))
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => None,
    }
}

fn verify(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> Result<(), ring::error::Unspecified> {
    UnparsedPublicKey::new(algorithm, key).verify(signed, signature)
}

fn point(jwk: &Value, length: usize) -> Result<Vec<u8>, &'static str> {
    let (x, y) = (coordinate(jwk, "x", length)?, coordinate(jwk, "y", length)?);
    Ok([&[UNCOMPRESSED], &x[..], &y[..]].concat())
}

fn coordinate(jwk: &Value, name: &str, length: usize) -> Result<Vec<u8>, &'static str> {
    bytes(jwk, name)
        .filter(|bytes| bytes.len() == length)
        .ok_or("has no coordinates of its curve")
}

fn bytes(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text(jwk, name)?.as_bytes()).ok()
}

fn text<'a>(jwk: &'a Value, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}

/// The first byte of a point that is written as both its coordinates (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;
