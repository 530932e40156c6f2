//! What a token must say to be for this server: the checks that JWTs and introspection share.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::identity::Identity;
use crate::refusal::{Reason, Refusal, quoted};
use crate::scopes::Scopes;

/// What a token must say to be for this server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirements {
    issuer: String,
    audiences: Vec<String>,
    leeway: Duration,
    kept: Vec<String>,
}

impl Requirements {
    /// Tokens from `issuer` for one of `audiences`, both compared byte by byte. Clocks may differ by
    /// 30 seconds.
    ///
    /// # Errors
    ///
    /// [`InvalidRequirements`] if the issuer or an audience is empty, or there is no audience: a server
    /// that does not look at it takes the tokens of every other one (RFC 9068, section 4).
    pub fn new(
        issuer: impl Into<String>,
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, InvalidRequirements> {
        let issuer = issuer.into();
        let audiences: Vec<String> = audiences.into_iter().map(Into::into).collect();
        if issuer.is_empty() {
            return Err(InvalidRequirements("the issuer is empty"));
        }
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(InvalidRequirements(
                "there is no audience, or an empty one; without it the tokens for any other server would do",
            ));
        }
        Ok(Self {
            issuer,
            audiences,
            leeway: Duration::from_secs(30),
            kept: Vec::new(),
        })
    }

    /// By how much the issuer's clock and this machine's may differ.
    ///
    /// # Errors
    ///
    /// [`InvalidRequirements`] if it is over 5 minutes: expired tokens would be taken for as long.
    pub fn leeway(mut self, leeway: Duration) -> Result<Self, InvalidRequirements> {
        if leeway > MAX_LEEWAY {
            return Err(InvalidRequirements("the leeway is over 5 minutes"));
        }
        self.leeway = leeway;
        Ok(self)
    }

    /// The claims that [`Identity::claim`] gives. All others are dropped.
    #[must_use]
    pub fn keep(mut self, claims: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.kept.extend(claims.into_iter().map(Into::into));
        self
    }

    /// The identity of a token that is the issuer's. It must have the claims `required`, and in any
    /// case say who acts and for which server. RFC 7519, section 4.1; RFC 9068, section 4.
    pub(crate) fn identify(
        &self,
        mut claims: Map<String, Value>,
        required: &[&str],
        now: SystemTime,
    ) -> Result<Identity, Refusal> {
        if let Some(name) = required.iter().find(|name| !claims.contains_key(**name)) {
            let detail = format!("there is no `{name}`");
            return Err(Refusal::new(Reason::ClaimMissing, detail));
        }
        check_purpose(&claims)?;
        let issuer = text(&claims, "iss")?;
        if issuer.is_some_and(|issuer| issuer != self.issuer) {
            let detail = format!("`iss` is {}", quoted(issuer.unwrap_or_default()));
            return Err(Refusal::new(Reason::WrongIssuer, detail));
        }
        self.check_audience(claims.get("aud"))?;
        let expires = self.check_times(&claims, now)?;
        let client = text(&claims, "client_id")?.or(text(&claims, "azp")?);
        let subject = text(&claims, "sub")?.or(client);
        let Some(subject) = subject.filter(|subject| !subject.is_empty()) else {
            return Err(Refusal::new(Reason::ClaimMissing, "there is no `sub`"));
        };
        Ok(Identity {
            subject: subject.to_owned(),
            issuer: Some(self.issuer.clone()),
            client: client.map(str::to_owned),
            scopes: scopes(&claims)?,
            expires,
            claims: self
                .kept
                .iter()
                .filter_map(|name| claims.remove_entry(name))
                .collect(),
        })
    }

