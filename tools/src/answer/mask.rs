//! Secrets in answers.

use serde_json::{Map, Value};

/// Puts [`MASKED`] in the place of secrets: what members are called so, keys for SSH, user data, and
/// what is a secret wherever it is.
///
/// OCIDs stay, for they only say where a secret is; and numbers and flags of the same names.
pub(crate) fn mask(value: &mut Value) {
    match value {
        Value::String(text) if is_secret(text) || assigns_secret(text) => {
            MASKED.clone_into(text);
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => {
            mask_pair(members);
            for (name, value) in members {
                if is_secret_name(name) {
                    mask_texts(name, value);
                } else {
                    mask(value);
                }
            }
        }
        _ => {}
    }
}

/// The value of `{"name": "DB_PASSWORD", "value": "..."}`.
fn mask_pair(members: &mut Map<String, Value>) {
    let names = ["name", "key"].iter().filter_map(|of| members.get(*of));
    let mut names = names.filter_map(Value::as_str);
    let name = names.find(|name| is_secret_name(name)).map(str::to_owned);
    if let (Some(name), Some(value)) = (name, members.get_mut("value")) {
        mask_texts(&name, value);
    }
}

/// Of a member that is called as a secret: its text, or each of its texts.
fn mask_texts(name: &str, value: &mut Value) {
    match value {
        Value::String(text)
            if !text.is_empty() && !text.starts_with("ocid1.") && !is_count(name, text) =>
        {
            MASKED.clone_into(text);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_texts(name, item)),
        // Of an object the members tell, such as `{"user", "password"}`, but for its `value`.
        Value::Object(members) => {
            for (own, value) in members {
                if FORMS.contains(&&*plain(own)) {
                    mask_texts(name, value);
                }
            }
            mask(value);
        }
        _ => {}
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain = plain(name);
    // `PASSWORD_V2`, and then `tokenValue`.
    let unnumbered = plain.trim_end_matches(|char: char| char.is_ascii_digit());
    let bare = match unnumbered.strip_suffix('v') {
        Some(before) if unnumbered.len() < plain.len() => before,
        _ => unnumbered,
    };
    let form = FORMS.iter().find_map(|form| bare.strip_suffix(form));
    let bare = form.unwrap_or(bare);
    let one = bare.strip_suffix('s').unwrap_or(bare);
    let is_one_of = |endings: &[&str]| {
        let mut endings = endings.iter();
        endings.any(|ending| bare.ends_with(ending) || one.ends_with(ending))
    };
    is_one_of(&ENDINGS) && !is_one_of(&HARMLESS)
}

/// Without what separates words, in lower case.
fn plain(name: &str) -> String {
    let chars = name.chars().filter(char::is_ascii_alphanumeric);
    chars.map(|char| char.to_ascii_lowercase()).collect()
}

/// Whether it is how many tokens of a text a model may take or give: `MAX_TOKENS`.
fn is_count(name: &str, text: &str) -> bool {
    let name = plain(name);
    let counts = name.ends_with("tokens") || name.ends_with("maxtoken");
    counts && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `lines` with [`MASKED`] in the place of those that have a secret, so that one hides no other; but of a private key, which
/// is of several, nothing is shown.
pub(crate) fn mask_lines(lines: &[&str]) -> String {
    if lines.iter().any(|line| has_private_key(line)) {
        return MASKED.to_owned();
    }
    let shown = lines.iter().map(|line| {
        if is_secret(line) || assigns_secret(line) {
            MASKED
        } else {
            line
        }
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Whether a text is, or has in it, a private key, a URL with a password, or one that opens an object.
pub(crate) fn is_secret(text: &str) -> bool {
    has_private_key(text) || has_password(text) || is_preauthenticated(text)
}

fn has_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
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

/// Whether it is the path of a pre-authenticated request: `/p/token/n/namespace/...`.
fn is_preauthenticated(text: &str) -> bool {
    text.match_indices("/p/").any(|(at, mark)| {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let token = rest.split_once('/');
        token.is_some_and(|(token, rest)| {
            let is_one = token.len() >= MIN_TOKEN && !token.contains(char::is_whitespace);
            is_one && rest.starts_with("n/")
        })
    })
}

/// Whether it has a secret as connections and commands are described: `Server=db;Password=hunter2`, `--token=hunter2`.
fn assigns_secret(text: &str) -> bool {
    text.match_indices('=').any(|(at, mark)| {
        let (name, rest) = text.split_at(at);
        let name = name.trim_end_matches(' ');
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_');
        let name = name.rsplit(|char| !is_part(char)).next();
        let name = name.unwrap_or_default();
        let value = rest.get(mark.len()..).unwrap_or_default();
        let value = value.trim_start_matches([' ', '"', '\'']);
        // In which a shell has its directory.
        let is_directory = name.ends_with("PWD") && value.starts_with('/');
        let end = value.find(|char: char| !char.is_ascii_alphanumeric());
        let number = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
        is_secret_name(name) && is_given(value) && !is_directory && !is_count(name, number)
    })
}

/// Whether `value` begins with one, rather than with a flag or the end of what is empty.
fn is_given(value: &str) -> bool {
    let is_flag = FLAGS.iter().any(|flag| {
        let (start, rest) = value.split_at_checked(flag.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(flag) && !rest.starts_with(char::is_alphanumeric)
    });
    let begins =
        |char: char| !char.is_control() && !matches!(char, '=' | ';' | '&' | ',' | ')' | '}');
    value.starts_with(begins) && !is_flag
}

/// What stands where a secret was.
pub(crate) const MASKED: &str = "(masked)";

/// How the names of secrets end, in lower case without what separates words and without a plural's `s`.
const ENDINGS: [&str; 33] = [
    "accesskey",
    "accessuri",
    "accountkey",
    "apikey",
    "authkey",
    "authorization",
    "authorizedkey",
    "bearer",
    "credential",
    "datakey",
    "encryptionkey",
    "hmackey",
    "installkey",
    "jwt",
    "keytab",
    "masterkey",
    "pass",
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
    "sharedkey",
    "signingkey",
    "sshkey",
    "sshpublickey",
    "token",
    "userdata",
];
/// Of names that end so, those that are not of secrets.
const HARMLESS: [&str; 6] = [
    "bypass",
    "compass",
    "continuationtoken",
    "nexttoken",
    "pagetoken",
    "surpass",
];
/// What follows the name of a secret and is the same one.
const FORMS: [&str; 4] = ["content", "string", "text", "value"];
/// What no password is.
const FLAGS: [&str; 6] = ["false", "no", "none", "null", "true", "yes"];
/// Of a pre-authenticated request, in bytes; OCI's have 64.
const MIN_TOKEN: usize = 8;

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
            "db_password": { "sensitive": true, "type": "string", "value": "hunter2" },
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
                "db_password": { "sensitive": true, "type": "string", "value": MASKED },
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
            "https://objectstorage.us-phoenix-1.oraclecloud.com/p/SECRETTOKEN123/n/ns/b/models/o/m",
            "/p/aB3-_xY9%2B0/n/ns/b/models/o/",
            "Server=x;Password=hunter2",
            "Server=x; Uid=sa; PWD = \"hunter2\"",
            "jdbc:oracle:thin:@db?user=app&password=hunter2",
            "host=db password=hunter2 user=app",
            "export DB_PASSWORD=hunter2\nexport X=1",
            "DefaultEndpointsProtocol=https;AccountKey=aGk=;EndpointSuffix=x",
            "--api-token=hunter2",
            "API_TOKENS=_hunter2",
            "CLIENT_SECRET=hunter2",
            "https://x/callback?api_key=hunter2",
            "DB_PASS = 'hunter2'",
        ] {
            let mut value = json!({ "text": text });

            mask(&mut value);

            assert_eq!(value, json!({ "text": MASKED }), "{text}");
        }
    }

    #[test]
    fn a_name_of_a_secret_may_go_on_with_its_form_or_number() {
        for name in [
            "DB_PASS",
            "dbPass",
            "pass",
            "DBPASS",
            "PASSWORD_V2",
            "password2",
            "tokenValue",
            "secretContent",
            "SecretString",
            "JWT_SIGNING_KEY",
            "NEXTCLOUD_PASSWORD",
            "PAGERDUTY_TOKEN",
        ] {
            let mut value = json!({ name: "hunter2" });

            mask(&mut value);

            assert_eq!(value, json!({ name: MASKED }));
        }
    }

    #[test]
    fn the_value_beside_the_name_of_a_secret_is_masked() {
        let mut value = json!({ "env": [
            { "name": "DB_PASSWORD", "value": "hunter2" },
            { "key": "apiToken", "value": ["t"] },
            { "name": "MAX_TOKENS", "value": "4096" },
            { "name": "REGION", "value": "phx" },
        ] });

        mask(&mut value);

        assert_eq!(
            value,
            json!({ "env": [
                { "name": "DB_PASSWORD", "value": MASKED },
                { "key": "apiToken", "value": [MASKED] },
                { "name": "MAX_TOKENS", "value": "4096" },
                { "name": "REGION", "value": "phx" },
            ] })
        );
    }

    #[test]
    fn what_only_looks_like_a_secret_stays() {
        let value = json!({
            "passed": "12", "compass": "north", "bypass": "never", "pass_through": "on", "passCount": "3",
            "tokenCount": "7", "max_tokens": "4096", "next_page_token": "abc", "continuationToken": "abc",
            "tokenization": "bpe", "passwordPolicy": "strict",
            "paths": ["/p/x/n/y", "src/p/notes about it/n/", "/p/SECRETTOKEN123/o/"],
            "texts": [
                "PWD=/home/app", "resetPassword=true", "reset_password=True)", "Server=x;Password=;Uid=sa", "if password == given",
                "--max_tokens=4096", "/20160918/instances?pageToken=abc", "target.secret.name = 'orders'",
                "Password required", "passwordless=1", "a=b&next=c",
            ],
        });
        let mut masked = value.clone();

        mask(&mut masked);

        assert_eq!(masked, value);
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
