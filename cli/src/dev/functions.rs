//! An OCI Function behind an API gateway.

use std::io;
use std::time::Duration;

use oci_emulator::{Agent, Function, Limits};

use super::Stage;
use super::program::Program;
use super::stop::Stop;
use super::welcome::Welcome;

/// Plays until told to stop.
///
/// # Errors
///
/// Says what is wrong with `program`, or that stdout is closed.
pub(super) async fn play(
    stage: Stage<'_>,
    program: Program,
    timeout: Option<u16>,
    mut stop: Stop,
) -> io::Result<()> {
    let Stage {
        listener,
        path,
        tenancy,
    } = stage;
    let address = listener.local_addr()?;
    let function = Function {
        command: program.command,
        args: program.args,
        env: program.env,
    };
    let mut limits = Limits::default();
    if let Some(seconds) = timeout {
        limits.timeout = Duration::from_secs(seconds.into());
    }
    let agent = Agent::new(function, limits)?;
    let welcome = Welcome {
        title: "An OCI Function behind an API gateway, played on this machine",
        tenancy,
        address,
        path,
        others: &[
            ("health", "/health", ""),
            (
                "invoke",
                "/20181201/functions/any/actions/invoke",
                " (what `fn invoke` does)",
            ),
        ],
        listing: "the first request, cold start included",
        way: "gateway, agent, socket and tool",
    };
    let served = async {
        let gateway = oci_emulator::serve(listener, agent.clone());
        tokio::try_join!(gateway, welcome.show()).map(drop)
    };
    let outcome = stop.or(served).await;
    agent.shutdown().await;
    outcome.unwrap_or(Ok(()))
}
