//! Resource principals 2.1, 2.1.1 and 2.1.2: a key of the resource, exchanged for a token.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Uri};

use super::federation::{ResourceTokens, Service, get, read};
use super::renewal::{Fetched, Source, due};
use super::stamp::Stamp;
use super::value::{Value, Variables};
use super::{PrincipalError, Surroundings, address};
use crate::credential::Credential;
use crate::region::{Region, Regions};

/// Resource principal 2.1, 2.1.1 or 2.1.2.
#[derive(Debug)]
pub(super) struct ResourceV2 {
    surroundings: Surroundings,
    name: String,
    /// The whole URL that gives the resource's token.
    resource_url: Uri,
    identity: Uri,
    /// What names the key to OCI.
    key_id: String,
    tenancy: Option<String>,
    key: Value,
    passphrase: Option<Value>,
    security_context: Option<HeaderValue>,
    region: Option<Region>,
}

impl ResourceV2 {
    /// The principal of `OCI_RESOURCE_PRINCIPAL_{RPT_ENDPOINT, RPST_ENDPOINT, RESOURCE_ID, TENANCY_ID,
    /// PRIVATE_PEM, PRIVATE_PEM_PASSPHRASE, REGION, RPT_PATH, SECURITY_CONTEXT}`.
    pub(super) fn new(
        version: &str,
        mut variables: Variables<'_>,
        regions: &Regions,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let name = format!("resource principal {version}");
        let region = match variables.optional("REGION") {
            Some(_) => super::resource::region(&mut variables, regions),
            None => None,
        };
        let base = resource_endpoint(&mut variables);
        let identity = identity_endpoint(&mut variables, regions, region.as_ref());
        let resource = variables.required("RESOURCE_ID", "the OCID of the resource");
        let tenancy = match version {
            "2.1" => variables.optional("TENANCY_ID"),
            _ => variables.required("TENANCY_ID", "the OCID of the tenancy"),
        };
        let key = variables.key();
        let security_context = security_context(version, &mut variables);
        let (Some(base), Some(identity), Some(resource), Some((key, passphrase)), Ok(())) =
            (base, identity, resource, key, variables.check(&name))
        else {
            return Err(variables.error(&name));
        };
        let path = match version {
            "2.1.2" => variables
                .optional("RPT_PATH")
                .unwrap_or_else(|| "/20180711/resourcePrincipalTokenV212".to_owned()),
            _ => "/20180711/resourcePrincipalTokenV2".to_owned(),
        };
        let key_id = match (version, &tenancy) {
            ("2.1", _) | (_, None) => format!("resource/v2.1/{resource}"),
            (_, Some(tenancy)) => format!("resource/v{version}/{tenancy}/{resource}"),
        };
        Ok(Self {
            surroundings: surroundings.clone(),
            name,
            resource_url: address::join(&base, &with_id(&path, &resource))?,
            identity,
            key_id,
            tenancy,
            key,
            passphrase,
            security_context,
            region,
        })
    }

    async fn renew(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let stamp = self.stamp();
        let key = Arc::new(self.key.key(self.passphrase.as_ref())?);
        let signer = Credential::new(&self.key_id, Arc::clone(&key))
            .map_err(|error| PrincipalError::new(format!("{}: {error}", self.name)))?;

        let resource = resource_service(&self.surroundings);
        let response = resource.ask(|now| self.request(&signer, now)).await?;
        let tokens: ResourceTokens = read(response, resource.name, RESOURCE_TOKENS)?;
        let token = tokens
            .exchange(
                &identity_service(&self.surroundings),
                &self.identity,
                &signer,
                &key,
            )
            .await?;

        let mut credential = Credential::token(&token, key);
        if let (None, Some(tenancy)) = (credential.tenancy(), &self.tenancy) {
            credential = credential.with_tenancy(tenancy);
        }
        if let Some(region) = &self.region {
            credential = credential.with_region(region.clone());
        }
        Ok(Fetched {
            credential,
            due: due(&token, now),
            stamp,
        })
    }

