//! Tokens from a list, which has nothing but their hashes.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::hmac::{HMAC_SHA256, Key, Tag, sign, verify};
use serde::Deserialize;
use serde_json::Map;

use crate::bearer::is_token;
use crate::cache::hash;
use crate::identity::Identity;
use crate::refusal::{Reason, Refusal};
use crate::scopes::Scopes;

/// Tokens that were given out by hand: for scripts, and where there is no issuer.
///
/// ```
/// use oci_mcp_access::{Reason, StaticTokens};
///
/// let hash = StaticTokens::hash("M2Q0MDhhNWYtNzY3Yi00YzI3LWE0ZGEt")?;
/// let file = format!(r#"{{"tokens": [{{"name": "ci", "sha256": "{hash}", "scopes": ["read:tools"]}}]}}"#);
/// let tokens = StaticTokens::parse(file.as_bytes())?;
///
/// let caller = tokens.verify("M2Q0MDhhNWYtNzY3Yi00YzI3LWE0ZGEt")?;
/// let stranger = tokens.verify("bm90LXRoaXMtb25lLW5vdC10aGlzLW9u").unwrap_err();
///
/// assert_eq!(caller.subject(), "ci");
/// assert_eq!(stranger.reason(), Reason::UnknownToken);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StaticTokens {
    entries: Vec<(Tag, Arc<Identity>)>,
    key: Key,
}

impl StaticTokens {
    /// Reads the file: `{"tokens": [{"name": …, "sha256": …, "scopes": […]}]}`, where `sha256` is what
    /// [`hash`](Self::hash) gives, in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`InvalidStaticTokens`] with all that is wrong: not this JSON, an unknown key, a hash that is
    /// none, a name or a hash that is there twice, no token at all.
    pub fn parse(file: &[u8]) -> Result<Self, InvalidStaticTokens> {
        let file: File = serde_json::from_slice(file)
            .map_err(|error| InvalidStaticTokens(vec![error.to_string()]))?;
        let key = Key::new(HMAC_SHA256, b"static tokens");
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        if file.tokens.is_empty() {
            problems.push("`tokens` is empty, so that nobody could call".to_owned());
        }
        let (mut names, mut hashes) = (HashSet::new(), HashSet::new());
        for Entry {
            name,
            sha256,
            scopes,
        } in file.tokens
        {
            let hash = HEXLOWER_PERMISSIVE.decode(sha256.as_bytes());
            let Some(hash) = hash.ok().filter(|hash| hash.len() == 32) else {
                problems.push(format!("`sha256` of `{name}` is not 64 hexadecimal digits"));
                continue;
            };
            if name.is_empty() || !names.insert(name.clone()) {
                problems.push(format!("`name` is empty or there twice: `{name}`"));
            }
            if !hashes.insert(hash.clone()) {
                problems.push(format!("`{name}` has the token of another"));
            }
            entries.push((sign(&key, &hash), Arc::new(identity(name, scopes))));
        }
        if problems.is_empty() {
            Ok(Self { entries, key })
        } else {
            Err(InvalidStaticTokens(problems))
        }
    }

    /// The hash of `token` as the file has it.
    ///
    /// # Errors
    ///
    /// [`InvalidStaticTokens`] if no client could send it as a bearer token, or if it is so short that
    /// it could be guessed from its hash: take 32 random characters or more.
    pub fn hash(token: &str) -> Result<String, InvalidStaticTokens> {
        if !is_token(token) {
            let problem = "a token has only letters, digits and `-._~+/`, and `=` at its end";
            return Err(InvalidStaticTokens(vec![problem.to_owned()]));
        }
        if token.len() < MIN_TOKEN_BYTES {
            let problem = format!("a token has at least {MIN_TOKEN_BYTES} characters");
            return Err(InvalidStaticTokens(vec![problem]));
        }
        Ok(HEXLOWER.encode(&hash(token)))
    }

    /// Verifies `token`, in a time that does not depend on which it is or on how much of it is right.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with [`Reason::UnknownToken`].
    pub fn verify(&self, token: &str) -> Result<Arc<Identity>, Refusal> {
        let hash = hash(token);
        let mut found = None;
        for (tag, identity) in &self.entries {
            // ring compares tags in constant time, and offers it for nothing else.
            if verify(&self.key, &hash, tag.as_ref()).is_ok() {
                found = Some(identity);
            }
        }
        let found = found.map(Arc::clone);
        found.ok_or_else(|| Refusal::new(Reason::UnknownToken, "its hash is not in the list"))
    }
}

