//! Principals of the configuration file that Oracle's CLI and SDKs share: API key and session.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use super::PrincipalError;
use super::pair::Pair;
use super::renewal::{Fetched, Source};
use super::stamp::Stamp;
use super::value::Value;
use crate::config_file::Profile;
use crate::credential::Credential;
use crate::environment::Environment;
use crate::key::PrivateKey;
use crate::region::{Region, Regions};

/// The API key of `profile`.
///
/// It is read at once: a fingerprint that is not that of the key would show only as a 401.
pub(super) fn api_key(
    profile: &Profile<'_>,
    environment: &Environment,
    regions: &Regions,
) -> Result<Credential, PrincipalError> {
    let key = key(profile, environment);
    let (user, tenancy) = (profile.get("user"), profile.get("tenancy"));
    let (Some(user), Some(tenancy), Some(key)) = (user, tenancy, key) else {
        return Err(missing(profile, &["user", "tenancy", "key_file"]));
    };
    let loaded = key.key(passphrase(profile).as_ref())?;
    check_fingerprint(profile, &key, &loaded)?;
    let credential = Credential::api_key(tenancy, user, Arc::new(loaded)).map_err(|error| {
        PrincipalError::new(format!(
            "{} or {}: {error}",
            profile.place("tenancy"),
            profile.place("user")
        ))
    })?;
    Ok(match region(profile, regions)? {
        Some(region) => credential.with_region(region),
        None => credential,
    })
}

/// The session that `oci session authenticate` began: a token that it refreshes, and its key.
#[derive(Debug)]
pub(super) struct Session {
    name: String,
    pair: Pair,
    tenancy: Option<String>,
    region: Option<Region>,
}

impl Session {
    /// The session of `profile`.
    pub(super) fn new(
        profile: &Profile<'_>,
        environment: &Environment,
        regions: &Regions,
    ) -> Result<Self, PrincipalError> {
        let token = file(profile, environment, "security_token_file");
        let (Some(token), Some(key)) = (token, key(profile, environment)) else {
            return Err(missing(profile, &["security_token_file", "key_file"]));
        };
        let name = profile.name();
        Ok(Self {
            name: format!("session of profile {name}"),
            pair: Pair {
                token,
                key,
                passphrase: passphrase(profile),
                remedy: format!(
                    "run `oci session refresh --profile {name}`, or `oci session authenticate \
                     --profile-name {name}` if that is too late"
                ),
            },
            tenancy: profile.get("tenancy").map(str::to_owned),
            region: region(profile, regions)?,
        })
    }
}

impl Source for Session {
    fn name(&self) -> &str {
        &self.name
    }

    fn stamp(&self) -> Stamp {
        self.pair.stamp()
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(async move {
            let mut fetched = self.pair.load(now).await?;
            if let Some(tenancy) = &self.tenancy {
                fetched.credential = fetched.credential.with_tenancy(tenancy);
            }
            if let Some(region) = &self.region {
                fetched.credential = fetched.credential.with_region(region.clone());
            }
            Ok(fetched)
        })
    }
}

/// The private key: `key_content`, which only a variable may hold, or the file that `key_file` names.
fn key(profile: &Profile<'_>, environment: &Environment) -> Option<Value> {
    match profile.get("key_content") {
        Some(content) => Some(Value::literal(profile.place("key_content"), content)),
        None => file(profile, environment, "key_file"),
    }
}

fn file(profile: &Profile<'_>, environment: &Environment, key: &str) -> Option<Value> {
    let path = environment.path(profile.get(key)?.trim());
    Some(Value::file(profile.place(key), path))
}

fn passphrase(profile: &Profile<'_>) -> Option<Value> {
    let text = profile.get("pass_phrase")?;
    Some(Value::literal(profile.place("pass_phrase"), text))
}

fn region(profile: &Profile<'_>, regions: &Regions) -> Result<Option<Region>, PrincipalError> {
    let region = profile.get("region").map(|name| regions.configured(name));
    region
        .transpose()
        .map_err(|error| PrincipalError::new(format!("{}: {error}", profile.place("region"))))
}

/// Compares the configured fingerprint, if there is one, with that of the key.
fn check_fingerprint(
    profile: &Profile<'_>,
    place: &Value,
    key: &PrivateKey,
) -> Result<(), PrincipalError> {
    let own = key.fingerprint();
    match profile.get("fingerprint").map(str::trim) {
        Some(configured) if !configured.eq_ignore_ascii_case(&own) => {
            Err(PrincipalError::new(format!(
                "{} is `{}`, and that of the key in {} is `{own}`: name the key that belongs to the \
                 fingerprint, or the fingerprint that the console shows for the key",
                profile.place("fingerprint"),
                configured.escape_debug(),
                place.place()
            )))
        }
        _ => Ok(()),
    }
}

fn missing(profile: &Profile<'_>, keys: &[&str]) -> PrincipalError {
    let missing: Vec<String> = keys
        .iter()
        .filter(|key| profile.get(key).is_none())
        .map(|key| profile.place(key))
        .collect();
    PrincipalError::new(format!(
        "not set: {}; `oci setup config` writes a profile with an API key, and `oci session \
         authenticate` one with a session",
        missing.join(", ")
    ))
}
