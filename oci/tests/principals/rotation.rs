//! Files that the host replaces while requests are signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use oci_rest::{Credential, Principal};
use tokio::task::JoinSet;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{KEYS, World, function, key, minutes, sign_and_check, start, token};

/// Counts renewals, good and bad, by what is logged of them.
#[derive(Clone, Default)]
struct Renewals(Arc<AtomicUsize>);

impl Subscriber for Renewals {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "oci_rest::principal::renewal"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Renewals {
    /// Counts from now on, on this thread.
    fn counted() -> (Self, DefaultGuard) {
        // With one subscriber alone, an event that another test's thread is the first to reach is
        // taken for one that nobody wants, on any thread.
        let _set_before = set_global_default(Self::default());
        let renewals = Self::default();
        let logged = set_default(renewals.clone());
        (renewals, logged)
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn rotated(world: &World, index: usize) -> String {
    token(&key(index % 2), world.now(), minutes(20))
}

/// 1,000 requests at once.
fn load(world: &World, principal: &Arc<dyn Principal>) -> JoinSet<Arc<Credential>> {
    let now = world.now();
    (0..1000)
        .map(|_| {
            let principal = Arc::clone(principal);
            async move {
                let credential = principal.credential().await.unwrap();
                sign_and_check(&credential, now);
                credential
            }
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_rotation_under_load_fails_no_request_and_costs_one_renewal() {
    let (renewals, _logged) = Renewals::counted();
    let world = function();
    let principal = world.principal();
    principal.credential().await.unwrap();
    assert_eq!(renewals.count(), 1);

    for rotation in 1..=4 {
        world.pass(minutes(5));
        let token = rotated(&world, rotation);
        let put = if rotation > 2 {
            World::replace
        } else {
            World::overwrite
        };
        // The key is there before its token, for longer than it takes to read both.
        put(&world, "private.pem", KEYS[rotation % 2]);
        let requests = load(&world, &principal);
        tokio::time::sleep(Duration::from_millis(30)).await;
        put(&world, "rpst", &token);

        let credentials = requests.join_all().await;

        assert_eq!(renewals.count(), 1 + rotation);
        assert!(
            credentials
                .iter()
                .all(|used| used.key_id() == format!("ST${token}"))
        );
        assert!(
            credentials
                .iter()
                .all(|used| Arc::ptr_eq(used, &credentials[0]))
        );
    }
    principal.credential().await.unwrap();
    assert_eq!(renewals.count(), 5);
}

#[test]
fn threads_that_sign_while_files_are_half_written_all_get_a_pair_that_fits() {
    let world = function();
    let principal = world.principal();
    let rotating = AtomicBool::new(true);
    block_on(principal.credential()).unwrap();

    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                while rotating.load(Ordering::Relaxed) {
                    let credential = block_on(principal.credential()).unwrap();
                    sign_and_check(&credential, world.now());
                }
            });
        }
        for rotation in 1..=200 {
            world.overwrite("private.pem", KEYS[rotation % 2]);
            world.overwrite("rpst", &rotated(&world, rotation));
        }
        rotating.store(false, Ordering::Relaxed);
    });
    world.pass(Duration::from_secs(61));
    let credential = block_on(principal.credential()).unwrap();

    assert_eq!(
        credential.key_id(),
        format!("ST${}", token(&key(0), start(), minutes(20)))
    );
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(future)
}

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_late_leaves_the_old_pair_in_use() {
    let world = function();
    let principal = world.principal();
    let old = principal.credential().await.unwrap();

    world.replace("private.pem", KEYS[1]);
    let meanwhile = principal.credential().await.unwrap();
    world.pass(Duration::from_secs(61));
    world.replace("rpst", &rotated(&world, 1));
    let new = principal.credential().await.unwrap();

    assert!(Arc::ptr_eq(&old, &meanwhile));
    assert_eq!(new.key().fingerprint(), key(1).fingerprint());
}

#[tokio::test(start_paused = true)]
async fn files_that_vanish_leave_the_old_pair_in_use_until_it_expires() {
    let world = function();
    let principal = world.principal();
    let old = principal.credential().await.unwrap();

    std::fs::remove_file(world.path("rpst")).unwrap();
    let meanwhile = principal.credential().await.unwrap();
    world.pass(minutes(20));
    let refusal = principal.credential().await.unwrap_err().to_string();

    assert!(Arc::ptr_eq(&old, &meanwhile));
    assert!(refusal.contains("there is no such file"), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn after_a_thaw_the_files_are_read_again() {
    let world = function();
    let principal = world.principal();
    principal.credential().await.unwrap();

    // Hours pass in an instant, as for whoever was frozen.
    world.pass(minutes(600));
    let token = rotated(&world, 1);
    world.replace("private.pem", KEYS[1]);
    world.replace("rpst", &token);
    let credential = principal.credential().await.unwrap();

    assert_eq!(credential.key_id(), format!("ST${token}"));
}

#[tokio::test]
async fn a_refused_token_is_read_again_and_stays_the_same_if_there_is_no_other() {
    let world = function();
    let principal = world.principal();
    let first = principal.credential().await.unwrap();

    principal.invalidate(&first);
    let second = principal.credential().await.unwrap();

    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn files_that_stay_the_same_are_not_read_for_every_request_when_renewal_is_due() {
    let (renewals, _logged) = Renewals::counted();
    let world = function();
    let principal = world.principal();

    world.pass(minutes(16));
    for _ in 0..100 {
        principal.credential().await.unwrap();
    }
    let before = renewals.count();
    world.pass(Duration::from_secs(11));
    principal.credential().await.unwrap();

    assert_eq!(before, 1);
    assert_eq!(renewals.count(), 2);
}
