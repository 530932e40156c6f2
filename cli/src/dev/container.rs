//! A container, with nothing in front of it.

use std::io;

use oci_emulator::Container;

use super::Stage;
use super::program::Program;
use super::stop::Stop;
use super::welcome::Welcome;

impl From<Program> for Container {
    fn from(program: Program) -> Self {
        let mut container = Self::new(program.command);
        container.args = program.args;
        container.env = program.env;
        container
    }
}

/// Runs until told to stop. Told again, it kills the program.
///
/// # Errors
///
/// Says why the program did not become healthy or that it ended, or that stdout is closed.
pub(super) async fn play(stage: Stage<'_>, program: Program, mut stop: Stop) -> io::Result<()> {
    let Stage {
        listener,
        path,
        tenancy,
    } = stage;
    // The program listens there itself.
    let port = listener.local_addr()?.port();
    drop(listener);
    let container = Container::from(program);
    let Some(running) = stop.or(container.start(port)).await else {
        return Ok(());
    };
    let running = running?;
    let welcome = Welcome {
        title: "A container on this machine",
        tenancy,
        address: running.address(),
        path,
        others: &[("health", "/health", "")],
        listing: "the first request",
        way: "container and tool",
    };
    let served = async {
        welcome.show().await?;
        let status = running.ended().await;
        Err(io::Error::other(format!("the program ended with {status}")))
    };
    let outcome = stop.or(served).await;
    stop.or(running.stop()).await;
    outcome.unwrap_or(Ok(()))
}