    fn check_audience(&self, aud: Option<&Value>) -> Result<(), Refusal> {
        let is_ours = |value: &Value| {
            value
                .as_str()
                .is_some_and(|audience| self.audiences.iter().any(|ours| ours == audience))
        };
        let (accepted, first) = match aud {
            None => return Err(Refusal::new(Reason::ClaimMissing, "there is no `aud`")),
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                (list.iter().any(is_ours), list.first())
            }
            Some(one @ Value::String(_)) => (is_ours(one), Some(one)),
            Some(_) => return Err(malformed("aud")),
        };
        if accepted {
            return Ok(());
        }
        let first = first.and_then(Value::as_str).unwrap_or_default();
        let detail = format!("`aud` has {} and none of this server's", quoted(first));
        Err(Refusal::new(Reason::WrongAudience, detail))
    }

    fn check_times(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Option<SystemTime>, Refusal> {
        let expires = time(claims, "exp")?;
        let late = self.leeway;
        if let Some(expires) = expires
            && expires.checked_add(late).is_some_and(|end| end <= now)
        {
            let since = now.duration_since(expires).unwrap_or_default().as_secs();
            let detail = format!("it expired {since} s ago");
            return Err(Refusal::new(Reason::Expired, detail));
        }
        for name in ["nbf", "iat"] {
            let from = time(claims, name)?;
            let ahead = from.and_then(|from| from.duration_since(now).ok());
            if let Some(ahead) = ahead.filter(|ahead| *ahead > late) {
                let detail = format!("`{name}` is {} s ahead", ahead.as_secs());
                return Err(Refusal::new(Reason::NotYetValid, detail));
            }
        }
        Ok(expires)
    }

    /// Until when an identity may be taken from a cache.
    pub(crate) fn usable_until(&self, identity: &Identity) -> Option<SystemTime> {
        identity.expires?.checked_add(self.leeway)
    }
}

/// The tokens that an issuer signs with the same key for other purposes, as far as they say so.
fn check_purpose(claims: &Map<String, Value>) -> Result<(), Refusal> {
    let wrong = |detail: String| Err(Refusal::new(Reason::WrongType, detail));
    // Proof of possession (RFC 7800) that nobody here checks: stolen, it would be as good as a bearer's.
    if claims.contains_key("cnf") {
        return wrong("it is bound to a key, `cnf`".to_owned());
    }
    // OCI IAM: access token, and not identity token `IT`.
    if let Some(kind) = text(claims, "tok_type")?.filter(|kind| *kind != "AT") {
        return wrong(format!("`tok_type` is {}", quoted(kind)));
    }
    // Keycloak.
    if let Some(kind) = text(claims, "typ")?
        && ["ID", "Refresh", "Offline", "Logout"].contains(&kind)
    {
        return wrong(format!("`typ` is {}", quoted(kind)));
    }
    Ok(())
}

/// `scope` (RFC 9068), `scp` (Entra, Okta) or `scopes` (FastMCP): the first there is.
fn scopes(claims: &Map<String, Value>) -> Result<Scopes, Refusal> {
    let mut names = ["scope", "scp", "scopes"].into_iter();
    let Some((name, value)) = names.find_map(|name| Some((name, claims.get(name)?))) else {
        return Ok(Scopes::default());
    };
    let scopes = match value {
        Value::String(text) => Scopes::parse(text).ok(),
        Value::Array(list) => list
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .and_then(|names| Scopes::from_names(names).ok()),
        _ => None,
    };
    scopes.ok_or_else(|| malformed(name))
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(name)),
    }
}

/// Seconds since the epoch, also with a fraction. A time that no clock can show is none.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, Refusal> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let since = value.as_f64().map(Duration::try_from_secs_f64);
    let time = since
        .and_then(Result::ok)
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    time.map(Some).ok_or_else(|| malformed(name))
}

fn malformed(name: &str) -> Refusal {
    let detail = format!("`{name}` is not of its type");
    Refusal::new(Reason::Malformed, detail)
}

/// Requirements that would let in whom nobody meant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InvalidRequirements(&'static str);

impl fmt::Display for InvalidRequirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidRequirements {}

/// As jose and API gateways have it at most; more is a clock to repair.
const MAX_LEEWAY: Duration = Duration::from_secs(300);
