//! Resource principal 1.1: a service on a compute instance, whose identity vouches for the resource.

use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::Uri;

use super::federation::{ResourceTokens, get, read};
use super::instance::Instance;
use super::renewal::{Fetched, Source, due};
use super::resource_v2::{
    RESOURCE_TOKENS, identity_service, resource_endpoint, resource_service, with_id,
};
use super::session_key::session_key;
use super::stamp::Stamp;
use super::value::Variables;
use super::{PrincipalError, Surroundings, address};
use crate::credential::Credential;
use crate::environment::Environment;
use crate::region::Regions;

/// Resource principal 1.1.
#[derive(Debug)]
pub(super) struct ResourceV1 {
    surroundings: Surroundings,
    regions: Regions,
    instance: Instance,
    resource: Uri,
    /// `None`: the identity service of the instance's region.
    identity: Option<Uri>,
    path: String,
    /// `None`: the OCID of the instance.
    id: Option<String>,
}

impl ResourceV1 {
    /// The principal of `OCI_RESOURCE_PRINCIPAL_{RPT_ENDPOINT, RPST_ENDPOINT, RPT_PATH, RPT_ID}`.
    pub(super) fn new(
        mut variables: Variables<'_>,
        environment: &Environment,
        regions: &Regions,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let resource = resource_endpoint(&mut variables);
        let identity = variables
            .optional("RPST_ENDPOINT")
            .map(|url| address::configured(&variables.name("RPST_ENDPOINT"), &url));
        let identity = match identity.transpose() {
            Ok(identity) => identity,
            Err(problem) => {
                variables.problem(problem);
                None
            }
        };
        let (Some(resource), Ok(())) = (resource, variables.check(NAME)) else {
            return Err(variables.error(NAME));
        };
        Ok(Self {
            surroundings: surroundings.clone(),
            regions: regions.clone(),
            instance: Instance::new(environment, regions, surroundings)?,
            resource,
            identity,
            path: variables
                .optional("RPT_PATH")
                .unwrap_or_else(|| "/20180711/resourcePrincipalToken/{id}".to_owned()),
            id: variables.optional("RPT_ID"),
        })
    }

    async fn renew(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let instance = self.instance.fetch(now).await?.credential;
        let id = match &self.id {
            Some(id) => id.clone(),
            None => self.instance.metadata().text("/instance/id").await?,
        };
        let url = address::join(&self.resource, &with_id(&self.path, &id))?;
        let identity = match (&self.identity, instance.region()) {
            (Some(url), _) => url.clone(),
            (None, Some(region)) => address::identity(&self.regions, region)?,
            (None, None) => return Err(PrincipalError::new("the instance has no region")),
        };
        let resource = resource_service(&self.surroundings);
        let response = resource.ask(|now| get(&url, &instance, now)).await?;
        let tokens: ResourceTokens = read(response, resource.name, RESOURCE_TOKENS)?;
        let session = session_key().await?;
        let token = tokens
            .exchange(
                &identity_service(&self.surroundings),
                &identity,
                &instance,
                &session,
            )
            .await?;
        let mut credential = Credential::token(&token, session);
        if let Some(region) = instance.region() {
            credential = credential.with_region(region.clone());
        }
        Ok(Fetched {
            credential,
            due: due(&token, now),
            stamp: Stamp::default(),
        })
    }
}

impl Source for ResourceV1 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(self.renew(now))
    }
}

const NAME: &str = "resource principal 1.1";