    fn request(
        &self,
        signer: &Credential,
        now: SystemTime,
    ) -> Result<Request<Bytes>, PrincipalError> {
        let mut request = get(&self.resource_url, signer, now)?;
        if let Some(context) = &self.security_context {
            request
                .headers_mut()
                .insert("security-context", context.clone());
        }
        Ok(request)
    }
}

impl Source for ResourceV2 {
    fn name(&self) -> &str {
        &self.name
    }

    fn stamp(&self) -> Stamp {
        let values = [Some(&self.key), self.passphrase.as_ref()];
        Stamp::of(values.into_iter().flatten().filter_map(Value::path))
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(self.renew(now))
    }
}

/// Where the resource's token is had: `RPT_ENDPOINT`.
pub(super) fn resource_endpoint(variables: &mut Variables<'_>) -> Option<Uri> {
    let url = variables.required("RPT_ENDPOINT", "the https URL of the service")?;
    parsed(variables, "RPT_ENDPOINT", &url)
}

/// Where it is exchanged: `RPST_ENDPOINT`, or else the identity service of the region.
pub(super) fn identity_endpoint(
    variables: &mut Variables<'_>,
    regions: &Regions,
    region: Option<&Region>,
) -> Option<Uri> {
    if let Some(url) = variables.optional("RPST_ENDPOINT") {
        return parsed(variables, "RPST_ENDPOINT", &url);
    }
    let identity = region.map(|region| address::identity(regions, region));
    match identity {
        Some(Ok(identity)) => Some(identity),
        Some(Err(error)) => {
            variables.problem(error.to_string());
            None
        }
        None => {
            let (endpoint, region) = (variables.name("RPST_ENDPOINT"), variables.name("REGION"));
            variables.problem(format!("neither `{endpoint}` nor `{region}` is set"));
            None
        }
    }
}

/// The `path` of a resource's token, with `id` in the place of `{}` or `{id}`, or at its end.
pub(super) fn with_id(path: &str, id: &str) -> String {
    let id = address::segment(id);
    let path = path.trim().trim_start_matches('/');
    for place in ["{id}", "{}"] {
        if path.contains(place) {
            return format!("/{}", path.replace(place, &id));
        }
    }
    format!("/{}/{id}", path.trim_end_matches('/'))
}

/// The service that the resource belongs to.
pub(super) fn resource_service(surroundings: &Surroundings) -> Service<'_> {
    Service {
        transport: &surroundings.services,
        clock: &surroundings.clock,
        name: "the service of the resource",
        hint: |_| None,
    }
}

/// The identity service.
pub(super) fn identity_service(surroundings: &Surroundings) -> Service<'_> {
    Service {
        transport: &surroundings.services,
        clock: &surroundings.clock,
        name: "the identity service",
        hint: |_| None,
    }
}

fn parsed(variables: &mut Variables<'_>, stem: &str, url: &str) -> Option<Uri> {
    match address::configured(&variables.name(stem), url) {
        Ok(url) => Some(url),
        Err(problem) => {
            variables.problem(problem);
            None
        }
    }
}

/// The value of a header that only version 2.1.2 has. It is a secret.
fn security_context(version: &str, variables: &mut Variables<'_>) -> Option<HeaderValue> {
    let value = variables
        .optional("SECURITY_CONTEXT")
        .filter(|_| version == "2.1.2")?;
    if let Ok(mut value) = HeaderValue::try_from(value) {
        value.set_sensitive(true);
        return Some(value);
    }
    let name = variables.name("SECURITY_CONTEXT");
    variables.problem(format!("`{name}` has characters that no header may have"));
    None
}

/// What the answer of the resource's service must have, for messages.
pub(super) const RESOURCE_TOKENS: &str =
    "`resourcePrincipalToken` and `servicePrincipalSessionToken`";
