//! What a client is told that has no token: RFC 6750, section 3, and RFC 9728, as MCP's authorization asks for them.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;

use super::SIGNED;
use super::probe::{Answer, Heard, Probe};
use crate::doctor::finding::{Finding, quoted};

/// Looks at `refusal`, the answer to a request without a token, and at the metadata to which it leads.
pub(super) async fn examine(probe: &Probe, refusal: Heard) -> Vec<Finding> {
    let refusal = match refusal {
        Ok(answer) => answer,
        Err(error) => return vec![Finding::not_checked(WHAT, error)],
    };
    match refusal.status {
        StatusCode::UNAUTHORIZED if refusal.text().contains(SIGNED) => {
            let because = "requests are signed there, without tokens";
            return vec![Finding::not_checked(WHAT, because)];
        }
        StatusCode::UNAUTHORIZED => {}
        StatusCode::OK => {
            return vec![
                Finding::warning("a call without a token is let in, too")
                    .because("the token that was given is not needed")
                    .mend("OCI_MCP_ACCESS of the server, or authentication of the gateway"),
            ];
        }
        status => {
            let because = format!("a request without one is answered {}", status.as_u16());
            return vec![Finding::not_checked(WHAT, because)];
        }
    }
    let (challenge, metadata) = challenged(&refusal);
    vec![challenge, described(probe, metadata.as_deref()).await]
}

/// Whether the challenge came through, and the URL in it.
fn challenged(refusal: &Answer) -> (Finding, Option<String>) {
    let challenges = refusal.headers.get_all(WWW_AUTHENTICATE).iter();
    let challenges: Vec<_> = challenges.filter_map(|value| value.to_str().ok()).collect();
    let bearer = challenges.iter().find(|text| {
        text.get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
    });
    let Some(bearer) = bearer else {
        let renamed = refusal
            .headers
            .keys()
            .find(|name| name.as_str().ends_with("www-authenticate"));
        let because = match renamed {
            Some(name) if *name != WWW_AUTHENTICATE => format!(
                "it came as {name}, which no \
                client reads"
            ),
            _ => "it was taken away on the way, or was never set; clients then do not know where \
                to sign in"
                .to_owned(),
        };
        let finding = Finding::problem(
            "401 comes without WWW-Authenticate: \
            Bearer",
        )
        .because(because)
        .mend(
            "a gateway that asks itself: TOKEN_AUTHENTICATION with validationFailurePolicy \
                MODIFY_RESPONSE that \
             sets it, as oci-mcp render apigateway has it; one that passes on: no filterHeaders \
             for it",
        );
        return (finding, None);
    };
    let url = parameter(bearer, "resource_metadata");
    let what = match url {
        Some(_) => "401 has WWW-Authenticate, and leads to the metadata",
        None => "401 has WWW-Authenticate",
    };
    (Finding::good(what), url)
}

/// The value of a parameter in quotation marks.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// Whether clients find out who gives tokens.
async fn described(probe: &Probe, told: Option<&str>) -> Finding {
    let origin = probe.origin();
    let path = probe.path().trim_end_matches('/');
    let usual = [
        format!("{origin}{WELL_KNOWN}{path}"),
        format!("{origin}{WELL_KNOWN}"),
    ];
    let places = match told {
        Some(url) => vec![url.to_owned()],
        None => usual.to_vec(),
    };
    let mut tried = Vec::new();
    for url in places {
        let shown = quoted(&url);
        match probe.fetch(&url).await {
            Ok(answer) if answer.status == StatusCode::OK => {
                return judge(probe, &shown, &answer.json());
            }
            Ok(answer) => tried.push(format!("{shown} answers {}", answer.status.as_u16())),
            Err(error) => tried.push(format!("{shown}: {error}")),
        }
    }
    let tried = tried.join("; ");
    let finding = match told {
        Some(_) => Finding::problem("the metadata of the server is not where the challenge says"),
        None => Finding::warning("nothing tells clients who gives tokens"),
    };
    finding.because(tried).mend(
        "a deployment of its own with the prefix /.well-known, open to everybody, as oci-mcp \
            render apigateway \
         --well-known has it; static tokens have none, and each client is given one",
    )
}

fn judge(probe: &Probe, url: &str, metadata: &Value) -> Finding {
    let resource = metadata
        .get("resource")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let servers = metadata
        .get("authorization_servers")
        .and_then(Value::as_array);
    if servers.is_none_or(Vec::is_empty) {
        return Finding::problem(format!("{url} names no authorization server"))
            .because("RFC 9728 and MCP ask for `authorization_servers`")
            .mend(
                "OCI_MCP_ACCESS_ISSUER or OCI_MCP_ACCESS_IDENTITY_DOMAIN of the server; of a \
                stock response, its body",
            );
    }
    if resource.trim_end_matches('/') != probe.shown().trim_end_matches('/') {
        return Finding::problem(format!("{url} is about {}", quoted(resource)))
            .because(
                "clients refuse metadata of another URL than the one they were given (RFC \
                9728, section 3.3)",
            )
            .mend(format!("OCI_MCP_ACCESS_RESOURCE={}", probe.shown()));
    }
    Finding::good(format!("{url} tells who gives tokens"))
}

const WHAT: &str = "what a client without a token is told";
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
