//! Which principal it is.

use std::sync::Arc;

use super::delegation::Delegated;
use super::nested::Nested;
use super::profile::{Session, api_key};
use super::renewal::{Renewing, Source};
use super::resource::Resource;
use super::resource_v2::ResourceV2;
use super::value::Variables;
use super::{Fixed, Principal, PrincipalError, Surroundings, nothing};
use crate::config_file::{ConfigFile, Profile};
use crate::environment::Environment;
use crate::region::Regions;

/// The principal that the environment names, or else the one that it has everything for.
///
/// `OCI_MCP_AUTH_TYPE` names it, as in Oracle's MCP servers, or else `OCI_CLI_AUTH`:
///
/// | name | identity | feature |
/// |---|---|---|
/// | `auto` | see below | |
/// | `resource_principal` | of `OCI_RESOURCE_PRINCIPAL_VERSION` 2.2, 2.1, 2.1.1, 2.1.2, 1.1 or 3.0 | `session-keys` for 1.1 |
/// | `oke_workload_identity` | the service account of a pod in OKE | `session-keys` |
/// | `instance_principal` | the compute instance | `session-keys` |
/// | `api_key` | the API key of a profile | |
/// | `security_token` | the session of a profile | |
/// | `resource_principal_delegation`, `instance_principal_delegation`, `instance_obo_user` | that principal on behalf of the user whose token is in the file that `OCI_MCP_DELEGATION_TOKEN_FILE`, `OCI_CLI_DELEGATION_TOKEN_FILE` or the profile's `delegation_token_file` names | as above |
///
/// Without a name, it is the resource principal or the workload identity if
/// `OCI_RESOURCE_PRINCIPAL_VERSION` is set, and else what the profile has: a session, an API key, or
/// with `authentication_type = instance_principal` the instance. The instance metadata service is
/// never asked whether it is there, because elsewhere that takes many seconds.
///
/// The profile is the one in `OCI_CONFIG_PROFILE` or `OCI_CLI_PROFILE`, else `DEFAULT`;
/// see [`Profile::get`] for the variables that stand for its values. Files of profiles are read now,
/// everything else with the first [`Principal::credential`].
///
/// Source: the names and rules of Oracle's CLI, SDKs and MCP servers.
///
/// # Errors
///
/// [`PrincipalError`] if there is none, which lists where it was looked for and what to do on each
/// host; or if variables, files or features that the one needs are missing.
pub fn find_principal(
    environment: &Environment,
    regions: &Regions,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Principal>, PrincipalError> {
    let finder = Finder {
        environment,
        regions,
        surroundings,
    };
    let principal = match named(environment)? {
        Some(auth) => finder.make(auth)?,
        None => finder.automatic()?,
    };
    tracing::info!(principal = principal.name(), "identity for OCI chosen");
    Ok(principal)
}

#[derive(Clone, Copy)]
enum Auth {
    ApiKey,
    SecurityToken,
    Resource,
    ResourceDelegation,
    Instance,
    InstanceDelegation,
    Workload,
}

/// What the operator chose; `None` for a choice by what is there.
fn named(environment: &Environment) -> Result<Option<Auth>, PrincipalError> {
    let Some((variable, name)) = environment.first(&VARIABLES) else {
        return Ok(None);
    };
    let name = name.trim().to_ascii_lowercase();
    if name == "auto" {
        return Ok(None);
    }
    if name == "identity_domain_upst" {
        return Err(PrincipalError::new(format!(
            "`{variable}` is `identity_domain_upst`, which exchanges the token of every caller: \
             requests are signed here for one identity alone, and no caller's token is sent on"
        )));
    }
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|(_, auth)| Some(*auth)).ok_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        PrincipalError::new(format!(
            "`{variable}` is `{}`; it must be `auto`, `{}`",
            name.escape_debug(),
            names.join("`, `")
        ))
    })
}

struct Finder<'a> {
    environment: &'a Environment,
    regions: &'a Regions,
    surroundings: &'a Surroundings,
}

