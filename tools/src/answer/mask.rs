//! Secrets in answers.

use serde_json::Value;

/// Puts [`MASKED`] in the place of secrets: what members are called so, keys for SSH, user data, and
/// private keys wherever they are.
///
/// OCIDs stay, for they only say where a secret is; and numbers and flags of the same names.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::String(text) if is_secret(text) => MASKED.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret_name(name) {
                    mask_texts(value);
                } else {
                    mask(value);
                }
            }
        }
        _ => {}
    }
}

/// Of a member that is called as a secret: its text, or each of its texts.
fn mask_texts(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_empty() && !text.starts_with("ocid1.") => {
            MASKED.clone_into(text);
        }
        Value::Array(items) => items.iter_mut().for_each(mask_texts),
        // Of an object the members tell, such as `{"user", "password"}`.
        Value::Object(_) => mask(value),
        _ => {}
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect();
    let plain = plain.strip_suffix('s').unwrap_or(&plain);
    let leads_on = ["next", "page", "continuation"]
        .iter()
        .any(|start| plain.starts_with(start));
    !leads_on && ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a text is, or has in it, a private key or a password.
pub(crate) fn is_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || has_password(text)
}

/// Whether it is a URL with a password: `scheme://user:password@host`.
fn has_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let end = rest
            .find(['/', '?', '#', ' ', '"', '\n'])
            .unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
    })
}

/// What stands where a secret was.
pub(crate) const MASKED: &str = "(masked)";

/// How the names of secrets end, in lower case without what separates words and without a plural's `s`.
const ENDINGS: [&str; 28] = [
    "accesskey",
    "accessuri",
    "apikey",
    "authkey",
    "authorization",
    "authorizedkey",
    "bearer",
    "credential",
    "datakey",
    "encryptionkey",
    "installkey",
    "keytab",
    "passphrase",
    "passwd",
    "password",
    "presharedkey",
    "privatekey",
    "privatekeypem",
    "psk",
    "pwd",
    "secret",
    "secretkey",
    "secretvalue",
    "sharedkey",
    "sshkey",
    "sshpublickey",
    "token",
    "userdata",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_called_a_secret_is_masked_wherever_it_is() {
        let mut value = json!({
            "metadata": { "ssh_authorized_keys": "ssh-rsa AAAA", "user_data": "I2Nsb3Vk" },
            "config": { "DB_PASSWORD": "hunter2", "API_TOKEN": "t", "AWS_SECRET_ACCESS_KEY": "k", "DB_URL": "u" },
            "items": [{ "clientSecret": "s", "adminPasswords": ["a", "b"], "accessUri": "/p/x/n" }],
            "credentials": { "user": "u", "password": "p" },
            "tunnel": { "bgpMd5AuthKey": "k" },
        });

        mask(&mut value);

        assert_eq!(
            value,
            json!({
                "metadata": { "ssh_authorized_keys": MASKED, "user_data": MASKED },
                "config": {
                    "DB_PASSWORD": MASKED, "API_TOKEN": MASKED, "AWS_SECRET_ACCESS_KEY": MASKED, "DB_URL": "u",
                },
                "items": [{ "clientSecret": MASKED, "adminPasswords": [MASKED, MASKED], "accessUri": MASKED }],
                "credentials": { "user": "u", "password": MASKED },
                "tunnel": { "bgpMd5AuthKey": MASKED },
            })
        );
    }

    #[test]
    fn a_secret_is_masked_by_what_it_is_too() {
        for text in [
            "-----BEGIN PRIVATE KEY-----\nMII",
            "export X='-----BEGIN RSA PRIVATE KEY-----",
            "postgres://app:hunter2@db:5432/orders",
        ] {
            let mut value = json!({ "text": text });

            mask(&mut value);

            assert_eq!(value, json!({ "text": MASKED }), "{text}");
        }
    }

    #[test]
    fn what_only_names_a_secret_stays() {
        let value = json!({
            "secretId": "ocid1.vaultsecret.oc1..a",
            "accessToken": "ocid1.vaultsecret.oc1..b",
            "secretName": "orders-db-password",
            "isPasswordExpired": false,
            "regionKey": "PHX",
            "kmsKeyId": "ocid1.key.oc1..a",
            "nextPageToken": "abc",
            "secrets": [{ "secretName": "a" }],
            "url": "https://example.com:8443/a@b",
            "mail": "https://x/ a:b@c",
        });
        let mut masked = value.clone();

        mask(&mut masked);

        assert_eq!(masked, value);
    }
}
