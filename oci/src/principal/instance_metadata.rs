//! The instance metadata service, version 2 (`IMDSv2`).

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, StatusCode, Uri};

use super::federation::Service;
use super::{PrincipalError, Surroundings, address};
use crate::environment::Environment;
use crate::region::{Region, Regions};

/// The instance metadata service. It is asked only by principals that the operator chose, because
/// elsewhere its address does not answer at all.
#[derive(Debug)]
pub(super) struct Metadata {
    surroundings: Surroundings,
    /// In the order in which they are tried.
    addresses: Vec<Uri>,
    /// The one that answered. From then on it is given the time that any service gets.
    found: OnceLock<Uri>,
}

impl Metadata {
    /// The service at `OCI_METADATA_BASE_URL`, or where it is on every instance.
    pub(super) fn new(
        environment: &Environment,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let addresses = match environment.var(BASE_URL) {
            Some(url) => vec![address::whole(url.trim()).ok_or_else(|| {
                PrincipalError::new(format!(
                    "`{BASE_URL}` is `{}`; it must be a URL, such as `{}`",
                    url.escape_debug(),
                    ADDRESSES[0]
                ))
            })?],
            None => ADDRESSES.into_iter().map(Uri::from_static).collect(),
        };
        Ok(Self {
            surroundings: surroundings.clone(),
            addresses,
            found: OnceLock::new(),
        })
    }

    /// The document at `path`.
    pub(super) async fn get(&self, path: &str) -> Result<Bytes, PrincipalError> {
        if let Some(address) = self.found.get() {
            return self.ask(&address::join(address, path)?).await;
        }
        let patience = PATIENCE / u32::try_from(self.addresses.len()).unwrap_or(1).max(1);
        let mut problem = None;
        for address in &self.addresses {
            let url = address::join(address, path)?;
            match tokio::time::timeout(patience, self.ask(&url)).await {
                Ok(Ok(document)) => {
                    self.found.get_or_init(|| address.clone());
                    return Ok(document);
                }
                Ok(Err(error)) => problem = problem.or(Some(error)),
                Err(_) => {}
            }
        }
        let problem = problem.unwrap_or_else(|| {
            let address = self.addresses.first().map(Uri::to_string);
            let address = address.unwrap_or_default();
            PrincipalError::new(format!("{NAME} at `{address}` does not answer"))
        });
        Err(PrincipalError::new(format!(
            "{problem}; it is there on compute instances alone, and not if their network rules or a \
             container keep it away: if this is none, choose another identity in \
             `OCI_MCP_AUTH_TYPE`"
        ))
        .with_source(problem))
    }

    /// The text at `path`.
    pub(super) async fn text(&self, path: &str) -> Result<String, PrincipalError> {
        let document = self.get(path).await?;
        let text = std::str::from_utf8(&document).unwrap_or_default().trim();
        Ok(text.to_owned())
    }

    /// The region that the instance is in, which it describes even if it is newer than this crate.
    pub(super) async fn region(&self, regions: &Regions) -> Result<Region, PrincipalError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Named {
            region_identifier: String,
        }
        let refuse = |error: &dyn std::fmt::Display| {
            PrincipalError::new(format!("{NAME}: `/instance/regionInfo` {error}"))
        };
        let text = self.text("/instance/regionInfo").await?;
        let mut regions = regions.clone();
        regions.describe(&text).map_err(|error| refuse(&error))?;
        let Named { region_identifier } =
            serde_json::from_str(&text).map_err(|error| refuse(&error))?;
        regions
            .requested(&region_identifier)
            .map_err(|error| refuse(&error))
    }

    async fn ask(&self, url: &Uri) -> Result<Bytes, PrincipalError> {
        let service = Service {
            transport: &self.surroundings.metadata,
            clock: &self.surroundings.clock,
            name: NAME,
            hint: |status| {
                (status == StatusCode::NOT_FOUND)
                    .then_some("this instance has no identity (yet): try again in a minute")
            },
        };
        let response = service
            .ask(|_| {
                let mut request = Request::new(Bytes::new());
                *request.uri_mut() = url.clone();
                let token = HeaderValue::from_static("Bearer Oracle");
                request.headers_mut().insert(AUTHORIZATION, token);
                Ok(request)
            })
            .await?;
        Ok(response.into_body())
    }
}

/// For the first document. Elsewhere than on an instance, packets to it are often just dropped.
const PATIENCE: Duration = Duration::from_millis(1800);

const NAME: &str = "the instance metadata service";

const BASE_URL: &str = "OCI_METADATA_BASE_URL";

const ADDRESSES: [&str; 2] = [
    "http://169.254.169.254/opc/v2",
    "http://[fd00:c1::a9fe:a9fe]/opc/v2",
];
