//! Resource principal 3.0: a resource in a resource, which acts as the outermost one.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::Uri;

use super::federation::{ResourceTokens, get, read};
use super::renewal::{Fetched, Source, due};
use super::resource_v2::{RESOURCE_TOKENS, identity_endpoint, identity_service, resource_service};
use super::stamp::Stamp;
use super::value::Variables;
use super::{PrincipalError, Surroundings, address};
use crate::credential::Credential;
use crate::environment::Environment;
use crate::region::{Region, Regions};

/// Resource principal 3.0.
#[derive(Debug)]
pub(super) struct Nested {
    surroundings: Surroundings,
    regions: Regions,
    leaf: Box<dyn Source>,
    name: String,
    /// The whole URL that gives the token of the first parent.
    parent: Uri,
    /// `None`: the identity service of the leaf's region.
    identity: Option<Uri>,
}

impl Nested {
    /// The principal around `leaf` of `OCI_RESOURCE_PRINCIPAL_{RPT_URL,
    /// RPST_ENDPOINT}_FOR_PARENT_RESOURCE`.
    pub(super) fn new(
        leaf: Box<dyn Source>,
        environment: &Environment,
        regions: &Regions,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let mut variables = Variables::new(environment, "_FOR_PARENT_RESOURCE");
        let parent = variables.required("RPT_URL", "the https URL of the parent's token");
        let parent = parent.and_then(|url| {
            address::configured(&variables.name("RPT_URL"), &url)
                .map_err(|problem| variables.problem(problem))
                .ok()
        });
        let identity = match variables.optional("RPST_ENDPOINT") {
            Some(_) => identity_endpoint(&mut variables, regions, None),
            None => None,
        };
        let (Some(parent), Ok(())) = (parent, variables.check(NAME)) else {
            return Err(variables.error(NAME));
        };
        Ok(Self {
            surroundings: surroundings.clone(),
            regions: regions.clone(),
            name: format!("{NAME} of {}", leaf.name()),
            leaf,
            parent,
            identity,
        })
    }

    async fn renew(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let leaf = self.leaf.fetch(now).await?;
        let region = leaf.credential.region().cloned();
        let identity = self.identity(region.as_ref())?;
        let session = Arc::clone(leaf.credential.key());
        let service = resource_service(&self.surroundings);

        let mut credential = leaf.credential;
        let mut url = self.parent.clone();
        for _ in 0..MAX_LEVELS {
            let response = service.ask(|now| get(&url, &credential, now)).await?;
            let above = response.headers().get(PARENT_URL).cloned();
            let tokens: ResourceTokens = read(response, service.name, RESOURCE_TOKENS)?;
            let token = tokens
                .exchange(
                    &identity_service(&self.surroundings),
                    &identity,
                    &credential,
                    &session,
                )
                .await?;
            credential = Credential::token(&token, Arc::clone(&session));
            if let Some(region) = &region {
                credential = credential.with_region(region.clone());
            }
            let above = above
                .map(|above| {
                    let above = above.to_str().unwrap_or_default();
                    address::announced(above, region.as_ref(), &self.parent)
                })
                .transpose()?;
            match above.filter(|above| *above != url) {
                Some(above) => url = above,
                None => {
                    return Ok(Fetched {
                        due: earlier(due(&token, now), leaf.due),
                        credential,
                        stamp: leaf.stamp,
                    });
                }
            }
        }
        Err(PrincipalError::new(format!(
            "{NAME}: the resource has more than {MAX_LEVELS} parents, or they go in a circle; the \
             last one is announced at `{url}`"
        )))
    }

    fn identity(&self, region: Option<&Region>) -> Result<Uri, PrincipalError> {
        match (&self.identity, region) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(region)) => address::identity(&self.regions, region),
            (None, None) => Err(PrincipalError::new(format!(
                "{NAME}: set `OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE` to the URL \
                 of the identity service, because the region of the resource is not known"
            ))),
        }
    }
}

impl Source for Nested {
    fn name(&self) -> &str {
        &self.name
    }

    fn stamp(&self) -> Stamp {
        self.leaf.stamp()
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(self.renew(now))
    }
}

fn earlier(one: Option<SystemTime>, other: Option<SystemTime>) -> Option<SystemTime> {
    one.into_iter().chain(other).min()
}

const NAME: &str = "resource principal 3.0";

/// In the answer of a resource that has a parent itself.
const PARENT_URL: &str = "opc-parent-rpt-url";

/// As in Oracle's SDKs.
const MAX_LEVELS: usize = 10;
