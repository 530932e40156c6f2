//! The instance that the simulator's callers run on: its metadata service, and its certificates.

use std::io;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{Response, StatusCode};
use rcgen::{CertificateParams, DnType, IsCa, Issuer, PKCS_RSA_SHA256};
use ring::digest;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};

use super::key::{KeyPair, PublicKey, pem};
use super::received::Received;
use super::refusal::Refusal;
use super::reply;
use super::tenancy::Tenancy;
use super::value::{field, set};

#[derive(Debug)]
pub(crate) struct Machine {
    instance: Value,
    tenancy: String,
    region: String,
    region_key: String,
    key: KeyPair,
    certificate: Vec<u8>,
    intermediate: Vec<u8>,
}

impl Machine {
    /// Makes the certificates of the tenancy's first instance.
    ///
    /// # Errors
    ///
    /// If the tenancy has no instance, or a key or a certificate cannot be made.
    pub(crate) fn new(tenancy: &Tenancy) -> io::Result<Self> {
        let instance = tenancy
            .resources
            .get("instances")
            .and_then(|instances| instances.first());
        let instance = instance.ok_or_else(|| io::Error::other("the tenancy has no instance"))?;
        let key = KeyPair::generate()?;
        let der = PrivatePkcs8KeyDer::from(key.pkcs8());
        let leaf_key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256)
            .map_err(io::Error::other)?;
        let authority_key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(
            DnType::CommonName,
            "PKISVC Identity Intermediate (simulated)",
        );
        let intermediate = params
            .self_signed(&authority_key)
            .map_err(io::Error::other)?;
        let issuer = Issuer::new(params, authority_key);
        let mut params = CertificateParams::default();
        let id = instance["id"].as_str().unwrap_or_default();
        params.distinguished_name.push(DnType::CommonName, id);
        params.distinguished_name.push(
            DnType::OrganizationalUnitName,
            format!("opc-tenant:{}", tenancy.id),
        );
        let certificate = params
            .signed_by(&leaf_key, &issuer)
            .map_err(io::Error::other)?;
        Ok(Self {
            instance: instance.clone(),
            tenancy: tenancy.id.clone(),
            region: tenancy.region.clone(),
            region_key: tenancy.region_key.clone(),
            key,
            certificate: certificate.der().to_vec(),
            intermediate: intermediate.der().to_vec(),
        })
    }

    pub(crate) fn instance(&self) -> &Value {
        &self.instance
    }

    /// Answers a path of the metadata service, version 2: `/opc/v2/...`.
    ///
    /// # Errors
    ///
    /// Refuses a request without `Authorization: Bearer Oracle`, and paths that are not there.
    pub(crate) fn metadata(&self, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
        if request.header("authorization") != Some("Bearer Oracle") {
            return Err(Refusal::not_authenticated(
                "the metadata service needs `Authorization: Bearer Oracle`",
            ));
        }
        let path: Vec<&str> = request.path.iter().skip(2).map(String::as_str).collect();
        let short = self.region_key.to_ascii_lowercase();
        let text = match path.as_slice() {
            ["instance"] => return Ok(reply::ok(&self.description())),
            ["instance", "regionInfo"] => return Ok(reply::ok(&self.region_info())),
            ["instance", "id"] => field(&self.instance, "id")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            ["instance", "compartmentId"] => field(&self.instance, "compartmentId")
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            ["instance", "region"] => short,
            ["instance", "canonicalRegionName"] => self.region.clone(),
            ["identity", "cert.pem"] => pem("CERTIFICATE", &self.certificate),
            ["identity", "key.pem"] => self.key.pem(),
            ["identity", "intermediate.pem"] => pem("CERTIFICATE", &self.intermediate),
            _ => {
                return Err(Refusal::missing(
                    "NotFound",
                    "the metadata service has no such path",
                ));
            }
        };
        Ok(reply::typed(StatusCode::OK, "text/plain", text))
    }

    /// Checks a request for an instance's token: the certificates in `body`, and the `keyId`, which
    /// names the one that signs. Returns the key that it must be signed with.
    ///
    /// # Errors
    ///
    /// Refuses certificates that are not this instance's.
    pub(crate) fn check(&self, body: &Value, key_id: &str) -> Result<PublicKey, Refusal> {
        let is = |value: &Value, der: &[u8]| value.as_str() == Some(BASE64.encode(der).as_str());
        let chain = body["intermediateCertificates"].as_array();
        let chained =
            chain.is_some_and(|chain| chain.iter().any(|found| is(found, &self.intermediate)));
        if !is(&body["certificate"], &self.certificate) || !chained {
            return Err(Refusal::not_authenticated(
                "the certificate is not one that OCI gave to this instance",
            ));
        }
        let fingerprint = |algorithm| {
            let digest = digest::digest(algorithm, &self.certificate);
            let bytes = digest.as_ref().iter().map(|byte| format!("{byte:02X}"));
            bytes.collect::<Vec<_>>().join(":")
        };
        let expected = if body["fingerprintAlgorithm"] == "SHA256" {
            format!(
                "{}/fed-x509-sha256/{}",
                self.tenancy,
                fingerprint(&digest::SHA256)
            )
        } else {
            let legacy = &digest::SHA1_FOR_LEGACY_USE_ONLY;
            format!("{}/fed-x509/{}", self.tenancy, fingerprint(legacy))
        };
        // The SDK for Python writes the digits in upper case, that for Go in lower case.
        if !key_id.eq_ignore_ascii_case(&expected) {
            return Err(Refusal::not_authenticated(
                "the keyId is not that of the certificate",
            ));
        }
        Ok(self.key.public())
    }

    fn description(&self) -> Value {
        let mut description = self.instance.clone();
        set(
            &mut description,
            "region",
            json!(self.region_key.to_ascii_lowercase()),
        );
        set(&mut description, "canonicalRegionName", json!(self.region));
        set(&mut description, "regionInfo", self.region_info());
        set(&mut description, "tenantId", json!(self.tenancy));
        description
    }

    fn region_info(&self) -> Value {
        json!({
            "realmKey": "oc1",
            "realmDomainComponent": "oraclecloud.com",
            "regionKey": self.region_key,
            "regionIdentifier": self.region,
        })
    }
}
