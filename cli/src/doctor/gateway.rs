//! The way through a URL that clients have: does all that MCP needs arrive at the server, and come back?

mod challenge;
mod headers;
mod page;
mod probe;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use oci_rest::StreamingTransport;

use super::endpoints::look_up;
use super::finding::{Finding, quoted};
use probe::{Answer, Heard, Probe};

/// What is looked at.
#[derive(clap::Args)]
#[group(id = "way")]
pub(super) struct Args {
    /// The URL that clients have, of a gateway for example: what comes through it
    #[arg(long)]
    url: Option<String>,
    /// A file with the token that is asked for at the URL
    #[arg(long, requires = "url")]
    token_file: Option<PathBuf>,
}

impl Args {
    pub(super) fn is_given(&self) -> bool {
        self.url.is_some()
    }

    /// Goes the way, from a page that the settings let call which `lookup` finds.
    pub(super) async fn examine(
        &self,
        lookup: &impl Fn(&str) -> Option<String>,
        transport: &StreamingTransport,
    ) -> Vec<Finding> {
        let Some(url) = &self.url else {
            let because = "--url is not given";
            return vec![Finding::not_checked("the way of a client", because)];
        };
        let token = self
            .token_file
            .as_ref()
            .map(|path| (path, fs::read_to_string(path)));
        let token = match token {
            Some((path, Err(error))) => {
                let path = path.display();
                let lost = format!("{path}, the file of the token, cannot be read");
                let finding = Finding::problem(lost).because(error);
                return vec![finding.mend("give --token-file a file that you may read")];
            }
            Some((_, Ok(token))) => Some(token),
            None => None,
        };
        // Those of all the pages are treated alike.
        let origins = lookup("OCI_MCP_ALLOWED_ORIGINS").unwrap_or_default();
        let origin = origins.split(',').next().map(str::trim);
        let gateway = Gateway {
            url,
            token: token.as_deref().map(str::trim),
            origin: origin
                .filter(|origin| !origin.is_empty())
                .map(str::to_owned),
            transport,
        };
        examine(&gateway).await
    }
}

/// Where to, and with what.
struct Gateway<'a> {
    url: &'a str,
    /// A token for it, which is sent nowhere else.
    token: Option<&'a str>,
    /// Whose web pages may call, by the settings.
    origin: Option<String>,
    transport: &'a StreamingTransport,
}

async fn examine(gateway: &Gateway<'_>) -> Vec<Finding> {
    let url = match target(gateway.url) {
        Ok(url) => url,
        Err(problem) => return vec![problem],
    };
    if let Err(problem) = look_up(&url).await {
        let name = url.host().unwrap_or_default();
        let unknown = Finding::problem(format!("the name {name} is not known"));
        return vec![
            unknown.because(problem).mend("look at the URL, and at DNS"),
            moot("its name is not known"),
        ];
    }
    walk(url, gateway).await
}

/// What is found at `url`, whose name is known.
async fn walk(url: Uri, gateway: &Gateway<'_>) -> Vec<Finding> {
    let probe = Probe::new(url, gateway.transport.clone());
    // Alone, because it may start an instance, which the others then find.
    let list = match probe.post(headers::list(), gateway.token, None).await {
        Ok(answer) => answer,
        Err(error) => {
            let unreachable =
                Finding::problem(format!("there is no answer from {}", probe.shown()));
            let finding = unreachable.because(error).mend(
                "look at the URL, at the gateway's subnet and security lists, and whether its \
                    deployment is active",
            );
            return vec![finding, moot("there is no answer")];
        }
    };
    if let Some(redirect) = redirected(&probe, &list) {
        return vec![redirect, moot("requests are sent elsewhere")];
    }
    let mut findings = vec![reached(&probe, &list, gateway.token.is_some())];
    let is_open = list.status == StatusCode::OK && gateway.token.is_none();
    let (named, mismatched, get, bare, page) = tokio::join!(
        probe.post(headers::call(), gateway.token, None),
        probe.post(headers::mismatched(), gateway.token, None),
        probe.send(Method::GET, gateway.token, &[]),
        async {
            match gateway.token {
                Some(_) => Some(probe.post(headers::list(), None, None).await),
                None => None,
            }
        },
        async {
            match &gateway.origin {
                Some(origin) => page::examine(&probe, origin, gateway.token).await,
                None => Vec::new(),
            }
        },
    );
    findings.extend(headers::judge(&list, &named, &mismatched));
    findings.push(listened(
        &probe,
        &get,
        list.status != StatusCode::UNAUTHORIZED,
    ));
    if !is_open {
        let refusal = bare.unwrap_or(Ok(list));
        findings.extend(challenge::examine(&probe, refusal).await);
    }
    findings.extend(page);
    findings
}

/// The URL, if a request may go there.
fn target(text: &str) -> Result<Uri, Finding> {
    let refuse = |why: &str| {
        Err(Finding::problem("the URL cannot be used")
            .because(why)
            .mend("--url https://<gateway>/<prefix>/mcp"))
    };
    let Ok(url) = text.parse::<Uri>() else {
        return refuse("it is no URL");
    };
    let Some(authority) = url.authority().filter(|_| url.scheme().is_some()) else {
        return refuse("it is not whole: scheme, host and path");
    };
    if authority.as_str().contains('@') {
        return refuse("it has a user, whose password would be in logs");
    }
    Ok(url)
}

