//! The resource principal of a function.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use oci_emulator::{ResourcePrincipal, Session};

use crate::fixture::Fixture;
use crate::sign::Signer;

#[test]
fn the_environment_names_files_that_sign_what_is_taken() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let resource = fixture.oci.find("functions", "mcp").unwrap();

    let principal =
        ResourcePrincipal::new(fixture.oci.clone(), folder.path(), &resource, MINUTE).unwrap();

    let session = read(&principal);
    let request = Signer::of_session(&session).request("GET", "/n", b"", fixture.now());
    assert_eq!(fixture.oci.answer(request).status(), 200);
    assert_eq!(value(&principal, "OCI_RESOURCE_PRINCIPAL_VERSION"), "2.2");
    assert_eq!(
        value(&principal, "OCI_RESOURCE_PRINCIPAL_REGION"),
        "us-phoenix-1"
    );
    let key = fs::metadata(value(&principal, "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn the_files_are_replaced_together_once_a_period() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let principal = ResourcePrincipal::new(
        fixture.oci.clone(),
        folder.path(),
        "ocid1.fnfunc.oc1.phx.a",
        MINUTE,
    )
    .unwrap();
    let first = read(&principal);

    let ended = tokio::time::timeout(MINUTE, principal.rotate_every(MINUTE / 2 + MINUTE / 4)).await;

    assert!(ended.is_err(), "it goes on");
    let second = read(&principal);
    assert_ne!(
        (&first.token, &first.private_key),
        (&second.token, &second.private_key)
    );
    for session in [first, second] {
        let request = Signer::of_session(&session).request("GET", "/n", b"", fixture.now());
        assert_eq!(fixture.oci.answer(request).status(), 200);
    }
}

#[test]
fn secrets_do_not_show_in_debug() {
    let fixture = Fixture::new();
    let session = fixture
        .oci
        .resource_session("ocid1.fnfunc.oc1.phx.a", MINUTE)
        .unwrap();
    let key = fixture.oci.api_key("ada@example.com").unwrap();

    let shown = format!("{session:?} {key:?} {:?}", fixture.oci);

    assert!(
        !shown.contains(&session.token) && !shown.contains("PRIVATE KEY"),
        "{shown}"
    );
}

fn read(principal: &ResourcePrincipal) -> Session {
    let file = |name| fs::read_to_string(value(principal, name)).unwrap();
    Session {
        token: file("OCI_RESOURCE_PRINCIPAL_RPST"),
        private_key: file("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"),
    }
}

fn value(principal: &ResourcePrincipal, name: &str) -> String {
    let environment = principal.environment();
    let (_, value) = environment
        .iter()
        .find(|(found, _)| *found == name)
        .unwrap();
    value.clone()
}

const MINUTE: Duration = Duration::from_secs(60);
