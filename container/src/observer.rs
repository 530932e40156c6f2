//! Whoever wants to know of requests that the service never sees.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;

/// Told of each request that the service never sees, or of nothing.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<Observe>>);

type Observe = dyn Fn(StatusCode, &'static str) + Send + Sync;

impl Observer {
    pub(crate) fn new(observe: impl Fn(StatusCode, &'static str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    pub(crate) fn tell(&self, status: StatusCode, reason: &'static str) {
        if let Some(observe) = &self.0 {
            observe(status, reason);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observer").field(&self.0.is_some()).finish()
    }
}
