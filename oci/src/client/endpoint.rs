//! Where signed requests may go.

use std::error::Error;
use std::fmt;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::environment::Environment;
use crate::region::{Region, RegionError, Regions, Template};
use crate::transport::is_loopback;

/// The address of a service: a scheme, a host, and maybe a path that all its paths start with.
///
/// Only [`Endpoints`] makes one, from what the operator configured and the table of regions, because
/// a signed request carries the caller's session token.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Endpoint {
    scheme: Scheme,
    authority: Authority,
    base: String,
}

impl Endpoint {
    pub(super) fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The host, with the port if one was given.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    fn of(url: Uri) -> Option<Self> {
        let parts = url.into_parts();
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        Some(Self {
            base: path.trim_end_matches('/').to_owned(),
            scheme: parts.scheme?,
            authority: parts.authority?,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.base)
    }
}

/// The addresses of all services, in every region that is known.
///
/// ```
/// use oci_rest::{Endpoints, Environment, Template};
///
/// let endpoints = Endpoints::from_environment(&Environment::new(|_| None))?;
/// let phoenix = endpoints.regions().requested("phx")?;
/// let compute = Template::new("https://iaas.{region}.{secondLevelDomain}");
///
/// assert_eq!(
///     endpoints.service(&phoenix, &compute, None)?.to_string(),
///     "https://iaas.us-phoenix-1.oraclecloud.com",
/// );
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    regions: Regions,
    instead: Option<Endpoint>,
}

impl Endpoints {
    /// The addresses in `regions`.
    #[must_use]
    pub fn new(regions: Regions) -> Self {
        Self {
            regions,
            instead: None,
        }
    }

    /// What [`Regions::from_environment`] reads, and `OCI_ENDPOINT_OVERRIDE`: the address of a
    /// simulator or a proxy to which all requests go. Plain `http` is for this machine alone.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if one of the two cannot be used.
    pub fn from_environment(environment: &Environment) -> Result<Self, EndpointError> {
        let regions = Regions::from_environment(environment)?;
        let instead = environment
            .var(OVERRIDE)
            .map(|url| configured(url.trim()))
            .transpose()?;
        Ok(Self { regions, instead })
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// The address of a service in `region`; `namespace` is that of Object Storage.
    ///
    /// # Errors
    ///
    /// As [`Regions::endpoint`].
    pub fn service(
        &self,
        region: &Region,
        template: &Template<'_>,
        namespace: Option<&str>,
    ) -> Result<Endpoint, EndpointError> {
        if let Some(instead) = &self.instead {
            return Ok(instead.clone());
        }
        let url = self.regions.endpoint(region, template, namespace)?;
        let problem = format!("`{url}` is not the address of a service");
        Endpoint::of(url).ok_or(EndpointError { problem })
    }

    /// An address that the answer to a signed request told, such as `invokeEndpoint` of a function
    /// or the URL of a model deployment.
    ///
    /// Its host must be one of the services' in `region`: below the realm's domain, or the one that
    /// model deployments have in `oc1`. The rest of `customer-oci.com` is open to everybody, who may
    /// have an API gateway there.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if it is anything else than `https`, such a host, and a path.
    pub fn announced(&self, url: &str, region: &Region) -> Result<Endpoint, EndpointError> {
        let refuse = |reason: &str| {
            let url: String = url.escape_debug().take(200).collect();
            Err(EndpointError {
                problem: format!("a signed request may not go to `{url}`: {reason}"),
            })
        };
        let Some(endpoint) = url.parse::<Uri>().ok().and_then(|url| {
            let plain = url.query().is_none();
            plain.then(|| Endpoint::of(url)).flatten()
        }) else {
            return refuse("it is not a URL with a host and a path alone");
        };
        if let Some(instead) = &self.instead {
            let base = [instead.base(), endpoint.base()].concat();
            return Ok(Endpoint {
                base,
                ..instead.clone()
            });
        }
        if endpoint.scheme != Scheme::HTTPS {
            return refuse("it is not `https`");
        }
        let authority = endpoint.authority.as_str().to_ascii_lowercase();
        if !authority
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
        {
            return refuse("it has a user or a port");
        }
        let below = |domain: &str| {
            !domain.is_empty()
                && authority
                    .strip_suffix(domain)
                    .and_then(|rest| rest.strip_suffix('.'))
                    .is_some_and(|rest| rest.split('.').all(|label| !label.is_empty()))
        };
        let model_deployment = format!("modeldeployment.{}.oci.customer-oci.com", region.id());
        if below(region.domain()) || region.realm() == "oc1" && authority == model_deployment {
            Ok(endpoint)
        } else {
            refuse(&format!("its host is not below `{}`", region.domain()))
        }
    }
}

/// Why a request may not go somewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndpointError {
    problem: String,
}