impl Finder<'_> {
    fn make(&self, auth: Auth) -> Result<Arc<dyn Principal>, PrincipalError> {
        match auth {
            Auth::ApiKey => self.with_profile(|profile| self.api_key(profile)),
            Auth::SecurityToken => self.with_profile(|profile| self.session(profile)),
            Auth::Resource => Ok(self.renewing(self.resource()?)),
            Auth::ResourceDelegation => self.delegated(self.resource()?),
            Auth::Instance => Ok(self.renewing(self.instance()?)),
            Auth::InstanceDelegation => self.delegated(self.instance()?),
            Auth::Workload => Ok(self.renewing(self.workload()?)),
        }
    }

    fn automatic(&self) -> Result<Arc<dyn Principal>, PrincipalError> {
        let set = |name| self.environment.var(name).is_some();
        if let Some(version) = self.environment.var(VERSION) {
            let of_resource = version.trim() == "3.0"
                || set("OCI_RESOURCE_PRINCIPAL_RPST")
                || set("OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT");
            return if !of_resource && set("KUBERNETES_SERVICE_HOST") {
                self.make(Auth::Workload)
            } else {
                self.make(Auth::Resource)
            };
        }
        let file = self.config_file()?;
        let name = ConfigFile::selected(self.environment);
        let profile = self.profile(&file, &name)?;
        match profile.get("authentication_type") {
            Some("instance_principal") if profile.get("delegation_token_file").is_some() => {
                self.make(Auth::InstanceDelegation)
            }
            Some("instance_principal") => self.make(Auth::Instance),
            Some(other) => Err(PrincipalError::new(format!(
                "{} is `{}`; it may be `instance_principal`, or be left out",
                profile.place("authentication_type"),
                other.escape_debug()
            ))),
            None if profile.get("security_token_file").is_some() => self.session(&profile),
            None if OF_API_KEY.iter().any(|key| profile.get(key).is_some()) => {
                self.api_key(&profile)
            }
            None => Err(nothing::found(self.environment, &file, &name)),
        }
    }

    fn api_key(&self, profile: &Profile<'_>) -> Result<Arc<dyn Principal>, PrincipalError> {
        let credential = api_key(profile, self.environment, self.regions)?;
        let name = format!("API key of profile {}", profile.name());
        Ok(Arc::new(Fixed::new(name, credential)))
    }

    fn session(&self, profile: &Profile<'_>) -> Result<Arc<dyn Principal>, PrincipalError> {
        let session = Session::new(profile, self.environment, self.regions)?;
        Ok(self.renewing(Box::new(session)))
    }

    fn resource(&self) -> Result<Box<dyn Source>, PrincipalError> {
        let version = self.environment.var(VERSION).unwrap_or_default();
        if version.trim() != "3.0" {
            return self.resource_of(version.trim(), VERSION, "");
        }
        let version = self.environment.var(LEAF_VERSION).unwrap_or_default();
        let leaf = self.resource_of(version.trim(), LEAF_VERSION, "_FOR_LEAF_RESOURCE")?;
        Ok(Box::new(Nested::new(
            leaf,
            self.environment,
            self.regions,
            self.surroundings,
        )?))
    }

    fn resource_of(
        &self,
        version: &str,
        variable: &str,
        suffix: &'static str,
    ) -> Result<Box<dyn Source>, PrincipalError> {
        let variables = Variables::new(self.environment, suffix);
        match version {
            "2.2" => Ok(Box::new(Resource::new(variables, self.regions)?)),
            "2.1" | "2.1.1" | "2.1.2" => Ok(Box::new(ResourceV2::new(
                version,
                variables,
                self.regions,
                self.surroundings,
            )?)),
            "1.1" => self.resource_v1(variables),
            "" => Err(PrincipalError::new(format!(
                "`{variable}` is not set: this host gives no resource principal, or not to this \
                 process"
            ))),
            _ => Err(PrincipalError::new(format!(
                "`{variable}` is `{}`; 1.1, 2.1, 2.1.1, 2.1.2 and 2.2 are known, and 3.0 around them",
                version.escape_debug()
            ))),
        }
    }

    fn delegated(&self, inner: Box<dyn Source>) -> Result<Arc<dyn Principal>, PrincipalError> {
        let variables = [
            "OCI_MCP_DELEGATION_TOKEN_FILE",
            "OCI_CLI_DELEGATION_TOKEN_FILE",
        ];
        let (place, path) = match self.environment.first(&variables) {
            Some((name, path)) => (format!("`{name}`"), path),
            None => self.with_profile(|profile| {
                let path = profile.get("delegation_token_file").ok_or_else(|| {
                    PrincipalError::new(format!(
                        "`{}` is not set, nor {}: one of them names the file with the user's token",
                        variables[0],
                        profile.place("delegation_token_file")
                    ))
                })?;
                Ok((profile.place("delegation_token_file"), path.to_owned()))
            })?,
        };
        let path = self.environment.path(path.trim());
        Ok(self.renewing(Box::new(Delegated::new(inner, place, path))))
    }

    fn renewing(&self, source: Box<dyn Source>) -> Arc<dyn Principal> {
        Arc::new(Renewing::new(source, Arc::clone(&self.surroundings.clock)))
    }

    fn with_profile<T>(
        &self,
        make: impl FnOnce(&Profile<'_>) -> Result<T, PrincipalError>,
    ) -> Result<T, PrincipalError> {
        let file = self.config_file()?;
        let name = ConfigFile::selected(self.environment);
        make(&self.profile(&file, &name)?)
    }

    fn config_file(&self) -> Result<ConfigFile, PrincipalError> {
        ConfigFile::open(None, self.environment)
            .map_err(|error| PrincipalError::new(error.to_string()).with_source(error))
    }

    fn profile<'a>(&self, file: &'a ConfigFile, name: &str) -> Result<Profile<'a>, PrincipalError> {
        file.profile(name, self.environment)
            .map_err(|error| PrincipalError::new(error.to_string()).with_source(error))
    }
}

