//! Keys that are made for one session.

use std::sync::Arc;

use super::PrincipalError;
use crate::key::PrivateKey;

/// Makes a key, off the thread that serves: it takes 10 to 100 ms of CPU.
pub(super) async fn session_key() -> Result<Arc<PrivateKey>, PrincipalError> {
    match tokio::task::spawn_blocking(PrivateKey::generate).await {
        Ok(Ok(key)) => Ok(Arc::new(key)),
        Ok(Err(error)) => Err(PrincipalError::new(error.to_string()).with_source(error)),
        Err(stopped) => Err(PrincipalError::new(
            "the key of the session was not made, because the process ends",
        )
        .with_source(stopped)),
    }
}