/// That an answer leads elsewhere.
fn redirected(probe: &Probe, answer: &Answer) -> Option<Finding> {
    let place = answer.header(&http::header::LOCATION);
    let is_redirect = answer.status.is_redirection() && answer.status != StatusCode::NOT_MODIFIED;
    is_redirect.then(|| {
        // A query may have a token in it.
        let place = place.split(['?', '#']).next().unwrap_or_default();
        Finding::problem(format!(
            "{} answers {} to \
            {}",
            probe.shown(),
            answer.status.as_u16(),
            quoted(place)
        ))
        .because(
            "clients send no message after a redirect, and their token must not go \
                elsewhere",
        )
        .mend(
            "give clients the URL that it leads to: https, the slash at the end or none, \
                the right host",
        )
    })
}

/// Whether an MCP server answers a request that lists tools.
fn reached(probe: &Probe, list: &Answer, has_token: bool) -> Finding {
    let (shown, status) = (probe.shown(), list.status.as_u16());
    let error = list.error().map(|(_, message)| message);
    match status {
        200 if list.tools().is_some() => {
            let (tools, took) = (list.tools().unwrap_or_default(), list.took.as_millis());
            let open = if has_token {
                ""
            } else {
                "; nobody asked for a token"
            };
            let what = format!("{shown} lists {tools} tools within {took} ms{open}");
            if took <= SLOW {
                return Finding::good(what);
            }
            Finding::warning(what)
                .because(
                    "clients give up after 10 s or more; an instance that starts takes its \
                    time",
                )
                .mend(
                    "provisioned concurrency of the function: \
                     oci-mcp render functions --provisioned-instances 1",
                )
        }
        400 if error.is_some() => Finding::good(format!("{shown} leads to an MCP server")),
        401 if !has_token && !list.text().contains(SIGNED) => {
            Finding::good(format!("{shown} asks for a token"))
        }
        status => {
            let (what, remedy) = refusal(status, list.text().contains(SIGNED));
            let said = error.unwrap_or_else(|| quoted(list.text().trim()));
            Finding::problem(format!("{shown} answers {status}: {what}"))
                .because(said)
                .mend(remedy)
        }
    }
}

/// What a status tells that is not that of an MCP server, and what to do about it.
fn refusal(status: u16, is_signed: bool) -> (&'static str, &'static str) {
    match status {
        200 => (
            "no MCP server is there",
            "the URL must end with OCI_MCP_PATH, /mcp unless it is set",
        ),
        401 if is_signed => (
            "it wants requests signed",
            "oci-mcp connect <URL> signs for clients that cannot",
        ),
        401 => (
            "it does not take the token",
            "a newer token, for this server: docs/troubleshoot.md",
        ),
        403 => (
            "it refuses",
            "the token's scopes; OCI_MCP_ALLOWED_HOSTS and OCI_MCP_ALLOWED_ORIGINS",
        ),
        404 => (
            "nothing is there",
            "the deployment's prefix, the route, and OCI_MCP_PATH must make up the URL's path",
        ),
        429 => (
            "too many requests",
            "wait; the gateway's rate limiting, or OCI_MCP_CALLS_PER_MINUTE",
        ),
        500 => (
            "the gateway may not call what is behind it",
            "allow any-user to use functions-family in compartment <compartment> where ALL \
             {request.principal.type = 'ApiGateway', \
             request.resource.compartment.id = '<compartment OCID of the gateway>'}",
        ),
        502..=504 => (
            "what is behind it does not answer",
            "the log of the function or container; its timeout; the way from the gateway to it",
        ),
        _ => ("that is none of MCP's", "look at what answers at this URL"),
    }
}

/// What a client gets that looks for a stream of the server's own.
fn listened(probe: &Probe, get: &Heard, is_let_in: bool) -> Finding {
    const WHAT: &str = "GET, by which clients look for a stream";
    const FIRST: &str = "a token is asked for first: --token-file";
    let get = match get {
        Ok(answer) => answer,
        Err(error) => return Finding::not_checked(WHAT, error),
    };
    if let Some(redirect) = redirected(probe, get) {
        return redirect;
    }
    match get.status.as_u16() {
        405 => Finding::good("GET is answered 405: there is no stream to listen at"),
        200 if get.is_stream() => Finding::good("GET is answered with a stream"),
        401 | 403 if !is_let_in => Finding::not_checked(WHAT, FIRST),
        status => Finding::problem(format!("GET is answered {status}"))
            .because(
                "clients take anything but 405 or a stream for a server that is broken, or \
                an old one",
            )
            .mend(
                "let the route pass GET on, too: \"methods\": [\"GET\", \"POST\"], as oci-mcp \
                render apigateway has it",
            ),
    }
}

fn moot(because: &str) -> Finding {
    Finding::not_checked("headers, GET, challenge, metadata and CORS", because)
}

/// For an answer behind which an instance may have to start.
pub(super) const START: Duration = Duration::from_secs(30);
/// What OCI's services say that want a signature.
const SIGNED: &str = "NotAuthenticated";
/// In milliseconds.
const SLOW: u128 = 5_000;

#[cfg(test)]
mod tests;
