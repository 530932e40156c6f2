#![doc = include_str!("../README.md")]

mod paths;
mod port;
mod predict;
mod service;

pub use paths::{InvalidPath, Paths};
pub use port::{InvalidPort, Port};
pub use service::DataScience;

use std::time::Duration;

/// The largest body that the platform passes on, in bytes ("Invoking a Model Deployment": a payload
/// of 10 MB).
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// How long the platform waits for an answer, which cannot be changed.
pub const TIMEOUT: Duration = Duration::from_secs(60);
