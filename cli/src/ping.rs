//! `oci_ping`: is the server there, who and where is it, and does OCI know it.

mod report;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Response};
use oci_mcp::{Annotations, Context, Json, NoArgs, Tool, ToolError};
use oci_rest::{Call, Credential, Environment, Request, Template};
use tokio::time;

use crate::oci::{Oci, Unavailable};
use report::{Failure, Identity, Report, SignedCall};

/// Reports what an instance knows of itself, and what OCI says to one request of it.
pub(crate) struct Ping {
    started: Instant,
    environment: Environment,
    connect: Connect,
    oci: OnceLock<Oci>,
}

/// Makes the way to OCI that an environment describes.
pub(crate) type Connect = Box<dyn Fn(&Environment) -> Result<Oci, Unavailable> + Send + Sync>;

impl Ping {
    /// A tool of an instance that `started` then. It has `connect` make a way to OCI in this
    /// `environment` when it is first called, and not again once there is one.
    pub(crate) fn new(started: Instant, environment: Environment, connect: Connect) -> Self {
        Self {
            started,
            environment,
            connect,
            oci: OnceLock::new(),
        }
    }

    fn oci(&self) -> Result<&Oci, Unavailable> {
        if let Some(oci) = self.oci.get() {
            return Ok(oci);
        }
        let oci = (self.connect)(&self.environment)?;
        Ok(self.oci.get_or_init(|| oci))
    }

    fn region(&self) -> Option<String> {
        let names = ["OCI_REGION", "OCI_RESOURCE_PRINCIPAL_REGION"];
        self.environment.first(&names).map(|(_, region)| region)
    }

    /// Whether the operator allows changes. The server does not start with what is neither `true` nor `false`.
    fn mutations(&self) -> bool {
        let allowed = self.environment.var("ALLOW_MUTATIONS");
        let allowed = allowed.is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        // Without the tools of OCI there is nothing that changes anything.
        cfg!(feature = "oci") && allowed
    }
}

impl Tool for Ping {
    type Args = NoArgs;
    type Output = Json<Report>;
    const NAME: &'static str = "oci_ping";
    const DESCRIPTION: &'static str = "Tells whether the server is up: its version, the host and \
        region it runs in, the identity it has for OCI, whether OCI accepts a request signed with \
        it, its uptime, and whether the operator allows changes.";
    const TITLE: Option<&'static str> = Some("Ping");
    const ANNOTATIONS: Annotations = Annotations {
        open_world_hint: Some(false),
        ..Annotations::READ_ONLY
    };

    async fn call(&self, cx: &Context, _: NoArgs) -> Result<Json<Report>, ToolError> {
        let (identity, no_identity, signed_call) = match self.oci() {
            Ok(oci) => {
                let (identity, signed_call) = ask(oci, cx).await;
                (Some(identity), None, Some(signed_call))
            }
            Err(error) => (None, Some(reason(&error)), None),
        };
        Ok(Json(Report {
            version: env!("CARGO_PKG_VERSION"),
            host: cx.host(),
            region: self.region(),
            identity,
            no_identity,
            signed_call,
            uptime_seconds: rounded(self.started.elapsed().as_secs_f64()),
            mutations: self.mutations(),
        }))
    }
}

/// Finds out who asks, and asks.
async fn ask(oci: &Oci, cx: &Context) -> (Identity, SignedCall) {
    let start = time::Instant::now();
    let deadline = start + patience(cx.deadline(), start.into_std());
    let principal = oci.client.principal();
    let mut identity = Identity {
        principal: principal.name().to_owned(),
        tenancy: None,
        region: None,
    };
    let outcome = match time::timeout_at(deadline, principal.credential()).await {
        Ok(Ok(credential)) => {
            identity.tenancy = credential.tenancy().map(str::to_owned);
            identity.region = credential.region().map(ToString::to_string);
            let call = Call::until(deadline).traced(trace_id(cx));
            let outcome = get_namespace(oci, &credential, &call).await;
            tell(cx, &outcome);
            outcome.map(|response| response.status().as_u16())
        }
        Ok(Err(error)) => Err(Failure::before(error.to_string())),
        Err(_) => Err(Failure::before("the credential did not come in time")),
    };
    let (status, error) = match outcome {
        Ok(status) => (Some(status), None),
        Err(failure) => (None, Some(failure)),
    };
    let signed_call = SignedCall {
        operation: OPERATION,
        status,
        error,
        milliseconds: rounded(start.elapsed().as_secs_f64() * 1000.0),
    };
    (identity, signed_call)
}

/// `GetNamespace` of Object Storage, which tells everybody the name of their own namespace, so that a
/// missing policy cannot be taken for a bad signature.
async fn get_namespace(
    oci: &Oci,
    credential: &Credential,
    call: &Call,
) -> Result<Response<Bytes>, Failure> {
    let region = oci.region.as_ref().or_else(|| credential.region());
    let region = region.ok_or_else(|| {
        Failure::before("the identity has no region: `OCI_REGION` says which one to ask")
    })?;
    let endpoint = oci.endpoints.service(region, &OBJECT_STORAGE, None);
    let endpoint = endpoint.map_err(|error| Failure::before(error.to_string()))?;
    // One attempt: this is to show how things are.
    let request = Request::new(Method::GET, OPERATION, "/n").without_retries();
    Ok(oci.client.send(&endpoint, &request, call).await?)
}

/// Puts on record by which name OCI knows the request.
fn tell(cx: &Context, outcome: &Result<Response<Bytes>, Failure>) {
    let id = match outcome {
        Ok(response) => {
            let id = response.headers().get("opc-request-id");
            id.and_then(|id| id.to_str().ok())
        }
        Err(failure) => failure.opc_request_id.as_deref(),
    };
    if let Some(id) = id {
        cx.oci_request(id);
    }
}

/// How long to wait for OCI. Whoever runs the tool stops it up to half way to the host's `deadline`,
/// and what went wrong is to be told before.
fn patience(deadline: Option<Instant>, now: Instant) -> Duration {
    deadline.map_or(PATIENCE, |deadline| {
        PATIENCE.min(deadline.saturating_duration_since(now) / 3)
    })
}

/// The part of `traceparent` that all of a trace have in common, or nothing.
fn trace_id(cx: &Context) -> &str {
    let trace = cx
        .trace()
        .and_then(|trace| trace.traceparent.split('-').nth(1));
    trace.unwrap_or_default()
}

/// The first line; the whole, which is a page of advice for operators, is logged.
fn reason(error: &Unavailable) -> String {
    let text = error.to_string();
    tracing::warn!("{text}");
    match text.split_once('\n') {
        Some((first, _)) => format!(
            "{first}; the log of the server, or `oci-mcp doctor --only identity`, says what would give one"
        ),
        None => text,
    }
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

const OPERATION: &str = "objectstorage.get_namespace";
const OBJECT_STORAGE: Template<'_> =
    Template::new("https://objectstorage.{region}.{secondLevelDomain}");
const PATIENCE: Duration = Duration::from_secs(10);
