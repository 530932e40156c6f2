//! Makes the requests of operations, so that somebody else judges them.
//!
//! ```sh
//! echo '{"operation": "core.list_instances", "parameters": {"compartmentId": "a"}}' |
//!     cargo run -p oci-rest --features catalogue --example catalogue
//! ```
//!
//! For each line of the standard input it writes a line of JSON: the request as it would go out, signed
//! with a key for tests, or what is wrong with the parameters. Nothing goes over the network.

#![expect(
    clippy::disallowed_methods,
    reason = "it looks at the process: it is `main`"
)]
#![expect(clippy::print_stdout, reason = "its output is what is judged")]

use std::error::Error;
use std::io::{BufRead, stdin};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Request, Response};
use oci_rest::{
    Call, Catalogue, Client, Credential, Endpoints, Environment, Fixed, PrivateKey, Transport,
    TransportError,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Failure = Box<dyn Error>;

#[derive(Deserialize)]
struct Line {
    operation: String,
    parameters: Map<String, Value>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let sent = Arc::new(Mutex::new(None));
    let oci = client(Arc::clone(&sent))?;
    let catalogue = Catalogue::new();
    for line in stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let answer = match send(&oci, &catalogue, &line).await {
            Ok(()) => {
                let request = sent.lock().map_err(|error| error.to_string())?.take();
                request.map_or(Value::Null, |request| shown(&request))
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

async fn send(oci: &Client, catalogue: &Catalogue, line: &Line) -> Result<(), Failure> {
    let operation = catalogue.find(&line.operation)?;
    let request = operation.request(&line.parameters)?;
    let endpoints = Endpoints::default();
    let region = endpoints.regions().requested("us-phoenix-1")?;
    let endpoint = operation.endpoint(&endpoints, &region, None);
    let endpoint = endpoint.or_else(|_| {
        let elsewhere = Environment::new(|name| {
            (name == "OCI_ENDPOINT_OVERRIDE").then(|| "https://told.example".to_owned())
        });
        operation.endpoint(&Endpoints::from_environment(&elsewhere)?, &region, None)
    })?;
    let call = Call::until(Instant::now() + Duration::from_secs(20));
    oci.send(&endpoint, &request, &call).await?;
    Ok(())
}

fn client(sent: Arc<Mutex<Option<Request<Bytes>>>>) -> Result<Client, Failure> {
    let pem = include_bytes!("../tests/golden/key.pem");
    let key = Arc::new(PrivateKey::from_pem(pem, None)?);
    let credential = Credential::api_key("ocid1.tenancy.oc1..a", "ocid1.user.oc1..b", key)?;
    let transport = Transport::new(tower::service_fn(move |request| {
        let kept = sent.lock().map(|mut sent| *sent = Some(request));
        let answer = kept.map(|()| Response::new(Bytes::new()));
        std::future::ready(Ok::<_, TransportError>(answer.unwrap_or_default()))
    }));
    let principal = Arc::new(Fixed::new("API key", credential));
    Ok(Client::new(
        principal,
        transport,
        Arc::new(SystemTime::now),
        || 7,
    ))
}

fn shown(request: &Request<Bytes>) -> Value {
    let uri = request.uri();
    json!({
        "method": request.method().as_str(),
        "host": uri.authority().map(ToString::to_string),
        "path": uri.path(),
        "query": uri.query(),
        "headers": headers(request.headers()),
        "body": String::from_utf8_lossy(request.body()),
    })
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), Value::String(value))
    };
    headers.iter().map(text).collect()
}
