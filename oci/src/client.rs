//! Requests to OCI: signed, repeated where that helps, and never longer than the caller waits.

mod breaker;
mod call;
mod encode;
mod endpoint;
mod error;
mod hint;
mod page;
mod request;
mod retry;
mod send;

pub use self::call::Call;
pub use self::endpoint::{Endpoint, EndpointError, Endpoints};
pub use self::error::{OciError, OciErrorKind};
pub use self::page::{Page, Paging};
pub use self::request::{Body, Request};

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderValue, Response};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::{Instant, timeout_at};

use self::breaker::Breakers;
use self::retry::Budget;
use self::send::{Progress, Sending};
use crate::principal::{Clock, Principal};
use crate::transport::Transport;

/// A client of OCI. Its clones share what they know of services that fail.
///
/// - Each attempt is signed anew, with what the principal then has. After a 401 the credential is
///   renewed, once, and the request sent again if there is another one.
/// - What failed for a passing reason is tried again: no connection, 429, 409 `IncorrectState` and
///   `LockConflict`, 5xx other than 501. Three attempts, with random waits that double; `Retry-After`
///   counts. Nothing is sent twice that OCI could carry out twice: a POST only with an
///   `opc-retry-token`, or if it surely was not sent.
/// - Retries have a budget that all requests of the client share, and a service that failed ten times
///   in a row is left alone for 30 s.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, Instant, SystemTime};
///
/// use bytes::Bytes;
/// use http::{Method, Response};
/// use oci_rest::{Call, Client, Endpoints, Request, Template, Transport};
/// # use oci_rest::{Credential, Fixed, PrivateKey, TransportError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let key = PrivateKey::from_pem(include_bytes!("../tests/golden/key.pem"), None)?;
/// # let credential = Credential::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", Arc::new(key))?;
/// # let principal = Arc::new(Fixed::new("API key", credential));
/// // `Https::new().build()?` in earnest; here a function stands for OCI.
/// let transport = Transport::new(tower::service_fn(|request: http::Request<Bytes>| async move {
///     assert_eq!(request.uri().host(), Some("iaas.us-phoenix-1.oraclecloud.com"));
///     assert!(request.headers().contains_key("authorization"));
///     Ok::<_, TransportError>(Response::new(Bytes::from_static(b"[]")))
/// }));
/// let client = Client::new(principal, transport, Arc::new(SystemTime::now), oci_rest::random);
///
/// let endpoints = Endpoints::default();
/// let region = endpoints.regions().requested("us-phoenix-1")?;
/// let compute = Template::new("https://iaas.{region}.{secondLevelDomain}");
/// let endpoint = endpoints.service(&region, &compute, None)?;
/// let request = Request::new(Method::GET, "compute.list_instances", "/20160918/instances")
///     .query("compartmentId", "ocid1.compartment.oc1..a");
/// let call = Call::until(Instant::now() + Duration::from_secs(20));
///
/// let instances = client.send(&endpoint, &request, &call).await?;
///
/// assert_eq!(instances.body(), "[]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    principal: Arc<dyn Principal>,
    transport: Transport,
    clock: Clock,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
    user_agent: HeaderValue,
    attempts: u32,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    budget: Budget,
    breakers: Breakers,
}

impl Client {
    /// A client that signs for `principal`.
    ///
    /// `random` is where the names of requests and the waits between attempts come from: [`random`],
    /// unless a test wants to know them before.
    pub fn new(
        principal: Arc<dyn Principal>,
        transport: Transport,
        clock: Clock,
        random: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            principal,
            transport,
            clock,
            random: Arc::new(random),
            user_agent: HeaderValue::from_static(PRODUCT),
            attempts: retry::ATTEMPTS,
            shared: Arc::new(Shared {
                budget: Budget::new(),
                breakers: Breakers::default(),
            }),
        }
    }

    /// The same, with more in its `User-Agent`: the value of `OCI_SDK_APPEND_USER_AGENT`. Characters
    /// that no header may have are left out.
    #[must_use]
    pub fn with_user_agent(mut self, more: &str) -> Self {
        let fits = |char: &char| char.is_ascii_graphic() || *char == ' ';
        let more: String = more.chars().filter(fits).take(256).collect();
        if let Ok(value) = HeaderValue::try_from([PRODUCT, more.trim()].join(" ").trim()) {
            self.user_agent = value;
        }
        self
    }

    /// The same, with this many attempts for a request at most, rather than 3.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Whoever it signs for.
    #[must_use]
    pub fn principal(&self) -> &Arc<dyn Principal> {
        &self.principal
    }

    /// What its clock says: the time that the next request would be signed with.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Sends a request, and gives back the answer if its status is 2xx.
    ///
    /// # Errors
    ///
    /// [`OciError`] for every other answer, and if there is none before the deadline of `call`.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        call: &Call,
    ) -> Result<Response<Bytes>, OciError> {
        let sending = Sending::prepare(self, endpoint, request, call)?;
        let mut progress = Progress::default();
        if Instant::now() >= call.deadline() {
            return Err(sending.too_late(progress));
        }
        let outcome = timeout_at(call.deadline(), sending.attempts(&mut progress)).await;
        outcome
            .unwrap_or_else(|_| Err(sending.too_late(progress)))
            .map_err(|error| match error.kind() {
                // Nothing was sent that could be found by it.
                OciErrorKind::Principal | OciErrorKind::CircuitOpen => error,
                _ => error.with_request_id(&sending.request_id),
            })
    }

    /// What [`Client::send`] would send first, without the headers that sign it.
    ///
    /// # Errors
    ///
    /// [`OciError`] if the request cannot be made of what it was given.
    pub fn preview(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        call: &Call,
    ) -> Result<http::Request<Bytes>, OciError> {
        Ok(Sending::prepare(self, endpoint, request, call)?.unsigned())
    }

    /// 32 hexadecimal digits, as OCI wants them for `opc-request-id` and `opc-retry-token`.
    fn identifier(&self) -> String {
        format!("{:016X}{:016X}", (self.random)(), (self.random)())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("principal", &self.principal.name())
            .field("user_agent", &self.user_agent)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A random number that nobody can guess: what [`Client::new`] wants outside tests.
#[must_use]
pub fn random() -> u64 {
    let mut bytes = [0; 8];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        // The system has none, which Linux never says after it has started. These differ, too.
        Err(_) => RandomState::new().build_hasher().finish(),
    }
}

const PRODUCT: &str = concat!("oci-rest/", env!("CARGO_PKG_VERSION"));
