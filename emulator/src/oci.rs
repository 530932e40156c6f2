//! Oracle Cloud Infrastructure itself, as its clients see it: signed requests to a small tenancy.

mod activity;
mod analytics;
mod authority;
mod collection;
mod compute;
mod fault;
mod federation;
mod fleet;
mod identity;
mod ingestion;
mod key;
mod list;
mod machine;
mod metrics;
mod received;
mod refusal;
mod reply;
mod resource_principal;
mod resource_search;
mod route;
mod signature;
mod state;
mod storage;
mod tenancy;
mod value;
mod workload;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use self::authority::Authority;
pub use self::fault::Fault;
pub use self::identity::{ApiKey, Session};
use self::identity::{Caller, Keys};
use self::key::KeyPair;
use self::machine::Machine;
use self::received::Received;
use self::refusal::Refusal;
pub use self::resource_principal::ResourcePrincipal;
use self::signature::{OBO_TOKEN, Signature, imf_fixdate};
use self::state::State;
pub use self::tenancy::{Tenancy, TenancyError};
use self::value::field;
pub use self::workload::Proxymux;
use crate::admission::{check_host, read};
use crate::{id, server};

/// A simulated Oracle Cloud Infrastructure: all services at one address, told apart by their paths.
///
/// It takes a request only if its signature is one that OCI takes, and tells what is wrong with
/// others, which OCI does not. Behind that it answers for a [`Tenancy`]: lists with filters and pages,
/// lifecycle actions that take 10 seconds, objects that stay as put. What it does not play is a 501.
///
/// Without a signature it answers what OCI does: the metadata service of instances, under `/opc/v2`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use oci_emulator::{SimulatedOci, Tenancy};
///
/// let oci = SimulatedOci::new(Tenancy::built_in()?, jiff::Timestamp::now)?;
/// let request = http::Request::get("/n").body(bytes::Bytes::new())?;
/// assert_eq!(oci.answer(request).status(), 401);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SimulatedOci(Arc<Inner>);

struct Inner {
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    authority: Authority,
    keys: Keys,
    machine: OnceLock<Machine>,
    parents: Mutex<Parents>,
    state: Mutex<State>,
    faults: Mutex<Vec<Fault>>,
}

/// The parent of each nested resource.
type Parents = BTreeMap<String, String>;

