//! The agent: calls in, answers out.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use crate::call::{Call, Reply};
use crate::failure::Failure;
use crate::function::{Function, Limits};
use crate::pool::Pool;
use crate::roster::InstanceInfo;

/// Runs a function as Fn's agent does.
///
/// Cheap to clone. When the last one is dropped, instances end: idle ones before `drop` returns,
/// busy ones once they have answered.
#[derive(Clone, Debug)]
pub struct Agent(Arc<Handle>);

impl Agent {
    /// An agent that has not started an instance yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the function's command has a folder but is not a file, or if
    /// `max_instances` is 0.
    pub fn new(function: Function, limits: Limits) -> io::Result<Self> {
        let command = &function.command;
        if command.parent() != Some(Path::new("")) {
            check_is_file(command)?;
        }
        if limits.max_instances == 0 {
            let message =
                "without instances no call can be served; `max_instances` must be positive";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let pool = Arc::new(Pool::new(function, limits));
        Ok(Self(Arc::new(Handle(pool))))
    }

    /// Has an instance serve `call`, or says why none did.
    ///
    /// A call that an instance has begun is finished even if this future is dropped.
    pub async fn invoke(&self, call: Call) -> Reply {
        self.serve(call).await.unwrap_or_else(Reply::from)
    }

    /// The instances that exist.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceInfo> {
        self.pool().list()
    }

    /// What the function may do.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        self.pool().limits()
    }

    /// Ends all calls and all instances. Calls made later fail.
    pub async fn shutdown(&self) {
        self.pool().close().await;
    }

    async fn serve(&self, call: Call) -> Result<Reply, Failure> {
        if call.body.len() > self.pool().limits().max_request_bytes {
            return Err(Failure::RequestTooLarge);
        }
        let place = self.pool().place().await?;
        let pool = Arc::clone(self.pool());
        // A task of its own, so that the call outlives a caller who hangs up, as it does in Fn.
        let call = tokio::spawn(async move {
            let outcome = pool.serve(call).await;
            drop(place);
            outcome
        });
        call.await.unwrap_or(Err(Failure::Broken))
    }

    fn pool(&self) -> &Arc<Pool> {
        &self.0.0
    }
}

fn check_is_file(command: &Path) -> io::Result<()> {
    let shown = command.display();
    let (kind, message) = match fs::metadata(command) {
        Ok(metadata) if metadata.is_file() => return Ok(()),
        Ok(_) => (
            io::ErrorKind::InvalidInput,
            format!("`{shown}` is not a program"),
        ),
        Err(error) => (error.kind(), format!("cannot run `{shown}`: {error}")),
    };
    Err(io::Error::new(kind, message))
}

/// The agents' share of the pool, of which a task that tends an instance may hold one, too.
#[derive(Debug)]
struct Handle(Arc<Pool>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.clear();
    }
}
