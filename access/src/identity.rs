//! Who calls.

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::scopes::Scopes;

/// Who calls, as a verified token says. The token itself is not in it, nor anything secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub(crate) subject: String,
    pub(crate) issuer: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) scopes: Scopes,
    pub(crate) claims: Map<String, Value>,
    pub(crate) expires: Option<SystemTime>,
}

impl Identity {
    /// The user, or the client that acts for itself: claim `sub`, or the name of a static token.
    /// Unique at one issuer only.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who vouches for it: claim `iss`. A static token has none.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The program that the user lets act: claim `client_id`, or `azp`.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// What the token allows.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// A claim, if it is one that was asked for and the token has it.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.get(name)
    }

    /// When the token expires. A static token does not.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }
}
