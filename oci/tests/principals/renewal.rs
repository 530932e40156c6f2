//! When a credential is renewed, and by whom. Shown with resource principal 2.1, which needs no key of
//! its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Response;
use oci_rest::{TransportError, TransportErrorKind};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{World, body, key, minutes, ok, start, status, token};

/// A resource of version 2.1, whose token lives for `life`.
fn resource(life: Duration) -> World {
    let world = World::new()
        .with("OCI_RESOURCE_PRINCIPAL_VERSION", "2.1")
        .with("OCI_RESOURCE_PRINCIPAL_RESOURCE_ID", "ocid1.thing.oc1..a")
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT",
            "https://things.us-phoenix-1.oraclecloud.com",
        )
        .with(
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT",
            "https://auth.us-phoenix-1.oraclecloud.com",
        )
        .with_file(
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM",
            "key.pem",
            crate::support::KEYS[0],
        );
    serve(&world, life);
    world
}

/// Tokens as of now.
fn serve(world: &World, life: Duration) {
    let now = world.now();
    world.answers(move |request| {
        if request.method() == "GET" {
            return resource_tokens();
        }
        assert_eq!(body(request)["resourcePrincipalToken"], "rpt");
        ok(&json!({ "token": token(&key(0), now, life) }))
    });
}

fn resource_tokens() -> Result<Response<Bytes>, TransportError> {
    ok(&json!({
        "resourcePrincipalToken": "rpt",
        "servicePrincipalSessionToken": "spst",
    }))
}

fn down(world: &World) {
    world.answers(|_| Err(TransportError::new(TransportErrorKind::Refused, "no way")));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_share_one_renewal() {
    let world = resource(minutes(20));
    let principal = world.principal();

    let callers: JoinSet<_> = (0..1000)
        .map(|_| {
            let principal = Arc::clone(&principal);
            async move { principal.credential().await.unwrap() }
        })
        .collect();
    let credentials = callers.join_all().await;

    assert_eq!(world.asked().len(), 2);
    assert!(
        credentials
            .iter()
            .all(|one| Arc::ptr_eq(one, &credentials[0]))
    );
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_takes_the_renewal_from_nobody() {
    let world = resource(minutes(20));
    let principal = world.principal();

    let mut first = principal.credential();
    assert!(first.as_mut().now_or_never().is_none());
    let second = principal.credential();
    drop(first);
    let credential = second.await;

    assert!(credential.is_ok());
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_nobody_waits_for_starts_afresh_with_the_next_call() {
    let world = resource(minutes(20));
    let principal = world.principal();

    drop(tokio::time::timeout(Duration::from_millis(7), principal.credential()).await);
    let asked_in_vain = world.asked().len();
    let credential = principal.credential().await;

    assert!(credential.is_ok());
    assert_eq!((asked_in_vain, world.asked().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_five_minutes_early_or_at_half_of_a_short_life() {
    let moment = Duration::from_secs(1);
    for (life, due) in [(60, 55), (20, 15), (10, 5), (4, 2)] {
        let world = resource(minutes(life));
        let principal = world.principal();
        let first = principal.credential().await.unwrap();

        world.pass(minutes(due).saturating_sub(moment));
        let early = principal.credential().await.unwrap();
        world.pass(moment);
        serve(&world, minutes(life));
        let late = principal.credential().await.unwrap();

        assert!(Arc::ptr_eq(&first, &early), "{life}");
        assert_eq!(
            late.expires(),
            Some(start() + minutes(due + life)),
            "{life}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_leaves_the_old_credential_and_is_not_tried_at_every_call() {
    let world = resource(minutes(20));
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    down(&world);
    world.pass(minutes(16));
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&first, &principal.credential().await.unwrap()));
    }
    let tried = world.asked().len() - 2;
    serve(&world, minutes(20));
    world.pass(Duration::from_secs(30));
    let second = principal.credential().await.unwrap();

    assert_eq!(tried, 1);
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_holds_nobody_up_while_the_old_credential_is_good() {
    let world = resource(minutes(20));
    let principal = world.principal();
    let first = principal.credential().await.unwrap();
    world.pass(minutes(16));
    world.hangs();
    let begin = tokio::time::Instant::now();

    let second = principal.credential().await.unwrap();

    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_expired_credential_is_not_used_and_the_failure_is_told() {
    let world = resource(minutes(20));
    let principal = world.principal();
    principal.credential().await.unwrap();

    down(&world);
    world.pass(minutes(20));
    let refusal = principal.credential().await.unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "the service of the resource at `https://things.us-phoenix-1.oraclecloud.com/20180711/\
         resourcePrincipalTokenV2/ocid1.thing.oc1..a` cannot be reached: no way",
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_renewed_once_and_only_while_it_is_the_current_one() {
    let world = resource(minutes(20));
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    principal.invalidate(&first);
    principal.invalidate(&first);
    serve(&world, minutes(30));
    let second = principal.credential().await.unwrap();
    principal.invalidate(&first);
    let third = principal.credential().await.unwrap();

    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &third));
    assert_eq!(world.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_replaced_is_used_for_a_new_token() {
    let world = resource(minutes(20));
    let principal = world.principal();
    principal.credential().await.unwrap();

    world.replace("key.pem", crate::support::KEYS[1]);
    let now = world.now();
    world.answers(move |request| match request.method().as_str() {
        "GET" => resource_tokens(),
        _post => ok(&json!({ "token": token(&key(1), now, minutes(20)) })),
    });
    let credential = principal.credential().await.unwrap();

    assert_eq!(credential.key().fingerprint(), key(1).fingerprint());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_stumbles_is_asked_again() {
    let world = resource(minutes(20));
    let now = world.now();
    let stumbled = AtomicBool::new(false);
    world.answers(move |request| match request.method().as_str() {
        _ if !stumbled.swap(true, Ordering::Relaxed) => status(503, "<html>"),
        "GET" => resource_tokens(),
        _ => ok(&json!({ "token": token(&key(0), now, minutes(20)) })),
    });

    assert!(world.principal().credential().await.is_ok());
    assert_eq!(world.asked().len(), 3);
}
