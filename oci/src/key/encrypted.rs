//! Keys that a pass phrase protects: PKCS#8 with PBES2 (RFC 8018), and what OpenSSL 1 wrote.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use data_encoding::HEXUPPER_PERMISSIVE;
use des::TdesEde3;
use pkcs8::pkcs5::Error::DecryptFailed;
use pkcs8::{EncryptedPrivateKeyInfoRef, Error};
use ring::signature::RsaKeyPair;
use zeroize::{Zeroize, Zeroizing};

use super::error::Problem;
use crate::pem::Block;

/// Decrypts the key.
pub(super) fn decrypt(block: &Block<'_>, passphrase: &str) -> Result<RsaKeyPair, Problem> {
    if let Some(info) = block.header("DEK-Info") {
        let der = openssl_1(block, info, passphrase)?;
        return RsaKeyPair::from_der(&der).map_err(decrypted);
    }
    let info = EncryptedPrivateKeyInfoRef::try_from(block.der.as_slice())
        .map_err(|_cause| Problem::Damaged)?;
    let der = info.decrypt(passphrase).map_err(|error| match error {
        Error::EncryptedPrivateKey(DecryptFailed) | Error::Asn1(_) => Problem::Passphrase,
        other => Problem::Cipher(other.to_string()),
    })?;
    RsaKeyPair::from_pkcs8(der.as_bytes()).map_err(decrypted)
}

/// A wrong pass phrase passes for right once in 256 times, and then yields noise.
fn decrypted(rejected: ring::error::KeyRejected) -> Problem {
    match Problem::from(rejected) {
        Problem::Damaged => Problem::Passphrase,
        other => other,
    }
}

/// `DEK-Info: AES-128-CBC,{IV in hexadecimal}`, RFC 1421.
fn openssl_1(
    block: &Block<'_>,
    info: &str,
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (name, iv) = info.split_once(',').ok_or(Problem::Damaged)?;
    let iv = HEXUPPER_PERMISSIVE
        .decode(iv.as_bytes())
        .map_err(|_cause| Problem::Damaged)?;
    let decrypt = match name {
        "AES-128-CBC" => cbc::<Aes128>,
        "AES-192-CBC" => cbc::<Aes192>,
        "AES-256-CBC" => cbc::<Aes256>,
        "DES-EDE3-CBC" => cbc::<TdesEde3>,
        other => return Err(Problem::Cipher(other.to_owned())),
    };
    decrypt(&block.der, &iv, passphrase)
}

fn cbc<C>(encrypted: &[u8], iv: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Problem>
where
    C: BlockCipherDecrypt + KeyInit,
    Decryptor<C>: KeyIvInit + BlockModeDecrypt,
{
    let salt = iv.get(..8).ok_or(Problem::Damaged)?;
    let key = bytes_to_key(passphrase, salt, C::key_size());
    let cipher = Decryptor::<C>::new_from_slices(&key, iv).map_err(|_cause| Problem::Damaged)?;
    let mut der = Zeroizing::new(encrypted.to_vec());
    let length = cipher
        .decrypt_padded::<Pkcs7>(&mut der)
        .map_err(|_cause| Problem::Passphrase)?
        .len();
    der.truncate(length);
    Ok(der)
}

/// `EVP_BytesToKey` of OpenSSL with MD5 and one round.
fn bytes_to_key(passphrase: &str, salt: &[u8], size: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(size + 16));
    let mut digest = [0; 16];
    while key.len() < size {
        let mut context = md5::Context::new();
        if !key.is_empty() {
            context.consume(digest);
        }
        context.consume(passphrase);
        context.consume(salt);
        digest = context.finalize().0;
        key.extend_from_slice(&digest);
    }
    digest.zeroize();
    key.truncate(size);
    key
}