fn identity(name: String, scopes: Scopes) -> Identity {
    Identity {
        subject: name,
        issuer: None,
        client: None,
        scopes,
        claims: Map::new(),
        expires: None,
    }
}

impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|(_, identity)| identity.subject());
        f.debug_list().entries(names).finish()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tokens: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    scopes: Scopes,
}

/// A file of tokens, or a token, that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidStaticTokens(Vec<String>);

impl fmt::Display for InvalidStaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl Error for InvalidStaticTokens {}

/// 160 bits, if they are hexadecimal digits 128.
const MIN_TOKEN_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn file(entries: &[(&str, &str, &str)]) -> String {
        let entries = entries.iter().map(|(name, sha256, scopes)| {
            format!(r#"{{"name": "{name}", "sha256": "{sha256}", "scopes": {scopes}}}"#)
        });
        format!(
            r#"{{"tokens": [{}]}}"#,
            entries.collect::<Vec<_>>().join(",")
        )
    }

    #[test]
    fn the_hash_is_what_sha256sum_prints() {
        // printf 0123456789abcdef0123456789abcdef | sha256sum
        let expected = "3eb1bd439947eb762998e566ccc2e099c791118b2f40579cc4f7da2b5061b7f9";

        let hash = StaticTokens::hash(TOKEN).unwrap();

        assert_eq!(hash, expected);
    }

    #[test]
    fn every_token_of_the_list_is_known_by_its_name_and_has_its_scopes() {
        let tokens = ["a", "b", "c"].map(|letter| letter.repeat(32));
        let hashes = tokens
            .each_ref()
            .map(|token| StaticTokens::hash(token).unwrap());
        let upper = hashes[2].to_uppercase();
        let file = file(&[
            ("one", &hashes[0], r#"["read:tools"]"#),
            ("two", &hashes[1], "[]"),
            ("three", &upper, r#"["write:tools", "read:tools"]"#),
        ]);

        let list = StaticTokens::parse(file.as_bytes()).unwrap();

        let found = tokens.map(|token| {
            let identity = list.verify(&token).unwrap();
            (identity.subject().to_owned(), identity.scopes().to_string())
        });
        let expected = [
            ("one", "read:tools"),
            ("two", ""),
            ("three", "read:tools write:tools"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, scopes)| (name.to_owned(), scopes.to_owned()))
        );
    }

    #[test]
    fn neither_the_hash_nor_a_part_of_a_token_is_a_token() {
        let hash = StaticTokens::hash(TOKEN).unwrap();
        let list = StaticTokens::parse(file(&[("a", &hash, "[]")]).as_bytes()).unwrap();

        for token in ["", &hash, &TOKEN[..31], &TOKEN.to_uppercase(), "a"] {
            let refusal = list.verify(token).unwrap_err();
            assert_eq!(refusal.reason(), Reason::UnknownToken, "{token}");
        }
    }

    #[test]
    fn everything_wrong_with_a_file_is_said_at_once() {
        let hash = StaticTokens::hash(TOKEN).unwrap();
        let file = file(&[("a", &hash, "[]"), ("a", &hash, "[]"), ("b", "abcd", "[]")]);

        let problems = StaticTokens::parse(file.as_bytes()).unwrap_err();

        assert_eq!(
            problems.to_string(),
            "`name` is empty or there twice: `a`; `a` has the token of another; \
             `sha256` of `b` is not 64 hexadecimal digits",
        );
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        let files = [
            "",
            "{}",
            "[]",
            r#"{"tokens": [{"name": "a", "token": "secret"}]}"#,
            r#"{"tokens": []}"#,
            r#"{"tokens": [], "Tokens": []}"#,
            r#"{"tokens": [], "tokens": []}"#,
            &file(&[("a", &"0".repeat(64), r#"["a b"]"#)]),
        ];

        for file in files {
            assert!(StaticTokens::parse(file.as_bytes()).is_err(), "{file}");
        }
    }

    #[test]
    fn a_token_that_could_be_guessed_or_never_sent_gets_no_hash() {
        for token in [
            "",
            "secret",
            &"a".repeat(31),
            &"a b".repeat(20),
            &"ä".repeat(40),
        ] {
            assert!(StaticTokens::hash(token).is_err(), "{token}");
        }
    }
}
