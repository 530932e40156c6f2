//! What happens when OCI does not accept a credential.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use oci_rest::{Credential, OciErrorKind, Principal, PrincipalError};
use tokio::time::Instant;

use crate::support::{Oci, Rotating, answer, client, get, post, refusal, send, status};

#[tokio::test(start_paused = true)]
async fn a_revoked_token_costs_one_401_and_one_more_request() {
    let oci = Oci::answering([status(401, &refusal("NotAuthenticated"))]);
    let principal = Rotating::new(&["old", "new"]);
    let client = client(oci.transport(), Arc::clone(&principal));

    let first = send(&client, &post()).await;
    let second = send(&client, &post()).await;

    assert!(first.is_ok() && second.is_ok());
    let signed_with: Vec<_> = oci
        .headers("authorization")
        .iter()
        .map(|value| value.contains("keyId=\"old\""))
        .collect();
    assert_eq!(signed_with, [true, false, false]);
    assert_eq!(principal.refused.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_cannot_be_renewed_is_not_tried_twice() {
    let oci = Oci::answering([status(401, &refusal("NotAuthenticated"))]);

    let error = send(&oci.client(), &get()).await.unwrap_err();

    assert_eq!(oci.requests().len(), 1);
    assert_eq!(error.status().unwrap(), 401);
    assert!(error.hint().unwrap().contains("API key of profile TEST"));
}

#[tokio::test(start_paused = true)]
async fn a_second_401_is_final() {
    let oci = Oci::answering((0..3).map(|_| status(401, &refusal("NotAuthenticated"))));
    let principal = Rotating::new(&["a", "b", "c"]);

    let error = send(&client(oci.transport(), principal), &get()).await;

    assert_eq!(error.unwrap_err().status().unwrap(), 401);
    assert_eq!(oci.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_named_at_once_and_costs_no_credential() {
    let rows = [
        ("Sat, 21 Nov 2026 12:05:01 GMT", "301 s behind"),
        ("Sat, 21 Nov 2026 10:00:00 GMT", "7200 s ahead of"),
    ];

    for (date, expected) in rows {
        let oci = Oci::answering([answer(401, &[("date", date)], &refusal("NotAuthenticated"))]);
        let principal = Rotating::new(&["a", "b"]);
        let start = Instant::now();

        let error = send(&client(oci.transport(), Arc::clone(&principal)), &get()).await;

        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(oci.requests().len(), 1);
        assert_eq!(principal.refused.load(Ordering::Relaxed), 0);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn without_a_credential_nothing_is_sent_and_the_error_is_the_principals() {
    #[derive(Debug)]
    struct Nobody;
    impl Principal for Nobody {
        fn name(&self) -> &'static str {
            "nobody"
        }
        fn credential(&self) -> BoxFuture<'_, Result<Arc<Credential>, PrincipalError>> {
            Box::pin(async { Err(PrincipalError::new("`token` has expired: renew it")) })
        }
        fn invalidate(&self, _refused: &Arc<Credential>) {}
    }
    let oci = Oci::default();

    let error = send(&client(oci.transport(), Arc::new(Nobody)), &get()).await;

    let error = error.unwrap_err();
    assert_eq!(error.kind(), OciErrorKind::Principal);
    assert_eq!(
        error.to_string(),
        "compute.list_instances: `token` has expired: renew it"
    );
    assert!(oci.requests().is_empty());
}
