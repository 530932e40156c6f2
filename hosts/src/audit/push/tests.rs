use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use oci_emulator::{Fault, ResourcePrincipal, SimulatedOci, Tenancy};
use oci_mcp::{Audit, AuditSink};
use oci_rest::{Environment, Surroundings, Transport};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::oci::Connection;

/// A function of the simulated tenancy, and a log there.
struct Function {
    oci: SimulatedOci,
    log: String,
    principal: ResourcePrincipal,
    /// How many requests were made.
    requests: Arc<AtomicUsize>,
    _folder: TempDir,
}

/// 2026-11-21, 12:00 UTC.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

impl Function {
    fn new() -> Self {
        let now = Timestamp::try_from(noon()).unwrap();
        let oci = SimulatedOci::new(Tenancy::built_in().unwrap(), move || now).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let resource = oci.find("functions", "mcp").unwrap();
        let hour = Duration::from_secs(60 * 60);
        let principal = ResourcePrincipal::new(oci.clone(), folder.path(), &resource, hour);
        Self {
            log: oci.find("logs", "web").unwrap(),
            oci,
            principal: principal.unwrap(),
            requests: Arc::default(),
            _folder: folder,
        }
    }

    fn push(&self, stands_still: bool) -> Push {
        let variables = self.principal.environment();
        let (oci, requests) = (self.oci.clone(), Arc::clone(&self.requests));
        let transport = Transport::new(tower::service_fn(move |request: Request<Bytes>| {
            requests.fetch_add(1, Ordering::Relaxed);
            let answer = oci.answer(request);
            async { Ok(answer) }
        }));
        let connect = move || {
            let variables = variables.clone();
            let environment = Environment::new(move |name| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| value.clone())
            });
            let surroundings = Surroundings {
                clock: Arc::new(noon),
                services: transport.clone(),
                metadata: transport.clone(),
                cluster: Arc::new(|_| unreachable!("a function is in no cluster")),
            };
            Connection::new(&environment, &surroundings)
        };
        Push::new(
            self.log.parse().unwrap(),
            stands_still,
            Oci::new(Box::new(connect)),
        )
    }

    fn refuse(&self) {
        let refusal = Fault::new(StatusCode::NOT_FOUND, "NotAuthorizedOrNotFound");
        self.oci.inject(refusal);
    }

    fn pushed(&self) -> Vec<Value> {
        let lines = self.oci.pushed(&self.log);
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

fn audit(push: &Push) -> Audit {
    Audit::new([7; 16], noon).to(push.clone())
}

fn refused(audit: &Audit) {
    audit.refused("test", StatusCode::REQUEST_TIMEOUT, "slow_body");
}

#[tokio::test]
async fn lines_are_sent_together_when_they_are_flushed() {
    let function = Function::new();
    let push = function.push(true);
    let audit = audit(&push);
    for _ in 0..3 {
        refused(&audit);
    }
    let before = function.pushed().len();

    push.flush().await.unwrap();
    push.flush().await.unwrap();

    let seqs: Vec<_> = function
        .pushed()
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    assert_eq!((before, seqs), (0, vec![0, 1, 2]));
    assert_eq!(function.requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_oci_refuses_waits_and_is_sent_with_what_comes_later() {
    let function = Function::new();
    let push = function.push(true);
    let audit = audit(&push);
    function.refuse();
    refused(&audit);

    let error = push.flush().await.unwrap_err();
    refused(&audit);
    push.flush().await.unwrap();

    assert!(error.to_string().contains("put_logs"), "{error}");
    assert_eq!(function.pushed().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn where_the_process_lives_on_a_task_sends_until_oci_has_all() {
    let function = Function::new();
    let push = function.push(false);
    let audit = audit(&push);
    function.refuse();
    refused(&audit);

    sleep(Duration::from_secs(1)).await;
    let early = function.pushed().len();
    sleep(Duration::from_secs(10)).await;
    let late = function.pushed().len();
    refused(&audit);
    audit.close().await;

    assert_eq!((early, late), (0, 1));
    assert_eq!(function.pushed().len(), 3);
    assert_eq!(function.pushed()[2]["event"], "close");
}

#[tokio::test]
async fn more_lines_than_there_is_room_for_are_lost_and_told() {
    let function = Function::new();
    let push = function.push(true);
    let audit = audit(&push);

    for _ in 0..20_000 {
        refused(&audit);
    }
    push.flush().await.unwrap();
    refused(&audit);
    push.flush().await.unwrap();

    let lines = function.pushed();
    let (last, taken) = lines.split_last().unwrap();
    assert_eq!(last["lost"].as_u64().unwrap(), 20_000 - taken.len() as u64);
    assert_eq!(last["seq"].as_u64().unwrap(), taken.len() as u64);
    let bytes = MAX_QUEUED / MAX_BATCH;
    let requests = function.requests.load(Ordering::Relaxed);
    assert!((bytes..bytes + 3).contains(&requests), "{requests}");
}

#[test]
fn a_line_that_is_too_long_for_oci_is_not_taken() {
    let function = Function::new();

    let error = function.push(true).write(&"x".repeat(MAX_LINE + 1));

    assert!(error.is_err());
}

#[test]
fn a_log_is_named_by_its_ocid() {
    for (text, is_log) in [
        ("ocid1.log.oc1.phx.aaa", true),
        (" ocid1.log.oc1.eu-frankfurt-1.aaa\n", true),
        ("ocid1.loggroup.oc1.phx.aaa", false),
        ("ocid1.log.oc1.phx", false),
        ("ocid1.log.oc1.phx.", false),
        ("web", false),
    ] {
        assert_eq!(text.parse::<LogId>().is_ok(), is_log, "{text}");
    }
}

#[test]
fn a_line_has_a_name_of_its_own() {
    let (one, other) = (uuid(), uuid());

    assert_ne!(one, other);
    for id in [one, other] {
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
    }
}
