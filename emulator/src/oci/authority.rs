//! The authority that signs session tokens: JSON web tokens with RS256, RFC 7515 and 7519.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::key::{KeyPair, PublicKey};
use super::value::{field, set};

#[derive(Debug)]
pub(crate) struct Authority {
    key: KeyPair,
    revoked: Mutex<HashSet<String>>,
}

impl Authority {
    /// # Errors
    ///
    /// If no key can be made.
    pub(crate) fn new() -> io::Result<Self> {
        let key = KeyPair::generate()?;
        let revoked = Mutex::default();
        Ok(Self { key, revoked })
    }

    /// Makes a token with `claims`, an object, that is good from `now` on for `lifetime`.
    ///
    /// # Errors
    ///
    /// If the authority's key cannot sign.
    pub(crate) fn issue(
        &self,
        mut claims: Value,
        now: Timestamp,
        lifetime: Duration,
    ) -> io::Result<String> {
        set(&mut claims, "iss", json!("authService.oracle.com"));
        set(&mut claims, "iat", json!(now.as_second()));
        set(&mut claims, "exp", json!((now + lifetime).as_second()));
        set(&mut claims, "jti", json!(crate::id::call_id()));
        let header = json!({ "alg": "RS256", "kid": "asw_emulator", "typ": "JWT" });
        let [header, claims] =
            [header, claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes()));
        let text = format!("{header}.{claims}");
        let signature = BASE64URL_NOPAD.encode(&self.key.sign(text.as_bytes())?);
        Ok(format!("{text}.{signature}"))
    }

    /// The claims of a token of this authority's.
    ///
    /// # Errors
    ///
    /// Says why it is not good at `now`.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Result<Value, &'static str> {
        let claims = self
            .verified(token)
            .ok_or("the token is not one that this authority signed")?;
        if field(&claims, "exp")
            .as_i64()
            .is_none_or(|exp| exp <= now.as_second())
        {
            return Err("the token is expired");
        }
        if self.revoked().contains(token) {
            return Err("the token is revoked");
        }
        Ok(claims)
    }

    /// Refuses `token` from now on.
    pub(crate) fn revoke(&self, token: &str) {
        self.revoked().insert(token.to_owned());
    }

    fn verified(&self, token: &str) -> Option<Value> {
        let (text, signature) = token.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        self.key
            .public()
            .verifies(text.as_bytes(), &signature)
            .then_some(())?;
        let [header, claims] = [header, claims].map(|part| {
            let part = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
            serde_json::from_slice::<Value>(&part).ok()
        });
        (field(&header?, "alg") == "RS256").then_some(claims?)
    }

    fn revoked(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session key that a token's claims name: `jwk`, an object or the text of one.
pub(crate) fn session_key(claims: &Value) -> Option<PublicKey> {
    match &claims["jwk"] {
        Value::String(text) => PublicKey::from_jwk(&serde_json::from_str(text).ok()?),
        jwk => PublicKey::from_jwk(jwk),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_it_expires_or_is_revoked_and_only_where_it_was_made() {
        let authority = Authority::new().unwrap();
        let now = Timestamp::from_second(1_763_640_000).unwrap();
        let minute = Duration::from_secs(60);

        let token = authority
            .issue(json!({ "sub": "someone" }), now, minute)
            .unwrap();

        assert_eq!(authority.read(&token, now).unwrap()["sub"], "someone");
        assert!(
            authority
                .read(&token, now + minute)
                .unwrap_err()
                .contains("expired")
        );
        assert!(Authority::new().unwrap().read(&token, now).is_err());
        assert!(authority.read(&token.replace('.', "x."), now).is_err());
        authority.revoke(&token);
        assert!(authority.read(&token, now).unwrap_err().contains("revoked"));
    }
}
