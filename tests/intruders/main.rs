//! Who should not get in, what they try, and what they are told: the same requests on every host, each
//! the real binary. The tables are in the modules, one for each thing that an intruder can turn.
//!
//! On stdio nobody is asked who they are: the only caller is who started the server.

#![cfg(test)]

mod claims;
mod doors;
mod gateway;
mod names;
mod pages;
mod paths;
mod scopes;
mod settings;
mod signatures;
mod states;
mod tokens;
mod wire;

use bytes::Bytes;
use http::Request;
use http::header::WWW_AUTHENTICATE;
use oci_mcp_tests::{Forger, Reply, add, bearer};
use serde_json::{Value, json};

use doors::{Door, with_tokens};

/// What is tried, how, and what comes of it.
type Attempt = (&'static str, fn(&Forger) -> Request<Bytes>, Told);

/// What an intruder is told.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// 401, and where to get a token.
    GetAToken,
    /// 401 `invalid_token`, with what is wrong with it.
    Invalid(&'static str),
    /// 400 `invalid_request`: no single token was sent.
    SendOneToken,
    /// 403 `insufficient_scope`, with the scopes that it takes.
    Lacks(&'static str),
    /// 403, and no token would help.
    Forbidden,
    /// This status, and nothing about tokens.
    Status(u16),
    /// An error of JSON-RPC with this code, which a caller gets who is known.
    Error(i64),
}

impl Told {
    /// The status, and `WWW-Authenticate`.
    fn head(self) -> (u16, Option<String>) {
        let challenge = |error: &str, about: &str, scopes: &str| {
            let error = if error.is_empty() {
                String::new()
            } else {
                format!("error=\"{error}\", error_description=\"{about}\", ")
            };
            let metadata = "https://tools.example/.well-known/oauth-protected-resource/mcp";
            Some(format!(
                "Bearer {error}resource_metadata=\"{metadata}\", scope=\"{scopes}\""
            ))
        };
        match self {
            Self::GetAToken => (401, challenge("", "", ALL)),
            Self::Invalid(why) => (401, challenge("invalid_token", why, ALL)),
            Self::SendOneToken => {
                let about = "send one Authorization header with one bearer token";
                (400, challenge("invalid_request", about, ALL))
            }
            Self::Lacks(scopes) => {
                let about = "the token does not allow this; it needs more scopes";
                (403, challenge("insufficient_scope", about, scopes))
            }
            Self::Forbidden => (403, None),
            Self::Status(status) => (status, None),
            Self::Error(_) => (200, None),
        }
    }

    /// What `reply` says instead, or gives away; `None` if it says this and nothing else.
    fn differs_from(self, reply: &Reply) -> Option<String> {
        let (status, challenge) = self.head();
        let told = reply.headers.get(WWW_AUTHENTICATE);
        let told = told.map(|challenge| challenge.to_str().unwrap());
        let body = String::from_utf8_lossy(&reply.body);
        let is_code = match self {
            Self::Error(code) => reply.json()["error"]["code"] == code,
            _ => true,
        };
        // A token begins with that, whatever it is.
        let is_silent = !body.contains("\"result\"") && !body.contains("eyJ");
        let is_this = reply.status == status && told == challenge.as_deref();
        (!is_this || !is_code || !is_silent)
            .then(|| format!("{}, {told:?}, {body}, not {self:?}", reply.status))
    }
}

/// What a stranger is told to get a token for.
const ALL: &str = "read:tools write:tools";

/// A call of `add` with such a token.
fn call_with(token: &str) -> Request<Bytes> {
    bearer(add(), token)
}

/// A call of `add` with a token of alice, of which these claims are changed.
fn claiming(issuer: &Forger, claims: &Value) -> Request<Bytes> {
    call_with(&issuer.token(&json!({}), claims))
}

/// The same for parameters of the header.
fn headed(issuer: &Forger, header: &Value) -> Request<Bytes> {
    call_with(&issuer.token(header, &json!({})))
}

/// A token that opens the door.
fn good(issuer: &Forger) -> String {
    issuer.token(&json!({}), &json!({}))
}

/// Alice herself is let in.
async fn let_alice_in(door: &Door, issuer: &Forger) {
    let reply = door.send(call_with(&good(issuer))).await;
    assert_eq!(reply.status, 200, "{door:?}");
    let sum = &reply.json()["result"]["structuredContent"]["sum"];
    assert_eq!(*sum, 42, "{door:?}");
}

#[tokio::test]
async fn nobody_gets_in_who_should_not_on_any_host() {
    let issuer = Forger::issuer();
    let (doors, _keys) = with_tokens(&issuer).await;
    let tables = [
        tokens::WHERE.as_slice(),
        &tokens::FORMS,
        &claims::ATTEMPTS,
        &signatures::ATTEMPTS,
        &scopes::ATTEMPTS,
        &names::ATTEMPTS,
        &paths::ATTEMPTS,
        &pages::ATTEMPTS,
        &gateway::AT_ANOTHER_DOOR,
    ];
    let attempts = tables.concat();
    let mut surprises = Vec::new();
    for door in &doors {
        let_alice_in(door, &issuer).await;
        for (what, request, told) in &attempts {
            let reply = door.send(request(&issuer)).await;
            let surprise = told.differs_from(&reply);
            surprises.extend(surprise.map(|surprise| format!("{what} on {door:?}: {surprise}")));
        }
        let_alice_in(door, &issuer).await;
    }

    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    println!(
        "{} attempts on each of {} hosts",
        attempts.len(),
        doors.len()
    );
}
