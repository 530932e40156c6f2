//! The way to OCI for what a server itself asks of it.

use std::error::Error;
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use oci_rest::{
    Call, Client, Endpoints, Environment, Https, Request, Surroundings, Template, Transport,
    find_principal, random,
};

/// The way to OCI, made when it is first needed.
pub(crate) struct Oci {
    connect: Connect,
    made: OnceLock<Connection>,
}

/// A client with an identity, and where services are.
#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    endpoints: Endpoints,
}

/// Why something of OCI cannot be had, in words for operators.
pub(crate) type Unavailable = Box<dyn Error + Send + Sync>;

/// Makes the way, or says why there is no identity, or which variable or file cannot be used.
pub(crate) type Connect = Box<dyn Fn() -> Result<Connection, Unavailable> + Send + Sync>;

impl Oci {
    /// The way over the network, as the process is configured: its identity, a proxy or simulator, authorities.
    pub(crate) fn over_network() -> Self {
        Self::new(Box::new(|| {
            let environment = Environment::new(crate::environment);
            let surroundings = Surroundings::new(Arc::new(now), transport(&environment)?)?;
            Connection::new(&environment, &surroundings)
        }))
    }

    /// The way that `connect` makes.
    pub(crate) fn new(connect: Connect) -> Self {
        Self {
            connect,
            made: OnceLock::new(),
        }
    }

    /// Sends `request` to the service at `template`, in the region of the resource `ocid`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if there is no way, that region is unknown, or there is no good answer within `call`.
    pub(crate) async fn send(
        &self,
        template: &Template<'_>,
        ocid: &str,
        request: &Request,
        call: &Call,
    ) -> Result<Response<Bytes>, Unavailable> {
        let Connection { client, endpoints } = self.connection()?;
        // `ocid1.<type>.<realm>.<region>.<unique>`
        let region = ocid.split('.').nth(3).unwrap_or_default();
        let region = endpoints.regions().configured(region)?;
        let endpoint = endpoints.service(&region, template, None)?;
        Ok(client.send(&endpoint, request, call).await?)
    }

    fn connection(&self) -> Result<&Connection, Unavailable> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = (self.connect)()?;
        Ok(self.made.get_or_init(|| made))
    }
}

impl Connection {
    /// The way in these `surroundings`.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if there is no identity, or a variable or file cannot be used.
    pub(crate) fn new(
        environment: &Environment,
        surroundings: &Surroundings,
    ) -> Result<Self, Unavailable> {
        let endpoints = Endpoints::from_environment(environment)?;
        let principal = find_principal(environment, endpoints.regions(), surroundings)?;
        let Surroundings {
            clock, services, ..
        } = surroundings.clone();
        let client = Client::new(principal, services, clock, random);
        Ok(Self { client, endpoints })
    }
}

/// HTTPS that trusts the operator's own authorities, too.
fn transport(environment: &Environment) -> Result<Transport, Unavailable> {
    let mut https = Https::new();
    if let Some((name, path)) = environment.first(&["OCI_CLI_CERT_BUNDLE", "SSL_CERT_FILE"]) {
        let bundle = fs::read(environment.path(path.trim()));
        https = https.trust(bundle.map_err(|error| format!("`{name}`: {error}"))?);
    }
    Ok(https.build()?)
}

#[expect(clippy::disallowed_methods, reason = "from here it is passed on")]
fn now() -> SystemTime {
    SystemTime::now()
}
