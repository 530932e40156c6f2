//! The clouds on a laptop: the Fn agent, OCI API Gateway and the router of Data Science model
//! deployments, played on loopback.
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
//! [`ModelDeployment`] runs a container and answers as the platform's data plane does:
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use oci_emulator::{Container, DeploymentLimits, Endpoint, ModelDeployment};
//!
//! let container = Container::new("./server");
//! let limits = DeploymentLimits::default();
//! let deployment = ModelDeployment::start(container, Endpoint::mcp("/mcp"), limits).await?;
//! let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8080)).await?;
//! deployment.serve(listener).await
//! # }
//! ```
//!
//! [`SimulatedOci`] is Oracle Cloud Infrastructure as its clients see it, with a small tenancy: it
//! verifies signatures, and gives out the identities that requests are signed with.
//!
//! Linux only: it waits with inotify and pidfds, as nothing else does without polling.

mod admission;
mod agent;
mod call;
mod connection;
mod container;
mod deployment;
mod exchange;
mod failure;
mod fd;
mod framing;
mod function;
mod gateway;
mod id;
mod instance;
mod oci;
mod pool;
mod process;
mod roster;
mod server;
mod socket;
mod task;
mod watchdog;

pub use agent::Agent;
pub use call::{Call, Reply};
pub use container::{Container, RunningContainer};
pub use deployment::{DeploymentBody, DeploymentLimits, Endpoint, ModelDeployment};
pub use failure::Failure;
pub use function::{Function, Limits};
pub use gateway::{Gateway, serve};
pub use oci::{
    ApiKey, Fault, Proxymux, ResourcePrincipal, Session, SimulatedOci, Tenancy, TenancyError,
};
pub use roster::{InstanceInfo, State};
