//! What stands for OCI, for a principal, for time and for chance.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use oci_rest::{
    Call, Client, Credential, Endpoint, Endpoints, Fixed, OciError, Principal, PrincipalError,
    PrivateKey, Template, Transport, TransportError, TransportErrorKind,
};
use tokio::time::Instant;

/// What the fake gives for an answer.
pub(crate) type Answer = Result<Response<Bytes>, TransportError>;

/// A function that stands for OCI: it gives its answers in order, then `200 {}`, and keeps the
/// requests.
#[derive(Clone, Default)]
pub(crate) struct Oci {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Oci {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let oci = Self::default();
        oci.answers.lock().unwrap().extend(answers);
        oci
    }

    pub(crate) fn transport(&self) -> Transport {
        let oci = self.clone();
        Transport::new(tower::service_fn(move |request| {
            oci.requests.lock().unwrap().push(request);
            let answer = oci.answers.lock().unwrap().pop_front();
            async move { answer.unwrap_or_else(|| status(200, "{}")) }
        }))
    }

    pub(crate) fn requests(&self) -> Vec<Request<Bytes>> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests, by method, path and query.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.requests();
        let line = |request: &Request<Bytes>| {
            format!(
                "{} {}",
                request.method(),
                request.uri().path_and_query().unwrap()
            )
        };
        requests.iter().map(line).collect()
    }

    /// The value of a header in each request, empty where there is none.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let value = |request: &Request<Bytes>| match request.headers().get(name) {
            Some(value) => value.to_str().unwrap().to_owned(),
            None => String::new(),
        };
        self.requests().iter().map(value).collect()
    }

    /// A client of it, with a principal that never changes.
    pub(crate) fn client(&self) -> Client {
        client(
            self.transport(),
            Arc::new(Fixed::new("API key of profile TEST", credential("key"))),
        )
    }
}

/// A client with a wall clock that goes with tokio's, and with chance that counts.
pub(crate) fn client(transport: Transport, principal: Arc<impl Principal + 'static>) -> Client {
    let chance = AtomicU64::new(0);
    let start = Instant::now();
    Client::new(
        principal,
        transport,
        Arc::new(move || noon() + start.elapsed()),
        move || chance.fetch_add(1, Ordering::Relaxed) | 1 << 63,
    )
}

/// 2026-11-21, 12:00 UTC.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

pub(crate) fn status(status: u16, body: &str) -> Answer {
    answer(status, &[], body)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands in one list with failures"
)]
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap())
}

pub(crate) fn failure(kind: TransportErrorKind) -> Answer {
    Err(TransportError::new(kind, "the network is broken"))
}

/// An error as OCI writes it.
pub(crate) fn refusal(code: &str) -> String {
    format!(r#"{{"code": "{code}", "message": "said OCI"}}"#)
}

pub(crate) fn endpoint() -> Endpoint {
    endpoint_in("us-phoenix-1")
}

pub(crate) fn endpoint_in(region: &str) -> Endpoint {
    let endpoints = Endpoints::default();
    let region = endpoints.regions().requested(region).unwrap();
    let compute = Template::new("https://iaas.{region}.{secondLevelDomain}");
    endpoints.service(&region, &compute, None).unwrap()
}

pub(crate) fn get() -> oci_rest::Request {
    oci_rest::Request::new(Method::GET, "compute.list_instances", "/20160918/instances")
}

pub(crate) fn post() -> oci_rest::Request {
    oci_rest::Request::new(
        Method::POST,
        "compute.launch_instance",
        "/20160918/instances",
    )
}

pub(crate) fn within(seconds: u64) -> Call {
    Call::until(Instant::now() + Duration::from_secs(seconds))
}

/// Sends `request` with a minute of time.
pub(crate) async fn send(
    client: &Client,
    request: &oci_rest::Request,
) -> Result<Response<Bytes>, OciError> {
    client.send(&endpoint(), request, &within(60)).await
}

pub(crate) fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_pem(include_bytes!("../golden/key.pem"), None).unwrap())
}

pub(crate) fn credential(key_id: &str) -> Credential {
    Credential::new(key_id, key()).unwrap()
}

/// A principal that has these credentials one after the other, each as long as it is not refused.
#[derive(Debug)]
pub(crate) struct Rotating {
    credentials: Vec<Arc<Credential>>,
    current: AtomicU32,
    pub(crate) refused: AtomicU32,
}

impl Rotating {
    pub(crate) fn new(key_ids: &[&str]) -> Arc<Self> {
        let credentials = key_ids.iter().map(|id| Arc::new(credential(id)));
        Arc::new(Self {
            credentials: credentials.collect(),
            current: AtomicU32::new(0),
            refused: AtomicU32::new(0),
        })
    }

    fn current(&self) -> &Arc<Credential> {
        let last = self.credentials.len() - 1;
        let index = self.current.load(Ordering::Relaxed) as usize;
        &self.credentials[index.min(last)]
    }
}

impl Principal for Rotating {
    fn name(&self) -> &'static str {
        "resource principal 2.2"
    }

    fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>> {
        Box::pin(async { Ok(Arc::clone(self.current())) })
    }

    fn invalidate(&self, refused: &Arc<Credential>) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        if Arc::ptr_eq(refused, self.current()) {
            self.current.fetch_add(1, Ordering::Relaxed);
        }
    }
}
