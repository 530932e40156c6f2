//! Regions, realms, and the addresses of services in them.

mod endpoint;
mod metadata;
mod table;

pub use self::endpoint::Template;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use self::metadata::Metadata;
use self::table::{REALMS, REGIONS};
use crate::environment::Environment;
use crate::file;

/// A region, and the realm it is in.
///
/// Only [`Regions`] makes one, so that whoever holds it may send a signed request there.
///
/// Source: "Regions and Availability Domains" in the documentation of OCI, and the table of the
/// official Python SDK.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Region {
    id: Cow<'static, str>,
    key: Cow<'static, str>,
    realm: Cow<'static, str>,
    domain: Cow<'static, str>,
}

impl Region {
    /// The identifier: `us-phoenix-1`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The short code, `phx`; empty for a region of which nothing is known but its identifier.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The realm: `oc1`; empty where it is not known.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The domain of the realm's services: `oraclecloud.com`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    fn is(&self, name: &str) -> bool {
        self.id == name || self.key == name
    }
}

/// Displays the identifier.
impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Every region that is known: the 85 of November 2026, and what the operator adds.
///
/// ```
/// use oci_rest::{Environment, Regions, Template};
///
/// let regions = Regions::from_environment(&Environment::new(|_| None))?;
/// let phoenix = regions.requested("PHX")?;
/// let compute = Template::new("https://iaas.{region}.{dualStack?ds.oci.:}{secondLevelDomain}");
///
/// assert_eq!(phoenix.id(), "us-phoenix-1");
/// assert_eq!(
///     regions.endpoint(&phoenix, &compute, None)?.to_string(),
///     "https://iaas.us-phoenix-1.oraclecloud.com/",
/// );
/// assert!(regions.requested("evil.example").is_err());
/// # Ok::<_, oci_rest::RegionError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Regions {
    added: Vec<Region>,
    default_domain: Option<String>,
    dual_stack: bool,
    realm_templates: bool,
}

