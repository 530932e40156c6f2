//! The Vault itself: `GetSecretBundle` of the Secrets API, version 20190301.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use http::Method;
use oci_mcp::App;
use oci_rest::{Call, Request, Template};
use serde::Deserialize;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::Secret;
use crate::oci::{Oci, Unavailable};

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

/// Has `app` wait for `secrets`, which `oci` leads to.
pub(super) fn prepare(secrets: Vec<Secret>, app: App, oci: Oci) -> App {
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
            let named = |problem: &str| format!("`{setting}` is `{id}`: {problem}");
            let text = self.get(id).await;
            let text = text.map_err(|error| named(&error.to_string()))?;
            take(text.trim_end_matches(['\r', '\n'])).map_err(|problem| named(&problem))?;
        }
        Ok(())
    }

    async fn get(&self, id: &str) -> Result<Zeroizing<String>, Unavailable> {
        let request = Request::new(
            Method::GET,
            "secrets.get_secret_bundle",
            "/20190301/secretbundles/{secretId}",
        )
        .path_parameter("secretId", id);
        let call = Call::until(Instant::now() + PATIENCE);
        let answer = self.oci.send(&SECRETS, id, &request, &call).await?;
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
