//! The Vault itself: `GetSecretBundle` of the Secrets API, version 20190301.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use http::Method;
use oci_mcp::App;
use oci_rest::{Call, Request, Template};
use serde::Deserialize;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::oci::{Oci, Unavailable};

/// One secret, and who waits for it.
pub(super) struct Secret {
    /// The setting that names it.
    setting: &'static str,
    id: SecretId,
    take: Take,
}

/// Takes the text of a secret, or says what is wrong with it without repeating it.
type Take = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// The OCID of a secret.
pub(super) struct SecretId(String);

impl FromStr for SecretId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let is_secret = text.starts_with("ocid1.vaultsecret.") && text.split('.').count() == 5;
        if is_secret && !text.ends_with('.') {
            Ok(Self(text.to_owned()))
        } else {
            Err("the OCID of a secret is `ocid1.vaultsecret.<realm>.<region>.<unique>`")
        }
    }
}

/// What the service answers; the rest is of no use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    secret_bundle_content: Content,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

impl Secret {
    pub(super) fn new(
        setting: &'static str,
        id: SecretId,
        take: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        let take = Box::new(take);
        Self { setting, id, take }
    }
}

/// Has `app` wait for `secrets`, which `oci` leads to.
pub(super) fn prepare(secrets: Vec<Secret>, app: App, oci: Oci) -> App {
    if secrets.is_empty() {
        return app;
    }
    let loader = Arc::new(Loader { secrets, oci });
    app.prepare(move || {
        let loader = Arc::clone(&loader);
        Box::pin(async move { loader.load().await })
    })
}

struct Loader {
    secrets: Vec<Secret>,
    oci: Oci,
}

impl Loader {
    async fn load(&self) -> Result<(), String> {
        for secret in &self.secrets {
            let Secret { setting, id, take } = secret;
            let named = |problem: &str| format!("`{setting}` is `{}`: {problem}", id.0);
            let text = self.get(id).await;
            let text = text.map_err(|error| named(&error.to_string()))?;
            take(text.trim_end_matches(['\r', '\n'])).map_err(|problem| named(&problem))?;
        }
        Ok(())
    }

    async fn get(&self, id: &SecretId) -> Result<Zeroizing<String>, Unavailable> {
        let request = Request::new(
            Method::GET,
            "secrets.get_secret_bundle",
            "/20190301/secretbundles/{secretId}",
        )
        .path_parameter("secretId", &*id.0);
        let call = Call::until(Instant::now() + PATIENCE);
        let answer = self.oci.send(&SECRETS, &id.0, &request, &call).await?;
        // Errors of either library could repeat what they read.
        let bundle: Bundle =
            serde_json::from_slice(answer.body()).map_err(|_cause| "the answer is no secret")?;
        let content = Zeroizing::new(bundle.secret_bundle_content.content);
        let bytes = BASE64.decode(content.as_bytes());
        let bytes = bytes.map_err(|_cause| "the secret is not in base64")?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(error) => {
                let _wiped = Zeroizing::new(error.into_bytes());
                Err("the secret is not text".into())
            }
        }
    }
}

const SECRETS: Template<'_> =
    Template::new("https://secrets.vaults.{region}.oci.{secondLevelDomain}");

/// For one secret, while a caller waits.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