#[cfg(feature = "session-keys")]
impl Finder<'_> {
    fn instance(&self) -> Result<Box<dyn Source>, PrincipalError> {
        use super::instance::Instance;
        let instance = Instance::new(self.environment, self.regions, self.surroundings)?;
        Ok(Box::new(instance))
    }

    fn workload(&self) -> Result<Box<dyn Source>, PrincipalError> {
        use super::workload::Workload;
        let workload = Workload::new(self.environment, self.regions, self.surroundings)?;
        Ok(Box::new(workload))
    }

    fn resource_v1(&self, variables: Variables<'_>) -> Result<Box<dyn Source>, PrincipalError> {
        use super::resource_v1::ResourceV1;
        let Self {
            environment,
            regions,
            surroundings,
        } = *self;
        let resource = ResourceV1::new(variables, environment, regions, surroundings)?;
        Ok(Box::new(resource))
    }
}

#[cfg(not(feature = "session-keys"))]
#[expect(clippy::unused_self, reason = "the same as with the feature")]
impl Finder<'_> {
    fn instance(&self) -> Result<Box<dyn Source>, PrincipalError> {
        Err(without_session_keys("instance principals"))
    }

    fn workload(&self) -> Result<Box<dyn Source>, PrincipalError> {
        Err(without_session_keys("OKE workload identity"))
    }

    fn resource_v1(&self, _: Variables<'_>) -> Result<Box<dyn Source>, PrincipalError> {
        Err(without_session_keys("resource principal 1.1"))
    }
}

#[cfg(not(feature = "session-keys"))]
fn without_session_keys(what: &str) -> PrincipalError {
    PrincipalError::new(format!(
        "{what} is not in this build, because a key is made for each session: build with feature \
         `session-keys`"
    ))
}

const VARIABLES: [&str; 2] = ["OCI_MCP_AUTH_TYPE", "OCI_CLI_AUTH"];
const VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";
const LEAF_VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION_FOR_LEAF_RESOURCE";

/// What shows that a profile is meant to have an API key.
const OF_API_KEY: [&str; 5] = ["user", "fingerprint", "key_file", "key_content", "tenancy"];

const NAMES: [(&str, Auth); 8] = [
    ("resource_principal", Auth::Resource),
    ("oke_workload_identity", Auth::Workload),
    ("instance_principal", Auth::Instance),
    ("api_key", Auth::ApiKey),
    ("security_token", Auth::SecurityToken),
    ("resource_principal_delegation", Auth::ResourceDelegation),
    ("instance_principal_delegation", Auth::InstanceDelegation),
    ("instance_obo_user", Auth::InstanceDelegation),
];
