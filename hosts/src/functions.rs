//! OCI Functions: what the Fn platform says of a call, told to the app.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Uri};
use oci_mcp::{App, ByteLimit, Config, Delivery, HeaderPolicy, Principal, Vars};
use oci_mcp_functions::{Intent, Invocation};
use tower::ServiceBuilder;

use crate::Error;
use crate::audit::Record;

/// How the function is served.
pub(crate) struct Settings {
    fdk: oci_mcp_functions::Config,
    max_response_bytes: usize,
}

/// The largest body that the platform passes on, either way.
const PLATFORM_MAX_BYTES: usize = 6 * 1024 * 1024;

/// Below the platform's limit, so that an error about it still has room.
const DEFAULT_MAX_RESPONSE_BYTES: usize = 5_000_000;

impl Settings {
    pub(crate) fn read(vars: &mut Vars<'_>, config: &Config) -> Option<Self> {
        let max_response_bytes = vars
            .parse("OCI_MCP_MAX_RESPONSE_BYTES")
            .map_or(DEFAULT_MAX_RESPONSE_BYTES, |ByteLimit(bytes)| bytes);
        for (name, bytes) in [
            ("OCI_MCP_MAX_RESPONSE_BYTES", max_response_bytes),
            ("OCI_MCP_MAX_BODY_BYTES", config.max_body_bytes()),
        ] {
            if bytes > PLATFORM_MAX_BYTES {
                vars.note(format_args!(
                    "`{name}` is `{bytes}`: Functions pass on {PLATFORM_MAX_BYTES} bytes at most"
                ));
            }
        }
        match oci_mcp_functions::Config::from_vars(|name| vars.get(name)) {
            Ok(fdk) => Some(Self {
                fdk: fdk.with_max_response_bytes(max_response_bytes),
                max_response_bytes,
            }),
            Err(error) => {
                for problem in error.problems() {
                    vars.note(problem);
                }
                None
            }
        }
    }
}

pub(crate) fn run(
    app: App,
    config: Config,
    settings: Settings,
    record: &Record,
) -> Result<(), Error> {
    let Settings {
        fdk,
        max_response_bytes,
    } = settings;
    let path: Arc<Uri> = Arc::new(config.path().parse().unwrap_or_default());
    let service = ServiceBuilder::new()
        .map_request(move |request| deliver(request, &path, max_response_bytes))
        .service(app.into_service(config)?);
    let record = record.clone();
    let fdk = fdk.on_refusal(move |status, reason| record.refused("functions", status, reason));
    Ok(oci_mcp_functions::run(fdk, service)?)
}

/// Adds what the app should know of the call.
fn deliver(mut request: Request<Bytes>, path: &Uri, max_response_bytes: usize) -> Request<Bytes> {
    let mut delivery = Delivery::http("functions");
    delivery.max_response_bytes = Some(max_response_bytes);
    if let Some(invocation) = request.extensions_mut().remove::<Invocation>() {
        delivery.deadline = invocation.deadline;
        delivery.request_id = invocation.call_id.map(Into::into);
        delivery.caller = invocation.subject.map(|subject| Principal::new(subject.id));
        if invocation.intent == Intent::Invoke {
            // Whoever invokes a function directly can choose the body and nothing else.
            delivery.headers = HeaderPolicy::Optional;
            request.uri_mut().clone_from(path);
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
    }
    request.extensions_mut().insert(delivery);
    request
}
