//! Instance principal: the certificate of a compute instance, exchanged for a token.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use futures_util::future::BoxFuture;
use http::{StatusCode, Uri};
use ring::digest;
use zeroize::Zeroizing;

use super::federation::{Service, TokenAnswer, post, read, wipe};
use super::instance_metadata::Metadata;
use super::renewal::{Fetched, Source, due};
use super::session_key::session_key;
use super::{PrincipalError, Surroundings, address, certificate};
use crate::credential::Credential;
use crate::environment::Environment;
use crate::key::PrivateKey;
use crate::pem;
use crate::region::Regions;

/// Instance principal.
#[derive(Debug)]
pub(super) struct Instance {
    surroundings: Surroundings,
    regions: Regions,
    metadata: Metadata,
    /// Where the operator has the identity service, if elsewhere than in the region.
    identity: Option<Uri>,
    /// The tenancy of the first certificate. An instance does not change it.
    tenancy: OnceLock<String>,
}

impl Instance {
    /// The principal of the instance that this process runs on.
    pub(super) fn new(
        environment: &Environment,
        regions: &Regions,
        surroundings: &Surroundings,
    ) -> Result<Self, PrincipalError> {
        let names = [
            "OCI_CLI_FEDERATION_ENDPOINT",
            "OCI_SDK_AUTH_CLIENT_REGION_URL",
        ];
        let identity = environment
            .first(&names)
            .map(|(name, url)| address::configured(name, &url))
            .transpose()
            .map_err(PrincipalError::new)?;
        Ok(Self {
            surroundings: surroundings.clone(),
            regions: regions.clone(),
            metadata: Metadata::new(environment, surroundings)?,
            identity,
            tenancy: OnceLock::new(),
        })
    }

    /// The metadata service that it asks, too.
    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    async fn renew(&self, now: SystemTime) -> Result<Fetched, PrincipalError> {
        let region = self.metadata.region(&self.regions).await?;
        let leaf = self.leaf().await?;
        let intermediate = self.metadata.get("/identity/intermediate.pem").await?;
        let session = session_key().await?;

        let body = serde_json::json!({
            "certificate": BASE64.encode(&leaf.certificate),
            "publicKey": BASE64.encode(&session.public_key_der()),
            "intermediateCertificates": pem::blocks(&intermediate)
                .map(|block| BASE64.encode(&block.der))
                .collect::<Vec<_>>(),
            "fingerprintAlgorithm": "SHA256",
        });
        let url = match &self.identity {
            Some(url) if url.path().ends_with("/v1/x509") => url.clone(),
            Some(url) => address::join(url, "/v1/x509")?,
            None => address::join(&address::identity(&self.regions, &region)?, "/v1/x509")?,
        };
        let signer = leaf.signer()?;
        let response = self
            .identity_service()
            .ask(|now| post(&url, &body, false, &signer, now))
            .await?;
        let token =
            read::<TokenAnswer>(response, IDENTITY, "a `token`")?.token(&session, IDENTITY)?;
        Ok(Fetched {
            credential: Credential::token(&token, session)
                .with_tenancy(leaf.tenancy)
                .with_region(region),
            due: due(&token, now),
            stamp: super::stamp::Stamp::default(),
        })
    }

    /// The certificate of the instance, and its key. They rotate, and not at the same moment.
    async fn leaf(&self) -> Result<Leaf, PrincipalError> {
        let mut leaf = self.read_leaf().await?;
        if !leaf.fits() {
            leaf = self.read_leaf().await?;
        }
        if !leaf.fits() {
            return Err(PrincipalError::new(
                "the instance metadata service has a key at `/identity/key.pem` that is not that of \
                 the certificate at `/identity/cert.pem`; if it stays so, reboot the instance",
            ));
        }
        let first = self.tenancy.get_or_init(|| leaf.tenancy.clone());
        if *first != leaf.tenancy {
            return Err(PrincipalError::new(format!(
                "the certificate of this instance names tenancy `{}`, and named `{}` before: this \
                 is refused until the process is started anew",
                leaf.tenancy.escape_debug(),
                first.escape_debug()
            )));
        }
        Ok(leaf)
    }

    async fn read_leaf(&self) -> Result<Leaf, PrincipalError> {
        let certificate = self.metadata.get("/identity/cert.pem").await?;
        let key = self.metadata.get("/identity/key.pem").await?;
        Leaf::read(&certificate, key)
    }

    fn identity_service(&self) -> Service<'_> {
        Service {
            transport: &self.surroundings.services,
            clock: &self.surroundings.clock,
            name: IDENTITY,
            hint: |status| {
                (status == StatusCode::UNAUTHORIZED).then_some(
                    "it does not accept the certificate of this instance, which a terminated or \
                     cloned instance has",
                )
            },
        }
    }
}

impl Source for Instance {
    fn name(&self) -> &'static str {
        "instance principal"
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(self.renew(now))
    }
}

/// The certificate of the instance.
struct Leaf {
    certificate: Zeroizing<Vec<u8>>,
    key: Arc<PrivateKey>,
    tenancy: String,
}

impl Leaf {
    fn read(certificate: &[u8], key: Bytes) -> Result<Self, PrincipalError> {
        let parsed = PrivateKey::from_pem(&key, None);
        wipe(key);
        let key = parsed.map_err(|error| {
            PrincipalError::new(format!(
                "the instance metadata service: {}",
                error.at("/identity/key.pem")
            ))
        })?;
        let block = pem::blocks(certificate).find(|block| block.label == "CERTIFICATE");
        let tenancy = block
            .as_ref()
            .and_then(|block| certificate::tenancy(&block.der))
            .map(str::to_owned);
        let (Some(block), Some(tenancy)) = (block, tenancy) else {
            return Err(PrincipalError::new(
                "the instance metadata service has no certificate at `/identity/cert.pem` whose \
                 subject names a tenancy, `opc-tenant:…`; is this an OCI compute instance?",
            ));
        };
        Ok(Self {
            certificate: block.der,
            key: Arc::new(key),
            tenancy,
        })
    }

    /// Whether the key is that of the certificate, which contains the public one as it is.
    fn fits(&self) -> bool {
        let public = self.key.public_key_der();
        self.certificate
            .windows(public.len())
            .any(|part| part == public)
    }

    /// What signs the request for a token.
    fn signer(&self) -> Result<Credential, PrincipalError> {
        let hash = digest::digest(&digest::SHA256, &self.certificate);
        let bytes: Vec<String> = hash
            .as_ref()
            .iter()
            .map(|byte| HEXLOWER.encode(&[*byte]))
            .collect();
        let key_id = format!("{}/fed-x509-sha256/{}", self.tenancy, bytes.join(":"));
        Credential::new(&key_id, Arc::clone(&self.key)).map_err(|error| {
            PrincipalError::new("the certificate of this instance names an odd tenancy")
                .with_source(error)
        })
    }
}

const IDENTITY: &str = "the identity service";
