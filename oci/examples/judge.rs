//! Sends every kind of request that is signed, so that somebody else judges the signatures.
//!
//! ```sh
//! OCI_ENDPOINT_OVERRIDE=http://127.0.0.1:8080 cargo run -p oci-rest --all-features --example judge
//! ```
//!
//! The identity is the one that the environment has. A line on the standard output tells the status of
//! the answer to each request; it fails if one is 401, or if there is no answer.

#![expect(
    clippy::disallowed_methods,
    reason = "it looks at the process: it is `main`"
)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Method, StatusCode};
use oci_rest::{
    Body, Call, Client, Clock, Endpoint, Endpoints, Environment, Https, Request, Surroundings,
    Template, find_principal,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let environment = Environment::new(|name| std::env::var(name).ok());
    let endpoints = Endpoints::from_environment(&environment)?;
    let clock: Clock = Arc::new(SystemTime::now);
    let transport = Https::new().build()?;
    let surroundings = Surroundings::new(Arc::clone(&clock), transport.clone())?;
    let principal = find_principal(&environment, endpoints.regions(), &surroundings)?;
    let credential = principal.credential().await?;
    let region = match credential.region() {
        Some(region) => region.clone(),
        None => endpoints.regions().requested("us-phoenix-1")?,
    };
    let compute = Template::new("https://iaas.{region}.{secondLevelDomain}");
    let endpoint = endpoints.service(&region, &compute, None)?;
    let client = Client::new(principal, transport, clock, oci_rest::random);

    let namespace = namespace(&client, &endpoint).await;
    let tenancy = credential.tenancy().unwrap_or("ocid1.tenancy.oc1..a");
    let mut requests = changes(&namespace);
    requests.extend(odd_paths(&namespace));
    requests.extend(odd_queries(tenancy));
    let mut refused = 0;
    for (name, request) in &requests {
        let status = status(&client, &endpoint, request).await?;
        println!("{} {name}", status.as_u16());
        refused += u32::from(status == StatusCode::UNAUTHORIZED);
    }
    if refused > 0 {
        return Err(format!("{refused} of {} requests were refused", requests.len()).into());
    }
    Ok(())
}

async fn status(
    client: &Client,
    endpoint: &Endpoint,
    request: &Request,
) -> Result<StatusCode, Box<dyn Error>> {
    match client.send(endpoint, request, &soon()).await {
        Ok(response) => Ok(response.status()),
        Err(error) => {
            let Some(status) = error.status() else {
                return Err(error.into());
            };
            if status == StatusCode::UNAUTHORIZED {
                eprintln!("{error}");
            }
            Ok(status)
        }
    }
}

/// That of the tenancy, if this is Object Storage: then objects can be put.
async fn namespace(client: &Client, endpoint: &Endpoint) -> String {
    let request = Request::new(Method::GET, "objectstorage.get_namespace", "/n");
    let response = client.send(endpoint, &request, &soon()).await.ok();
    response
        .and_then(|response| serde_json::from_slice(response.body()).ok())
        .unwrap_or_else(|| "namespace".to_owned())
}

type Named = (&'static str, Request);

/// Each method, with and without a body.
fn changes(namespace: &str) -> Vec<Named> {
    let json = || Body::Json(Bytes::from_static(r#"{"name": "Zürich €"}"#.as_bytes()));
    let instance = |method| {
        let path = "/20160918/instances/{instanceId}";
        Request::new(method, "instance", path).path_parameter("instanceId", "ocid1.instance.oc1..a")
    };
    let stream = |body| Body::Unsigned("application/octet-stream".into(), Bytes::from_static(body));
    let file = Body::Typed("text/csv".into(), Bytes::from_static(b"a,b\r\n1,2\r\n"));
    let headers = object(Method::PUT, namespace, "with headers")
        .header("if-none-match", "*")
        .header("opc-meta-colour", "blue");
    let all = [
        ("GET", instance(Method::GET)),
        ("HEAD", object(Method::HEAD, namespace, "none")),
        ("DELETE", instance(Method::DELETE)),
        (
            "POST, no body",
            instance(Method::POST).query("action", "STOP"),
        ),
        ("POST, JSON", instance(Method::POST).body(json())),
        ("POST, another type", instance(Method::POST).body(file)),
        ("PUT, no body", instance(Method::PUT)),
        ("PUT, JSON", instance(Method::PUT).body(json())),
        ("PATCH, JSON", instance(Method::PATCH).body(json())),
        (
            "PUT object, body not signed",
            object(Method::PUT, namespace, "one").body(stream(&[0xff; 1000])),
        ),
        (
            "PUT object, empty",
            object(Method::PUT, namespace, "empty").body(stream(b"")),
        ),
        ("PUT object, headers", headers.body(stream(b"content"))),
    ];
    all.map(|(name, request)| (name, request.without_retries()))
        .into()
}

/// Values that must stay one segment of the path, and be sent as they were signed.
fn odd_paths(namespace: &str) -> Vec<Named> {
    let names = [
        ("path: slash", "a/b"),
        ("path: %2F", "a%2Fb"),
        ("path: space", "a b"),
        ("path: +", "a+b"),
        ("path: unicode", "Zürich €, 東京"),
        ("path: dots", ".."),
        ("path: ~'()*!;:@&=$,?#[]", "~'()*!;:@&=$,?#[]"),
    ];
    let put = |value| {
        let body = Body::Unsigned("text/plain".into(), Bytes::from_static(b"content"));
        object(Method::PUT, namespace, value).body(body)
    };
    names.map(|(name, value)| (name, put(value))).into()
}

fn odd_queries(tenancy: &str) -> Vec<Named> {
    let list = || {
        Request::new(Method::GET, "compute.list_instances", "/20160918/instances")
            .query("compartmentId", tenancy)
    };
    let named = |value: &str| list().query("displayName", value);
    vec![
        ("query", list()),
        ("query: space", named("a b")),
        ("query: é", named("é €")),
        ("query: ~'()*!", named("~'()*!")),
        ("query: +&=#%/?", named("+&=#%/?%2F")),
        ("query: empty", named("")),
        ("query: repeated", named("a").query("displayName", "b")),
        ("query: odd name", list().query("definedTags[a b]", "é")),
    ]
}

fn object(method: Method, namespace: &str, name: &str) -> Request {
    let path = "/n/{namespaceName}/b/{bucketName}/o/{objectName}";
    Request::new(method, "object", path)
        .path_parameter("namespaceName", namespace)
        .path_parameter("bucketName", "reports")
        .path_parameter("objectName", name)
}

fn soon() -> Call {
    Call::until(Instant::now() + Duration::from_secs(20))
}