impl EndpointError {
    #[cfg(feature = "catalogue")]
    pub(crate) fn new(problem: String) -> Self {
        Self { problem }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for EndpointError {}

impl From<RegionError> for EndpointError {
    fn from(error: RegionError) -> Self {
        Self {
            problem: error.to_string(),
        }
    }
}

fn configured(url: &str) -> Result<Endpoint, EndpointError> {
    let refuse = |reason: &str| EndpointError {
        problem: format!("`{OVERRIDE}` cannot be used: {reason}"),
    };
    let parsed: Uri = url
        .parse()
        .map_err(|error| refuse(&format!("it is not a URL: {error}")))?;
    if parsed.query().is_some() {
        return Err(refuse("it has a query"));
    }
    let endpoint = Endpoint::of(parsed)
        .ok_or_else(|| refuse("it must be a whole URL, such as `http://127.0.0.1:8080`"))?;
    if endpoint.authority.as_str().contains('@') {
        return Err(refuse(
            "it has a user; requests are signed, they have no password",
        ));
    }
    let loopback = is_loopback(endpoint.authority.host());
    if endpoint.scheme == Scheme::HTTPS || endpoint.scheme == Scheme::HTTP && loopback {
        return Ok(endpoint);
    }
    Err(refuse(
        "requests to another machine must go over `https`, because they carry a token",
    ))
}

const OVERRIDE: &str = "OCI_ENDPOINT_OVERRIDE";

#[cfg(test)]
mod tests {
    use super::Endpoints;
    use crate::environment::Environment;
    use crate::region::Template;

    #[test]
    fn an_announced_address_must_be_a_service_of_the_realm() {
        let endpoints = Endpoints::default();
        let phoenix = endpoints.regions().requested("phx").unwrap();
        let good = [
            "https://abc.us-phoenix-1.functions.oci.oraclecloud.com",
            "https://ABC.functions.oci.OracleCloud.com/",
            "https://modeldeployment.us-phoenix-1.oci.customer-oci.com/ocid1.x/predict",
        ];
        let bad = [
            "http://abc.oraclecloud.com",
            "https://abc.oraclecloud.com:8443",
            "https://abc.oraclecloud.com:443",
            "https://user@abc.oraclecloud.com",
            "https://abc.oraclecloud.com@evil.example",
            "https://evil.example",
            "https://evil.example/.oraclecloud.com",
            "https://evil.example?.oraclecloud.com",
            "https://evil.example#.oraclecloud.com",
            "https://eviloraclecloud.com",
            "https://oraclecloud.com",
            "https://.oraclecloud.com",
            "https://abc.oraclecloud.com.",
            "https://abc.oraclecloud.com.evil.example",
            "https://abc.oraclegovcloud.com",
            "https://gateway.apigateway.us-phoenix-1.oci.customer-oci.com/predict",
            "https://modeldeployment.us-ashburn-1.oci.customer-oci.com/ocid1.x/predict",
            "https://[::1]",
            "abc.oraclecloud.com",
            "/predict",
            "",
        ];

        for url in good {
            assert!(endpoints.announced(url, &phoenix).is_ok(), "{url}");
        }
        for url in bad {
            assert!(endpoints.announced(url, &phoenix).is_err(), "{url}");
        }
    }

    #[test]
    fn everything_goes_to_the_override_if_there_is_one() {
        let endpoints = with_override("http://127.0.0.1:8080/").unwrap();
        let phoenix = endpoints.regions().requested("phx").unwrap();
        let template = Template::new("https://iaas.{region}.{secondLevelDomain}");

        let service = endpoints.service(&phoenix, &template, None).unwrap();
        let announced = endpoints.announced("https://x.oraclecloud.com/ocid1.x/predict", &phoenix);

        assert_eq!(service.to_string(), "http://127.0.0.1:8080");
        assert_eq!(
            announced.unwrap().to_string(),
            "http://127.0.0.1:8080/ocid1.x/predict"
        );
    }

    #[test]
    fn an_override_that_would_send_a_token_in_plain_text_is_refused() {
        let rows = [
            ("http://simulator:8080", Some("must go over `https`")),
            ("http://169.254.169.254", Some("must go over `https`")),
            (
                "http://127.0.0.1.evil.example",
                Some("must go over `https`"),
            ),
            ("ftp://127.0.0.1", Some("must go over `https`")),
            ("https://user:secret@proxy", Some("it has a user")),
            ("https://proxy/?a=b", Some("it has a query")),
            ("127.0.0.1:8080", Some("it must be a whole URL")),
            ("http://[::1]:8080", None),
            ("http://localhost:8080", None),
            ("https://proxy.example/oci", None),
        ];

        for (url, problem) in rows {
            let error = with_override(url).err().map(|error| error.to_string());
            match (error, problem) {
                (Some(error), Some(problem)) => assert!(error.contains(problem), "{error}"),
                (error, problem) => assert_eq!(error.as_deref(), problem, "{url}"),
            }
        }
    }

    fn with_override(url: &'static str) -> Result<Endpoints, super::EndpointError> {
        Endpoints::from_environment(&Environment::new(move |name| {
            (name == "OCI_ENDPOINT_OVERRIDE").then(|| url.to_owned())
        }))
    }
}
