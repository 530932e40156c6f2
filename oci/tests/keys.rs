//! Private keys in every form that people keep them, made with OpenSSL by `keys/make.sh`.

#![cfg(test)]

use std::path::PathBuf;

use oci_rest::{KeyError, PrivateKey};

const FINGERPRINT: &str = include_str!("keys/fingerprint.txt");

fn load(name: &str, passphrase: Option<&str>) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_file(&path(name), passphrase)
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/keys")
        .join(name)
}

/// The problem with the file, which must be named.
fn refusal(name: &str, passphrase: Option<&str>) -> String {
    let message = load(name, passphrase).unwrap_err().to_string();
    let place = format!("`{}` ", path(name).display());
    message.strip_prefix(&place).expect(&message).to_owned()
}

#[test]
fn keys_without_a_pass_phrase_are_read() {
    for name in ["pkcs8.pem", "pkcs1.pem", "labelled.pem"] {
        let key = load(name, None).unwrap();

        assert_eq!(key.fingerprint(), FINGERPRINT.trim(), "{name}");
        assert_eq!(key.bits(), 2048, "{name}");
    }
}

#[test]
fn a_pass_phrase_that_the_key_does_not_need_is_passed_over() {
    assert!(load("pkcs8.pem", Some("of another profile")).is_ok());
}

#[test]
fn a_key_is_read_with_what_editors_and_copying_add() {
    let pem = std::fs::read_to_string(path("pkcs8.pem")).unwrap();
    let indented: Vec<String> = pem.lines().map(|line| format!("  {line} \n")).collect();

    for text in [
        pem.replace('\n', "\r\n"),
        format!("\u{feff}{pem}"),
        format!("comment\n{pem}OCI_API_KEY"),
        indented.concat(),
    ] {
        let key = PrivateKey::from_pem(text.as_bytes(), None).unwrap();

        assert_eq!(key.fingerprint(), FINGERPRINT.trim());
    }
}

#[test]
fn the_private_key_is_found_behind_a_certificate() {
    let certificate = std::fs::read(path("certificate.pem")).unwrap();
    let key = std::fs::read(path("pkcs8.pem")).unwrap();

    let found = PrivateKey::from_pem(&[certificate, key].concat(), None).unwrap();

    assert_eq!(found.fingerprint(), FINGERPRINT.trim());
}

#[test]
fn what_is_no_usable_key_is_refused_with_the_file_and_the_remedy() {
    let cases = [
        ("public.pem", "holds a public key"),
        ("certificate.pem", "holds a certificate"),
        ("fingerprint.txt", "holds no private key in PEM"),
        ("cut_off.pem", "holds no private key in PEM"),
        ("rsa1024.pem", "is shorter than 2048 bits"),
        ("rsa8192.pem", "is longer than 4096 bits"),
        ("ec.pem", "is not an RSA key"),
        ("absent.pem", "cannot be read: there is no such file"),
        ("", "cannot be read: it is a folder"),
    ];

    for (name, problem) in cases {
        let refusal = refusal(name, None);

        assert!(refusal.starts_with(problem), "{name}: {refusal}");
    }
}

#[test]
fn a_damaged_key_is_refused() {
    let pem = std::fs::read_to_string(path("pkcs1.pem")).unwrap();
    let lines: Vec<_> = pem.lines().collect();
    let damaged = [&lines[..5], &lines[6..]].concat().join("\n");

    let error = PrivateKey::from_pem(damaged.as_bytes(), None).unwrap_err();

    assert!(
        error.to_string().starts_with("the key is damaged"),
        "{error}"
    );
}

#[cfg(not(feature = "encrypted-keys"))]
#[test]
fn an_encrypted_key_is_refused_with_the_remedies() {
    for name in ["pbes2_aes256.pem", "legacy_aes128.pem"] {
        let refusal = refusal(name, Some("secret"));

        assert!(
            refusal.contains("openssl pkey") && refusal.contains("encrypted-keys"),
            "{refusal}"
        );
    }
}

#[cfg(feature = "encrypted-keys")]
mod encrypted {
    use super::{FINGERPRINT, load, refusal};

    const ENCRYPTED: [&str; 6] = [
        "pbes2_aes256.pem",
        "pbes2_des3.pem",
        "pbes2_scrypt.pem",
        "legacy_aes128.pem",
        "legacy_aes256.pem",
        "legacy_des3.pem",
    ];

    #[test]
    fn encrypted_keys_are_read() {
        for name in ENCRYPTED {
            let key = load(name, Some("secret")).unwrap();

            assert_eq!(key.fingerprint(), FINGERPRINT.trim(), "{name}");
        }
    }

    #[test]
    fn a_missing_pass_phrase_is_asked_for() {
        for name in ENCRYPTED {
            let refusal = refusal(name, None);

            assert!(refusal.contains("`pass_phrase`"), "{name}: {refusal}");
        }
    }

    #[test]
    fn a_wrong_pass_phrase_is_called_so_and_not_shown() {
        for name in ENCRYPTED {
            let refusal = refusal(name, Some("Kennwort"));

            assert!(
                refusal.starts_with("cannot be decrypted with the pass phrase"),
                "{refusal}"
            );
            assert!(!refusal.contains("Kennwort"), "{refusal}");
        }
    }

    #[test]
    fn a_cipher_that_is_not_supported_is_named_with_the_remedy() {
        for (name, cipher) in [
            ("legacy_camellia128.pem", "CAMELLIA-128-CBC"),
            ("pbes1.pem", "PBES1"),
        ] {
            let refusal = refusal(name, Some("secret"));

            assert!(refusal.contains(cipher), "{refusal}");
            assert!(refusal.contains("openssl pkcs8 -topk8"), "{refusal}");
        }
    }
}
