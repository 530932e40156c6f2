//! Whoever requests are signed for.

mod address;
#[cfg(feature = "session-keys")]
mod certificate;
mod delegation;
mod federation;
#[cfg(feature = "session-keys")]
mod instance;
#[cfg(feature = "session-keys")]
mod instance_metadata;
mod nested;
mod nothing;
mod pair;
mod profile;
mod renewal;
mod resource;
#[cfg(feature = "session-keys")]
mod resource_v1;
mod resource_v2;
mod select;
#[cfg(feature = "session-keys")]
mod session_key;
mod stamp;
mod surroundings;
mod value;
#[cfg(feature = "session-keys")]
mod workload;

pub use self::select::find_principal;
pub use self::surroundings::{Clock, ClusterTransport, Surroundings};

use std::error::Error;
use std::fmt;
use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::credential::Credential;

/// Whoever requests are signed for: it has a credential, and renews it.
///
/// Ask for the credential before every request and keep none: it costs next to nothing while the old
/// one is good, and the files or tokens behind it rotate every few minutes on some hosts.
///
/// A trait rather than a closed list, so that a program can bring an identity that this crate does not
/// know. The future is boxed for that: some 30 ns, before half a millisecond of RSA.
pub trait Principal: Debug + Send + Sync {
    /// What to call it in a log or an error: `resource principal 2.2`, `API key of profile DEFAULT`.
    fn name(&self) -> &str;

    /// The credential to sign the next request with.
    ///
    /// Nothing is read or requested before the first call. Calls at the same time share one renewal.
    /// Dropping the future never leaves the principal half renewed.
    ///
    /// # Errors
    ///
    /// [`PrincipalError`] if there is none and none can be had now. The next call tries again.
    fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>>;

    /// Tells that OCI refused a request signed with `refused` (401 `NotAuthenticated`).
    ///
    /// If `refused` is still the current credential, the next [`Principal::credential`] renews it.
    /// Whoever gets back the same `Arc` then need not try again: the principal has no other.
    fn invalidate(&self, refused: &Arc<Credential>);
}

/// A principal whose credential never changes, such as an API key.
#[derive(Debug)]
pub struct Fixed {
    name: String,
    credential: Arc<Credential>,
}

impl Fixed {
    /// The principal `name`, which always signs with `credential`.
    #[must_use]
    pub fn new(name: impl Into<String>, credential: Credential) -> Self {
        Self {
            name: name.into(),
            credential: Arc::new(credential),
        }
    }
}

impl Principal for Fixed {
    fn name(&self) -> &str {
        &self.name
    }

    fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>> {
        Box::pin(async { Ok(Arc::clone(&self.credential)) })
    }

    fn invalidate(&self, _refused: &Arc<Credential>) {}
}

/// Why there is no credential: what is wrong, where, and what to do.
///
/// It can be cloned, because all who wait for one renewal get its error.
#[derive(Clone, Debug)]
pub struct PrincipalError {
    problem: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl PrincipalError {
    /// `problem` in words; it must hold no secret.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            source: None,
        }
    }

    /// The same, with its cause, which is not repeated in the text.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}

impl fmt::Display for PrincipalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl Error for PrincipalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}
