//! The clouds on a laptop: the Fn agent and OCI API Gateway, played on loopback.
//!
//! [`Agent`] runs a real OCI Function binary under the contract it meets in production: its own
//! unix socket, one request at a time, frozen when idle, killed when it breaks the rules.
//! [`serve`] puts the API gateway and the Functions invoke endpoint in front of it.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! let function = oci_emulator::Function::new("./func");
//! let agent = oci_emulator::Agent::new(function, oci_emulator::Limits::default())?;
//! let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8080)).await?;
//! oci_emulator::serve(listener, agent).await
//! # }
//! ```
//!
//! Linux only: it waits with inotify and pidfds, as nothing else does without polling.

mod admission;
mod agent;
mod call;
mod connection;
mod exchange;
mod failure;
mod fd;
mod framing;
mod function;
mod gateway;
mod id;
mod instance;
mod pool;
mod process;
mod roster;
mod socket;
mod task;
mod watchdog;

pub use agent::Agent;
pub use call::{Call, Reply};
pub use failure::Failure;
pub use function::{Function, Limits};
pub use gateway::{Gateway, serve};
pub use roster::{InstanceInfo, State};
