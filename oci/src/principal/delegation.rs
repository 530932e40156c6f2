//! A principal that acts on behalf of a user, whose token is in a file.

use std::path::PathBuf;
use std::time::SystemTime;

use futures_util::future::BoxFuture;

use super::PrincipalError;
use super::renewal::{Fetched, Source};
use super::stamp::Stamp;
use super::value::Value;

/// A principal that acts on behalf of a user.
#[derive(Debug)]
pub(super) struct Delegated {
    inner: Box<dyn Source>,
    token: Value,
    name: String,
}

impl Delegated {
    /// `inner` on behalf of the user whose token is in the file at `path`, which `place` names.
    pub(super) fn new(inner: Box<dyn Source>, place: String, path: PathBuf) -> Self {
        Self {
            name: format!("{} on behalf of a user", inner.name()),
            inner,
            token: Value::file(place, path),
        }
    }
}

impl Source for Delegated {
    fn name(&self) -> &str {
        &self.name
    }

    fn stamp(&self) -> Stamp {
        self.inner.stamp().and(Stamp::of(self.token.path()))
    }

    fn fetch(&self, now: SystemTime) -> BoxFuture<'_, Result<Fetched, PrincipalError>> {
        Box::pin(async move {
            let stamp = Stamp::of(self.token.path());
            let token = self.token.text()?;
            let fetched = self.inner.fetch(now).await?;
            let credential = fetched
                .credential
                .with_delegation_token(&token)
                .map_err(|error| self.token.problem(format!("cannot be used: {error}")))?;
            Ok(Fetched {
                credential,
                due: fetched.due,
                stamp: fetched.stamp.and(stamp),
            })
        })
    }
}
