//! How a container is started, watched and ended.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use oci_emulator::{Container, DeploymentLimits, Endpoint, ModelDeployment};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::deployed::{deploy, pid, seen};
use crate::fake::{LONG, container, ended, number, watch};

#[tokio::test]
async fn a_container_that_ends_before_it_is_healthy_is_told_with_its_status() {
    let Some(container) = container("exit") else {
        return;
    };

    let error = container.start(0).await.unwrap_err().to_string();

    assert!(error.contains("exit status 3"), "{error}");
}

#[tokio::test]
async fn a_container_is_ready_when_its_health_is_200_and_not_before() {
    let Some(mut sick) = container("sick") else {
        return;
    };
    let slow = container("slow").unwrap();
    // Long enough for it to listen, and so to be asked.
    sick.start_timeout = Duration::from_secs(2);

    let error = sick.start(0).await.unwrap_err().to_string();
    let running = slow.start(0).await;

    assert!(error.contains("not healthy after 2s"), "{error}");
    assert!(error.contains("503"), "{error}");
    assert!(running.is_ok(), "{running:?}");
}

#[tokio::test]
async fn a_program_that_does_not_listen_is_told_with_where_it_should() {
    let mut silent = Container::new("sleep");
    silent.args = vec!["60".into()];
    silent.start_timeout = Duration::from_millis(50);

    let error = silent.start(0).await.unwrap_err().to_string();

    for expected in ["50ms", "GET http://127.0.0.1:", "/health", "refused"] {
        assert!(error.contains(expected), "no {expected} in {error}");
    }
}

#[tokio::test]
async fn a_missing_program_is_named() {
    for name in ["/nowhere/server", "no-such-program"] {
        let error = Container::new(name).start(0).await.unwrap_err().to_string();

        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_refused_before_anything_is_run() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();

    let error = Container::new("true").start(port).await.unwrap_err();

    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn the_status_of_a_container_that_ends_is_known() {
    let Some(container) = container("good") else {
        return;
    };
    let running = container.start(0).await.unwrap();
    let mut client = TcpStream::connect(running.address()).await.unwrap();

    client
        .write_all(b"POST / HTTP/1.1\r\nX-Do: exit/4\r\n\r\n")
        .await
        .unwrap();

    assert_eq!(running.ended().await, "exit status 4");
}

#[tokio::test]
async fn a_container_ends_when_it_is_told_to() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let process = watch(pid(&deployment).await);
    let begin = Instant::now();

    deployment.shutdown().await;

    ended(process).await;
    // When its grace is over.
    assert!(begin.elapsed() < LONG);
}

#[tokio::test]
async fn a_container_that_does_not_end_is_killed_when_its_grace_is_over() {
    let Some(mut stubborn) = container("stubborn") else {
        return;
    };
    stubborn.grace = Duration::from_millis(50);
    let deployment =
        ModelDeployment::start(stubborn, Endpoint::mcp("/mcp"), DeploymentLimits::default());
    let deployment = deployment.await.unwrap();
    let process = watch(pid(&deployment).await);

    deployment.shutdown().await;

    ended(process).await;
}

#[tokio::test]
async fn a_container_is_killed_with_what_it_started_when_the_last_deployment_is_dropped() {
    let Some(deployment) = deploy("good").await else {
        return;
    };
    let seen = seen(&deployment, "child").await;
    let processes = ["pid", "child"].map(|name| watch(number(&seen[name])));
    let other = deployment.clone();

    drop(deployment);
    pid(&other).await;
    drop(other);

    for process in processes {
        ended(process).await;
    }
}
