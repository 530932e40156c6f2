//! Keys that live as long as a session. ring makes none, so this is the one use of graviola.

use graviola::signing::rsa::{KeySize, SigningKey};
use ring::signature::RsaKeyPair;
use zeroize::Zeroizing;

use super::error::Problem;
use super::{KeyError, PrivateKey};

impl PrivateKey {
    /// Makes a key of 2048 bits for a session.
    ///
    /// It takes 10 to 100 ms of CPU: do it off the thread that serves (`spawn_blocking`).
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the system has no random bytes, or the processor lacks what graviola needs,
    /// as those from before 2015 do.
    pub fn generate() -> Result<Self, KeyError> {
        // graviola would panic.
        if !has_needed_instructions() {
            return Err(Problem::Processor.into());
        }
        let mut der = Zeroizing::new([0; DER_CAPACITY]);
        let pair = SigningKey::generate(KeySize::Rsa2048)
            .and_then(|key| {
                let der = key.to_pkcs1_der(der.as_mut_slice())?;
                Ok(RsaKeyPair::from_der(der))
            })
            .map_err(|_cause| Problem::Random)?
            .map_err(Problem::from)?;
        Ok(Self { pair })
    }
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

/// A key of 2048 bits takes less than 1200 bytes.
const DER_CAPACITY: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_has_2048_bits_and_is_new_each_time() {
        let one = PrivateKey::generate().unwrap();
        let other = PrivateKey::generate().unwrap();

        assert_eq!(one.bits(), 2048);
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_generated_key_signs() {
        let key = PrivateKey::generate().unwrap();
        let mut buffer = [0; PrivateKey::MAX_SIGNATURE_BYTES];

        let signature = key.sign(b"message", &mut buffer).unwrap();

        let public = ring::signature::UnparsedPublicKey::new(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            ring::signature::KeyPair::public_key(&key.pair),
        );
        assert!(public.verify(b"message", signature).is_ok());
    }
}