impl Regions {
    /// The built-in regions, and those that the operator describes.
    ///
    /// | where | what |
    /// |---|---|
    /// | `~/.oci/regions-config.json` | a list of regions, each `{"realmKey", "realmDomainComponent", "regionKey", "regionIdentifier"}` |
    /// | `OCI_REGION_METADATA` | one more such region |
    /// | `OCI_DEFAULT_REALM` | the domain of regions that nothing else describes; `oraclecloud.com` if unset |
    /// | `OCI_DUAL_STACK_ENDPOINT_ENABLED` | `true` for addresses that have IPv6, too |
    /// | `OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED` | `true` for the realm's own addresses of Object Storage and model deployments |
    ///
    /// As in Oracle's SDKs, what is built in comes first and the file before the variable.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if the file, or one of the variables, is there and not of that shape.
    pub fn from_environment(environment: &Environment) -> Result<Self, RegionError> {
        let mut regions = Self {
            added: Vec::new(),
            default_domain: None,
            dual_stack: environment.flag("OCI_DUAL_STACK_ENDPOINT_ENABLED"),
            realm_templates: environment
                .flag("OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED"),
        };
        if let Some(domain) = environment.var(DEFAULT_REALM) {
            let domain = domain.trim().to_ascii_lowercase();
            if !metadata::is_domain(&domain) {
                return Err(RegionError::new(format!(
                    "`{DEFAULT_REALM}` is `{}`: it must be a domain, such as `oraclecloud.com`",
                    domain.escape_debug()
                )));
            }
            regions.default_domain = Some(domain);
        }
        let path = environment.path(REGIONS_FILE);
        match file::read_text(&path) {
            Ok(text) => {
                for region in Metadata::list(&text).map_err(|error| error.at(REGIONS_FILE))? {
                    regions.add(region);
                }
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => {
                return Err(RegionError::new(format!(
                    "`{}` cannot be read: {}",
                    path.display(),
                    error.problem()
                )));
            }
        }
        if let Some(text) = environment.var(METADATA) {
            regions
                .describe(&text)
                .map_err(|error| error.at(METADATA))?;
        }
        Ok(regions)
    }

    /// Adds the region that `json` describes, as `OCI_REGION_METADATA` and the instance metadata
    /// service (`/instance/regionInfo`) do. Nothing known is changed by it.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if one of the four members is missing or unusable.
    pub fn describe(&mut self, json: &str) -> Result<(), RegionError> {
        self.add(Metadata::one(json)?);
        Ok(())
    }

    /// The region that the operator configured, by identifier or short code, in any case.
    ///
    /// A region that nobody knows is taken to be in `OCI_DEFAULT_REALM` or else in `oc1`, because
    /// there are new ones every few months. One with a dot is the domain of services itself, as
    /// private clouds have it.
    ///
    /// **Never give it what came from a caller**: a signed request goes where it says. See
    /// [`Regions::requested`].
    ///
    /// # Errors
    ///
    /// [`RegionError`] if `name` cannot be part of a host name.
    pub fn configured(&self, name: &str) -> Result<Region, RegionError> {
        let name = name.trim().to_ascii_lowercase();
        if let Some(region) = self.known(&name) {
            return Ok(region);
        }
        if !metadata::is_label(&name) && !metadata::is_domain(&name) {
            return Err(RegionError::new(format!(
                "`{}` is not a region, such as `us-phoenix-1` or `phx`",
                name.escape_debug()
            )));
        }
        let default = Self::realm_domain("oc1").unwrap_or_default();
        let (realm, domain) = match &self.default_domain {
            _ if name.contains('.') => ("", Cow::Owned(name.clone())),
            Some(domain) => ("", Cow::Owned(domain.clone())),
            None => ("oc1", Cow::Borrowed(default)),
        };
        Ok(Region {
            id: name.into(),
            key: Cow::Borrowed(""),
            realm: Cow::Borrowed(realm),
            domain,
        })
    }

    /// The region that a caller asked for, by identifier or short code, in any case.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if it is not known: a caller must not choose the host that a signed request
    /// goes to.
    pub fn requested(&self, name: &str) -> Result<Region, RegionError> {
        self.known(&name.trim().to_ascii_lowercase()).ok_or_else(|| {
            RegionError::new(format!(
                "`{}` is not a known region; use one such as `us-phoenix-1` or `phx`, or have the \
                 operator describe it in `{METADATA}`",
                name.escape_debug()
            ))
        })
    }

    fn known(&self, name: &str) -> Option<Region> {
        let built_in = REGIONS
            .iter()
            .find(|(id, key, _)| *id == name || *key == name)
            .map(|(id, key, realm)| Region {
                id: Cow::Borrowed(id),
                key: Cow::Borrowed(key),
                realm: Cow::Borrowed(realm),
                domain: Cow::Borrowed(Self::realm_domain(realm).unwrap_or_default()),
            });
        built_in.or_else(|| self.added.iter().find(|region| region.is(name)).cloned())
    }

    fn add(&mut self, metadata: Metadata) {
        let known = self
            .added
            .iter()
            .find(|region| region.realm == metadata.realm)
            .map(|region| region.domain.clone());
        let domain = Self::realm_domain(&metadata.realm)
            .map(Cow::Borrowed)
            .or(known)
            .unwrap_or(Cow::Owned(metadata.domain));
        self.added.push(Region {
            id: metadata.id.into(),
            key: metadata.key.into(),
            realm: metadata.realm.into(),
            domain,
        });
    }

    fn realm_domain(realm: &str) -> Option<&'static str> {
        let (_, domain) = REALMS.iter().find(|(key, _)| *key == realm)?;
        Some(domain)
    }
}

/// Why a region, or the address of a service in it, cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegionError {
    problem: String,
}

impl RegionError {
    fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
        }
    }

    fn at(self, place: &str) -> Self {
        Self::new(format!("`{place}` {}", self.problem))
    }
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for RegionError {}

const DEFAULT_REALM: &str = "OCI_DEFAULT_REALM";
const METADATA: &str = "OCI_REGION_METADATA";
const REGIONS_FILE: &str = "~/.oci/regions-config.json";
