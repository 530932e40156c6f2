use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use http::{Method, Response, StatusCode};
use oci_emulator::{Fault, ResourcePrincipal, SimulatedOci};
use oci_mcp::{Context, Delivery, Json, NoArgs, Tool};
use oci_rest::{Surroundings, Transport};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Ping;
use crate::oci::{Oci, fake};

#[tokio::test]
async fn a_call_that_succeeds_shows_that_oci_knows_the_identity() {
    let function = Function::new();
    let ping = function.ping(fake::with(&function.oci), &[]);

    let report = report(&ping, None).await;

    assert_eq!(report["identity"]["principal"], "resource principal 2.2");
    assert_eq!(report["identity"]["tenancy"], function.oci.tenancy_id());
    assert_eq!(report["identity"]["region"], "us-phoenix-1");
    let call = &report["signed_call"];
    assert_eq!(call["operation"], "objectstorage.get_namespace");
    assert_eq!(call["status"], 200);
    assert!(call["milliseconds"].as_f64().unwrap() > 0.0, "{call}");
    assert_eq!(call.get("error"), None);
}

#[tokio::test]
async fn what_oci_refuses_is_told_with_what_to_do_about_it() {
    let function = Function::new();
    let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound");
    function.oci.inject(refusal.on(Method::GET, "/n"));
    let ping = function.ping(fake::with(&function.oci), &[]);

    let refused = report(&ping, None).await;
    let then = report(&ping, None).await;

    let call = &refused["signed_call"];
    assert_eq!(call.get("status"), None);
    assert_eq!(call["error"]["status"], 404);
    assert_eq!(call["error"]["code"], "NotAuthorizedOrNotFound");
    assert_eq!(call["error"]["message"], "This error was asked for.");
    assert!(call["error"]["hint"].as_str().unwrap().contains("policy"));
    assert_ne!(call["error"]["opc_request_id"], Value::Null);
    assert_eq!(then["signed_call"]["status"], 200);
}

#[tokio::test]
async fn without_an_identity_it_says_why_and_what_else_it_knows() {
    let oci = fake::simulated();
    let variables = [("OCI_REGION", "us-ashburn-1"), ("HOME", "/no/such/home")];
    let ping = ping(fake::with(&oci), variables);

    let report = report(&ping, None).await;

    assert_eq!(report["host"], "test");
    assert_eq!(report["region"], "us-ashburn-1");
    assert_eq!(report["identity"], Value::Null);
    assert_eq!(
        report["no_identity"],
        "there is no identity for OCI; the log of the server, or `oci-mcp doctor --only identity`, says what would give one"
    );
    assert_eq!(report.get("signed_call"), None);
}

