//! Whether a web page that may call can (Fetch Standard, "CORS protocol").

use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN};
use http::{Method, StatusCode};

use super::headers;
use super::probe::{Answer, Probe};
use crate::doctor::finding::{Finding, quoted};

/// Asks as a browser does for a page of `origin`: first whether it may, then the thing itself.
pub(super) async fn examine(probe: &Probe, origin: &str, token: Option<&str>) -> Vec<Finding> {
    let preflight = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", ASKED),
    ];
    let (preflight, answer) = tokio::join!(
        probe.send(Method::OPTIONS, None, &preflight),
        probe.post(headers::list(), token, Some(origin)),
    );
    let problem = match (preflight, answer) {
        (Err(error), _) | (_, Err(error)) => {
            return vec![Finding::not_checked(
                format!("whether pages of {origin} may call"),
                error,
            )];
        }
        (Ok(preflight), Ok(answer)) => {
            objection(&preflight, origin).or_else(|| unreadable(&answer, origin))
        }
    };
    vec![match problem {
        None => Finding::good(format!("pages of {origin} may call")),
        Some((why, remedy)) => Finding::problem(format!("pages of {origin} cannot call"))
            .because(why)
            .mend(remedy),
    }]
}

type Objection = (String, &'static str);

/// Why a browser would not go on after this answer to OPTIONS.
fn objection(preflight: &Answer, origin: &str) -> Option<Objection> {
    if !preflight.status.is_success() {
        return Some((
            format!("OPTIONS is answered {}", preflight.status.as_u16()),
            "answer it in one place: OCI_MCP_ALLOWED_ORIGINS with OPTIONS among the route's \
                methods and no \
             authentication of it, or cors in the gateway's deployment",
        ));
    }
    if let Some(objection) = unreadable(preflight, origin) {
        return Some(objection);
    }
    let lists = |wanted: &str| {
        let value = preflight
            .header(&ACCESS_CONTROL_ALLOW_HEADERS)
            .to_ascii_lowercase();
        let listed: Vec<_> = value.split(',').map(str::trim).collect();
        // `*` does not cover `Authorization`.
        listed.contains(&wanted) || wanted != "authorization" && listed.contains(&"*")
    };
    // Of methods, POST never needs to be allowed.
    let missing: Vec<_> = ASKED.split(',').filter(|name| !lists(name)).collect();
    (!missing.is_empty()).then(|| {
        (
            format!("OPTIONS does not allow {}", missing.join(", ")),
            "name them in cors.allowedHeaders of the gateway's deployment, as oci-mcp render \
                apigateway does",
        )
    })
}

/// Why the page may not read an answer.
fn unreadable(answer: &Answer, origin: &str) -> Option<Objection> {
    let allowed = answer.headers.get_all(ACCESS_CONTROL_ALLOW_ORIGIN).iter();
    let allowed: Vec<_> = allowed.filter_map(|value| value.to_str().ok()).collect();
    match allowed.as_slice() {
        [one] if *one == origin || *one == "*" => None,
        [] if answer.status == StatusCode::FORBIDDEN => Some((
            "the server refuses its origin".to_owned(),
            "OCI_MCP_ALLOWED_ORIGINS of the server must name it, too",
        )),
        [] => Some((
            "Access-Control-Allow-Origin does not come back".to_owned(),
            "OCI_MCP_ALLOWED_ORIGINS of the server, or cors in the gateway's deployment",
        )),
        [one] => Some((
            format!("only {} may read answers", quoted(one)),
            "OCI_MCP_ALLOWED_ORIGINS of the server, or cors in the gateway's deployment",
        )),
        _ => Some((
            "Access-Control-Allow-Origin comes back more than once, which browsers refuse"
                .to_owned(),
            "either OCI_MCP_ALLOWED_ORIGINS of the server or cors in the gateway's deployment, \
                not both",
        )),
    }
}

/// In the order of the alphabet, as browsers ask for them.
const ASKED: &str = "authorization,content-type,mcp-method,mcp-name,mcp-protocol-version";
