//! The catalogue, and requests as they would go out.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::Response;
use oci_rest::{
    Call, Catalogue, Client, Credential, Endpoints, Fixed, InvalidParameters, OciError, Operation,
    PrivateKey, Request, Transport, TransportError,
};
use serde_json::Value;

/// Shared, because most tests inflate all of it.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::new);

pub(crate) fn all() -> impl Iterator<Item = Operation<'static>> {
    Catalogue::packages().flat_map(|package| CATALOGUE.package(package))
}

pub(crate) fn request(operation: &str, parameters: &Value) -> Result<Request, InvalidParameters> {
    let operation = CATALOGUE.find(operation).unwrap();
    operation.request(parameters.as_object().unwrap())
}

pub(crate) fn refusal(operation: &str, parameters: &Value) -> String {
    request(operation, parameters).unwrap_err().to_string()
}

/// What goes out, to Phoenix.
pub(crate) async fn sent(operation: &str, parameters: &Value) -> http::Request<Bytes> {
    send(operation, &request(operation, parameters).unwrap())
        .await
        .unwrap()
}

pub(crate) async fn send(
    operation: &str,
    request: &Request,
) -> Result<http::Request<Bytes>, OciError> {
    let endpoints = Endpoints::default();
    let phoenix = endpoints.regions().requested("phx").unwrap();
    let operation = CATALOGUE.find(operation).unwrap();
    let endpoint = operation.endpoint(&endpoints, &phoenix, None).unwrap();
    let (client, kept) = client();

    let call = Call::until(Instant::now() + Duration::from_secs(20));
    client.send(&endpoint, request, &call).await?;
    Ok(kept.lock().unwrap().take().unwrap())
}

type Kept = Arc<Mutex<Option<http::Request<Bytes>>>>;

fn client() -> (Client, Kept) {
    let kept = Kept::default();
    let keep = Arc::clone(&kept);
    let oci = Transport::new(tower::service_fn(move |request| {
        *keep.lock().unwrap() = Some(request);
        std::future::ready(Ok::<_, TransportError>(Response::new(Bytes::new())))
    }));
    let key = PrivateKey::from_pem(include_bytes!("../golden/key.pem"), None).unwrap();
    let credential =
        Credential::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", Arc::new(key)).unwrap();
    let principal = Arc::new(Fixed::new("API key", credential));
    let client = Client::new(principal, oci, Arc::new(|| SystemTime::UNIX_EPOCH), || 7);
    (client, kept)
}
