//! The way to Oracle Cloud Infrastructure, as the environment describes it.

#[cfg(test)]
pub(crate) mod fake;

use std::error::Error;
use std::fs;
use std::sync::{Arc, OnceLock};

use oci_rest::{
    Client, Clock, Endpoints, Environment, Https, Region, Surroundings, find_principal,
};

/// What a signed request needs: a client with an identity, and where services are.
#[derive(Clone, Debug)]
pub(crate) struct Oci {
    pub(crate) client: Client,
    pub(crate) endpoints: Endpoints,
    /// What the operator chose; without it the credential's own region counts.
    pub(crate) region: Option<Region>,
}

/// One way to OCI for all tools, so that they share its credential and what it knows of services.
#[derive(Clone, Default)]
pub(crate) struct Once(Arc<OnceLock<Oci>>);

impl Once {
    /// The way, which `connect` makes when there is none yet.
    ///
    /// # Errors
    ///
    /// Those of `connect`; the next call tries again.
    pub(crate) fn connect(
        &self,
        environment: &Environment,
        connect: impl FnOnce(&Environment) -> Result<Oci, Unavailable>,
    ) -> Result<Oci, Unavailable> {
        if let Some(oci) = self.0.get() {
            return Ok(oci.clone());
        }
        let oci = connect(environment)?;
        Ok(self.0.get_or_init(|| oci).clone())
    }
}

/// Why there is no way to OCI, in words for people.
pub(crate) type Unavailable = Box<dyn Error + Send + Sync>;

impl Oci {
    /// The way over the network; `clock` tells the wall-clock time.
    ///
    /// Beside the variables of [`find_principal`] and [`Endpoints::from_environment`] these count:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `OCI_REGION` | the region to ask, rather than that of the identity |
    /// | `OCI_CLI_CERT_BUNDLE`, `SSL_CERT_FILE` | a PEM file of authorities to trust, too |
    /// | `OCI_SDK_APPEND_USER_AGENT` | more to say in `User-Agent` |
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if there is no identity, or a variable or file cannot be used.
    pub(crate) fn over_network(
        environment: &Environment,
        clock: Clock,
    ) -> Result<Self, Unavailable> {
        let surroundings = Surroundings::new(clock, https(environment)?.build()?)?;
        Self::new(environment, &surroundings)
    }

    /// The way in these `surroundings`.
    ///
    /// # Errors
    ///
    /// As [`Oci::over_network`].
    pub(crate) fn new(
        environment: &Environment,
        surroundings: &Surroundings,
    ) -> Result<Self, Unavailable> {
        let endpoints = Endpoints::from_environment(environment)?;
        let regions = endpoints.regions();
        let region = environment
            .var("OCI_REGION")
            .map(|name| regions.configured(&name))
            .transpose()
            .map_err(|error| format!("`OCI_REGION` cannot be used: {error}"))?;
        let principal = find_principal(environment, regions, surroundings)?;
        let Surroundings {
            clock, services, ..
        } = surroundings.clone();
        let mut client = Client::new(principal, services, clock, oci_rest::random);
        if let Some(more) = environment.var("OCI_SDK_APPEND_USER_AGENT") {
            client = client.with_user_agent(&more);
        }
        Ok(Self {
            client,
            endpoints,
            region,
        })
    }
}

/// HTTPS that trusts whom `environment` says.
///
/// # Errors
///
/// [`Unavailable`] if the file that a variable names cannot be used.
pub(crate) fn https(environment: &Environment) -> Result<Https, Unavailable> {
    let Some((variable, path)) = environment.first(&["OCI_CLI_CERT_BUNDLE", "SSL_CERT_FILE"])
    else {
        return Ok(Https::new());
    };
    let path = environment.path(path.trim());
    let refuse = |error: &dyn Error| {
        let path = path.display();
        format!("`{path}`, which `{variable}` names, cannot be used: {error}")
    };
    let bundle = fs::read(&path).map_err(|error| refuse(&error))?;
    let https = Https::new().trust(bundle);
    // Only building it shows what is wrong with a bundle.
    https.clone().build().map_err(|error| refuse(&error))?;
    Ok(https)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use oci_rest::{Client, Credential, Endpoints, Fixed, PrivateKey};

    use super::{Oci, Once, fake};

    #[test]
    fn a_bundle_that_cannot_be_used_is_named_with_its_variable() {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let rows = [
            ("SSL_CERT_FILE", "/no/such/file", "No such file"),
            ("OCI_CLI_CERT_BUNDLE", manifest, "has no certificate"),
        ];

        for (variable, path, problem) in rows {
            let environment = fake::environment([(variable, path)]);

            let error = Oci::over_network(&environment, fake::clock()).unwrap_err();

            let message = error.to_string();
            for expected in [variable, path, problem] {
                assert!(message.contains(expected), "no {expected} in {message}");
            }
        }
    }

    #[test]
    fn a_way_is_made_once_for_all_and_again_only_if_it_failed() {
        let environment = fake::environment([("OCI_REGION", "phx")]);
        let once = Once::default();
        let shared = once.clone();

        let failed = once.connect(&environment, |_| Err("no identity".into()));
        let made = once.connect(&environment, |_| Ok(way()));
        let again = shared.connect(&environment, |_| Err("asked again".into()));

        assert_eq!(failed.unwrap_err().to_string(), "no identity");
        assert!(made.is_ok() && again.is_ok());
    }

    fn way() -> Oci {
        let oci = fake::simulated();
        let key = oci.api_key("ada@example.com").unwrap();
        let private = PrivateKey::from_pem(key.private_key.as_bytes(), None).unwrap();
        let credential = Credential::api_key(&key.tenancy, &key.user, Arc::new(private)).unwrap();
        let surroundings = fake::with(&oci);
        let principal = Arc::new(Fixed::new("API key", credential));
        Oci {
            client: Client::new(principal, surroundings.services, fake::clock(), || 7),
            endpoints: Endpoints::default(),
            region: None,
        }
    }

    #[test]
    fn a_region_that_is_none_is_named_with_its_variable() {
        let environment = fake::environment([("OCI_REGION", "evil/example")]);

        let error = Oci::over_network(&environment, fake::clock())
            .unwrap_err()
            .to_string();

        assert!(
            error.contains("`OCI_REGION` cannot be used: `evil/example`"),
            "{error}"
        );
    }
}
