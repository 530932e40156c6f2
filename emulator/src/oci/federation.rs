//! The services that give out tokens: to instances, and to resources.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::authority::Authority;
use super::identity::Caller;
use super::key::PublicKey;
use super::machine::Machine;
use super::received::Received;
use super::refusal::{Refusal, text};
use super::signature::Signature;
use super::value::field;
use super::{Parents, reply};

/// `POST /v1/x509`: a token for the instance whose certificate signs.
///
/// # Errors
///
/// What OCI refuses.
pub(crate) fn x509(
    machine: &Machine,
    tenancy: &str,
    authority: &Authority,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let signature = Signature::read(request.headers)?;
    signature.check(request)?;
    let body = request.json()?;
    let key = machine.check(&body, signature.key_id)?;
    signature.verify(&key, request)?;
    let session = public_key(&body, "publicKey")?;
    let instance = machine.instance();
    let claims = json!({
        "sub": instance["id"],
        "opc-certtype": "instance",
        "opc-compartment": instance["compartmentId"],
        "opc-instance": instance["id"],
        "opc-tenant": tenancy,
        "ptype": "instance",
        "tenant": tenancy,
        "jwk": session.jwk().to_string(),
    });
    let token = authority.issue(claims, request.now, SESSION)?;
    Ok(reply::ok(&json!({ "token": token })))
}

/// `GET /20180711/resourcePrincipalToken[V2|V212]/{resource}`: what is exchanged for a session token.
///
/// # Errors
///
/// Refuses a caller that is neither an instance nor the resource or a part of it.
pub(crate) fn resource_token(
    parents: &Parents,
    tenancy: &str,
    authority: &Authority,
    caller: &Caller,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let resource = request.path.get(2).map(String::as_str).unwrap_or_default();
    let subject = caller.subject.as_str().unwrap_or_default();
    let is_part = parents
        .get(subject)
        .is_some_and(|parent| parent == resource);
    if subject != resource && !is_part && !subject.starts_with("ocid1.instance.") {
        return Err(Refusal::not_found());
    }
    let resource_claims = json!({
        "sub": resource,
        "res_id": resource,
        "res_type": kind(resource),
        "res_tenant": tenancy,
        "ttype": "res",
    });
    let service_claims = json!({ "sub": "service", "ttype": "spst", "tenant": tenancy });
    let body = json!({
        "resourcePrincipalToken": authority.issue(resource_claims, request.now, EXCHANGE)?,
        "servicePrincipalSessionToken": authority.issue(service_claims, request.now, EXCHANGE)?,
    });
    let response = reply::ok(&body);
    let Some(parent) = parents.get(resource) else {
        return Ok(response);
    };
    let host = request.header("host").unwrap_or("localhost");
    let url = format!("http://{host}/20180711/resourcePrincipalTokenV2/{parent}");
    Ok(reply::with(response, "opc-parent-rpt-url", url))
}

/// `POST /v1/resourcePrincipalSessionToken`: the exchange.
///
/// # Errors
///
/// Refuses tokens that this authority did not give out, or that are expired.
pub(crate) fn session_token(
    authority: &Authority,
    request: &Received<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let body = request.json()?;
    let read = |name, ttype: &str| {
        let claims = authority
            .read(text(&body, name)?, request.now)
            .map_err(Refusal::not_authenticated)?;
        if field(&claims, "ttype") == ttype {
            Ok(claims)
        } else {
            Err(Refusal::not_authenticated(format!(
                "{name} is not a token of that kind"
            )))
        }
    };
    let claims = read("resourcePrincipalToken", "res")?;
    read("servicePrincipalSessionToken", "spst")?;
    let key = public_key(&body, "sessionPublicKey")?;
    let resource = field(&claims, "sub").as_str().unwrap_or_default();
    let tenancy = field(&claims, "res_tenant").as_str().unwrap_or_default();
    let token = resource_session(
        authority,
        [resource, tenancy, tenancy],
        &key,
        request.now,
        SESSION,
    )?;
    Ok(reply::ok(&json!({ "token": token })))
}

/// A resource principal session token (RPST).
///
/// # Errors
///
/// If the authority cannot sign.
pub(crate) fn resource_session(
    authority: &Authority,
    [resource, tenancy, compartment]: [&str; 3],
    key: &PublicKey,
    now: Timestamp,
    lifetime: Duration,
) -> io::Result<String> {
    let claims = json!({
        "sub": resource,
        "ptype": "resource",
        "res_id": resource,
        "res_type": kind(resource),
        "res_tenant": tenancy,
        "res_compartment": compartment,
        "opc-tenant": tenancy,
        "tenant": tenancy,
        "ttype": "res_sess",
        "jwk": key.jwk().to_string(),
    });
    authority.issue(claims, now, lifetime)
}

/// The key in `field`: the `SubjectPublicKeyInfo` in base64.
///
/// # Errors
///
/// Refuses what is not one.
pub(crate) fn public_key(body: &Value, field: &str) -> Result<PublicKey, Refusal> {
    let der = BASE64.decode(text(body, field)?.as_bytes()).ok();
    let key = der.and_then(|der| PublicKey::from_spki(&der));
    key.ok_or_else(|| {
        Refusal::invalid(format!(
            "{field} must be an RSA public key, the DER in base64"
        ))
    })
}

/// The type of a resource, as dynamic groups name it: the second part of an OCID.
fn kind(resource: &str) -> &str {
    resource.split('.').nth(1).unwrap_or_default()
}

/// How long a session token is good.
pub(crate) const SESSION: Duration = Duration::from_secs(20 * 60);
/// How long the tokens are good that are exchanged for one.
const EXCHANGE: Duration = Duration::from_secs(5 * 60);