impl SimulatedOci {
    /// A simulated OCI with one tenancy. `clock` is asked for the time at each request.
    ///
    /// # Errors
    ///
    /// If the key of its authority cannot be made: without random bytes, and on processors from
    /// before 2015.
    pub fn new(
        tenancy: Tenancy,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            clock: Box::new(clock),
            authority: Authority::new()?,
            keys: Keys::default(),
            machine: OnceLock::new(),
            parents: Mutex::default(),
            state: Mutex::new(State::new(tenancy)),
            faults: Mutex::default(),
        })))
    }

    /// Answers one request, as received: path and query are taken as they are.
    #[must_use]
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let request_id = id::of_request(request.headers());
        let (parts, body) = request.into_parts();
        let now = self.now();
        let received = Received::new(&parts, &body, now);
        let mut response = self.respond(&received).unwrap_or_else(|refusal| {
            let Refusal { status, code, message } = &refusal;
            tracing::debug!(%status, code, message, path = parts.uri.path(), "the simulated OCI refuses");
            refusal.into_response()
        });
        response.headers_mut().insert(id::REQUEST_ID, request_id);
        reply::with(response, "date", imf_fixdate(now))
    }

    /// Serves HTTP/1.1 from `listener` until dropped.
    ///
    /// # Errors
    ///
    /// Refuses a listener that is not on loopback.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        server::accept(listener, move |stream, _: IpAddr| {
            let oci = self.clone();
            async move { server::serve_connection(stream, |request| oci.serve_request(request)).await }
        })
        .await
    }

    /// Has requests to come met with `fault`.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0.faults).push(fault);
    }

    /// Refuses a session token from now on, as OCI does when its principal is deleted.
    pub fn revoke(&self, token: &str) {
        self.0.authority.revoke(token);
    }

    /// Makes an API key for the user with this name.
    ///
    /// # Errors
    ///
    /// If the tenancy has no such user, or no key can be made.
    pub fn api_key(&self, user: &str) -> io::Result<ApiKey> {
        let user = self.find("users", user)?;
        let tenancy = self.tenancy_id();
        let key = KeyPair::generate()?;
        let fingerprint = key.public().fingerprint();
        self.0
            .keys
            .add(format!("{tenancy}/{user}/{fingerprint}"), key.public());
        Ok(ApiKey {
            tenancy,
            user,
            fingerprint,
            private_key: key.pem(),
        })
    }

    /// Makes a session for the user with this name, as `oci session authenticate` does.
    ///
    /// # Errors
    ///
    /// If the tenancy has no such user, or no key can be made.
    pub fn user_session(&self, user: &str, lifetime: Duration) -> io::Result<Session> {
        let user = self.find("users", user)?;
        let key = KeyPair::generate()?;
        let claims = json!({
            "sub": user,
            "ptype": "user",
            "ttype": "login",
            "tenant": self.tenancy_id(),
            "jwk": key.public().jwk().to_string(),
        });
        let token = self.0.authority.issue(claims, self.now(), lifetime)?;
        Ok(Session {
            token,
            private_key: key.pem(),
        })
    }

    /// Makes a session for the resource with this OCID, which need not be in the tenancy.
    ///
    /// # Errors
    ///
    /// If no key can be made.
    pub fn resource_session(&self, resource: &str, lifetime: Duration) -> io::Result<Session> {
        let key = KeyPair::generate()?;
        let tenancy = self.tenancy_id();
        let compartment = {
            let state = self.state();
            let mut items = state.tenancy.resources.values().flatten();
            let item = items.find(|item| item["id"] == resource);
            item.and_then(|item| item["compartmentId"].as_str())
                .unwrap_or(&tenancy)
                .to_owned()
        };
        let names = [resource, &tenancy, &compartment];
        let token = federation::resource_session(
            &self.0.authority,
            names,
            &key.public(),
            self.now(),
            lifetime,
        )?;
        Ok(Session {
            token,
            private_key: key.pem(),
        })
    }

    /// Makes a key with which the resource signs for itself: `keyId` is
    /// `resource/v2.1/{resource}`, or `resource/v{version}/{tenancy}/{resource}` with version 2.1.1 or
    /// 2.1.2. Returns the key in PKCS#8, as PEM.
    ///
    /// # Errors
    ///
    /// If no key can be made.
    pub fn resource_key(&self, resource: &str) -> io::Result<String> {
        let key = KeyPair::generate()?;
        let tenancy = self.tenancy_id();
        for key_id in [
            format!("resource/v2.1/{resource}"),
            format!("resource/v2.1.1/{tenancy}/{resource}"),
            format!("resource/v2.1.2/{tenancy}/{resource}"),
        ] {
            self.0.keys.add(key_id, key.public());
        }
        Ok(key.pem())
    }

    /// Nests one resource in another: its principal can become that of `parent` (version 3.0).
    pub fn nest(&self, resource: &str, parent: &str) {
        lock(&self.0.parents).insert(resource.to_owned(), parent.to_owned());
    }

    /// A token with which a service acts for the user with this name: the value of `opc-obo-token`.
    ///
    /// # Errors
    ///
    /// If the tenancy has no such user, or the token cannot be signed.
    pub fn delegation_token(&self, user: &str, lifetime: Duration) -> io::Result<String> {
        let claims = json!({ "sub": self.find("users", user)?, "ttype": "obo" });
        self.0.authority.issue(claims, self.now(), lifetime)
    }

    /// The OCID of the tenancy.
    #[must_use]
    pub fn tenancy_id(&self) -> String {
        self.state().tenancy.id.clone()
    }

    /// The region's identifier, such as `us-phoenix-1`.
    #[must_use]
    pub fn region(&self) -> String {
        self.state().tenancy.region.clone()
    }

    /// The OCID of the resource of `collection`, such as `functions`, that has this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn find(&self, collection: &str, name: &str) -> io::Result<String> {
        let state = self.state();
        let id = state.tenancy.find(collection, name).map(str::to_owned);
        id.ok_or_else(|| {
            let message = format!("the simulated tenancy has no `{name}` among its {collection}");
            io::Error::new(io::ErrorKind::NotFound, message)
        })
    }

    /// Has the secret with this name hold `content`, and be readable, which at first none is. Its OCID.
    ///
    /// # Errors
    ///
    /// If the tenancy has no such secret.
    pub fn put_secret(&self, name: &str, content: &str) -> io::Result<String> {
        let id = self.find("secrets", name)?;
        self.state().secrets.insert(id.clone(), content.to_owned());
        Ok(id)
    }

    /// What was put into the custom log with this OCID.
    #[must_use]
    pub fn pushed(&self, log: &str) -> Vec<String> {
        self.state().pushed.get(log).cloned().unwrap_or_default()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.0.authority
    }

    async fn serve_request(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let unfit = match check_host(&parts) {
            Ok(()) => match read(body, MAX_BODY).await {
                Ok(body) => return self.answer(Request::from_parts(parts, body)).map(Full::new),
                Err(unfit) => unfit,
            },
            Err(unfit) => unfit,
        };
        reply::typed(unfit.status(), "text/plain", unfit.message()).map(Full::new)
    }

    fn respond(&self, request: &Received<'_>) -> Result<Response<Bytes>, Refusal> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let method = request.method.as_str();
        match (method, path.as_slice()) {
            ("GET", ["opc", "v2", ..]) => return self.machine()?.metadata(request),
            ("POST", ["v1", "x509"]) => {
                let (machine, authority) = (self.machine()?, &self.0.authority);
                let response = federation::x509(machine, &self.tenancy_id(), authority, request)?;
                return Ok(self.fault(request).unwrap_or(response));
            }
            _ => {}
        }
        let caller = self.authenticate(request)?;
        if let Some(response) = self.fault(request) {
            return Ok(response);
        }
        match (method, path.as_slice()) {
            ("POST", ["v1", "resourcePrincipalSessionToken"]) => {
                federation::session_token(&self.0.authority, request)
            }
            ("GET", ["20180711", service, _]) if service.starts_with("resourcePrincipalToken") => {
                let parents = lock(&self.0.parents).clone();
                federation::resource_token(
                    &parents,
                    &self.tenancy_id(),
                    &self.0.authority,
                    &caller,
                    request,
                )
            }
            _ => {
                let mut state = self.state();
                state.settle(request.now);
                route::answer(&mut state, request)
            }
        }
    }

    fn authenticate(&self, request: &Received<'_>) -> Result<Caller, Refusal> {
        let signature = Signature::read(request.headers)?;
        signature.check(request)?;
        let caller = self
            .0
            .keys
            .caller(signature.key_id, &self.0.authority, request.now)?;
        signature.verify(&caller.key, request)?;
        if let Some(token) = request.header(OBO_TOKEN) {
            let claims = self
                .0
                .authority
                .read(token, request.now)
                .map_err(Refusal::not_authenticated)?;
            if field(&claims, "ttype") != "obo" {
                return Err(Refusal::not_authenticated(
                    "`opc-obo-token` is not a delegation token",
                ));
            }
        }
        Ok(caller)
    }

    fn fault(&self, request: &Received<'_>) -> Option<Response<Bytes>> {
        let mut faults = lock(&self.0.faults);
        let fault = faults.iter_mut().find(|fault| fault.meets(request))?;
        let response = fault.strike();
        faults.retain(|fault| !fault.is_spent());
        Some(response)
    }

    /// Made when first asked for, for it takes time.
    fn machine(&self) -> io::Result<&Machine> {
        if let Some(machine) = self.0.machine.get() {
            return Ok(machine);
        }
        let machine = Machine::new(&self.state().tenancy)?;
        Ok(self.0.machine.get_or_init(|| machine))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The largest body of a request.
const MAX_BODY: usize = 16 << 20;