#[tokio::test]
async fn a_credential_that_cannot_be_had_is_told_with_its_file() {
    let function = Function::new();
    let lost = ("OCI_RESOURCE_PRINCIPAL_RPST", "/no/such/token");
    let ping = function.ping(fake::with(&function.oci), &[lost]);

    let report = report(&ping, None).await;

    assert_eq!(
        report["identity"],
        json!({ "principal": "resource principal 2.2" })
    );
    let message = report["signed_call"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("/no/such/token"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn an_oci_that_is_silent_is_told_before_the_tool_is_stopped() {
    let function = Function::new();
    let silent = Transport::new(tower::service_fn(|_| std::future::pending()));
    let ping = function.ping(fake::surroundings(silent), &[]);
    let start = tokio::time::Instant::now();

    let report = report(&ping, Some(Duration::from_secs(3))).await;

    let message = report["signed_call"]["error"]["message"].as_str().unwrap();
    assert!(message.contains("deadline"), "{message}");
    let stopped = Duration::from_secs(2);
    assert!(start.elapsed() < stopped, "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_operator_says_where_to_ask_and_what_to_call_it() {
    let function = Function::new();
    let rows = [
        (
            &[][..],
            "https://objectstorage.us-phoenix-1.oraclecloud.com/n",
        ),
        (
            &[("OCI_REGION", "fra")],
            "https://objectstorage.eu-frankfurt-1.oraclecloud.com/n",
        ),
        (
            &[("OCI_ENDPOINT_OVERRIDE", "http://127.0.0.1:9000")],
            "http://127.0.0.1:9000/n",
        ),
    ];

    for (more, url) in rows {
        let (sender, requests) = mpsc::channel();
        let transport = Transport::new(tower::service_fn(move |request| {
            sender.send(request).unwrap();
            async { Ok(Response::default()) }
        }));
        let agent = ("OCI_SDK_APPEND_USER_AGENT", "example/7");
        let ping = function.ping(fake::surroundings(transport), &[more, &[agent]].concat());

        report(&ping, None).await;

        let request: http::Request<_> = requests.recv().unwrap();
        assert_eq!(request.uri(), url);
        let agent = request.headers()["user-agent"].to_str().unwrap();
        assert!(agent.ends_with(" example/7"), "{agent}");
    }
}

#[tokio::test]
async fn the_way_to_oci_is_made_at_the_first_call_and_once() {
    let function = Function::new();
    let made = Arc::new(AtomicU32::new(0));
    let (counted, surroundings) = (Arc::clone(&made), fake::with(&function.oci));
    let ping = Ping::new(
        Instant::now(),
        fake::environment(function.variables(&[])),
        Box::new(move |environment| {
            counted.fetch_add(1, Ordering::Relaxed);
            Oci::new(environment, &surroundings)
        }),
    );
    let before = made.load(Ordering::Relaxed);

    report(&ping, None).await;
    report(&ping, None).await;

    assert_eq!((before, made.load(Ordering::Relaxed)), (0, 1));
}

#[tokio::test]
async fn it_tells_whether_the_operator_allows_changes() {
    let function = Function::new();
    let rows = [
        (&[][..], false),
        (&[("ALLOW_MUTATIONS", "false")], false),
        (&[("ALLOW_MUTATIONS", " True")], cfg!(feature = "oci")),
    ];

    for (variables, may) in rows {
        let ping = function.ping(fake::with(&function.oci), variables);

        assert_eq!(report(&ping, None).await["mutations"], may, "{variables:?}");
    }
}

#[test]
fn the_region_is_the_operators_or_else_the_platforms() {
    let platform = ("OCI_RESOURCE_PRINCIPAL_REGION", "us-phoenix-1");
    let region = |variables: &[(&'static str, &'static str)]| {
        let surroundings = fake::surroundings(Transport::new(tower::service_fn(|_| {
            std::future::pending()
        })));
        ping(surroundings, variables.iter().copied()).region()
    };

    assert_eq!(region(&[platform]).as_deref(), Some("us-phoenix-1"));
    assert_eq!(
        region(&[platform, ("OCI_REGION", "x")]).as_deref(),
        Some("x")
    );
    assert_eq!(region(&[]), None);
}

/// A function of the simulated tenancy.
struct Function {
    oci: SimulatedOci,
    principal: ResourcePrincipal,
    _folder: TempDir,
}

impl Function {
    fn new() -> Self {
        let oci = fake::simulated();
        let folder = tempfile::tempdir().unwrap();
        let resource = oci.find("functions", "mcp").unwrap();
        let hour = Duration::from_secs(60 * 60);
        let principal = ResourcePrincipal::new(oci.clone(), folder.path(), &resource, hour);
        Self {
            oci,
            principal: principal.unwrap(),
            _folder: folder,
        }
    }

    /// Its variables, and `more`, which win.
    fn variables(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = self.principal.environment().into_iter();
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        own.chain(more)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn ping(&self, surroundings: Surroundings, more: &[(&str, &str)]) -> Ping {
        ping(surroundings, self.variables(more))
    }
}

pub(crate) fn ping<K: Into<String>, V: Into<String>>(
    surroundings: Surroundings,
    variables: impl IntoIterator<Item = (K, V)>,
) -> Ping {
    Ping::new(
        Instant::now(),
        fake::environment(variables),
        Box::new(move |environment| Oci::new(environment, &surroundings)),
    )
}

/// What the tool answers to a call whose host gives up after `time`.
pub(crate) async fn report(ping: &Ping, time: Option<Duration>) -> Value {
    let mut delivery = Delivery::http("test");
    delivery.deadline = time.map(|time| tokio::time::Instant::now().into_std() + time);
    let Json(report) = ping.call(&Context::new(delivery), NoArgs {}).await.unwrap();
    serde_json::to_value(report).unwrap()
}
